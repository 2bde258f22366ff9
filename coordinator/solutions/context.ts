// What a model is shown of a problem, within a budget of tokens: always the same for the same problem, and it says what was left out.
// Must never show log text as anything but data, or cut a piece in the middle of a line.
import { estimateTokens } from '../model/model.ts';
import { rankSpans } from './code-spans.ts';
import { ChosenLines, type LineRange } from './code-view.ts';
import type { Groundwork } from './groundwork.ts';
import type { Evidence } from './proposal.ts';

export interface Context {
  readonly text: string;
  readonly leftOut: readonly string[];
  readonly tokens: number;
  /** Lines of code that are shown, by path. */
  readonly shown: ReadonlyMap<string, readonly LineRange[]>;
}

/** Parts of the budget that a kind of evidence may take before code had its turn. */
const shares = { fact: 0.06, trace: 0.22, entry: 0.1, commit: 0.12 };
/** Of what is left then, for code; the rest is for further entries, commits and tests, and what they don't need is code's again. */
const shareOfCode = 0.85;
/** As `estimateTokens` counts. */
const charactersAToken = 3.2;

interface Piece {
  readonly name: string;
  /** From complete to short; the first that fits is taken. */
  readonly versions: readonly string[];
}

/** @param budget tokens for all of it */
export function buildContext(groundwork: Groundwork, budget: number): Context {
  const parts = new Parts(budget);
  const told = groundwork.evidence.filter(({ kind }) => kind === 'fact' || kind === 'trace' || kind === 'entry');
  const commits = groundwork.evidence.filter(({ kind }) => kind === 'commit');
  const first = [
    ...told.filter(({ kind }) => kind === 'fact').slice(0, 1),
    ...told.filter(({ kind }) => kind === 'trace').slice(0, 1),
    ...told.filter(({ kind }) => kind === 'entry').slice(0, 1),
  ];
  for (const one of first) parts.take(pieceOf(one), budget * (shares[one.kind as keyof typeof shares] ?? 0.1));
  for (const one of commits.slice(0, 1)) parts.take(pieceOf(one), budget * shares.commit);
  const code = new CodePart(groundwork);
  code.fill(parts.room * shareOfCode);
  const room = parts.room - code.tokens;
  const rest = new Parts(room);
  for (const one of [...told.filter((other) => !first.includes(other)), ...commits.slice(1)]) rest.take(pieceOf(one), room * 0.5);
  for (const { path, text } of groundwork.tests) rest.take(testPiece(path, text), room * 0.6);
  code.fill(parts.room - rest.used);
  const leftOut = [...parts.leftOut, ...code.leftOut(), ...rest.leftOut];
  const note = leftOut.length === 0 ? '' : `\nLeft out for lack of room: ${leftOut.join('; ')}.`;
  const text = [...parts.texts, ...code.texts(), ...rest.texts].join('\n\n');
  return { text: `${text}${note}`, leftOut, tokens: estimateTokens(text), shown: code.shown() };
}

/** Pieces taken so far, within a budget. */
class Parts {
  readonly texts: string[] = [];
  readonly leftOut: string[] = [];
  readonly #budget: number;
  used = 0;

  constructor(budget: number) {
    this.#budget = budget;
  }

  get room(): number {
    return this.#budget - this.used;
  }

  take({ name, versions }: Piece, most: number): void {
    const fitting = versions.find((version) => estimateTokens(version) <= Math.min(most, this.room));
    if (fitting === undefined) {
      this.leftOut.push(name);
      return;
    }
    this.texts.push(fitting);
    this.used += estimateTokens(fitting) + 1;
    if (fitting !== versions[0]) this.leftOut.push(`parts of ${name}`);
  }
}

/** The code, filled up from the most telling lines. */
class CodePart {
  readonly #groundwork: Groundwork;
  readonly #chosen: ChosenLines;
  readonly #spans: ReturnType<typeof rankSpans>;
  #characters = 0;

  constructor(groundwork: Groundwork) {
    this.#groundwork = groundwork;
    const { locations, files, functions, problem } = groundwork;
    this.#chosen = new ChosenLines(new Map([...files].map(([path, text]) => [path, text.split('\n')])));
    const code = new Map([...files].map(([path, text]) => [path, { text, functions: functions.get(path) ?? [] }]));
    const latest = problem.occurrences[0]?.raw ?? '';
    this.#spans = rankSpans(locations, code, `${problem.reason.message}\n${latest}`);
  }

  get tokens(): number {
    return this.#characters / charactersAToken;
  }

  /** @param most tokens of all code */
  fill(most: number): void {
    for (const span of this.#spans) {
      const cost = this.#chosen.costOf(span.path, span);
      if (cost === 0 || this.#characters + cost > most * charactersAToken) continue;
      this.#chosen.add(span.path, span);
      this.#characters += cost;
    }
  }

  texts(): readonly string[] {
    return this.#chosen.paths().map((path) => fence(this.#titleOf(path), this.#chosen.show(path)));
  }

  leftOut(): readonly string[] {
    const shown = new Set(this.#chosen.paths());
    return [...this.#groundwork.files.keys()].flatMap((path) => {
      if (!shown.has(path)) return [path];
      return this.#chosen.isWhole(path) ? [] : [`lines of ${path}`];
    });
  }

  shown(): ReadonlyMap<string, readonly LineRange[]> {
    return new Map(this.#chosen.paths().map((path) => [path, this.#chosen.rangesOf(path)]));
  }

  #titleOf(path: string): string {
    const { evidence, locations } = this.#groundwork;
    const id = evidence.find((one) => one.kind === 'code' && (one.title.startsWith(`${path}:`) || one.title.startsWith(`${path} `)))?.id;
    const places = locations.filter((location) => location.path === path && location.line !== undefined).slice(0, 3);
    const near = places.length === 0 ? '' : `, problem near line ${places.map(({ line }) => String(line)).join(', ')}`;
    return `${id === undefined ? '' : `${id} `}code: ${path}${near}`;
  }
}

function pieceOf({ id, kind, title, body }: Evidence): Piece {
  const versions = [1, 0.6, 0.35, 0.2, 0.1, 0.03].map((share) => fence(`${id} ${kind}: ${title}`, headOf(body, share)));
  return { name: `${id} (${kind})`, versions: [...new Set(versions)] };
}

function testPiece(path: string, text: string): Piece {
  return { name: path, versions: [1, 0.5, 0.2].map((share) => fence(`test: ${path}`, headOf(text, share))) };
}

function headOf(body: string, share: number): string {
  const lines = body.split('\n');
  const kept = Math.max(1, Math.ceil(lines.length * share));
  return kept >= lines.length ? body : `${lines.slice(0, kept).join('\n')}\n[… ${lines.length - kept} lines left out]`;
}

/** Fences can't be closed from inside: a line that looks like one is marked. */
function fence(title: string, body: string): string {
  const safe = body.replaceAll(/^(<\/?data\b)/gim, '\\$1');
  return `<data title=${JSON.stringify(title.replaceAll('\n', ' ').slice(0, 300))}>\n${safe}\n</data>`;
}

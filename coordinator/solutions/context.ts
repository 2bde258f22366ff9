// What a model is shown of a problem, within a budget of tokens: always the same for the same problem, and it says what was left out.
// Must never show log text as anything but data, or cut a piece in the middle of a line.
import { estimateTokens } from '../model/model.ts';
import { numberLines } from './evidence.ts';
import type { Groundwork } from './groundwork.ts';

export interface Context {
  readonly text: string;
  readonly leftOut: readonly string[];
  readonly tokens: number;
}

interface Piece {
  readonly name: string;
  /** From complete to short; the first that fits is taken. */
  readonly versions: readonly string[];
}

/** Lines around a located line, from generous to bare. */
const radii = [120, 60, 30, 12];
const mostLocations = 6;

/** @param budget tokens for all of it */
export function buildContext(groundwork: Groundwork, budget: number): Context {
  const parts: string[] = [];
  const leftOut: string[] = [];
  let tokens = 0;
  for (const { name, versions } of piecesOf(groundwork)) {
    const fitting = firstFitting(versions, budget - tokens);
    if (fitting === undefined) leftOut.push(name);
    else {
      parts.push(fitting);
      tokens += estimateTokens(fitting);
      if (fitting !== versions[0]) leftOut.push(`parts of ${name}`);
    }
  }
  const note = leftOut.length === 0 ? '' : `\nLeft out for lack of room: ${leftOut.join('; ')}.`;
  return { text: `${parts.join('\n\n')}${note}`, leftOut, tokens };
}

function firstFitting(versions: readonly string[], room: number): string | undefined {
  return versions.find((version) => estimateTokens(version) <= room);
}

/** In the order of their worth: the facts, the trace, the best place, the suspect commit, then the rest. */
function piecesOf(groundwork: Groundwork): readonly Piece[] {
  const { evidence, locations, files } = groundwork;
  const told = evidence
    .filter(({ kind }) => kind === 'fact' || kind === 'trace' || kind === 'entry')
    .map(({ id, kind, title, body }) => ({
      name: `${id} (${kind})`,
      versions: [1, 0.5, 0.2].map((share) => fence(`${id} ${kind}: ${title}`, headOf(body, share))),
    }));
  const commits = evidence
    .filter(({ kind }) => kind === 'commit')
    .map(({ id, title, body }) => ({
      name: `${id} (commit)`,
      versions: [1, 0.5].map((share) => fence(`${id} commit: ${title}`, headOf(body, share))),
    }));
  const seen = new Set<string>();
  const code = locations.slice(0, mostLocations).flatMap((location): readonly Piece[] => {
    const text = files.get(location.path);
    if (text === undefined || seen.has(location.path)) return [];
    seen.add(location.path);
    const id = evidence.find((one) => one.kind === 'code' && one.title.startsWith(location.path))?.id ?? 'code';
    const whole = text.split('\n').length;
    const title = `${id} code: ${location.path}${location.line === undefined ? '' : `, problem near line ${location.line}`}`;
    const versions = [whole, ...radii].map((radius) => fence(title, numberLines(text, location.line ?? 1, radius)));
    return [{ name: location.path, versions: [...new Set(versions)] }];
  });
  const others = [...files]
    .filter(([path]) => !seen.has(path))
    .map(([path, text]) => ({ name: path, versions: [fence(`code: ${path}`, numberLines(text, 1, text.split('\n').length))] }));
  return [
    ...told.slice(0, 2),
    ...code.slice(0, 1),
    ...commits.slice(0, 1),
    ...told.slice(2),
    ...code.slice(1),
    ...commits.slice(1),
    ...others,
  ];
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

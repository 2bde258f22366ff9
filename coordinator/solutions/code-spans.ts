// Which lines of the code say most about a problem: the functions on the stack, what they call and who calls them, the rest by its words.
// Must never read anything; texts and the functions in them come in, and the same input always gives the same answer.
import type { FunctionRange } from '../../base/syntax-tree.ts';
import type { CodeLocation } from '../repository/repository.ts';

/** Lines of one file, with what they are worth beside others. */
export interface CodeSpan {
  readonly path: string;
  /** 1-based, both inclusive. */
  readonly start: number;
  readonly end: number;
  readonly weight: number;
}

export interface CodeFile {
  readonly text: string;
  /** Outer before inner; empty where no grammar can tell. */
  readonly functions: readonly FunctionRange[];
}

/** A longer function is shown around the line, and whole only where there is room. */
const longFunction = 160;
/** Lines on each side of a line in a long function, or outside of any. */
const radius = 40;
/** What relations are worth beside the place itself. */
const shares = { named: 0.95, wide: 0.55, callee: 0.5, caller: 0.36, near: 0.32, words: 0.5, rest: 0.12, file: 0.7 };

/** The most telling first. @param words of the message and the trace; functions that speak of the same go before others */
export function rankSpans(locations: readonly CodeLocation[], files: ReadonlyMap<string, CodeFile>, words: string): readonly CodeSpan[] {
  const vocabulary = wordsIn(words);
  const spans: CodeSpan[] = [];
  const bestOf = new Map<string, number>();
  const shown: { readonly path: string; readonly name: string; readonly text: string; readonly weight: number }[] = [];
  for (const location of locations) {
    const file = files.get(location.path);
    if (file === undefined) continue;
    bestOf.set(location.path, Math.max(location.score, bestOf.get(location.path) ?? 0));
    for (const span of spansAt(location, file)) {
      spans.push(span);
      const own = file.functions.find(({ startLine, endLine }) => startLine === span.start && endLine === span.end);
      if (own !== undefined) shown.push({ path: location.path, name: own.name, text: linesOf(file.text, span), weight: span.weight });
    }
  }
  for (const [path, file] of files) {
    const weight = bestOf.get(path) ?? 0.05;
    for (const [index, one] of file.functions.entries()) {
      const text = linesOf(file.text, { start: one.startLine, end: one.endLine });
      const isCalled = Math.max(0, ...shown.filter((other) => calls(other.text, one.name)).map((other) => other.weight));
      const callsOne = Math.max(
        0,
        ...shown.filter((other) => other.name !== one.name && calls(text, other.name)).map((other) => other.weight),
      );
      const value = Math.max(
        isCalled * shares.callee * (bestOf.has(path) ? 1 : 0.7),
        callsOne * shares.caller,
        nearness(file, index, locations, path) * weight * shares.near,
        likeness(one.name, text, vocabulary) * weight * shares.words,
        weight * shares.rest,
      );
      const size = one.endLine - one.startLine + 1;
      // A class-sized function would take the room of all others.
      spans.push({ path, start: one.startLine, end: one.endLine, weight: size > longFunction ? value * 0.5 : value });
    }
    // What stands outside of functions: imports, constants, declarations.
    const lines = file.text.split('\n').length;
    spans.push({ path, start: 1, end: Math.min(lines, 30), weight: weight * shares.rest });
    for (let start = 1; start <= lines; start += 60)
      spans.push({
        path,
        start,
        end: Math.min(lines, start + 59),
        weight: weight * (file.functions.length === 0 ? shares.near : shares.rest) * 0.9,
      });
  }
  return spans.toSorted((a, b) => b.weight - a.weight || (a.path < b.path ? -1 : a.path > b.path ? 1 : a.start - b.start || a.end - b.end));
}

/** The innermost function around a line. */
export function functionAt(functions: readonly FunctionRange[], line: number): FunctionRange | undefined {
  return functions.findLast(({ startLine, endLine }) => startLine <= line && line <= endLine);
}

function spansAt({ path, line, function: name, score }: CodeLocation, file: CodeFile): readonly CodeSpan[] {
  const spans: CodeSpan[] = [];
  const count = file.text.split('\n').length;
  const around = (at: number, lines: number): Omit<CodeSpan, 'weight'> => ({
    path,
    start: Math.max(1, at - lines),
    end: Math.min(count, at + lines),
  });
  const found = line === undefined ? undefined : functionAt(file.functions, line);
  if (line !== undefined) {
    const isWhole = found !== undefined && found.endLine - found.startLine < longFunction;
    if (found !== undefined && isWhole) spans.push({ path, start: found.startLine, end: found.endLine, weight: score });
    else {
      spans.push({ ...around(line, radius), weight: score });
      spans.push({ ...around(line, radius * 3), weight: score * shares.wide });
    }
    spans.push({ ...around(line, radius), weight: score * shares.wide });
  }
  // Line numbers of a trace may be those of another revision; the function's name still holds.
  const last = lastName(name);
  const named = last === '' || found?.name === last ? [] : file.functions.filter((one) => one.name === last);
  for (const one of named.slice(0, 3)) {
    const size = one.endLine - one.startLine;
    const weight = score * shares.named * (size < longFunction ? 1 : shares.wide);
    spans.push({ path, start: one.startLine, end: one.endLine, weight: weight / Math.sqrt(Math.min(3, named.length)) });
  }
  return spans;
}

/** `com.acme.Cart$Item.total`, `Cart.lambda$total$0`, `Cart.total [as sum]`, `main.(*Store).Get`: the name that the source has. */
export function lastName(name: string | undefined): string {
  if (name === undefined) return '';
  return (
    name
      .replace(/ \[as .*$/, '')
      .replace(/\(.*$/, (rest) => (rest.startsWith('(*') ? rest : ''))
      .split(/[.:#$ ]/)
      .filter((part) => part !== '' && !/^(?:func)?\d+$|^lambda$/.test(part))
      .at(-1) ?? ''
  );
}

function calls(text: string, name: string): boolean {
  if (name.length < 3) return false;
  for (let at = text.indexOf(`${name}(`); at >= 0; at = text.indexOf(`${name}(`, at + 1)) {
    if (!/[\w$]/.test(text[at - 1] ?? '')) return true;
  }
  return false;
}

/** 1 beside a located line, less further away. */
function nearness(file: CodeFile, index: number, locations: readonly CodeLocation[], path: string): number {
  const one = file.functions[index];
  if (one === undefined) return 0;
  const distances = locations.flatMap((location) => {
    if (location.path !== path || location.line === undefined) return [];
    return [Math.max(0, one.startLine - location.line, location.line - one.endLine)];
  });
  return distances.length === 0 ? 0 : 1 / (1 + Math.min(...distances) / 60);
}

/** How many of the words that a function's name and text are made of the message has, too; 0 to 1. */
function likeness(name: string, text: string, vocabulary: ReadonlySet<string>): number {
  const inName = [...wordsIn(name)].filter((word) => vocabulary.has(word)).length;
  const shared = [...wordsIn(text.slice(0, 6_000))].filter((word) => vocabulary.has(word)).length;
  return Math.min(1, inName * 0.22 + shared * 0.045);
}

const everyday = new Set(
  'the and for not with from this that error exception line file most recent call last traceback null none true false return self class function new java org com util object string int public void'.split(
    ' ',
  ),
);

/** Words of a text, camelCase and snake_case parted, those that any trace has left out. */
export function wordsIn(text: string): ReadonlySet<string> {
  const found = new Set<string>();
  for (const [word] of text.slice(0, 20_000).matchAll(/[A-Z]?[a-z]{2,}|[A-Z]{3,}/g)) {
    const lower = word.toLowerCase();
    if (lower.length >= 3 && !everyday.has(lower)) found.add(lower);
  }
  return found;
}

function linesOf(text: string, { start, end }: { readonly start: number; readonly end: number }): string {
  return text
    .split('\n')
    .slice(start - 1, end)
    .join('\n');
}

// Which lines of the code say most about a problem: the functions on the stack, what they call and who calls them, the rest by its words.
// Must never read anything; texts and the functions in them come in, and the same input always gives the same answer.
import type { FunctionRange } from '../../base/syntax-tree.ts';
import { isTestPath } from './edits/path-policy.ts';
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
/** What relations are worth beside the place itself. A test calls what it is about. */
const shares = { named: 0.95, wide: 0.55, callee: 0.5, tested: 1.1, caller: 0.36, near: 0.32, words: 0.5, rest: 0.12 };
/** Calls of calls of calls that are followed. */
const mostHops = 3;

interface Node {
  readonly path: string;
  readonly range: FunctionRange;
  readonly text: string;
  readonly calls: ReadonlySet<string>;
  weight: number;
}

/** The most telling first. @param words of the message and the trace; functions that speak of the same go before others */
export function rankSpans(locations: readonly CodeLocation[], files: ReadonlyMap<string, CodeFile>, words: string): readonly CodeSpan[] {
  const spans: CodeSpan[] = [];
  const scoreOf = new Map<string, number>();
  for (const location of locations) {
    const file = files.get(location.path);
    if (file === undefined) continue;
    scoreOf.set(location.path, Math.max(location.score, scoreOf.get(location.path) ?? 0));
    spans.push(...spansAt(location, file));
  }
  const nodes = readNodes(files);
  for (const node of nodes) {
    const own = spans.filter(({ path, start, end }) => path === node.path && start === node.range.startLine && end === node.range.endLine);
    node.weight = Math.max(0, ...own.map(({ weight }) => weight));
  }
  const callers = followCalls(nodes, scoreOf);
  const vocabulary = wordsIn(words);
  for (const node of nodes) {
    const { path, range, text } = node;
    const weight = scoreOf.get(path) ?? 0.05;
    const value = Math.max(
      node.weight,
      callers.get(node) ?? 0,
      nearness(range, locations, path) * weight * shares.near,
      likeness(range.name, text, vocabulary) * weight * shares.words,
      weight * shares.rest,
    );
    const size = range.endLine - range.startLine + 1;
    // A class-sized function would take the room of all others.
    spans.push({ path, start: range.startLine, end: range.endLine, weight: size > longFunction ? value * 0.5 : value });
  }
  for (const [path, file] of files) {
    const weight = scoreOf.get(path) ?? 0.05;
    // What stands outside of functions: imports, constants, declarations.
    const lines = file.text.split('\n').length;
    spans.push({ path, start: 1, end: Math.min(lines, 30), weight: weight * shares.rest });
    for (let start = 1; start <= lines; start += 60) {
      const share = file.functions.length === 0 ? shares.near : shares.rest;
      spans.push({ path, start, end: Math.min(lines, start + 59), weight: weight * share * 0.9 });
    }
  }
  return spans.toSorted((a, b) => b.weight - a.weight || (a.path < b.path ? -1 : a.path > b.path ? 1 : a.start - b.start || a.end - b.end));
}

function readNodes(files: ReadonlyMap<string, CodeFile>): readonly Node[] {
  return [...files].flatMap(([path, { text, functions }]) => {
    const lines = text.split('\n');
    return functions.map((range): Node => {
      const own = lines.slice(range.startLine - 1, range.endLine).join('\n');
      return { path, range, text: own, calls: callsIn(own), weight: 0 };
    });
  });
}

/** Raises what is called by what weighs more, and tells who calls what was located. */
function followCalls(nodes: readonly Node[], scoreOf: ReadonlyMap<string, number>): ReadonlyMap<Node, number> {
  const byName = new Map<string, Node[]>();
  for (const node of nodes) byName.set(node.range.name, [...(byName.get(node.range.name) ?? []), node]);
  const located = nodes.filter(({ weight }) => weight > 0);
  const callers = new Map<Node, number>();
  for (const node of nodes) {
    const best = Math.max(0, ...located.filter((other) => other !== node && node.calls.has(other.range.name)).map(({ weight }) => weight));
    if (best > 0) callers.set(node, best * shares.caller);
  }
  let front: readonly Node[] = located;
  for (let hop = 0; hop < mostHops; hop += 1) {
    const raised = new Set<Node>();
    for (const node of front) {
      for (const name of node.calls) {
        const called = byName.get(name) ?? [];
        for (const callee of called) {
          // A name that many bear says less; a file that nothing else points to, too.
          const share = isTestPath(node.path) ? shares.tested : shares.callee;
          const value = (node.weight * share * (scoreOf.has(callee.path) ? 1 : 0.7)) / Math.sqrt(Math.min(4, called.length));
          if (callee === node || value <= callee.weight) continue;
          callee.weight = value;
          raised.add(callee);
        }
      }
    }
    front = [...raised];
  }
  return callers;
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

function callsIn(text: string): ReadonlySet<string> {
  const names = new Set<string>();
  for (const [, name = ''] of text.matchAll(/([A-Za-z_$][\w$]{2,80})\s?\(/g)) names.add(name);
  return names;
}

/** 1 beside a located line, less further away. */
function nearness(one: FunctionRange, locations: readonly CodeLocation[], path: string): number {
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

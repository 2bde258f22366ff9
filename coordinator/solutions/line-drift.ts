// Lines of a trace as they stand in the code now: a trace may be of another revision, whose lines stood elsewhere.
// Must never move a line without a sign: the source that the trace prints, or the function that it names.
import type { FunctionRange } from '../../base/syntax-tree.ts';
import type { CodeLocation, LocateQuery } from '../repository/repository.ts';
import { functionAt, lastName } from './code-spans.ts';

/** Shorter lines (`}`, `return x`) stand in many places. */
const leastSource = 8;

/** The same locations in the same order, lines moved to where the printed source or the named function is. */
export function settleLines(
  locations: readonly CodeLocation[],
  frames: LocateQuery['frames'],
  files: ReadonlyMap<string, string>,
  functions: ReadonlyMap<string, readonly FunctionRange[]>,
  message: string,
): readonly CodeLocation[] {
  return locations.map((location) => {
    const text = files.get(location.path);
    if (text === undefined) return location;
    const frame = frames.find((one) => one.line === location.line && one.function === location.function && one.file !== undefined);
    const source = frame?.source?.trim() ?? '';
    const bySource = source.length < leastSource ? undefined : nearestLine(text, source, location.line ?? 1);
    if (bySource !== undefined) {
      return bySource === location.line
        ? location
        : moved(location, bySource, `the line that the trace prints is now line ${String(bySource)}`);
    }
    const known = functions.get(location.path) ?? [];
    const name = lastName(location.function);
    const named = known.filter((one) => one.name === name);
    if (named.length === 0 || name === '') return location;
    const at = location.line === undefined ? undefined : functionAt(known, location.line);
    // An inner function without a name counts as the one around it.
    if (at?.name === name || named.some(({ startLine, endLine }) => startLine <= (location.line ?? 0) && (location.line ?? 0) <= endLine))
      return location;
    const line = location.line ?? named[0]?.startLine ?? 1;
    const nearest = named.toSorted((a, b) => Math.abs(a.startLine - line) - Math.abs(b.startLine - line))[0];
    if (nearest === undefined) return location;
    const called = frame === undefined ? undefined : lastName(frames[frames.indexOf(frame) - 1]?.function);
    const sign = frame === frames[0] ? namedIn(message) : called === undefined || called === '' ? [] : [called];
    const inside = onlyLineWith(text, nearest, sign);
    if (inside !== undefined) return moved(location, inside.line, `${inside.word} stands on line ${String(inside.line)} of ${name} alone`);
    return moved(location, nearest.startLine, `${name} begins at line ${String(nearest.startLine)} now`);
  });
}

/** Names of the code that an error's message speaks of. */
function namedIn(message: string): readonly string[] {
  const found = message
    .slice(0, 2000)
    .matchAll(/'([A-Za-z_$][\w$]{2,60})'|([A-Za-z_$][\w$]{2,60}) is not (?:a function|defined|iterable)/g);
  return [...found].flatMap(([, quoted, failing]) => quoted ?? failing ?? []);
}

/** The one line of a function that holds one of the words; none where several do. */
function onlyLineWith(
  text: string,
  { startLine, endLine }: FunctionRange,
  words: readonly string[],
): { readonly line: number; readonly word: string } | undefined {
  const lines = text.split('\n').slice(startLine - 1, endLine);
  // A member of something before a name of its own: errors speak of what is read.
  const forms = words.map((word) => [word, word.replaceAll('$', String.raw`\$`)] as const);
  const patterns = [
    ...forms.map(([word, safe]) => [word, `\\.\\s*${safe}(?![\\w$])`] as const),
    ...forms.map(([word, safe]) => [word, `(?<![\\w$])${safe}(?![\\w$])`] as const),
  ];
  for (const [word, source] of patterns) {
    const pattern = new RegExp(source);
    const hits = lines.flatMap((line, index) => (pattern.test(line) && (index > 0 || lines.length === 1) ? [startLine + index] : []));
    if (hits.length === 1 && hits[0] !== undefined) return { line: hits[0], word };
  }
  return undefined;
}

function moved(location: CodeLocation, line: number, reason: string): CodeLocation {
  return { ...location, line, reasons: [...location.reasons, reason] };
}

function nearestLine(text: string, source: string, line: number): number | undefined {
  let best: number | undefined;
  for (const [index, one] of text.split('\n').entries()) {
    if (one.trim() !== source) continue;
    const here = index + 1;
    if (best === undefined || Math.abs(here - line) < Math.abs(best - line)) best = here;
  }
  return best;
}

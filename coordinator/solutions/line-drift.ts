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
    return nearest === undefined ? location : moved(location, nearest.startLine, `${name} begins at line ${String(nearest.startLine)} now`);
  });
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

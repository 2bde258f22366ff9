// Reads the traces of Dart and Flutter.
// Must never guess at other languages' frames.
import type { Frame } from '../trace.ts';
import { findExceptionHead } from './exception-head.ts';
import { frameOf, readLocation, traceOf } from './trace-language.ts';
import type { TraceReader } from './trace-language.ts';

export const dartReader: TraceReader = {
  weigh: (lines) => {
    let weight = 0;
    for (const line of lines) if (readDartFrame(line) !== undefined) weight += 3;
    return weight;
  },
  read(lines) {
    const list: Frame[] = [];
    const head: string[] = [];
    for (const line of lines) {
      const frame = readDartFrame(line);
      if (frame !== undefined) list.push(frame);
      else if (list.length === 0 && line.trim() !== '' && head.length < 64) head.push(line.trim());
    }
    if (list.length === 0) return undefined;
    const start = head.findIndex((line) => /^Unhandled [Ee]xception:$/.test(line));
    const own = head.slice(start + 1);
    const first = own[0] ?? '';
    const named = findExceptionHead(first);
    // Core errors print a sentence in place of their name.
    const type = named?.type ?? CORE_ERRORS.find(([text]) => first.startsWith(text))?.[1];
    return traceOf('dart', { type, message: [named?.message ?? first, ...own.slice(1)].join('\n'), frames: list });
  },
};

/** What `toString` of dart:core's errors begins with, and the class behind it. */
const CORE_ERRORS: readonly (readonly [string, string])[] = [
  ['Invalid argument', 'ArgumentError'],
  ['Bad state', 'StateError'],
  ['Concurrent modification', 'ConcurrentModificationError'],
  ['Unsupported operation', 'UnsupportedError'],
  ['Stack Overflow', 'StackOverflowError'],
  ['Out of Memory', 'OutOfMemoryError'],
  ['Null check operator', 'TypeError'],
  ['type ', 'TypeError'],
  ['Assertion failed', 'AssertionError'],
];

/** `#0      main.<anonymous closure> (file:///srv/app.dart:23:20)`. */
function readDartFrame(line: string): Frame | undefined {
  const found = /^\s{0,40}#\d{1,6} {2,8}(\S.{0,500}) \(((?:file|dart|package|org-dartlang-\w{1,20}|https?):\S{1,1000}?)\)$/.exec(
    line.trimEnd(),
  );
  if (found?.[1] === undefined || found[2] === undefined) return undefined;
  const location = readLocation(found[2]);
  return frameOf({ ...location, function: functionOf(found[1]), inApp: isApp(found[2]) });
}

/** Closures belong to the function that holds them. */
function functionOf(name: string): string {
  const closure = name.indexOf('.<');
  return closure > 0 ? name.slice(0, closure) : name;
}

function isApp(place: string): boolean {
  return (
    !place.startsWith('dart:') &&
    !place.startsWith('package:flutter/') &&
    !place.startsWith('org-dartlang') &&
    !place.includes('/.pub-cache/')
  );
}

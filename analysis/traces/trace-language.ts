// What every language's reader offers, and the small tools they read lines with.
// Must never know a particular language.
import type { Frame, Trace, TraceLanguage } from '../trace.ts';

/** Frames kept of one stack, innermost first; a runaway recursion repeats itself long before. */
export const MAX_FRAMES = 256;

/** Links kept of a chain of causes, and exceptions kept of a group. */
export const MAX_CAUSES = 16;

/** Longest function name, file name or type kept, in characters. */
const MAX_NAME = 1024;

/** One language's way to read a trace. Lines arrive unwrapped, without terminator, at most MAX_TRACE_LINES of them. */
export interface TraceReader {
  /** How much of the text looks like this language: 1 a frame, more for what no other language writes; 0 when nothing does. */
  readonly weigh: (lines: readonly string[]) => number;
  /** The trace, or undefined when a closer look finds none. */
  readonly read: (lines: readonly string[]) => Trace | undefined;
}

/** What a reader knows of a frame; the rest becomes `undefined`. */
export interface FrameParts {
  readonly function?: string | undefined;
  readonly file?: string | undefined;
  readonly line?: number | undefined;
  readonly column?: number | undefined;
  readonly module?: string | undefined;
  readonly inApp: boolean;
  readonly source?: string | undefined;
}

/** A frame with every absent part `undefined`, empty strings included. */
export function frameOf(parts: FrameParts): Frame {
  return {
    function: present(parts.function),
    file: present(parts.file),
    line: parts.line,
    column: parts.column,
    module: present(parts.module),
    inApp: parts.inApp,
    source: present(parts.source),
  };
}

/** What a reader knows of a trace. */
export interface TraceParts {
  readonly type?: string | undefined;
  readonly message?: string | undefined;
  readonly frames: readonly Frame[];
  readonly cause?: Trace | undefined;
  readonly related?: readonly Trace[];
}

/** A trace with frames, causes and names held to their limits. */
export function traceOf(language: TraceLanguage, parts: TraceParts): Trace {
  return {
    language,
    type: present(parts.type),
    message: (parts.message ?? '').trim(),
    frames: parts.frames.length > MAX_FRAMES ? parts.frames.slice(0, MAX_FRAMES) : parts.frames,
    cause: parts.cause,
    related: (parts.related ?? []).slice(0, MAX_CAUSES),
  };
}

/** Chains traces, outermost first: each becomes the cause of the one before. Undefined for none. */
export function chainOf(traces: readonly Trace[]): Trace | undefined {
  let chain: Trace | undefined;
  for (const trace of traces.slice(0, MAX_CAUSES).toReversed()) chain = { ...trace, cause: trace.cause ?? chain };
  return chain;
}

/** Where a frame points: `/srv/app.js:12:7` → file, line, column. */
export interface Location {
  readonly file: string | undefined;
  readonly line: number | undefined;
  readonly column: number | undefined;
}

/** Reads `file:line:column`, `file:line` or `file`; a `file://` prefix goes. */
export function readLocation(text: string): Location {
  let file = text;
  let last = trailingNumber(file);
  let line: number | undefined;
  let column: number | undefined;
  if (last !== undefined) {
    file = file.slice(0, last.start);
    line = last.value;
    last = trailingNumber(file);
    if (last !== undefined) {
      file = file.slice(0, last.start);
      column = line;
      line = last.value;
    }
  }
  if (file.startsWith('file://')) file = file.slice(7);
  return { file: present(file), line, column };
}

/** `:12` at the end of a text. */
function trailingNumber(text: string): { readonly start: number; readonly value: number } | undefined {
  let index = text.length;
  while (index > 0 && isDigitAt(text, index - 1)) index -= 1;
  if (index === text.length || text.length - index > 9 || index === 0 || text.charCodeAt(index - 1) !== 0x3a) return undefined;
  return { start: index - 1, value: Number(text.slice(index)) };
}

/** True when the character at `index` is an ASCII digit. */
export function isDigitAt(text: string, index: number): boolean {
  const code = text.charCodeAt(index);
  return code >= 0x30 && code <= 0x39;
}

/** Undefined for an empty text; a name of absurd length is cut. */
export function present(text: string | undefined): string | undefined {
  if (text === undefined || text === '') return undefined;
  return text.length > MAX_NAME ? text.slice(0, MAX_NAME) : text;
}

/** A long list of names, written as words over several lines. */
export function words(text: string): string[] {
  return text.trim().split(/\s+/);
}

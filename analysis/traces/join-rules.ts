// What a language tells the joiner: how its traces begin and go on, line by line.
// Must never read a trace; it only says which lines belong together.

/** Where a trace stands after a line. Each language names its own phases; they are constants, so joining allocates nothing. */
export interface JoinPhase {
  readonly name: string;
  /** False when the line may belong (a blank line, a further line of a message) and a later line decides. */
  readonly sure: boolean;
}

/** Lines arrive without terminator and without the wrapper of syslog, CRI or Docker (`unwrapLine`), indentation kept. */
export interface JoinRules {
  /** A line that by itself says that a trace begins, even where the line after it looks like any other. */
  readonly announce: (line: string) => JoinPhase | undefined;
  /** A line that only occurs inside a trace, so that `previous` was the trace's head. Must be strict. */
  readonly attach: (line: string, previous: string) => JoinPhase | undefined;
  /** Lines attach only to one with literally the same header: what was written at once has the same time and process. */
  readonly isOneWrite?: boolean;
  /** The phase after `line`, or undefined when the trace ended before it. */
  readonly follow: (phase: JoinPhase, line: string) => JoinPhase | undefined;
}

/** Builds the phase constants of a language: `surePhase('frames')`. */
export function surePhase(name: string): JoinPhase {
  return { name, sure: true };
}

/** A phase whose line belongs only if a later line continues the trace. */
export function openPhase(name: string): JoinPhase {
  return { name, sure: false };
}

const SPACE = 0x20;
const TAB = 0x09;

/** True for a line that begins with a space or a tab. */
export function isIndented(line: string): boolean {
  const first = line.charCodeAt(0);
  return first === SPACE || first === TAB;
}

/** Index of the first character that is neither space nor tab; the line's length when there is none. */
export function indentationOf(line: string): number {
  let index = 0;
  while (index < line.length) {
    const code = line.charCodeAt(index);
    if (code !== SPACE && code !== TAB) return index;
    index += 1;
  }
  return index;
}

/** True for an empty line or one of white space only. */
export function isBlank(line: string): boolean {
  return indentationOf(line) === line.length;
}

/** True for a line that tells of a failure, so that a trace right behind it is that failure's: `… ERROR could not parse`. */
export function tellsFailure(line: string): boolean {
  return FAILURES.some((word) => line.includes(word));
}

const FAILURES = ['ERROR', 'Error', 'error', 'Exception', 'exception', 'CRITICAL', 'FATAL', 'WARN', 'SEVERE', '[ERR]', '[FTL]'];

// The rules of all languages by which lines join, asked in turn.
// Must never remember a line; the joiner does.
import { atJoining } from './at-joining.ts';
import { consoleJoining } from './console-joining.ts';
import { elixirJoining } from './elixir.ts';
import { erlangJoining } from './erlang.ts';
import { goJoining } from './go.ts';
import { indentationOf, isIndented } from './join-rules.ts';
import type { JoinPhase, JoinRules } from './join-rules.ts';
import { kernelJoining } from './kernel.ts';
import { nativeJoining } from './native-joining.ts';
import { numberedJoining } from './numbered-joining.ts';
import { perlJoining } from './perl.ts';
import { phpJoining } from './php.ts';
import { postgresJoining } from './postgres-joining.ts';
import { pythonJoining } from './python.ts';
import { raceJoining } from './race-joining.ts';
import { rubyJoining } from './ruby.ts';
import { rustJoining } from './rust.ts';

/** A trace that a line opened, or is part of. */
export interface Joined {
  readonly rules: JoinRules;
  readonly phase: JoinPhase;
}

/** The stricter an attaching line is told, the earlier its language is asked. */
const ALL_RULES: readonly JoinRules[] = [
  pythonJoining,
  goJoining,
  rustJoining,
  rubyJoining,
  perlJoining,
  phpJoining,
  elixirJoining,
  erlangJoining,
  raceJoining,
  numberedJoining,
  nativeJoining,
  kernelJoining,
  consoleJoining,
  postgresJoining,
  atJoining,
];

/**
 * @param isOneWrite whether both lines have literally the same header, or none
 * @returns the trace that `line` is part of, which began with `previous` at the latest
 */
export function attach(line: string, previous: string, isOneWrite = true): Joined | undefined {
  if (!mayAttach(line)) return undefined;
  for (const rules of ALL_RULES) {
    if (rules.isOneWrite === true && !isOneWrite) continue;
    const phase = rules.attach(line, previous);
    if (phase !== undefined) return { rules, phase };
  }
  return undefined;
}

/** @returns the trace that `line` opens */
export function announce(line: string): Joined | undefined {
  for (const rules of ALL_RULES) {
    const phase = rules.announce(line);
    if (phase !== undefined) return { rules, phase };
  }
  return undefined;
}

/**
 * How far a line that isn't blank is indented. Python indents the head of an exception group by two itself; an indented arrow is no head,
 * builds print them (` ---> Using cache`).
 */
export function outerIndentation(line: string): number {
  const indentation = isIndented(line) ? indentationOf(line) : 0;
  if (indentation === line.length || line.startsWith('---> ', indentation)) return 0;
  return line.startsWith('+ ', indentation) ? Math.max(0, indentation - 2) : indentation;
}

/** Most lines are told from a frame by their first character. */
function mayAttach(line: string): boolean {
  const first = line.charCodeAt(0);
  if (isIndented(line) || first === 0x23) return true;
  if (ATTACHING.get(first)?.some((word) => line.startsWith(word)) === true) return true;
  // A place in a source file or a library: Gin's frames, glibc's, Rails' without a method.
  if (first === 0x2f || first === 0x2e) return true;
  // `goroutine 1 […]:`, `stack backtrace:`, Rails' `app/cart.rb:3:in 'load'`, or an exception's name with a colon or alone.
  if (first < 0x41 || first > 0x7a) return false;
  const space = line.indexOf(' ');
  const last = line.charCodeAt(line.length - 1);
  return space < 0 || line.charCodeAt(space - 1) === 0x3a || last === 0x3a || last === 0x27 || isExceptionCode(line, space);
}

/** `System.Data.SqlClient.SqlException (0x80131904): …` */
function isExceptionCode(line: string, space: number): boolean {
  return line.charCodeAt(space + 1) === 0x28 && line.startsWith('Exception', space - 9);
}

/** What begins lines that attach without indentation, by first character; a `#` may begin a numbered frame. */
const ATTACHING = Map.groupBy(
  [
    'Caused by',
    'Call Trace:',
    'Call trace:',
    'Suppressed: ',
    'Stack trace:',
    'Stack backtrace:',
    'Backtrace:',
    'Traceback (most',
    'PHP Stack trace:',
    '---> ',
    '[cause]: ',
    '[stacktrace]',
    'From previous event:',
    'Wrapped by: ',
    '==',
  ],
  (word) => word.charCodeAt(0),
);

// Tells a reader of lines which lines belong to one trace, so that they become one record.
// Must never hold lines itself, read a trace, or wait: the caller owns buffers, caps and time-outs.
//
// Use (one TraceJoiner for each source; the caller keeps one open record and, behind it, undecided lines):
//   switch (joiner.next(line)) {
//     case 'starts':    // emit the open record, emit each undecided line as a record of its own, open a record with this line
//     case 'continues': // append the undecided lines, then this line, to the open record
//     case 'maybe':     // append this line to the undecided lines
//   }
// An ordinary line 'starts' and stays open until the next line shows that it isn't the head of a trace; so give an open record out
// after a short silence (some 100 ms; `inTrace` says whether a longer wait pays) and call `reset()`. At most MAX_UNDECIDED lines are
// undecided at a time. Whoever caps a record's lines or bytes cuts it and calls `reset()`; the rest then joins a record of its own.
import { atJoining } from './at-joining.ts';
import { elixirJoining } from './elixir.ts';
import { erlangJoining } from './erlang.ts';
import { goJoining } from './go.ts';
import { indentationOf, isBlank, isIndented, tellsFailure } from './join-rules.ts';
import type { JoinPhase, JoinRules } from './join-rules.ts';
import { kernelJoining } from './kernel.ts';
import { unwrapLine } from './line-wrapper.ts';
import { numberedJoining } from './numbered-joining.ts';
import { perlJoining } from './perl.ts';
import { phpJoining } from './php.ts';
import { pythonJoining } from './python.ts';
import { rubyJoining } from './ruby.ts';
import { rustJoining } from './rust.ts';

/** How a line relates to the record that is open. */
export type Continuation = 'starts' | 'continues' | 'maybe';

/** Undecided lines in a row before the joiner gives a trace up. */
export const MAX_UNDECIDED = 16;

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
  numberedJoining,
  kernelJoining,
  atJoining,
];

/** Joins the lines of one source. An ordinary line costs some 100 ns. */
export class TraceJoiner {
  #rules: JoinRules | undefined;
  #phase: JoinPhase | undefined;
  #undecided = 0;
  #previous = '';
  /** The indentation that a logger gave every line of the open trace. */
  #margin = '';

  /** True while the open record is a trace that more lines may join. */
  get inTrace(): boolean {
    return this.#phase !== undefined;
  }

  /** Forgets the open record: the next line starts a new one, or is taken for the rest of a trace that was cut. */
  reset(): void {
    this.#rules = undefined;
    this.#phase = undefined;
    this.#undecided = 0;
    this.#previous = '';
    this.#margin = '';
  }

  /** The next line is an ordinary one (see line-screen.ts), and the one after it may be judged by it. Never inside a trace. */
  pass(line: string): void {
    this.#previous = contentOf(line);
    this.#undecided = 0;
  }

  /** Judges the next line of the source. `line` has no terminator; a trailing carriage return doesn't matter. */
  next(line: string): Continuation {
    const content = contentOf(line);
    if (this.#phase !== undefined && this.#rules !== undefined) {
      const inner = this.#withoutMargin(content);
      const phase = inner === undefined ? undefined : this.#rules.follow(this.#phase, inner);
      if (phase !== undefined) {
        this.#phase = phase;
        if (phase.sure) {
          this.#undecided = 0;
          return 'continues';
        }
        this.#undecided += 1;
        if (this.#undecided <= MAX_UNDECIDED) return 'maybe';
      }
    }
    return this.#judgeAlone(content);
  }

  /** Undefined for a line that lacks the open trace's indentation, and so ends it. */
  #withoutMargin(content: string): string | undefined {
    if (this.#margin === '') return content;
    if (content.startsWith(this.#margin)) return content.slice(this.#margin.length);
    return isBlank(content) ? content : undefined;
  }

  #judgeAlone(content: string): Continuation {
    this.#undecided = 0;
    this.#margin = '';
    const previous = this.#previous;
    this.#previous = content;
    if (this.#attach(content, previous)) return this.#verdict();
    const margin = outerIndentation(content);
    if (margin > 0) {
      // A logger indents what it was given: the head of a trace, then all its lines, stand below its own line.
      const inner = content.slice(margin);
      this.#margin = content.slice(0, margin);
      if (this.#attach(inner, previous)) return this.#verdict();
      if (this.#announce(inner)) return tellsFailure(previous) ? 'continues' : 'starts';
      this.#margin = '';
    }
    this.#announce(content);
    return 'starts';
  }

  /** Of a line that attaches: one that only may belong waits for the next. */
  #verdict(): Continuation {
    if (this.#phase?.sure !== false) return 'continues';
    this.#undecided = 1;
    return 'maybe';
  }

  #attach(line: string, previous: string): boolean {
    if (!mayAttach(line)) return false;
    for (const rules of ALL_RULES) {
      const phase = rules.attach(line, previous);
      if (phase === undefined) continue;
      this.#rules = rules;
      this.#phase = phase;
      return true;
    }
    return false;
  }

  #announce(line: string): boolean {
    this.#rules = undefined;
    this.#phase = undefined;
    for (const rules of ALL_RULES) {
      const phase = rules.announce(line);
      if (phase === undefined) continue;
      this.#rules = rules;
      this.#phase = phase;
      return true;
    }
    return false;
  }
}

/** The indentation that a logger put before the head of a trace; empty where there is none, and before a frame, which has its own. */
export function marginOf(line: string, previous: string): string {
  const margin = outerIndentation(line);
  if (margin === 0 || attaches(line, previous)) return '';
  const inner = line.slice(margin);
  const isHead = attaches(inner, previous) || ALL_RULES.some((rules) => rules.announce(inner) !== undefined);
  return isHead ? line.slice(0, margin) : '';
}

/**
 * How far a line that isn't blank is indented. Python indents the head of an exception group by two itself; an indented arrow is no head,
 * builds print them (` ---> Using cache`).
 */
function outerIndentation(line: string): number {
  const indentation = isIndented(line) ? indentationOf(line) : 0;
  if (indentation === line.length || line.startsWith('---> ', indentation)) return 0;
  return line.startsWith('+ ', indentation) ? Math.max(0, indentation - 2) : indentation;
}

function attaches(line: string, previous: string): boolean {
  return mayAttach(line) && ALL_RULES.some((rules) => rules.attach(line, previous) !== undefined);
}

function contentOf(line: string): string {
  const content = unwrapLine(line);
  return content.charCodeAt(content.length - 1) === 0x0d ? content.slice(0, -1) : content;
}

/** Most lines are told from a frame by their first character. */
function mayAttach(line: string): boolean {
  const first = line.charCodeAt(0);
  if (isIndented(line) || first === 0x23) return true;
  if (ATTACHING.get(first)?.some((word) => line.startsWith(word)) === true) return true;
  // `goroutine 1 […]:`, `stack backtrace:`, Rails' `app/cart.rb:3:in 'load'`, or an exception's name with a colon or alone.
  if (first < 0x41 || first > 0x7a) return false;
  const space = line.indexOf(' ');
  const last = line.charCodeAt(line.length - 1);
  return space < 0 || line.charCodeAt(space - 1) === 0x3a || last === 0x3a || last === 0x27;
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
  ],
  (word) => word.charCodeAt(0),
);

// Finds the lines that need no judgement: ordinary ones, which neither begin a trace nor go on with one.
// Must never call a line ordinary that the joiner would treat otherwise; to doubt one that is ordinary only costs time.
import type { Marks } from './line-marks.ts';

/**
 * How lines begin that say something to some language, wherever their wrapper ends. A line that begins otherwise can only
 * matter by its end, by a colon behind a name, or by having no space; the screen looks at those too.
 */
const BEGINNINGS = [
  [' ', '\t', '\\', '#', '=', '--', '->', '** ', 'Unhandled ', 'thread ', 'PHP ', 'Next ', 'goroutine ', '{"log":"'],
  ['panic: ', 'panic serving', 'fatal error: ', 'runtime: ', 'SIGQUIT: ', 'SIGABRT: ', 'unexpected fault'],
  ['BUG: ', 'WARNING: ', 'INFO: ', 'Internal error: ', 'Unable to handle', 'UBSAN: ', 'Kernel panic', 'Oops', 'general protection'],
  ['kernel BUG', 'unreferenced object', 'divide error: ', 'watchdog: ', 'rcu: '],
  ['Caused by', 'Suppressed: ', '[cause]', '[stacktrace]', 'From previous', 'Wrapped by', 'Call Trace', 'Call trace', 'Backtrace'],
  ['Stack trace', 'stack trace', 'stack backtrace', 'Stack backtrace', 'Traceback', '<TASK>'],
].flat();

const BY_FIRST: readonly (readonly Uint8Array[] | undefined)[] = Array.from({ length: 256 }, (_unused, first) => {
  const fitting = BEGINNINGS.filter((text) => text.charCodeAt(0) === first);
  return fitting.length === 0 ? undefined : fitting.map((text) => Uint8Array.from(text, (char) => char.charCodeAt(0)));
});

const RETURN = 0x0d;
const SPACE = 0x20;
const QUOTE = 0x27;
const DASH = 0x2d;
const SLASH = 0x2f;
const DIGIT_ONE = 0x31;
const DIGIT_NINE = 0x39;
const COLON = 0x3a;
const LESS = 0x3c;
const GREATER = 0x3e;
const BRACKET = 0x5b;
const CLOSING_BRACKET = 0x5d;
const UPPER_A = 0x41;
const LOWER_Z = 0x7a;

/** How the names of both streams begin. */
const STANDARD = Uint8Array.from('std', (char) => char.charCodeAt(0));

/** Longest wrapper in brackets, as in line-wrapper.ts. */
const mostBracketed = 40;

/** Looks at lines in turn, without making a string of one. */
export class LineScreen {
  readonly #bytes: Uint8Array;
  readonly #colons: Uint32Array;
  readonly #colonCount: number;
  /** Of the next colon with a space behind it, at or behind where the screen stands. */
  #nextColon = 0;

  /** @param colons those of `bytes` that have a space behind them */
  constructor(bytes: Uint8Array, colons: Marks) {
    this.#bytes = bytes;
    this.#colons = colons.at;
    this.#colonCount = colons.count;
  }

  /** Whether the line needs no judgement, unless a trace is open before it. Lines are asked in order; `end` is the line feed's index. */
  isOrdinary(start: number, end: number): boolean {
    if (end <= start || this.#endsSuspiciously(end) || this.#beginsSuspiciously(start, end)) return false;
    const colons = this.#colons;
    const count = this.#colonCount;
    let next = this.#nextColon;
    while (next < count && (colons[next] as number) < start) next += 1;
    this.#nextColon = next;
    for (; next < count; next += 1) {
      const colon = colons[next] as number;
      if (colon >= end) break;
      // Behind any colon the wrapper may end.
      if (this.#isNameBefore(colon) || this.#beginsSuspiciously(colon + 2, end)) return false;
    }
    this.#nextColon = next;
    return true;
  }

  /** True if the content begins like a part of a trace, should it begin at `start`; wrappers there are looked behind. */
  #beginsSuspiciously(start: number, end: number): boolean {
    const bytes = this.#bytes;
    let content = start;
    for (let wrappers = 0; wrappers < 4; wrappers += 1) {
      if (content >= end) return true;
      const first = bytes[content] as number;
      const beginnings = BY_FIRST[first];
      if (beginnings !== undefined) for (const beginning of beginnings) if (standsAt(bytes, content, beginning)) return true;
      if ((first >= UPPER_A && first <= LOWER_Z) || first === SLASH) {
        // A line without a space may be a name or a place, and so may what stands before the first space if that is a colon.
        let space = content;
        while (space < end && bytes[space] !== SPACE) space += 1;
        if (space >= end || bytes[space - 1] === COLON) return true;
      }
      let next = content;
      if (first === LESS) next = this.#behind(content, GREATER, 5);
      else if (first === BRACKET) next = this.#behindBrackets(content);
      else if (first === DIGIT_ONE && bytes[content + 1] === SPACE) return this.#isProtocolSuspicious(content, end);
      else if (first <= DIGIT_NINE && first > SLASH) next = this.#behindStream(content);
      if (next === content) return false;
      content = next;
    }
    return true;
  }

  /** Behind the first such byte within so many; `start` if there is none. */
  #behind(start: number, byte: number, within: number): number {
    const bytes = this.#bytes;
    const limit = Math.min(bytes.length, start + within);
    for (let i = start + 1; i < limit; i += 1) if (bytes[i] === byte) return i + 1;
    return start;
  }

  /** `[   12.345678] ` and `[   12.345678][  T123] `. */
  #behindBrackets(start: number): number {
    const first = this.#behind(start, CLOSING_BRACKET, mostBracketed + 1);
    const second = this.#bytes[first] === BRACKET ? this.#behind(first, CLOSING_BRACKET, mostBracketed) : first;
    return second > start && this.#bytes[second] === SPACE ? second + 1 : start;
  }

  /** `1 TIME HOST APP PROCID MSGID - `: data in brackets is not looked behind, such a line is judged. */
  #isProtocolSuspicious(start: number, end: number): boolean {
    const bytes = this.#bytes;
    let spaces = 0;
    let at = start;
    for (; at < end && spaces < 6; at += 1) if (bytes[at] === SPACE) spaces += 1;
    if (spaces < 6 || bytes[at] !== DASH || bytes[at + 1] !== SPACE) return true;
    return this.#beginsSuspiciously(at + 2, end);
  }

  /** `2026-11-23T03:12:58Z stderr F `: where the content of a CRI line begins. */
  #behindStream(start: number): number {
    const bytes = this.#bytes;
    // No T where a time in that format has one.
    if (bytes[start + 10] !== 0x54) return start;
    const stream = this.#behind(start + 11, SPACE, mostBracketed);
    if (stream === start + 11 || !standsAt(bytes, stream, STANDARD)) return start;
    return bytes[stream + 6] === SPACE && bytes[stream + 8] === SPACE ? stream + 9 : start;
  }

  /** `…Error: `, `…Exception: `, `…panic: `, `…Sanitizer: `, Ruby's `…:in 'f': `. */
  #isNameBefore(colon: number): boolean {
    const before = colon > 0 ? this.#bytes[colon - 1] : 0;
    return before === 0x72 || before === 0x6e || before === 0x63 || before === QUOTE;
  }

  /** A colon (`Stack trace:`), a quote (Ruby's frames), or the end of `Error`, `Exception` or `terminating`. */
  #endsSuspiciously(end: number): boolean {
    const bytes = this.#bytes;
    const last = bytes[end - 1] === RETURN && end > 1 ? end - 2 : end - 1;
    const char = bytes[last] as number;
    if (char === COLON || char === QUOTE || char === SPACE || char === RETURN) return true;
    const before = last > 0 ? bytes[last - 1] : 0;
    return (char === 0x72 && before === 0x6f) || (char === 0x6e && before === 0x6f) || (char === 0x67 && before === 0x6e);
  }
}

function standsAt(bytes: Uint8Array, at: number, text: Uint8Array): boolean {
  if (at + text.length > bytes.length) return false;
  for (let i = 0; i < text.length; i += 1) if (bytes[at + i] !== text[i]) return false;
  return true;
}

// Finds the lines that need no judgement: ordinary ones, which neither begin a trace nor go on with one.
// Must never call a line ordinary that the joiner would treat otherwise; to doubt one that is ordinary only costs time.

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

const BY_FIRST: readonly (readonly string[] | undefined)[] = Array.from({ length: 256 }, (_unused, first) => {
  const fitting = BEGINNINGS.filter((text) => text.charCodeAt(0) === first);
  return fitting.length === 0 ? undefined : fitting;
});

const RETURN = 0x0d;
const SPACE = 0x20;
const QUOTE = 0x27;
const SLASH = 0x2f;
const DIGIT_NINE = 0x39;
const COLON = 0x3a;
const LESS = 0x3c;
const BRACKET = 0x5b;
const UPPER_A = 0x41;
const LOWER_Z = 0x7a;

/** Longest wrapper in brackets, as in line-wrapper.ts. */
const mostBracketed = 40;

/** Goes through text line by line. Almost all its time is spent in native searches: it makes no string of a line. */
export class LineScreen {
  readonly #text: string;
  /** The next colon with a space behind it, at or behind where the screen stands. */
  #nextColon: number;
  /** The last line needs no judgement, unless a trace is open before it. */
  isOrdinary = false;

  /** @param text bytes as Latin-1, one character a byte */
  constructor(text: string) {
    this.#text = text;
    this.#nextColon = text.indexOf(': ');
  }

  /** Looks at the line that begins at `start`. @returns the index of its line feed, or -1 if there is none. */
  next(start: number): number {
    const text = this.#text;
    const end = text.indexOf('\n', start);
    if (end < 0) {
      this.isOrdinary = false;
      return -1;
    }
    let isOrdinary = end > start && !this.#endsSuspiciously(end) && !this.#beginsSuspiciously(start, end);
    let colon = this.#nextColon;
    while (colon >= 0 && colon < end) {
      // Behind any colon the wrapper may end.
      if (isOrdinary && colon >= start) isOrdinary = !this.#isNameBefore(colon) && !this.#beginsSuspiciously(colon + 2, end);
      colon = text.indexOf(': ', colon + 2);
    }
    this.#nextColon = colon;
    this.isOrdinary = isOrdinary;
    return end;
  }

  /** True if the content begins like a part of a trace, should it begin at `start`; wrappers there are looked behind. */
  #beginsSuspiciously(start: number, end: number): boolean {
    const text = this.#text;
    let content = start;
    for (let wrappers = 0; wrappers < 4; wrappers += 1) {
      if (content >= end) return true;
      const first = text.charCodeAt(content);
      const beginnings = BY_FIRST[first];
      if (beginnings !== undefined) for (const beginning of beginnings) if (text.startsWith(beginning, content)) return true;
      if ((first >= UPPER_A && first <= LOWER_Z) || first === SLASH) {
        // A line without a space may be a name or a place, and so may what stands before the first space if that is a colon.
        const space = text.indexOf(' ', content);
        if (space < 0 || space >= end || text.charCodeAt(space - 1) === COLON) return true;
      }
      let next = content;
      if (first === LESS) next = this.#behind(content, '>', 5);
      else if (first === BRACKET) next = this.#behindBrackets(content);
      else if (first <= DIGIT_NINE && first > SLASH) next = this.#behindStream(content);
      if (next === content) return false;
      content = next;
    }
    return true;
  }

  #behind(start: number, char: string, within: number): number {
    const found = this.#text.indexOf(char, start + 1);
    return found < 0 || found >= start + within ? start : found + 1;
  }

  /** `[   12.345678] ` and `[   12.345678][  T123] `. */
  #behindBrackets(start: number): number {
    const first = this.#behind(start, ']', mostBracketed + 1);
    const second = this.#text.charCodeAt(first) === BRACKET ? this.#behind(first, ']', mostBracketed) : first;
    return second > start && this.#text.charCodeAt(second) === SPACE ? second + 1 : start;
  }

  /** `2026-11-23T03:12:58Z stderr F `: where the content of a CRI line begins. */
  #behindStream(start: number): number {
    const text = this.#text;
    // No T where a time in that format has one.
    if (text.charCodeAt(start + 10) !== 0x54) return start;
    const stream = this.#behind(start + 11, ' ', mostBracketed);
    if (stream === start + 11 || !text.startsWith('std', stream)) return start;
    return text.charCodeAt(stream + 6) === SPACE && text.charCodeAt(stream + 8) === SPACE ? stream + 9 : start;
  }

  /** `…Error: `, `…Exception: `, `…panic: `, `…Sanitizer: `. */
  #isNameBefore(colon: number): boolean {
    const before = this.#text.charCodeAt(colon - 1);
    return before === 0x72 || before === 0x6e || before === 0x63;
  }

  /** A colon (`Stack trace:`), a quote (Ruby's frames), or the end of `Error`, `Exception` or `terminating`. */
  #endsSuspiciously(end: number): boolean {
    const text = this.#text;
    let last = end - 1;
    if (text.charCodeAt(last) === RETURN) last -= 1;
    const char = text.charCodeAt(last);
    if (char === COLON || char === QUOTE || char === SPACE || char === RETURN) return true;
    const before = text.charCodeAt(last - 1);
    return (char === 0x72 && before === 0x6f) || (char === 0x6e && before === 0x6f) || (char === 0x67 && before === 0x6e);
  }
}

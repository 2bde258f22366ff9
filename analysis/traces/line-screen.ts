// Finds the lines that need no judgement: ordinary ones, which neither begin a trace nor go on with one.
// Must never call a line ordinary that the joiner would treat otherwise; to doubt one that is ordinary only costs time.
import type { Marks } from './line-marks.ts';
import { BEGINNINGS } from './beginnings.ts';
import { leastShared } from './shared-prefix.ts';

const BY_FIRST: readonly (readonly Uint8Array[] | undefined)[] = Array.from({ length: 256 }, (_unused, first) => {
  const fitting = BEGINNINGS.filter((text) => text.charCodeAt(0) === first);
  return fitting.length === 0 ? undefined : fitting.map((text) => Uint8Array.from(text, (char) => char.charCodeAt(0)));
});

const TAB = 0x09;
const RETURN = 0x0d;
const SPACE = 0x20;
const QUOTE = 0x27;
const DASH = 0x2d;
const SLASH = 0x2f;
const DIGIT_ZERO = 0x30;
const DIGIT_ONE = 0x31;
const DIGIT_NINE = 0x39;
const COLON = 0x3a;
const LESS = 0x3c;
const GREATER = 0x3e;
const SEMICOLON = 0x3b;
const BRACE = 0x7b;
const LOWER_C = 0x63;
const LOWER_I = 0x69;
const LOWER_N = 0x6e;
const LOWER_O = 0x6f;
const LOWER_R = 0x72;
const PIPE = 0x7c;
const OPENING = 0x28;
const CLOSING = 0x29;
const DOT = 0x2e;
const FEED = 0x0a;
const BRACKET = 0x5b;
const CLOSING_BRACKET = 0x5d;
const UPPER_A = 0x41;
const LOWER_Z = 0x7a;

/** How the names of both streams begin. */
const STANDARD = Uint8Array.from('std', (char) => char.charCodeAt(0));

/** Digits before the first column of pm2, and one more. */
const mostNumber = 5;

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

  /**
   * Whether the line needs no judgement, unless a trace is open before it. Lines are asked in order; `end` is the line feed's index,
   * `previous` where the line before begins, -1 if there is none; `shared` how many bytes both have in common.
   */
  isOrdinary(start: number, end: number, previous: number, shared: number): boolean {
    if (end <= start || this.#endsSuspiciously(end) || this.#beginsSuspiciously(start, end)) return false;
    const header = previous < 0 || shared < leastShared || start + shared >= end ? start : this.#behindHeader(previous, shared, start);
    if (header > start && this.#isSuspiciousBehind(header, end)) return false;
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

  /** Where the header ends that the line before has too (see shared-prefix.ts). */
  #behindHeader(previous: number, shared: number, start: number): number {
    const bytes = this.#bytes;
    let at = start + shared;
    const before = bytes[previous + at - start] as number;
    const here = bytes[at] as number;
    // The line before ended.
    if ((before === FEED || before === RETURN) && isSpace(here)) return at - start + 1 < leastShared ? start : at + 1;
    while (at > start && !isSpace(bytes[at - 1] as number)) at -= 1;
    return at - start < leastShared ? start : at;
  }

  /**
   * The same of content behind a shared header: no wrapper is looked for there, nor does a single word mean anything unless it is a place or
   * a rule (`isWorthJudging` of beginnings.ts).
   */
  #isSuspiciousBehind(start: number, end: number): boolean {
    const bytes = this.#bytes;
    const first = bytes[start] as number;
    const beginnings = BY_FIRST[first];
    if (beginnings !== undefined) for (const beginning of beginnings) if (standsAt(bytes, start, beginning)) return true;
    return (first === SLASH || first === DOT) && (this.#endsPlace(end) || this.#endsInLineNumber(end));
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
        const column = this.#behindColumn(space, end);
        if (column !== space) {
          content = column;
          continue;
        }
      }
      if ((first === SLASH || first === DOT) && this.#endsPlace(end)) return true;
      let next = content;
      if (first === LESS) next = this.#behind(content, GREATER, 5);
      else if (first === BRACKET) next = this.#behindBrackets(content);
      else if (first === DIGIT_ONE && bytes[content + 1] === SPACE) return this.#isProtocolSuspicious(content, end);
      else if (first <= DIGIT_NINE && first > SLASH) next = this.#behindStream(content);
      if (next === content && first <= DIGIT_NINE && first > SLASH) next = this.#behindNumbered(content, end);
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

  /** `0|app  | `, `03:12:58 web.1   | ` (see line-wrapper.ts). */
  #behindNumbered(start: number, end: number): number {
    const bytes = this.#bytes;
    let at = start + 9;
    if (bytes[start + 2] !== COLON || bytes[start + 5] !== COLON || bytes[start + 8] !== SPACE) {
      at = start + 1;
      while (at < start + mostNumber && isDigit(bytes[at] as number)) at += 1;
      if (bytes[at] !== PIPE) return start;
      at += 1;
    }
    while (at < end && bytes[at] !== SPACE) at += 1;
    const column = this.#behindColumn(at, end);
    return column === at ? start : column;
  }

  /** Behind a name's `  | `; `space` if there is none. */
  #behindColumn(space: number, end: number): number {
    const bytes = this.#bytes;
    let at = space;
    while (at < end && bytes[at] === SPACE) at += 1;
    return bytes[at] === PIPE && at > space ? at + 2 : space;
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
    const last = colon - 1;
    const before = last > 0 ? this.#bytes[last] : 0;
    if (before === LOWER_R || before === LOWER_N || before === LOWER_C) return this.#endsName(last);
    return before === QUOTE || (before === CLOSING && this.#isCodeBefore(last));
  }

  /** `…ror`, `…zer`, `…ler` (`oom-killer`), `…ion`, `…nic`: the ends of names that say something before a colon. */
  #endsName(last: number): boolean {
    const bytes = this.#bytes;
    const middle = last > 0 ? bytes[last - 1] : 0;
    const first = last > 1 ? bytes[last - 2] : 0;
    switch (bytes[last]) {
      case LOWER_R:
        return middle === LOWER_O ? first === LOWER_R : middle === 0x65 && (first === 0x7a || first === 0x6c);
      case LOWER_N:
        return middle === LOWER_O && first === LOWER_I;
      default:
        return middle === LOWER_I && first === LOWER_N;
    }
  }

  /** `…Exception (0x80131904): ` */
  #isCodeBefore(close: number): boolean {
    const bytes = this.#bytes;
    for (let at = close - 1; at > 1 && close - at < mostBracketed; at -= 1) {
      if (bytes[at] === OPENING) return bytes[at - 1] === SPACE && bytes[at - 2] === 0x6e;
    }
    return false;
  }

  /** `…main.go:21 (0x7b8e84)`, `…libc.so.6(+0x777f5)[0x7f1a2b3c47f5]` */
  #endsPlace(end: number): boolean {
    const last = this.#bytes[end - 1] === RETURN ? this.#bytes[end - 2] : this.#bytes[end - 1];
    return last === CLOSING || last === CLOSING_BRACKET;
  }

  /** `/srv/app.js:12` */
  #endsInLineNumber(end: number): boolean {
    const bytes = this.#bytes;
    const last = bytes[end - 1] === RETURN ? end - 2 : end - 1;
    let at = last;
    while (at > 0 && isDigit(bytes[at] as number)) at -= 1;
    return at < last && bytes[at] === COLON;
  }

  /** A colon (`Stack trace:`), a quote (Ruby's frames), a brace, or the end of `Error`, `Exception` or `terminating`. */
  #endsSuspiciously(end: number): boolean {
    const bytes = this.#bytes;
    const last = bytes[end - 1] === RETURN && end > 1 ? end - 2 : end - 1;
    const char = bytes[last] as number;
    if (char === COLON || char === QUOTE || char === RETURN || char === BRACE) return true;
    const before = last > 0 ? bytes[last - 1] : 0;
    // `got signal 11 ;`, `… terminated`, `… terminating`
    if (char === SEMICOLON) return before === SPACE;
    if (char === 0x64) return before === 0x65 && last > 1 && bytes[last - 2] === 0x74;
    if (char === 0x67) return before === LOWER_N && last > 2 && bytes[last - 2] === LOWER_I && bytes[last - 3] === 0x74;
    return (char === LOWER_R || char === LOWER_N) && this.#endsName(last);
  }
}

function isDigit(byte: number): boolean {
  return byte >= DIGIT_ZERO && byte <= DIGIT_NINE;
}

function isSpace(byte: number): boolean {
  return byte === SPACE || byte === TAB;
}

function standsAt(bytes: Uint8Array, at: number, text: Uint8Array): boolean {
  if (at + text.length > bytes.length) return false;
  for (let i = 0; i < text.length; i += 1) if (bytes[at + i] !== text[i]) return false;
  return true;
}

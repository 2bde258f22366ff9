// A line's beginning cut into columns: what stands there (timestamp, level, bracket, tag …) and where.
// Must never decide what is header and what is message; layout.ts learns that from many lines.
import { severityOfLetter, severityOfWord, severityOfWordIn } from '../severity.ts';
import { aroundTime, endsColumn, isHex, isNameMark, levelJointEnd, nameJointEnd, pairedLevel, pairsEnd } from './joints.ts';
import { newTimestampScan } from './timestamp-parts.ts';
import { scanGlogTimestamp, scanTimestamp, scanUptime } from './timestamp.ts';

/** What a column looks like. Small integers, so that statistics are plain arrays. */
export const column = {
  other: 0,
  timestamp: 1,
  severity: 2,
  integer: 3,
  bracket: 4,
  tag: 5,
  dash: 6,
  word: 7,
  identifier: 8,
  letter: 9,
} as const;

export type ColumnKind = (typeof column)[keyof typeof column];

export const columnKinds = 10;

/** Columns looked at in a line; headers seen in the wild have up to ten. */
export const maxColumns = 14;

/** A bracket group longer than this is message, not header. */
const longestBracket = 240;

/** The columns of one line. One object is reused for every line. */
export class Columns {
  count = 0;
  readonly kind: ColumnKind[] = Array.from({ length: maxColumns }, (): ColumnKind => column.other);
  readonly start = new Int32Array(maxColumns);
  readonly end = new Int32Array(maxColumns);
  /** Offset of the next column or the message. */
  readonly next = new Int32Array(maxColumns);
  /** True where `|`, or at least two blanks, follow. */
  readonly padded: boolean[] = Array.from({ length: maxColumns }, () => false);
  readonly piped: boolean[] = Array.from({ length: maxColumns }, () => false);
  /** The first column that is a timestamp, or -1. */
  firstTimestamp = -1;
  /** What that timestamp said. */
  readonly timestamp = newTimestampScan();
  /** Form of the timestamp, or -1. */
  form = -1;
  /** Where pairs such as `request_id=…` stand between time and level, as Elixir's logger writes them; -1 where there are none. */
  metaFrom = -1;
  metaTo = -1;
  /** Where a column ends that the next one follows without a blank: `ERROR:` of `ERROR:root:…`; -1 where none does. */
  private joint = -1;
  private readonly probe = newTimestampScan();

  /** Cuts the beginning of `text` into at most `limit` columns. */
  scan(text: string, limit: number): void {
    const length = Math.min(text.length, 1024);
    let at = 0;
    this.count = 0;
    this.firstTimestamp = -1;
    this.form = -1;
    this.metaFrom = -1;
    let piped = false;
    this.joint = -1;
    while (at < length && text.charCodeAt(at) === 32) at++;
    // `####<Jan 31, 2024 …>` marks the beginning of a record.
    if (text.charCodeAt(at) === 35 && text.startsWith('####<', at)) at += 4;
    while (at < length && this.count < limit) {
      const index = this.count;
      const end = this.scanColumn(text, at, length, index, piped);
      this.start[index] = at;
      this.end[index] = end;
      let next = end;
      let blanks = 0;
      let code = text.charCodeAt(next);
      // A comma or semicolon that ends a column belongs to the gap: `04:30:30, Info`.
      const semicolon = code === 59;
      if ((code === 44 || semicolon) && this.kind[index] !== column.other) code = text.charCodeAt(++next);
      // A time may have a line of its own above the message.
      while (code === 32 || code === 9 || (code === 10 && this.kind[index] === column.timestamp)) {
        blanks += code === 9 ? 2 : 1;
        code = text.charCodeAt(++next);
      }
      this.piped[index] = semicolon;
      if (code === 124 && (this.kind[index] !== column.other || piped)) {
        this.piped[index] = true;
        piped = true;
        code = text.charCodeAt(++next);
        while (code === 32) code = text.charCodeAt(++next);
      }
      this.padded[index] = blanks > 1;
      // `error   reconnecting`: set in a column of its own, a lower-case level is one.
      // So is one before a colon that stands alone: `info : reconnecting`.
      if (this.kind[index] === column.word && (blanks > 1 || (code === 58 && blanks === 1 && text.charCodeAt(next + 1) === 32))) {
        if (severityOfWordIn(text, at, end) !== undefined) this.kind[index] = column.severity;
      }
      if (index === this.firstTimestamp && code >= 97 && code <= 122) {
        const meta = pairsEnd(text, next);
        if (meta > next) {
          this.metaFrom = next;
          this.metaTo = meta;
          next = meta;
        }
      }
      this.next[index] = next;
      this.count++;
      // `[INFO ][o.e.Node] [a]` and `ERROR:root:…` go on without a blank.
      if (next === end && this.joint !== end && !(code === 91 && text.charCodeAt(end - 1) === 93)) break;
      at = next;
    }
  }

  private scanColumn(text: string, at: number, length: number, index: number, piped: boolean): number {
    const code = text.charCodeAt(at);
    if (code === 91) return this.scanBracket(text, at, length, index, 93);
    if (code === 60) return this.scanBracket(text, at, length, index, 62);
    const closing = code < 48 || code === 123 ? aroundTime.get(code) : undefined;
    if (closing !== undefined) {
      const out = this.firstTimestamp < 0 ? this.timestamp : this.probe;
      const end = scanTimestamp(text, at + 1, out);
      const after = text.charCodeAt(end);
      if (end > 0 && (closing === 0 ? text.charCodeAt(at + 1) > 57 && endsColumn(after) : after === closing)) {
        this.noteTimestamp(index, out.form);
        return closing !== 0 || after === 58 ? end + 1 : end;
      }
    }
    if ((code >= 48 && code <= 57) || (code >= 65 && code <= 122)) {
      const out = this.firstTimestamp < 0 ? this.timestamp : this.probe;
      let end = scanTimestamp(text, at, out);
      if (end < 0 && code > 57 && text.charCodeAt(at + 5) === 32 && severityOfLetter(text[at] ?? '') !== undefined) {
        end = scanGlogTimestamp(text, at + 1, out);
      }
      if (end >= 0 && endsColumn(text.charCodeAt(end))) {
        this.noteTimestamp(index, out.form);
        // `10:15:00:` and `10:15:00,` keep their mark in the column.
        return text.charCodeAt(end) === 58 ? end + 1 : end;
      }
    }
    return this.scanWord(text, at, length, index, piped);
  }

  private noteTimestamp(index: number, form: number): void {
    this.kind[index] = column.timestamp;
    if (this.firstTimestamp < 0) {
      this.firstTimestamp = index;
      this.form = form;
    }
  }

  /** `[…]` or `<…>`, balanced; its inside may be a timestamp or a level. */
  private scanBracket(text: string, at: number, length: number, index: number, close: 62 | 93): number {
    const open = close - 2;
    const limit = Math.min(length, at + longestBracket);
    let depth = 0;
    let end = -1;
    for (let i = at; i < limit; i++) {
      const code = text.charCodeAt(i);
      if (code === open) depth++;
      else if (code === close && --depth === 0) {
        end = i + 1;
        break;
      }
    }
    // What ends the text is its message, not its header.
    if (end < 0 || (close === 62 && end === text.length)) {
      this.kind[index] = column.other;
      return end < 0 ? at + 1 : end;
    }
    let inside = at + 1;
    while (text.charCodeAt(inside) === 32) inside++;
    const out = this.firstTimestamp < 0 ? this.timestamp : this.probe;
    let stampEnd = scanTimestamp(text, inside, out);
    if (stampEnd < 0) {
      const uptimeEnd = scanUptime(text, inside, out);
      if (uptimeEnd === end - 1) stampEnd = uptimeEnd;
    }
    if (stampEnd > 0) {
      this.noteTimestamp(index, out.form + 300);
      // `[2024-01-31T10:15:00Z INFO crate]` is cut open: what follows the time are columns of their own.
      if (text.charCodeAt(stampEnd) === 32 && stampEnd + 1 < end - 1) return stampEnd;
      // So is `[2024-01-31 10:15:00,123: INFO/MainProcess]`.
      if (text.charCodeAt(stampEnd) === 58 && text.charCodeAt(stampEnd + 1) === 32 && stampEnd + 2 < end - 1) return stampEnd + 1;
    } else {
      const word = text.slice(inside, end - 1).trim();
      this.kind[index] = severityOfWord(word) === undefined && pairedLevel(word) === undefined ? column.bracket : column.severity;
    }
    return text.charCodeAt(end) === 58 ? end + 1 : end;
  }

  private scanWord(text: string, at: number, length: number, index: number, piped: boolean): number {
    const joint = this.joint === at && at > 0 ? nameJointEnd(text, at, length) : levelJointEnd(text, at);
    if (joint > at) {
      this.kind[index] = this.joint === at ? column.tag : column.severity;
      this.joint = joint;
      return joint;
    }
    let letters = 0;
    let numbers = 0;
    let braces = 0;
    let odd = 0;
    let dashes = 0;
    let depth = 0;
    let i = at;
    for (; i < length; i++) {
      const code = text.charCodeAt(i);
      // Most characters are told at once.
      const lower = code | 32;
      if (lower >= 97 && lower <= 122) {
        letters++;
        continue;
      }
      if (code >= 48 && code <= 57) {
        numbers++;
        continue;
      }
      if (code === 32 || code === 9 || code === 10) {
        if (code === 10) {
          // What ends a line is its message, and no header goes on behind it, whatever was opened.
          this.kind[index] = column.other;
          return i;
        }
        if (depth <= 0) break;
        // A bracket that doesn't close before the blank was no pid.
        if (i - at > 120) break;
      }
      if (code === 124 && (piped || index === 0 || this.piped[index - 1] === true || this.kind[index - 1] === column.timestamp)) break;
      if (code === 45 || code === 58 || code === 42 || code === 35 || code === 62 || code === 61) dashes++;
      if (code === 91 || code === 40) {
        depth++;
      } else if (code === 93 || code === 41) {
        depth--;
      } else if (code === 123 || code === 125) {
        // `request{id=7 method=GET}:`, but no object.
        depth += 124 - code;
        braces += 124 - code;
        if (i === at) odd++;
      } else if (
        !isNameMark(code) &&
        (code !== 35 || i === at) &&
        (code !== 32 || text.charCodeAt(i - 1) !== 40) &&
        (braces <= 0 || code === 34)
      )
        odd++;
    }
    let end = i;
    let last = text.charCodeAt(end - 1);
    if ((last === 44 || last === 59) && end - at > 1) {
      end--;
      last = text.charCodeAt(end - 1);
    }
    const size = end - at;
    if (dashes === size && size <= 3) {
      this.kind[index] = column.dash;
      return end;
    }
    if (letters === 0 && odd === 0) {
      const onlyDigits = numbers === size || (numbers === size - 1 && size < 4 && text.charCodeAt(at) === 45);
      if (onlyDigits) this.kind[index] = column.integer;
      else if (numbers > 0 && last === 58) this.kind[index] = column.tag;
      else this.kind[index] = numbers > 0 ? column.identifier : column.other;
      return end;
    }
    if (numbers > 0 && letters === 0 && odd === 1 && text.charCodeAt(at) === 35) {
      this.kind[index] = column.integer;
      return end;
    }
    // `123#123:` is nginx's process and thread; `reflector.go:158]` and `#12]` close what the time opened.
    const numbered = last === 58 && letters === 0 && numbers > 0;
    if (numbered || (last === 93 && !text.slice(at, end).includes('['))) {
      this.kind[index] = column.tag;
      return end;
    }
    if (last === 58 && size > 1 && odd === 0 && letters > 0) {
      this.kind[index] = severityOfWordIn(text, at, end - 1) === undefined ? (size <= 100 ? column.tag : column.other) : column.severity;
      return end;
    }
    if (size === 1 && letters === 1) {
      this.kind[index] = severityOfLetter(text[at] ?? '') === undefined ? column.word : column.letter;
      return end;
    }
    if (odd > 0) {
      this.kind[index] = column.other;
      return end;
    }
    if (letters === size) {
      const first = text.charCodeAt(at);
      // A level stands in capitals or capitalised; a lower-case `error` begins many a message.
      this.kind[index] = first < 91 && severityOfWordIn(text, at, end) !== undefined ? column.severity : column.word;
      return end;
    }
    // A thread's address, `7f3a5c2d8700`.
    this.kind[index] = size >= 8 && isHex(text, at, end) ? column.integer : column.identifier;
    return end;
  }
}

// Joins lines that belong together, the lines of a stack trace above all, into one record.
// Must never decide by itself what continues a trace: analysis/traces does, or a configured pattern.
import { compileLinearPattern } from '../../base/linear-pattern.ts';
import { TraceJoiner } from '../../analysis/traces/continuation.ts';
import { LineScreen } from '../../analysis/traces/line-screen.ts';
import type { Continuation } from '../../analysis/traces/continuation.ts';
import type { Flush, Framed, Framer } from '../record.ts';
import { splitLongLine } from './lines.ts';
import { RecordCuts } from './record-cuts.ts';

/** Says of each line in turn whether it goes on with the record before it. */
export interface LineJudge {
  /** True while more lines may join the open record, so that it pays to wait for them. */
  readonly inTrace: boolean;
  next(line: string): Continuation;
  /** An ordinary line went by; it matters only to the one after it. */
  pass(line: string): void;
  reset(): void;
}

export interface RecordLimits {
  readonly maxLineBytes: number;
  /** A record that would grow beyond these is cut; its further lines make a record of their own. */
  readonly maxRecordBytes: number;
  readonly maxRecordLines: number;
}

/** Joins stack traces of every language that analysis/traces knows. */
export function createTraceFramer(limits: RecordLimits): Framer {
  return createJoiningFramer(limits, true, () => new TraceJoiner());
}

/**
 * Joins every line to the last one that `pattern` (RE2 syntax) matches somewhere.
 * @throws HephaestusError `pattern.invalid` if the pattern is not RE2.
 */
export function createPatternFramer(limits: RecordLimits, pattern: string): Framer {
  const compiled = compileLinearPattern(pattern);
  return createJoiningFramer(limits, false, () => ({
    inTrace: true,
    // Lines come as Latin-1, one character a byte; the pattern is about characters.
    next: (line) => (compiled.test(Buffer.from(line, 'latin1').toString('utf8')) ? 'starts' : 'continues'),
    pass: () => undefined,
    reset: () => undefined,
  }));
}

/** `mayPass`: the judge has nothing to say of lines that the screen finds ordinary. */
function createJoiningFramer(limits: RecordLimits, mayPass: boolean, createJudge: () => LineJudge): Framer {
  return {
    // A record at its limit, the undecided lines behind it, and a line that shows that the record is over.
    window: limits.maxRecordBytes + 2 * limits.maxLineBytes,
    mostGrowth: 1,
    frame: (bytes, flush) => new Joining(bytes, limits, mayPass, createJudge()).run(flush),
  };
}

const newline = 0x0a;

/**
 * So many bytes are made into text at once. Strings of more than about 128 KiB get pages of their own from the system,
 * which costs four times as much a byte as the memory for short-lived objects.
 */
const sectionBytes = 48 * 1024;

/** One pass over one stretch of bytes, section by section. The open record reaches from the last cut to the first undecided line. */
class Joining {
  readonly #bytes: Buffer;
  readonly #limits: RecordLimits;
  readonly #judge: LineJudge;
  readonly #mayPass: boolean;
  /** Whole lines, but for the last section, and where it begins in the bytes. */
  #text = '';
  #sectionStart = 0;
  /** Where in the section the last line begins and ends, if it was passed over as ordinary and the judge wasn't told. */
  #passedStart = -1;
  #passedEnd = -1;
  readonly #cuts = new RecordCuts();
  /** Starts of the lines that may or may not belong to the open record. */
  #undecided: number[] = [];
  #openLines = 0;

  constructor(bytes: Buffer, limits: RecordLimits, mayPass: boolean, judge: LineJudge) {
    this.#mayPass = mayPass;
    this.#bytes = bytes;
    this.#limits = limits;
    this.#judge = judge;
  }

  run(flush: Flush): Framed {
    const lastLine = this.#readLines();
    if (flush === 'everything') {
      this.#closeOpenAt(lastLine);
      this.#cuts.closeAt(this.#bytes.length);
    } else if (flush === 'traces' || (flush === 'records' && !this.#judge.inTrace)) {
      this.#closeOpenAt(lastLine);
    }
    const { end, lengths, cut } = this.#cuts;
    return { consumed: end, bytes: undefined, recordLengths: lengths, cut, holds: this.#holds(lastLine) };
  }

  /** @returns where the last line begins that has no end yet; the end of the bytes if there is none. */
  #readLines(): number {
    const { length } = this.#bytes;
    let start = 0;
    for (;;) {
      const end = this.#sectionEnd(start);
      start = this.#readSection(start, end);
      if (end === length) return start;
      // The next section's text takes this one's place.
      this.#tellPassed();
    }
  }

  /** Behind the last line that ends within a section's length, or else behind the first that ends at all. */
  #sectionEnd(start: number): number {
    const bytes = this.#bytes;
    if (bytes.length - start <= sectionBytes) return bytes.length;
    const last = bytes.lastIndexOf(newline, start + sectionBytes - 1);
    if (last >= start) return last + 1;
    const next = bytes.indexOf(newline, start + sectionBytes);
    return next < 0 ? bytes.length : next + 1;
  }

  /** @returns where the line begins that has no end in the section; the section's end if there is none. */
  #readSection(sectionStart: number, sectionEnd: number): number {
    // Latin-1 keeps one character a byte, so that indexes agree; the structure of a trace is ASCII.
    const text = this.#bytes.toString('latin1', sectionStart, sectionEnd);
    this.#text = text;
    this.#sectionStart = sectionStart;
    const { maxLineBytes } = this.#limits;
    const screen = new LineScreen(text);
    const judge = this.#judge;
    const cuts = this.#cuts;
    const mayPass = this.#mayPass;
    let lineStart = sectionStart;
    for (;;) {
      const found = screen.next(lineStart - sectionStart);
      const lineEnd = found < 0 ? sectionEnd : sectionStart + found + 1;
      if (lineEnd - lineStart > maxLineBytes) lineStart = this.#split(lineStart, lineEnd);
      if (found < 0) return lineStart;
      if (mayPass && screen.isOrdinary && !judge.inTrace) {
        // An ordinary line: the record before it ends, and it opens one.
        if (this.#undecided.length > 0) this.#closeOpenAt(lineStart);
        cuts.closeAt(lineStart);
        this.#openLines = 1;
        this.#passedStart = lineStart - sectionStart;
        this.#passedEnd = found;
      } else {
        this.#take(this.#judgeLine(lineStart, lineEnd - 1), lineStart, lineEnd);
      }
      lineStart = lineEnd;
    }
  }

  #judgeLine(start: number, end: number): Continuation {
    this.#tellPassed();
    return this.#judge.next(this.#text.slice(start - this.#sectionStart, end - this.#sectionStart));
  }

  #tellPassed(): void {
    if (this.#passedStart >= 0) this.#judge.pass(this.#text.slice(this.#passedStart, this.#passedEnd));
    this.#passedStart = -1;
  }

  /** A line too long to be part of anything: what was open ends before it. @returns where its last piece begins. */
  #split(lineStart: number, lineEnd: number): number {
    this.#closeOpenAt(lineStart);
    this.#judge.reset();
    this.#passedStart = -1;
    splitLongLine(this.#bytes, lineEnd, this.#limits.maxLineBytes, this.#cuts);
    return this.#cuts.end;
  }

  #take(verdict: Continuation, start: number, end: number): void {
    if (start === this.#cuts.end) {
      this.#openLines = 1;
      return;
    }
    if (verdict === 'starts') {
      this.#closeOpenAt(start);
      this.#openLines = 1;
      return;
    }
    this.#openLines += 1;
    if (end - this.#cuts.end > this.#limits.maxRecordBytes || this.#openLines > this.#limits.maxRecordLines) {
      this.#cuts.cutAt(start);
      this.#undecided = [];
      this.#judge.reset();
      this.#openLines = 1;
    } else if (verdict === 'maybe') {
      this.#undecided.push(start);
    } else {
      this.#undecided = [];
    }
  }

  /** Ends the open record; undecided lines, of which none was claimed, become records of their own. */
  #closeOpenAt(end: number): void {
    for (const start of this.#undecided) this.#cuts.closeAt(start);
    this.#undecided = [];
    this.#cuts.closeAt(end);
  }

  #holds(lastLine: number): Framed['holds'] {
    if (this.#cuts.end === this.#bytes.length) return 'nothing';
    if (this.#cuts.end === lastLine) return 'line';
    return this.#judge.inTrace ? 'trace' : 'record';
  }
}

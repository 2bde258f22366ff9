// Joins lines that belong together, the lines of a stack trace above all, into one record.
// Must never decide by itself what continues a trace: analysis/traces does, or a configured pattern.
import { compileLinearPattern } from '../../base/linear-pattern.ts';
import { TraceJoiner } from '../../analysis/traces/continuation.ts';
import { LineMarks } from '../../analysis/traces/line-marks.ts';
import { LineScreen } from '../../analysis/traces/line-screen.ts';
import type { Continuation } from '../../analysis/traces/continuation.ts';
import type { Flush, Framed, Framer } from '../record.ts';
import { splitLongLine } from './lines.ts';
import { RecordCuts } from './record-cuts.ts';

/** Says of each line in turn whether it goes on with the record before it. */
export interface LineJudge {
  /** True while more lines may join the open record, so that it pays to wait for them. */
  readonly inTrace: boolean;
  /** @param shared how many bytes it shares with the line before, -1 if unknown */
  next(line: string, shared: number): Continuation;
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
  // Made when there is something to read: most sources are quiet.
  let marks: LineMarks | undefined;
  return {
    // A record at its limit, the undecided lines behind it, and a line that shows that the record is over.
    window: limits.maxRecordBytes + 2 * limits.maxLineBytes,
    mostGrowth: 1,
    frame(bytes, flush) {
      marks ??= new LineMarks();
      marks.read(bytes);
      return new Joining(bytes, marks, limits, mayPass, createJudge()).run(flush);
    },
  };
}

/** One pass over one stretch of bytes. The open record reaches from the last cut to the first undecided line. */
class Joining {
  readonly #bytes: Buffer;
  readonly #marks: LineMarks;
  readonly #limits: RecordLimits;
  readonly #judge: LineJudge;
  readonly #mayPass: boolean;
  /** Where the last line begins and ends, if it was passed over as ordinary and the judge wasn't told. */
  #passedStart = -1;
  #passedEnd = -1;
  readonly #cuts: RecordCuts;
  /** Starts of the lines that may or may not belong to the open record. */
  #undecided: number[] = [];
  #openLines = 0;

  constructor(bytes: Buffer, marks: LineMarks, limits: RecordLimits, mayPass: boolean, judge: LineJudge) {
    this.#mayPass = mayPass;
    this.#bytes = bytes;
    this.#marks = marks;
    this.#limits = limits;
    this.#judge = judge;
    this.#cuts = new RecordCuts(marks.feeds.count + 1);
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
    const { at: feeds, count } = this.#marks.feeds;
    const shared = this.#marks.shared.at;
    const { maxLineBytes } = this.#limits;
    const screen = new LineScreen(this.#bytes, this.#marks.colons);
    const judge = this.#judge;
    const cuts = this.#cuts;
    let lineStart = 0;
    let previousStart = -1;
    for (let line = 0; line < count; line += 1) {
      const feed = feeds[line] as number;
      const lineEnd = feed + 1;
      if (lineEnd - lineStart > maxLineBytes) {
        lineStart = this.#split(lineStart, lineEnd);
        previousStart = -1;
      }
      if (
        this.#mayPass &&
        !judge.inTrace &&
        screen.isOrdinary(lineStart, feed, previousStart, line === 0 ? 0 : (shared[line - 1] as number))
      ) {
        // An ordinary line: the record before it ends, and it opens one.
        if (this.#undecided.length > 0) this.#closeOpenAt(lineStart);
        cuts.closeAt(lineStart);
        this.#openLines = 1;
        this.#passedStart = lineStart;
        this.#passedEnd = feed;
      } else {
        this.#take(
          this.#judgeLine(lineStart, feed, line > 0 && previousStart >= 0 ? (shared[line - 1] as number) : -1),
          lineStart,
          lineEnd,
        );
      }
      previousStart = lineStart;
      lineStart = lineEnd;
    }
    return length - lineStart > maxLineBytes ? this.#split(lineStart, length) : lineStart;
  }

  #judgeLine(start: number, end: number, shared: number): Continuation {
    this.#tellPassed();
    return this.#judge.next(this.#textOf(start, end), shared);
  }

  #tellPassed(): void {
    if (this.#passedStart >= 0) this.#judge.pass(this.#textOf(this.#passedStart, this.#passedEnd));
    this.#passedStart = -1;
  }

  /** Latin-1 keeps one character a byte; the structure of a trace is ASCII. */
  #textOf(start: number, end: number): string {
    return this.#bytes.toString('latin1', start, end);
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
    if (verdict === 'attaches') {
      // What is undecided belongs to another record, but for the last line of it.
      const begins = this.#undecided.pop();
      if (begins !== undefined) {
        this.#closeOpenAt(begins);
        this.#openLines = 1;
      }
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

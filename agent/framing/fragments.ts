// Puts lines together that a container runtime wrote in fragments: CRI's `P` and `F` lines, and Docker's JSON lines without a line end.
// Must never change a line that is no fragment, nor settle bytes of which a fragment still waits for its rest.
import type { Flush, Framed, Framer } from '../record.ts';

/** How a runtime writes a fragment. Positions are in the window that is framed. */
export interface FragmentFormat {
  /** False if the window surely holds no fragment, so that it needn't be looked at line by line. */
  mayHoldFragments(bytes: Buffer): boolean;
  /** Undefined if the line isn't the runtime's. `end` is behind the line's end. */
  read(bytes: Buffer, start: number, end: number): FragmentParts | undefined;
  /** Writes the line that the fragments stand for; `parts` are those of the first. */
  write(line: Buffer, parts: FragmentParts, contents: readonly Buffer[]): Buffer;
}

export interface FragmentParts {
  /** Fragments of different streams interleave. */
  readonly stream: 'stdout' | 'stderr';
  readonly isPartial: boolean;
  readonly contentStart: number;
  readonly contentEnd: number;
}

const newline = 0x0a;

/** Fragments that together are longer than `maxLineBytes` stay apart beyond it, flagged as cut. */
export function createFragmentFramer(inner: Framer, format: FragmentFormat, maxLineBytes: number): Framer {
  return {
    mostGrowth: inner.mostGrowth,
    window: inner.window + 2 * maxLineBytes,
    frame(bytes: Buffer, flush: Flush): Framed {
      if (!format.mayHoldFragments(bytes)) return inner.frame(bytes, flush);
      return new Assembly(bytes, format, maxLineBytes).frame(inner, flush);
    },
  };
}

/** A stretch of the output and the input that it settles. */
interface Stretch {
  readonly outEnd: number;
  readonly inStart: number;
  readonly inEnd: number;
  /** It stands in the input as it is, and nothing before it waits: any place in it may be an end. */
  readonly isVerbatim: boolean;
  /** Nothing up to its end waits. */
  readonly isSafe: boolean;
}

interface OpenLine {
  readonly line: Buffer;
  readonly parts: FragmentParts;
  readonly start: number;
  readonly contents: Buffer[];
}

class Assembly {
  readonly #bytes: Buffer;
  readonly #format: FragmentFormat;
  readonly #maxLineBytes: number;
  readonly #out: Buffer[] = [];
  readonly #stretches: Stretch[] = [];
  readonly #open = new Map<string, OpenLine>();
  #outEnd = 0;
  #cut = false;

  constructor(bytes: Buffer, format: FragmentFormat, maxLineBytes: number) {
    this.#bytes = bytes;
    this.#format = format;
    this.#maxLineBytes = maxLineBytes;
  }

  frame(inner: Framer, flush: Flush): Framed {
    this.#readLines(flush);
    const out = Buffer.concat(this.#out);
    const framed = inner.frame(out, flush);
    const { outEnd, inEnd } = this.#settledBy(framed.consumed);
    const recordLengths: number[] = [];
    let end = 0;
    for (const length of framed.recordLengths) {
      if (end + length > outEnd) break;
      recordLengths.push(length);
      end += length;
    }
    // A record that reaches behind the last safe end stays open as a whole.
    const consumed = end === outEnd ? inEnd : this.#settledBy(end).inEnd;
    const holds = this.#open.size > 0 && framed.holds === 'nothing' ? 'trace' : framed.holds;
    return { consumed, bytes: out.subarray(0, end), recordLengths, cut: framed.cut || this.#cut, holds };
  }

  #readLines(flush: Flush): void {
    const bytes = this.#bytes;
    let start = 0;
    for (;;) {
      const found = bytes.indexOf(newline, start);
      if (found < 0) break;
      this.#take(start, found + 1);
      start = found + 1;
    }
    if (flush === 'traces' || flush === 'everything') this.#closeAll(start, start);
    if (start < bytes.length) this.#emit(bytes.subarray(start), start, bytes.length, true);
  }

  #take(start: number, end: number): void {
    const line = this.#bytes.subarray(start, end);
    const parts = this.#format.read(this.#bytes, start, end);
    const open = parts === undefined ? undefined : this.#open.get(parts.stream);
    if (parts === undefined || (!parts.isPartial && open === undefined)) {
      this.#emit(line, start, end, true);
    } else {
      const content = this.#bytes.subarray(parts.contentStart, parts.contentEnd);
      if (open === undefined) this.#open.set(parts.stream, { line, parts, start, contents: [content] });
      else open.contents.push(content);
      if (!parts.isPartial) this.#close(parts.stream, start, end);
    }
    const [oldest] = this.#open.values();
    if (oldest === undefined || end - oldest.start <= this.#maxLineBytes) return;
    this.#cut = true;
    this.#closeAll(start, end);
  }

  #closeAll(start: number, end: number): void {
    for (const stream of this.#open.keys()) this.#close(stream, start, end);
  }

  #close(stream: string, start: number, end: number): void {
    const open = this.#open.get(stream);
    if (open === undefined) return;
    this.#open.delete(stream);
    this.#emit(this.#format.write(open.line, { ...open.parts, ...relative(open) }, open.contents), start, end, false);
  }

  #emit(out: Buffer, inStart: number, inEnd: number, isVerbatim: boolean): void {
    const isSafe = this.#open.size === 0;
    this.#out.push(out);
    this.#outEnd += out.length;
    this.#stretches.push({ outEnd: this.#outEnd, inStart, inEnd, isVerbatim: isVerbatim && isSafe, isSafe });
  }

  /** How much of the input is settled when the output is taken up to `outEnd`. */
  #settledBy(outEnd: number): { readonly outEnd: number; readonly inEnd: number } {
    let settled = { outEnd: 0, inEnd: 0 };
    let outStart = 0;
    for (const stretch of this.#stretches) {
      if (stretch.outEnd > outEnd) {
        const within = outEnd - outStart;
        if (stretch.isVerbatim && within > 0) settled = { outEnd, inEnd: stretch.inStart + within };
        break;
      }
      if (stretch.isSafe) settled = { outEnd: stretch.outEnd, inEnd: stretch.inEnd };
      outStart = stretch.outEnd;
    }
    return settled;
  }
}

/** The places of a line's parts, counted from the line's start. */
function relative({ parts, start }: OpenLine): Pick<FragmentParts, 'contentStart' | 'contentEnd'> {
  return { contentStart: parts.contentStart - start, contentEnd: parts.contentEnd - start };
}

// Splits bytes into lines, each a record of its own.
// Must never make an object for a line, nor change a byte.
import { LineMarks } from '../../analysis/traces/line-marks.ts';
import type { Flush, Framed, Framer } from '../record.ts';
import { pieceEnd, RecordCuts } from './record-cuts.ts';

export interface LineLimits {
  /** A line longer than this is split into pieces of at most this length, each a record, flagged as cut. No byte is lost. */
  readonly maxLineBytes: number;
}

/** One record a line, its end included. A line without an end is held until nobody writes any more. */
export function createLineFramer(limits: LineLimits): Framer {
  const { maxLineBytes } = limits;
  let marks: LineMarks | undefined;
  return {
    window: maxLineBytes + 1,
    mostGrowth: 1,
    frame(bytes: Buffer, flush: Flush): Framed {
      marks ??= new LineMarks();
      marks.read(bytes);
      const { at: feeds, count } = marks.feeds;
      const cuts = new RecordCuts(count + 1);
      for (let line = 0; line < count; line += 1) {
        const end = (feeds[line] as number) + 1;
        splitLongLine(bytes, end, maxLineBytes, cuts);
        cuts.closeAt(end);
      }
      splitLongLine(bytes, bytes.length, maxLineBytes, cuts);
      if (flush === 'everything') cuts.closeAt(bytes.length);
      const holds = cuts.end === bytes.length ? 'nothing' : 'line';
      return { consumed: cuts.end, bytes: undefined, recordLengths: cuts.lengths, cut: cuts.cut, holds };
    },
  };
}

/** Cuts pieces off the line between the last record's end and `lineEnd` until the rest is within the limit. */
export function splitLongLine(bytes: Buffer, lineEnd: number, maxLineBytes: number, cuts: RecordCuts): void {
  while (lineEnd - cuts.end > maxLineBytes) cuts.cutAt(pieceEnd(bytes, cuts.end, maxLineBytes));
}

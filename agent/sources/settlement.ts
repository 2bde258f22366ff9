// What settles positions without records: where files begin to be read, that they are finished, or that the rest of one is lost.
// Must never carry bytes.
import type { Chunk, FilePosition, Gap, GapReason, Position } from '../record.ts';

/** All of these are settled in one transaction, `first` as the chunk's own. */
export function settlement(source: string, nowMs: number, first: Position, ...others: readonly Position[]): Chunk {
  return {
    kind: 'chunk',
    source,
    path: first.kind === 'file' ? first.path : '',
    bytes: Buffer.alloc(0),
    recordLengths: [],
    start: first,
    end: first,
    alsoSettles: others,
    readAtMs: nowMs,
    cut: false,
    redacted: false,
    journal: false,
  };
}

/** Nothing more will come of a file, which stood at `from`; `bytes` are known to be missing (0: nobody saw any). */
export function lossOf(source: string, from: FilePosition, reason: GapReason, detail: string, bytes = 0): Gap {
  const to = { ...from, offset: from.offset + bytes, isFinished: true };
  return { kind: 'gap', source, from, to, reason, bytes, records: 0, detail };
}

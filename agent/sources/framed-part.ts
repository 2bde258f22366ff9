// The part of what a framer found that fits a batch.
// Must never cut a record.
import type { Chunk, Framed } from '../record.ts';

/** The first records that fit, at least one: a long window may have held several. Bytes that were rewritten can't be told apart. */
export function atMost(framed: Framed, maxBytes: number): Framed {
  if (framed.bytes !== undefined || framed.consumed <= maxBytes) return framed;
  const recordLengths: number[] = [];
  let consumed = 0;
  for (const length of framed.recordLengths) {
    if (consumed > 0 && consumed + length > maxBytes) break;
    recordLengths.push(length);
    consumed += length;
  }
  return { ...framed, consumed, recordLengths };
}

/** The records of these bytes, as they are shipped. */
export function chunkOf(framed: Framed, bytes: Buffer, of: Pick<Chunk, 'source' | 'path' | 'start' | 'end' | 'readAtMs'>): Chunk {
  const { recordLengths, cut } = framed;
  const text = framed.bytes ?? bytes.subarray(0, framed.consumed);
  return { kind: 'chunk', ...of, bytes: text, recordLengths, alsoSettles: [], cut, redacted: false, journal: false };
}

// Reads files in UTF-16 as UTF-8, so that everything behind sees one encoding.
// Must never lose count: positions stay those of the file's own bytes.
import type { Flush, Framed, Framer } from '../record.ts';

export type Utf16 = 'utf-16le' | 'utf-16be';

/** Frames UTF-16 bytes. A byte order mark at the start of a record is dropped; a lone surrogate becomes U+FFFD. */
export function createUtf16Framer(inner: Framer, encoding: Utf16): Framer {
  return {
    // Characters of two bytes take at most three in UTF-8.
    mostGrowth: 1.5 * inner.mostGrowth,
    window: 2 * inner.window + 2,
    frame(bytes: Buffer, flush: Flush): Framed {
      const text = decode(bytes, encoding, flush === 'everything');
      const dropped = text.startsWith('\ufeff') ? 1 : 0;
      const utf8 = Buffer.from(dropped === 0 ? text : text.slice(1), 'utf8');
      const framed = inner.frame(utf8, flush);
      const isAll = framed.consumed === utf8.length;
      const units = isAll ? text.length : dropped + utf8.toString('utf8', 0, framed.consumed).length;
      // A mark alone settles nothing: there is no record yet to settle it with.
      const consumed = framed.recordLengths.length === 0 ? 0 : isAll && flush === 'everything' ? bytes.length : 2 * units;
      return { ...framed, consumed, bytes: framed.bytes ?? utf8.subarray(0, framed.consumed) };
    },
  };
}

/** Whole characters only: half of one may be at the end of what was read. */
function decode(bytes: Buffer, encoding: Utf16, isEnd: boolean): string {
  const whole = bytes.subarray(0, bytes.length - (bytes.length % 2));
  const little = encoding === 'utf-16le' ? whole : Buffer.from(whole).swap16();
  const text = little.toString('utf16le');
  const last = text.charCodeAt(text.length - 1);
  const isTorn = !isEnd && last >= 0xd800 && last <= 0xdbff;
  return isTorn ? text.slice(0, -1) : text;
}

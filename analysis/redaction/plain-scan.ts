// Scans for suspicious places without vectors, skipping most bytes (Wu & Manber 1994, blocks of two bytes).
// Must never miss an anchor or a card's number.
import { anchorBytes } from './anchor-sieve.ts';
import type { AnchorTable } from './anchor-table.ts';
import { DIGIT } from './byte-classes.ts';
import type { SuspectScan } from './suspect-scan.ts';

/** The fewest bytes that a card's number has: one of them stands in a place divisible by it. */
const stride = 14;
const half = 6;

/** Digits and what may part them. */
const CARD: Uint8Array = Uint8Array.from(DIGIT, (bit, code) => (bit === 1 || code === 0x20 || code === 0x2d ? 1 : 0));

export class PlainScan implements SuspectScan {
  /** By a window's last two bytes: how far the window may move on; 0 where an anchor may end. */
  readonly #shifts = new Uint8Array(65_536).fill(anchorBytes - 1);

  constructor(table: AnchorTable) {
    table.forEachWord((word) => {
      for (let shift = 0; shift < anchorBytes - 1; shift += 1) {
        const bits = (anchorBytes - 2 - shift) * 8;
        this.#limit(((word >>> bits) & 0xff) * 256 + ((word >>> (bits + 8)) & 0xff), shift);
      }
      // Nothing but the anchor's first byte may be in the window yet.
      for (let any = 0; any < 256; any += 1) this.#limit(any * 256 + (word & 0xff), anchorBytes - 1);
    });
  }

  scan(bytes: Uint8Array, onAnchorEnd: (index: number) => void, onRun: (index: number) => void): void {
    this.#findAnchors(bytes, onAnchorEnd);
    findRuns(bytes, onRun);
  }

  #limit(block: number, shift: number): void {
    if ((this.#shifts[block] as number) > shift) this.#shifts[block] = shift;
  }

  /** A single window: where vectors are missing, speed is the lesser worry. */
  #findAnchors(bytes: Uint8Array, onAnchorEnd: (index: number) => void): void {
    const shifts = this.#shifts;
    const { length } = bytes;
    let end = 0;
    // The zeroes before the beginning belong to the first windows.
    for (; end < Math.min(anchorBytes - 1, length); end += 1) onAnchorEnd(end);
    while (end < length) {
      const shift = shifts[((bytes[end - 1] as number) << 8) | (bytes[end] as number)] as number;
      end += shift;
      if (shift === 0) onAnchorEnd(end++);
    }
  }
}

/** Looks at one place in 14. A number that holds it reaches at least six bytes beyond it on one side. */
function findRuns(bytes: Uint8Array, onRun: (index: number) => void): void {
  // Reading outside would make every read slow: the first and last places are suspects anyway.
  const limit = bytes.length - half;
  if (half <= limit) onRun(half);
  for (let i = stride; i < limit; i += stride) {
    if (CARD[bytes[i] as number] !== 1) continue;
    const isSuspect =
      ((CARD[bytes[i - half] as number] as number) & (CARD[bytes[i - 3] as number] as number)) |
      ((CARD[bytes[i + 3] as number] as number) & (CARD[bytes[i + half] as number] as number));
    if (isSuspect === 1) onRun(i);
  }
  if (limit > 0) onRun(limit);
}

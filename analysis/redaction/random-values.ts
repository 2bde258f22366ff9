// Finds what looks like a key although nothing around it says so; for texts that leave the house.
// Must never be part of what every log line goes through: request ids and hashes look like keys too.
import { DIGIT, LOWER, UPPER, WORD, runEnd } from './byte-classes.ts';
import type { Report } from './finding.ts';
import { isUuid, looksRandom } from './randomness.ts';

/** Shorter texts that look drawn at random are mostly names of something. */
const leastBytes = 20;
const leastHexBytes = 32;
/** Mangled symbols are as long as keys; what begins so is one. */
const symbolPrefix = /^(?:_Z|_R|__Z|\?)/;

export function findRandomValues(bytes: Uint8Array, report: Report): void {
  let i = 0;
  while (i < bytes.length) {
    if (WORD[bytes[i] as number] !== 1) {
      i += 1;
      continue;
    }
    const end = runEnd(bytes, i, WORD, bytes.length);
    if (end - i >= leastBytes && isKeyLike(bytes, i, end)) report({ start: i, end, kind: 'random', rank: 0 });
    i = end;
  }
}

function isKeyLike(bytes: Uint8Array, start: number, end: number): boolean {
  if (isUuid(bytes, start, end) || !looksRandom(bytes, start, end)) return false;
  const kinds = has(bytes, start, end, DIGIT) + has(bytes, start, end, LOWER) + has(bytes, start, end, UPPER);
  if (kinds < 2 || (kinds === 2 && end - start < leastHexBytes)) return false;
  return !symbolPrefix.test(String.fromCharCode(...bytes.subarray(start, start + 3)));
}

function has(bytes: Uint8Array, start: number, end: number, table: Uint8Array): number {
  for (let i = start; i < end; i += 1) if (table[bytes[i] as number] === 1) return 1;
  return 0;
}

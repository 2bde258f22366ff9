// Judges whether text was drawn at random, as keys are, or written by people, as names and paths are.
// Must never look at what surrounds it.
import { DIGIT, HEX, LETTER, LOWER, UPPER } from './byte-classes.ts';

/** At most so many bytes are looked at; keys show their nature early. */
const mostBytes = 256;

/** How many different bytes there are. */
export function variety(bytes: Uint8Array, start: number, end: number): number {
  SEEN.fill(0);
  const stop = Math.min(end, start + mostBytes);
  let count = 0;
  for (let i = start; i < stop; i += 1) {
    const byte = bytes[i] as number;
    if (SEEN[byte] === 0) count += 1;
    SEEN[byte] = 1;
  }
  return count;
}

/** Which bytes came already; of one call. */
const SEEN = new Uint8Array(256);

/** Shannon entropy in bits a byte, of the first 256 bytes. */
export function entropy(bytes: Uint8Array, start: number, end: number): number {
  const stop = Math.min(end, start + mostBytes);
  const counts = new Map<number, number>();
  for (let i = start; i < stop; i += 1) counts.set(bytes[i] as number, (counts.get(bytes[i] as number) ?? 0) + 1);
  let bits = 0;
  for (const count of counts.values()) {
    const share = count / (stop - start);
    bits -= share * Math.log2(share);
  }
  return bits;
}

/** 8-4-4-4-12 hexadecimal digits. */
export function isUuid(bytes: Uint8Array, start: number, end: number): boolean {
  if (end - start !== 36) return false;
  for (let i = 0; i < 36; i += 1) {
    const byte = bytes[start + i] as number;
    if (i === 8 || i === 13 || i === 18 || i === 23 ? byte !== 0x2d : HEX[byte] !== 1) return false;
  }
  return true;
}

/** Letters that stand in words of most languages about every third place. */
const isVowel = (byte: number): boolean => 'aeiouyAEIOUY'.includes(String.fromCharCode(byte));

/**
 * True if it can hardly be words, a path, a version or a plain number. Words are runs of letters with vowels in them, in one
 * case but for the first letter; a random text of the same length changes between letters, digits and cases far more often.
 */
export function looksRandom(bytes: Uint8Array, start: number, end: number): boolean {
  const stop = Math.min(end, start + mostBytes);
  const length = stop - start;
  if (length < 8 || variety(bytes, start, stop) < Math.min(6, length / 2)) return false;
  let digits = 0;
  let letters = 0;
  let hex = 0;
  let changes = 0;
  let unlikely = 0;
  let consonants = 0;
  let before = 0;
  for (let i = start; i < stop; i += 1) {
    const byte = bytes[i] as number;
    const isLetter = LETTER[byte] === 1;
    const isDigit = DIGIT[byte] === 1;
    if (HEX[byte] === 1) hex += 1;
    if (isDigit) digits += 1;
    if (isLetter) letters += 1;
    // A digit beside a letter, or a capital behind which another kind of letter came.
    if ((isLetter && DIGIT[before] === 1) || (isDigit && LETTER[before] === 1)) changes += 1;
    else if (UPPER[byte] === 1 && LOWER[before] === 1) changes += 1;
    consonants = isLetter && !isVowel(byte) ? consonants + 1 : 0;
    if (consonants === 5) unlikely += 1;
    before = byte;
  }
  if (letters === 0) return digits >= 12 && digits >= length * 0.8;
  if (digits === 0) {
    // Mixed case without words' rhythm, or letters that nobody can pronounce.
    if (length < 14) return unlikely > 0 && changes >= 2;
    return changes >= length / 5 || unlikely >= Math.max(1, length / 20);
  }
  if (hex >= length - 4 && letters > 0 && length >= 16) return true;
  return (changes >= Math.max(3, length / 8) || unlikely >= Math.max(1, length / 16)) && entropy(bytes, start, stop) >= 2.6;
}

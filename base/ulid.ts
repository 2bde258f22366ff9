// Identifiers that sort by the time they were made: ULID (github.com/ulid/spec), 26 characters of Crockford's base 32.
// Must never be taken for a secret: half of it is the time.
import { randomBytes } from 'node:crypto';

const alphabet = '0123456789ABCDEFGHJKMNPQRSTVWXYZ';
const timeCharacters = 10;
const randomCharacters = 16;

/** A new identifier of the moment `nowMs` (Unix milliseconds). Two of the same millisecond sort in any order. */
export function createUlid(nowMs: number): string {
  let time = '';
  let rest = Math.max(0, Math.floor(nowMs));
  for (let index = 0; index < timeCharacters; index++) {
    time = alphabet.charAt(rest % 32) + time;
    rest = Math.floor(rest / 32);
  }
  let random = '';
  // 256 is a multiple of 32, so that the low five bits of a byte are uniform.
  for (const byte of randomBytes(randomCharacters)) random += alphabet.charAt(byte % 32);
  return time + random;
}

/** Whether `text` is shaped like one. */
export function isUlid(text: string): boolean {
  return /^[0-7][0-9A-HJKMNP-TV-Z]{25}$/.test(text);
}

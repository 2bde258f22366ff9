// Recognises numbers of payment cards, with or without groups, by issuer, length and check digit.
// Must never take another number for one whose neighbours show that it goes on: times, addresses, versions.
import { ALNUM, DIGIT } from './byte-classes.ts';
import type { Report } from './finding.ts';

const DOT = 0x2e;
const COLON = 0x3a;
/** Where a card's digits may stand: groups are parted by one space or dash. */
const SPACE = 0x20;
const DASH = 0x2d;

/** Digits and what may part them. */
const CARD: Uint8Array = Uint8Array.from({ length: 256 }, (_unused, code) =>
  DIGIT[code] === 1 || code === SPACE || code === DASH ? 1 : 0,
);

/** Tries every beginning in the run of digits and separators that holds `at`; of a long one, those from 24 bytes before it to 50 behind it. */
export function examineCards(bytes: Uint8Array, at: number, report: Report): void {
  let start = at;
  while (start > 0 && at - start < 24 && CARD[bytes[start - 1] as number] === 1) start -= 1;
  let end = at;
  while (end < bytes.length && end - at < 64 && CARD[bytes[end] as number] === 1) end += 1;
  for (let i = start; i + 14 <= end; i += 1) {
    if (DIGIT[bytes[i] as number] !== 1 || !isFree(bytes, i)) continue;
    const cardStop = cardEnd(bytes, i);
    if (cardStop < 0) continue;
    report({ start: i, end: cardStop, kind: 'card', rank: 1 });
    i = cardStop;
  }
}

/** No digit, letter or part of a longer number stands before it. */
function isFree(bytes: Uint8Array, start: number): boolean {
  if (start === 0) return true;
  const before = bytes[start - 1] as number;
  if (ALNUM[before] === 1 || before === DOT || before === 0x5f || before === DASH) return false;
  return before !== COLON || start < 2 || DIGIT[bytes[start - 2] as number] !== 1;
}

/** ISO/IEC 7812: 14 to 19 digits whose last one is their check digit (Luhn), beginning as an issuer's numbers do. */
function cardEnd(bytes: Uint8Array, start: number): number {
  const first = bytes[start] as number;
  if (first < 0x32 || first > 0x36) return -1;
  const digits: number[] = [];
  const groups: number[] = [];
  let separator = 0;
  let groupStart = 0;
  let i = start;
  while (i < bytes.length && digits.length < 20) {
    const byte = bytes[i] as number;
    if (DIGIT[byte] === 1) {
      digits.push(byte - 0x30);
    } else if ((byte === SPACE || byte === DASH) && DIGIT[bytes[i + 1] ?? 0] === 1 && (separator === 0 || separator === byte)) {
      separator = byte;
      groups.push(digits.length - groupStart);
      groupStart = digits.length;
    } else {
      break;
    }
    i += 1;
  }
  groups.push(digits.length - groupStart);
  if (!isCardLength(digits) || !isCardGrouping(groups)) return -1;
  const next = bytes[i] ?? 0;
  if (ALNUM[next] === 1 || ((next === DOT || next === COLON || next === DASH || next === 0x5f) && ALNUM[bytes[i + 1] ?? 0] === 1))
    return -1;
  return isLuhn(digits) ? i : -1;
}

/** Lengths and beginnings of Visa, Mastercard, American Express, Discover, Diners Club, JCB, UnionPay. */
function isCardLength(digits: readonly number[]): boolean {
  const [a = 0, b = 0, c = 0, d = 0] = digits;
  const two = a * 10 + b;
  const four = two * 100 + c * 10 + d;
  switch (digits.length) {
    case 19:
      return a === 4 || two === 62;
    case 14:
      return two === 36 || two === 38 || (four >= 3000 && four <= 3059);
    case 15:
      return two === 34 || two === 37;
    case 16:
      return (
        a === 4 || (two >= 51 && two <= 55) || (four >= 2221 && four <= 2720) || four === 6011 || two === 65 || two === 35 || two === 62
      );
    default:
      return false;
  }
}

function isCardGrouping(groups: readonly number[]): boolean {
  if (groups.length === 1) return true;
  const shape = groups.join('-');
  return shape === '4-4-4-4' || shape === '4-6-5' || shape === '4-6-4' || shape === '4-4-4-4-3';
}

function isLuhn(digits: readonly number[]): boolean {
  let sum = 0;
  for (let i = 0; i < digits.length; i += 1) {
    const digit = digits[digits.length - 1 - i] as number;
    const weighted = i % 2 === 0 ? digit : digit * 2;
    sum += weighted > 9 ? weighted - 9 : weighted;
  }
  return sum % 10 === 0 && new Set(digits).size > 1 && digits.slice(-8).some((digit) => digit !== 0);
}

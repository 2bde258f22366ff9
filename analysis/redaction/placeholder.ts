// Knows values that stand where a secret would be but are none: null, stars, variables, what was redacted already.
// Must never call a value a placeholder that somebody could use as a password, but for the few words listed.
import { LETTER, textOf } from './byte-classes.ts';
import { variety } from './randomness.ts';

const words = new Set(
  'null nil none undefined true false yes no on off empty unset missing required optional redacted masked hidden filtered secret password passwd token string str bytes object'.split(
    ' ',
  ),
);

const DOLLAR = 0x24;
const PERCENT = 0x25;
const LESS = 0x3c;
const BRACE = 0x7b;

/** @param start of the value, without quotes */
export function isPlaceholder(bytes: Uint8Array, start: number, end: number): boolean {
  const length = end - start;
  if (length <= 0) return true;
  const first = bytes[start] as number;
  const second = bytes[start + 1] ?? 0;
  // ‹secret:…›: done before, here or by somebody else.
  if (first === 0xe2 && second === 0x80 && bytes[start + 2] === 0xb9) return true;
  // ${NAME}, $(command), $NAME, {{ name }}, <name>, %s, %(name)s
  if (first === DOLLAR && (second === BRACE || second === 0x28 || isConstant(bytes, start + 1, end))) return true;
  if (first === BRACE && second === BRACE) return true;
  if (first === LESS && bytes[end - 1] === 0x3e) return true;
  if (first === PERCENT && length <= 24 && (second === 0x28 || length === 2)) return true;
  if (length <= 10) {
    const text = textOf(bytes, start, end).toLowerCase();
    if (words.has(text)) return true;
  }
  // ****, xxxx, ..., [REDACTED]: nothing but one sign over and over, perhaps in brackets.
  if (variety(bytes, start, end) === 1 && (length > 1 || LETTER[first] !== 1)) return true;
  if (first === 0x5b && bytes[end - 1] === 0x5d) return words.has(textOf(bytes, start + 1, Math.min(end - 1, start + 12)).toLowerCase());
  return variety(bytes, start, end) <= 2 && length > 6 && bytes[end - 1] === 0x2a;
}

/** Capitals, digits and underscores: the name of a variable. */
function isConstant(bytes: Uint8Array, start: number, end: number): boolean {
  return /^[A-Z_][A-Z0-9_]*$/.test(textOf(bytes, start, Math.min(end, start + 64)));
}

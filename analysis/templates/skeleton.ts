// The literal skeleton of a name with numbers in it: `core.123` is `core.<num>`.
// Must never be asked about values with a type of their own (addresses, paths, hashes); value-scans.ts knows those.
import { charClasses, classBits, maskText, token } from './masks.ts';

/** Digits in a part of letters and digits that make it an identifier rather than a name such as `L3` or `eth0`. */
const identifierDigits = 3;

/**
 * Masks the parts of `chunk` that hold digits and keeps the others, parts being cut at `. - @ # $ % & + ~ /`.
 * Empty where nothing is kept; undefined where the digits may well belong to a name, so that only a second value tells.
 */
export function skeletonOf(chunk: string): string | undefined {
  let shape = '';
  let partStart = 0;
  let digits = 0;
  let letters = 0;
  let hard = false;
  let kept = 0;
  let total = 0;
  for (let i = 0; i <= chunk.length; i++) {
    const code = chunk.charCodeAt(i);
    const bits = i === chunk.length ? classBits.part : code < 128 ? (charClasses[code] ?? 0) : classBits.letter;
    // `blk_-123`: a dash behind an underscore is a sign.
    if ((bits & classBits.part) === 0 || (code === 45 && chunk.charCodeAt(i - 1) === 95)) {
      if ((bits & classBits.digit) !== 0) digits++;
      else letters++;
      continue;
    }
    if (digits > 0) {
      total += digits;
      if (letters === 0 || digits >= identifierDigits) hard = true;
      shape += letters === 0 ? maskText[token.number] : maskText[token.identifier];
    } else {
      shape += chunk.slice(partStart, i);
      kept += i - partStart;
    }
    if (i < chunk.length) shape += chunk[i];
    partStart = i + 1;
    digits = 0;
    letters = 0;
  }
  if (!hard && total < identifierDigits) return undefined;
  return kept === 0 ? '' : shape;
}

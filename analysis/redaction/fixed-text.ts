// Reads from a pattern which bytes all that it matches begins or ends with, so that most places are dropped before text is made of them.
// Must never ask for more than the pattern does: where it is of another form, nothing is asked for.
import { UPPER } from './byte-classes.ts';

/** Bytes that a pattern asks for without a choice. */
export interface FixedText {
  readonly codes: Uint8Array;
  /** Lower case letters stand for both cases. */
  readonly anyCase: boolean;
}

const nothing: FixedText = { codes: new Uint8Array(0), anyCase: false };

/** What stands before the `$` that a pattern ends with. */
export function fixedEnd(pattern: RegExp): FixedText {
  if (!isPlain(pattern)) return nothing;
  const [, before = '', text = ''] = /^(.*?)([A-Za-z0-9 ]*)\$$/s.exec(pattern.source) ?? [];
  if (!before.endsWith('\\')) return fixed(text, pattern);
  // `\bpass$`: the first letter belongs to the sign before. Codes of characters (`\x20`) and names are longer.
  return /^[cuxkpP0-9]/.test(text) ? nothing : fixed(text.slice(1), pattern);
}

/** What stands behind the `^` that a pattern begins with. */
export function fixedBeginning(pattern: RegExp): FixedText {
  if (!isPlain(pattern)) return nothing;
  const [, text = '', next = ''] = /^\^([A-Za-z0-9 ]*)(.?)/s.exec(pattern.source) ?? [];
  return fixed(next === '?' || next === '*' || next === '{' ? text.slice(0, -1) : text, pattern);
}

export function beginsAt(bytes: Uint8Array, at: number, { codes, anyCase }: FixedText): boolean {
  if (at < 0 || at + codes.length > bytes.length) return false;
  for (let i = 0; i < codes.length; i += 1) {
    const byte = bytes[at + i] as number;
    if (byte !== codes[i] && !(anyCase && UPPER[byte] === 1 && (byte | 0x20) === codes[i])) return false;
  }
  return true;
}

export function endsAt(bytes: Uint8Array, at: number, text: FixedText): boolean {
  return beginsAt(bytes, at - text.codes.length, text);
}

/** One line's beginning and end, no choice but in brackets. */
function isPlain({ multiline, unicode, source }: RegExp): boolean {
  let rest = source.replaceAll(/\\./gs, '').replaceAll(/\[[^\]]*\]/g, '');
  for (let before = ''; before !== rest;) {
    before = rest;
    rest = rest.replaceAll(/\([^()]*\)/g, '');
  }
  return !multiline && !unicode && !rest.includes('|');
}

function fixed(text: string, { ignoreCase }: RegExp): FixedText {
  return { codes: Buffer.from(ignoreCase ? text.toLowerCase() : text, 'latin1'), anyCase: ignoreCase };
}

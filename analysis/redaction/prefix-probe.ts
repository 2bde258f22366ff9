// Recognises credentials that begin with a fixed text (formats.ts).
// Must never take a word that merely contains such a beginning.
import { ALNUM, HEX, commonness, runEnd } from './byte-classes.ts';
import type { Anchor, Probe } from './finding.ts';
import { hasDigit, type Format } from './formats.ts';
import { looksRandom, variety } from './randomness.ts';

/** Longest credential that is looked at; the longest known are JSON web tokens, which have a probe of their own. */
const mostBytes = 4096;

/** What may stand before a token that itself begins with two or three ordinary bytes; letters are ends of `\n` and `%3D`. */
const BOUNDARIES = 'ntrD\0\n\t =:"\'`/,([>{@;&';

/** One probe for each prefix. */
export function prefixProbes(formats: readonly Format[]): readonly Probe[] {
  return formats.flatMap((format) => format.prefixes.map((prefix) => prefixProbe(format, prefix)));
}

function prefixProbe(format: Format, prefix: string): Probe {
  const codes = Uint8Array.from(prefix, (character) => character.charCodeAt(0));
  const offset = prefix.length < 4 ? -1 : rarestWindow(prefix);
  const [first = '', second = '', third = ''] = prefix;
  const anchor: Anchor = prefix.length < 4 ? [BOUNDARIES, first, second, third] : prefix.slice(offset, offset + 4);
  return {
    anchors: [anchor],
    anyCase: false,
    examine(bytes, at, report) {
      const start = at - offset;
      if (start < 0 || start + codes.length > bytes.length) return;
      for (let i = 0; i < codes.length; i += 1) if (bytes[start + i] !== codes[i]) return;
      if (!isBeginning(bytes, start)) return;
      const body = start + codes.length;
      let end = runEnd(bytes, body, format.body, body + mostBytes);
      end = withoutTrail(bytes, body, end);
      if (end - body < format.least || variety(bytes, body, end) < 5) return;
      // A run that goes on with other letters is something else.
      if (format.body === HEX && ALNUM[bytes[end] ?? 0] === 1) return;
      if (format.hasDigit && !hasDigit(bytes, body, end)) return;
      if (format.isRandom && !looksRandom(bytes, body, end)) return;
      report({ start, end, kind: format.kind, rank: 1 });
    },
  };
}

/** Punctuation at the end of a sentence isn't the token's. */
function withoutTrail(bytes: Uint8Array, start: number, end: number): number {
  let last = end;
  while (last > start && (bytes[last - 1] === 0x2e || bytes[last - 1] === 0x3a || bytes[last - 1] === 0x2f)) last -= 1;
  return last;
}

/** True unless the byte before belongs to the same word. `\n` and `%3D` before it don't. */
export function isBeginning(bytes: Uint8Array, start: number): boolean {
  if (start === 0) return true;
  const before = bytes[start - 1] as number;
  if (ALNUM[before] !== 1) return true;
  if (start > 1 && bytes[start - 2] === 0x5c) return before === 0x6e || before === 0x72 || before === 0x74;
  return start > 2 && bytes[start - 3] === 0x25 && HEX[before] === 1 && HEX[bytes[start - 2] as number] === 1;
}

/** Where the four bytes stand whose end is rarest in logs, so that the search stops least. */
function rarestWindow(prefix: string): number {
  let best = 0;
  let least = Infinity;
  for (let at = 0; at + 4 <= Math.max(prefix.length, 4); at += 1) {
    const end = Math.min(at + 4, prefix.length);
    const weight = commonness(prefix.charCodeAt(end - 2)) * commonness(prefix.charCodeAt(end - 1));
    if (weight < least) {
      least = weight;
      best = at;
    }
  }
  return best;
}

// Finds passwords and tokens in the user part of URLs: `scheme://user:password@host`.
// Must never take a port, a path with an @ in it or a mail address for one.
import { ALNUM, DIGIT, USER_INFO, runEnd } from './byte-classes.ts';
import type { Probe } from './finding.ts';
import { isPlaceholder } from './placeholder.ts';
import { looksRandom } from './randomness.ts';

const mostBytes = 2048;
const SLASH = 0x2f;
const COLON = 0x3a;
const AT = 0x40;
const BRACKET = 0x5b;

export const urlProbe: Probe = {
  // Behind a scheme's last letter or digit.
  anchors: [['abcdefghijklmnopqrstuvwxyz0123456789', ':', '/', '/']],
  anyCase: true,
  examine(bytes, at, report) {
    const start = at + 4;
    if (bytes[start] === BRACKET) return;
    const first = runEnd(bytes, start, USER_INFO, start + mostBytes);
    const colon = indexOf(bytes, COLON, start, first);
    let at2 = lastAt(bytes, start, first);
    if (at2 < 0 && colon >= 0 && isReserved(bytes[first] ?? 0) && !isPort(bytes, colon + 1, first, bytes[first] as number)) {
      // A slash, hash or question mark in a password that wasn't encoded; host and port alone would end before it.
      let end = first;
      while (end < bytes.length && end - start < mostBytes && (USER_INFO[bytes[end] as number] === 1 || isReserved(bytes[end] as number)))
        end += 1;
      at2 = lastAt(bytes, start, end);
    }
    if (at2 <= start) return;
    if (colon >= 0 && colon < at2) {
      if (colon + 1 < at2 && !isPlaceholder(bytes, colon + 1, at2)) report({ start: colon + 1, end: at2, kind: 'url-password', rank: 0 });
      // A token may be the user, with a password that means nothing.
      if (looksRandom(bytes, start, colon)) report({ start, end: colon, kind: 'url-password', rank: 0 });
    } else if (looksRandom(bytes, start, at2)) {
      report({ start, end: at2, kind: 'url-password', rank: 0 });
    }
  },
};

const isReserved = (byte: number): boolean => byte === SLASH || byte === 0x23 || byte === 0x3f;

function indexOf(bytes: Uint8Array, byte: number, from: number, to: number): number {
  for (let i = from; i < to; i += 1) if (bytes[i] === byte) return i;
  return -1;
}

/** The last @ that a host can stand behind. */
function lastAt(bytes: Uint8Array, from: number, to: number): number {
  for (let i = to - 1; i >= from; i -= 1) {
    const next = bytes[i + 1] ?? 0;
    if (bytes[i] === AT && (ALNUM[next] === 1 || next === BRACKET || next === SLASH)) return i;
  }
  return -1;
}

function isPort(bytes: Uint8Array, from: number, to: number, next: number): boolean {
  if (from === to) return next === SLASH;
  return to - from <= 5 && runEnd(bytes, from, DIGIT, to) === to;
}

// Finds what HTTP headers carry: credentials behind `Bearer` and `Basic`, the values of cookies, users given to curl.
// Must never take prose about a scheme for a header: its value has to look like one.
import { ALNUM, BASE64, HEX, QUOTE, TOKEN, VALUE_END, lineEnd, lineStart, runEnd, textOf } from './byte-classes.ts';
import type { Probe, Report } from './finding.ts';
import { isPlaceholder } from './placeholder.ts';
import { hasDigit } from './formats.ts';
import { looksRandom } from './randomness.ts';

const mostBytes = 4096;
const SPACE = 0x20;
const COLON = 0x3a;
const EQUALS = 0x3d;
const SEMICOLON = 0x3b;
const BACKSLASH = 0x5c;

/** `Bearer …` wherever it stands; with `Authorization:` before it, named-value.ts sees it too. */
const bearer: Probe = {
  anchors: ['arer'],
  anyCase: true,
  examine(bytes, at, report) {
    const start = at + 5;
    if (textOf(bytes, Math.max(0, at - 2), at).toLowerCase() !== 'be' || bytes[at + 4] !== SPACE) return;
    const end = runEnd(bytes, start, TOKEN, start + mostBytes);
    if (end - start < 8 || isPlaceholder(bytes, start, end)) return;
    if (hasDigit(bytes, start, end) || looksRandom(bytes, start, end)) report({ start, end, kind: 'authorization', rank: 0 });
  },
};

/** RFC 7617: base64 of `user:password`. */
const basic: Probe = {
  anchors: ['sic '],
  anyCase: true,
  examine(bytes, at, report) {
    if (textOf(bytes, Math.max(0, at - 2), at).toLowerCase() !== 'ba') return;
    const start = at + 4;
    const end = runEnd(bytes, start, BASE64, start + mostBytes);
    if (end - start < 8) return;
    const decoded = Buffer.from(textOf(bytes, start, end), 'base64').toString('latin1');
    if (/^[\x20-\x7e\x80-\xff]*$/.test(decoded) && decoded.includes(':')) report({ start, end, kind: 'authorization', rank: 0 });
  },
};

/** What stands beside the values in `Set-Cookie` (RFC 6265). */
const attributes = new Set(['path', 'domain', 'expires', 'max-age', 'samesite', 'priority', 'version', 'comment']);

/** `Cookie: a=1; b=2` and `Set-Cookie: a=1; Path=/`: each value goes, names and attributes stay. */
const cookie: Probe = {
  anchors: ['kie:', 'kie=', 'kie"', "kie'"],
  anyCase: true,
  examine(bytes, at, report) {
    if (textOf(bytes, Math.max(0, at - 3), at).toLowerCase() !== 'coo') return;
    let i = at + 3;
    while (
      i < at + 12 &&
      (QUOTE[bytes[i] ?? 0] === 1 || bytes[i] === SPACE || bytes[i] === COLON || bytes[i] === EQUALS || bytes[i] === BACKSLASH)
    )
      i += 1;
    reportPairs(bytes, i, Math.min(lineEnd(bytes, i), i + mostBytes), report);
  },
};

function reportPairs(bytes: Uint8Array, from: number, limit: number, report: Report): void {
  let i = from;
  while (i < limit) {
    const nameEnd = runEnd(bytes, i, COOKIE_NAME, Math.min(limit, i + 128));
    if (nameEnd === i || bytes[nameEnd] !== EQUALS) return;
    const start = nameEnd + 1;
    let end = start;
    while (end < limit && bytes[end] !== SEMICOLON && VALUE_END[bytes[end] as number] !== 1 && bytes[end] !== BACKSLASH) end += 1;
    const name = textOf(bytes, i, nameEnd).toLowerCase();
    if (!attributes.has(name) && end - start >= 4 && !isPlaceholder(bytes, start, end)) report({ start, end, kind: 'cookie', rank: 0 });
    // `; name=value`, or a bare attribute such as HttpOnly.
    for (;;) {
      if (bytes[end] !== SEMICOLON) return;
      i = end + 1;
      while (bytes[i] === SPACE) i += 1;
      end = runEnd(bytes, i, COOKIE_NAME, limit);
      if (bytes[end] === EQUALS) break;
      if (end === i) return;
    }
  }
}

const COOKIE_NAME = Uint8Array.from(ALNUM, (bit, code) => (bit === 1 || "_-.!#$%&'*+^|~".includes(String.fromCharCode(code)) ? 1 : 0));

/** `curl -u user:password`, `--user user:password`. */
const curlUser: Probe = {
  anchors: [' -u ', '-use', " -u'", ' -u"'],
  anyCase: false,
  examine(bytes, at, report) {
    const isCurl = /\b(?:curl|wget|http)\b/.test(textOf(bytes, lineStart(bytes, at, 512), at));
    let start = at + 3;
    if (bytes[at] === 0x2d) start = at + 5;
    while (bytes[start] === SPACE || bytes[start] === EQUALS) start += 1;
    const quote = QUOTE[bytes[start] ?? 0] === 1 ? (bytes[start] as number) : 0;
    if (quote !== 0) start += 1;
    const limit = lineEnd(bytes, start);
    let end = start;
    while (end < limit && (quote === 0 ? bytes[end] !== SPACE : bytes[end] !== quote)) end += 1;
    const colon = bytes.indexOf(COLON, start);
    if (colon < 0 || colon >= end) {
      if (isCurl && looksRandom(bytes, start, end)) report({ start, end, kind: 'password', rank: 0 });
      return;
    }
    // A command may be written over several lines; then its password has to look like one.
    if (!isCurl && !looksRandom(bytes, colon + 1, end)) return;
    if (!isPlaceholder(bytes, colon + 1, end)) report({ start: colon + 1, end, kind: 'password', rank: 0 });
    else if (looksRandom(bytes, start, colon) && HEX[bytes[start] as number] === 1)
      report({ start, end: colon, kind: 'password', rank: 0 });
  },
};

export const headerProbes: readonly Probe[] = [bearer, basic, cookie, curlUser];

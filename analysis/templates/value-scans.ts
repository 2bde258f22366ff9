// How a value is recognised at a place in a message: addresses, identifiers, paths, units, timestamps, host names.
// Must never use a regular expression that backtracks: every scan is one pass over bounded text.
import type { TimestampScan } from '../headers/timestamp-parts.ts';
import { scanTimestamp } from '../headers/timestamp.ts';
import { charClasses, classBits, isDelimiter, isDigit, token } from './masks.ts';

export function classOf(code: number): number {
  return code < 128 ? (charClasses[code] ?? 0) : classBits.letter;
}

/** Longest value that a scan follows. */
const longestValue = 2048;

/** True if what stands at `at` ends a value: the end, a delimiter, or a full stop before one. */
export function ends(text: string, at: number): boolean {
  const code = text.charCodeAt(at);
  if (Number.isNaN(code) || isDelimiter(code)) return true;
  if (code !== 46) return false;
  const next = text.charCodeAt(at + 1);
  return Number.isNaN(next) || isDelimiter(next) || next === 46;
}

/** IPv4 with an optional port or prefix length, at `at`; its end or -1. */
export function scanIpv4(text: string, at: number): number {
  let i = at;
  for (let part = 0; part < 4; part++) {
    let value = 0;
    const start = i;
    while (i - start < 3 && isDigit(text.charCodeAt(i))) value = value * 10 + text.charCodeAt(i++) - 48;
    if (i === start || value > 255) return -1;
    if (part < 3) {
      if (text.charCodeAt(i) !== 46) return -1;
      i++;
    }
  }
  const after = text.charCodeAt(i);
  if ((after === 58 || after === 47) && isDigit(text.charCodeAt(i + 1))) {
    let j = i + 1;
    while (j - i < 6 && isDigit(text.charCodeAt(j))) j++;
    if (ends(text, j)) return j;
  }
  if (!ends(text, i)) return -1;
  // Proxies join the addresses that a request came by: `10.0.0.7,10.0.0.1`.
  if (after === 44 && isDigit(text.charCodeAt(i + 1))) {
    const next = scanIpv4(text, i + 1);
    if (next > 0) return next;
  }
  return i;
}

/** Colon-separated groups: a MAC address (six pairs) or an IPv6 address. Returns its end or -1, and its kind in `kindOut[0]`. */
export function scanColonGroups(text: string, at: number, kindOut: Int32Array): number {
  let i = at;
  let groups = 0;
  let pairs = 0;
  let gap = false;
  for (; i - at < 46;) {
    const start = i;
    while (i - start < 5 && (classOf(text.charCodeAt(i)) & classBits.hex) !== 0) i++;
    const width = i - start;
    if (width > 4) return -1;
    if (width > 0) groups++;
    if (width === 2) pairs++;
    if (text.charCodeAt(i) !== 58) break;
    if (text.charCodeAt(i + 1) === 58) {
      if (gap) return -1;
      gap = true;
      i += 2;
      if ((classOf(text.charCodeAt(i)) & classBits.hex) === 0) break;
      continue;
    }
    if ((classOf(text.charCodeAt(i + 1)) & classBits.hex) === 0) break;
    i++;
  }
  if (!ends(text, i)) return -1;
  if (groups >= 6 && pairs === groups && !gap) {
    kindOut[0] = token.mac;
    return i;
  }
  if ((groups === 8 && !gap) || (gap && groups <= 7 && i - at >= 3)) {
    kindOut[0] = token.ip;
    return i;
  }
  return -1;
}

/** 8-4-4-4-12 hexadecimal digits at `at`; its end or -1. */
export function scanUuid(text: string, at: number): number {
  for (let i = 0; i < 36; i++) {
    const code = text.charCodeAt(at + i);
    if (i === 8 || i === 13 || i === 18 || i === 23) {
      if (code !== 45) return -1;
    } else if ((classOf(code) & classBits.hex) === 0) return -1;
  }
  return ends(text, at + 36) || text.charCodeAt(at + 36) === 95 || text.charCodeAt(at + 36) === 45 ? at + 36 : -1;
}

/** The end of a path or URL that begins at `at`: up to a blank, a quote, or a closing mark that it didn't open. */
export function scanPath(text: string, at: number): number {
  let i = at;
  const limit = Math.min(text.length, at + longestValue);
  for (; i < limit; i++) {
    const code = text.charCodeAt(i);
    if (code <= 32 || code === 34 || code === 39 || code === 60 || code === 62 || code === 124 || code === 96) break;
    if (code === 44 || code === 59 || code === 40 || code === 41 || code === 91 || code === 93 || code === 123 || code === 125) break;
    if (code === 58 && !isDigit(text.charCodeAt(i + 1)) && text.charCodeAt(i + 1) !== 47) break;
  }
  while (i > at + 1 && (text.charCodeAt(i - 1) === 46 || text.charCodeAt(i - 1) === 58)) i--;
  return i;
}

const sourceFiles = new Set(
  'java kt scala groovy py rb js mjs cjs ts tsx jsx go rs c cc cpp cxx h hpp cs fs vb php pl pm ex exs erl lua swift m mm sh'.split(' '),
);

const dataFiles = new Set(
  'txt log conf cfg ini yaml yml json xml html htm css csv properties so dll exe jar war zip gz tgz bz2 xz tar rpm deb pem crt key png jpg gif svg pdf db sqlite sock pid lock tmp bak dat bin img iso service timer mount socket target'.split(
    ' ',
  ),
);

/**
 * True for names that programs make up: files, and packages or classes with two dots (`org.example.Main`), but not
 * the names of exceptions, which say what happened.
 */
export function isGivenName(chunk: string): boolean {
  const dot = chunk.lastIndexOf('.');
  if (dot <= 0) return false;
  const tail = chunk.slice(dot + 1);
  if (dataFiles.has(tail) || sourceFiles.has(tail)) return true;
  return chunk.indexOf('.') !== dot && tail !== '' && !tail.endsWith('Exception') && !tail.endsWith('Error');
}

/**
 * `name:port` where `name` ends at `stop`: the end of the port, or -1 where the colon is followed by something else.
 * Whether it is a host is told by {@link looksLikeHost}.
 */
export function portEnd(text: string, stop: number): number {
  let i = stop + 1;
  while (i - stop < 7 && isDigit(text.charCodeAt(i))) i++;
  return i > stop + 1 && ends(text, i) ? i : -1;
}

/**
 * Names and numbers joined by two colons or more, `WWID:0100:6005-08b4` or `0:00:417`, that begin at `at` and whose first
 * colon is at `stop`: the end of the chain, or -1. Digits in two of its parts tell it from `a::b::c`.
 */
export function chainEnd(text: string, at: number, stop: number): number {
  let parts = 0;
  let numbered = 0;
  let i = at;
  for (let end = stop; ;) {
    let digits = false;
    for (; i < end; i++) if (isDigit(text.charCodeAt(i))) digits = true;
    parts++;
    if (digits) numbered++;
    if (text.charCodeAt(end) !== 58) break;
    let next = end + 1;
    while (next - end <= longestPart && (classOf(text.charCodeAt(next)) & (classBits.digit | classBits.letter)) !== 0) next++;
    while (text.charCodeAt(next) === 45 || text.charCodeAt(next) === 95) {
      next++;
      while (next - end <= longestPart && (classOf(text.charCodeAt(next)) & (classBits.digit | classBits.letter)) !== 0) next++;
    }
    if (next === end + 1 || next - end > longestPart) return -1;
    i = end + 1;
    end = next;
    if (parts > longestChain) return -1;
  }
  return parts >= 3 && numbered >= 2 && ends(text, i) ? i : -1;
}

/** Characters of a part of a chain, and parts of it, at most. */
const longestPart = 64;
const longestChain = 16;

/** True if a name in front of a port reads as a host: a dot, dash or digit in it, and no source file's ending. */
export function looksLikeHost(name: string): boolean {
  const dot = name.lastIndexOf('.');
  if (dot > 0) return !sourceFiles.has(name.slice(dot + 1));
  return /^[A-Za-z0-9_]+(?:-[A-Za-z0-9_]+)+$/.test(name) && /\d/.test(name);
}

/** A timestamp inside a message; bare numbers and dates without a clock are left to the other masks. */
export function scanMessageTimestamp(text: string, at: number, scan: TimestampScan): number {
  const end = scanTimestamp(text, at, scan);
  return end >= 0 && ends(text, end) ? end : -1;
}

const commonTopDomains = new Set(
  'com org net edu gov mil int info biz io dev app cloud ai co local localdomain internal lan intranet corp home arpa'.split(' '),
);
/** Country domains that aren't also file extensions or words of code. */
const countryDomains = new Set(
  'us uk de fr cn jp tw kr hk sg in au nz ca br mx ar cl es it nl be ch at se no dk fi cz ru ua ro hu gr pt ie il tr za th vn my id ph eu'.split(
    ' ',
  ),
);

/** True if `chunk` (no delimiters, at least one dot) reads as a host name. */
export function isHostName(chunk: string): boolean {
  const last = chunk.lastIndexOf('.');
  const first = chunk.indexOf('.');
  const top = chunk.slice(last + 1);
  if (!commonTopDomains.has(top) && !(countryDomains.has(top) && first !== last)) return false;
  for (let i = 0; i < chunk.length; i++) {
    const code = chunk.charCodeAt(i);
    const fine = isDigit(code) || (code >= 97 && code <= 122) || (code >= 65 && code <= 90) || code === 45 || code === 46 || code === 95;
    if (!fine) return false;
  }
  return first > 0;
}

/** Takes a port along: `proxy.example.org:8080`. */
export function hostEnd(text: string, end: number, mark: number): number {
  if (mark !== 58 || text.charCodeAt(end) !== 58) return end;
  let i = end + 1;
  while (i - end < 7 && isDigit(text.charCodeAt(i))) i++;
  return i > end + 1 && (i >= text.length || isDelimiter(text.charCodeAt(i)) || text.charCodeAt(i) === 46) ? i : end;
}

/** `/index.html HTTP/1.1`: the protocol belongs to the request. */
export function requestEnd(text: string, end: number): number {
  if (text.startsWith(' HTTP/', end) && isDigit(text.charCodeAt(end + 6))) {
    let i = end + 7;
    while (isDigit(text.charCodeAt(i)) || text.charCodeAt(i) === 46) i++;
    return i;
  }
  return end;
}

// Finds the body of private keys: over several lines, with wrappers around them, within one line, or cut at either end.
// Must never take a certificate or a public key for one.
import { BASE64, lineEnd, lineStart, runEnd, runStart, textOf } from './byte-classes.ts';
import type { Probe, Report } from './finding.ts';

/** Lines of a key that is looked for; 16,384-bit RSA keys have some 200. */
const mostLines = 400;
const mostLineBytes = 1024;
/** Lines of others that may stand between those of a key. */
const mostStrangers = 2;
/** Shortest run that counts as a line of a key; its last line may be shorter. */
const leastRun = 20;
const kind = 'private-key';

/** `PRIVATE KEY-----`, `PRIVATE KEY BLOCK-----` at the end of a first or last line of PEM (RFC 7468, RFC 4880, OpenSSH, RFC 4716, OpenVPN). */
export const privateKeyProbe: Probe = {
  anchors: ['EY--', 'CK--', 'EY -', 'V1--'],
  anyCase: false,
  examine(bytes, at, report) {
    const start = lineStart(bytes, at, 80);
    const mark = textOf(bytes, start, at + 4);
    const begin = Math.max(mark.lastIndexOf('-----BEGIN '), mark.lastIndexOf('---- BEGIN '));
    const end = Math.max(mark.lastIndexOf('-----END '), mark.lastIndexOf('---- END '));
    if (!/PRIVATE|OpenVPN Static key/.test(mark.slice(Math.max(begin, end, 0)))) return;
    if (begin > end) reportBody(bytes, markEnd(bytes, at), report);
    else if (end >= 0) reportBodyBefore(bytes, start + end, report);
  },
};

/** A key of 16,384 bits has some 13 KB. */
const mostKeyBytes = 20_000;

/** @returns true if the bytes end within a private key, so that what follows them may go on with it. */
export function endsInPrivateKey(bytes: Buffer): boolean {
  const tail = bytes.subarray(Math.max(0, bytes.length - mostKeyBytes));
  const words = tail.lastIndexOf('PRIVATE KEY');
  if (words < 0) return false;
  const before = textOf(tail, Math.max(0, words - 40), words);
  return /---- ?BEGIN [A-Z0-9 ]*$/.test(before) && reportBody(tail, markEnd(tail, words), () => undefined);
}

/** The body that goes on at the very beginning, its first line having stood in bytes before these. @returns as reportBody */
export function reportContinuedKey(bytes: Uint8Array, report: Report): boolean {
  return reportBody(bytes, 0, report);
}

/** `Private-Lines: 14` of PuTTY's files, and as many lines of base64. */
export const puttyKeyProbe: Probe = {
  anchors: ['-Lin'],
  anyCase: false,
  examine(bytes, at, report) {
    const match = /^-Lines: (\d{1,3})\r?\n/.exec(textOf(bytes, at, Math.min(bytes.length, at + 20)));
    if (match === null || textOf(bytes, Math.max(0, at - 7), at) !== 'Private') return;
    let start = at + match[0].length;
    for (let lines = Number(match[1]); lines > 0 && start < bytes.length; lines -= 1) {
      const end = runEnd(bytes, start, BASE64, start + mostLineBytes);
      if (end > start) report({ start, end, kind, rank: 1 });
      start = lineEnd(bytes, end) + 1;
    }
  },
};

function markEnd(bytes: Uint8Array, at: number): number {
  let i = at;
  while (i < bytes.length && bytes[i] !== 0x2d) i += 1;
  while (i < bytes.length && bytes[i] === 0x2d) i += 1;
  return i;
}

/** Reports the key's lines from `from` on. @returns true if the bytes end before the key does. */
function reportBody(bytes: Uint8Array, from: number, report: Report): boolean {
  let start = from;
  let strangers = 0;
  for (let lines = 0; lines < mostLines && start < bytes.length; lines += 1) {
    const stop = lineEnd(bytes, start);
    const closing = closingMark(bytes, start, stop);
    const isFirst = lines === 0 && from > 0;
    if (closing >= 0) {
      // All in one line, its line ends written as `\n`; or the last line's rest.
      if (closing - start > 8) report({ start: trimStart(bytes, start, closing), end: closing, kind, rank: 1 });
      return false;
    }
    const run = bodyRun(bytes, start, stop);
    if (run !== undefined && run.end - run.start >= (isFirst ? leastRun : 1) && (isFirst || isBodyLine(bytes, run, start, stop))) {
      report({ ...run, kind, rank: 1 });
      strangers = 0;
    } else if (!isFirst && !isHeader(bytes, start, stop)) {
      strangers += 1;
      if (strangers > mostStrangers) return false;
    }
    start = stop + 1;
  }
  return start >= bytes.length;
}

/** The lines of a key whose first line stood before these bytes. */
function reportBodyBefore(bytes: Uint8Array, closing: number, report: Report): void {
  let stop = lineStart(bytes, closing, mostLineBytes) - 1;
  const inLine = runStart(bytes, closing, BASE64, closing - 64);
  if (closing - inLine >= leastRun) report({ start: inLine, end: closing, kind, rank: 1 });
  for (let lines = 0; lines < mostLines && stop > 0; lines += 1) {
    const start = lineStart(bytes, stop, mostLineBytes);
    const run = bodyRun(bytes, start, stop);
    // Only the line before the last mark may be short.
    if (run === undefined || run.end - run.start < (lines === 0 ? 4 : leastRun) || !isBodyLine(bytes, run, start, stop)) return;
    report({ ...run, kind, rank: 1 });
    stop = start - 1;
  }
}

/** The base64 that a line ends with, but for quotes, commas and escapes. */
function bodyRun(bytes: Uint8Array, start: number, stop: number): { readonly start: number; readonly end: number } | undefined {
  let end = stop;
  while (end > start && ' \r\t"\',\\'.includes(String.fromCharCode(bytes[end - 1] as number))) end -= 1;
  // `\n` before the closing quote.
  if (end < stop && bytes[end] === 0x5c) end = stop;
  while (end > start + 1 && bytes[end - 2] === 0x5c) end -= 2;
  const from = runStart(bytes, end, BASE64, Math.max(start, end - mostLineBytes));
  return from < end ? { start: from, end } : undefined;
}

/** A long run, or one that is all its line but for a wrapper's end, such as `stdout F `. */
function isBodyLine(bytes: Uint8Array, run: { readonly start: number; readonly end: number }, start: number, stop: number): boolean {
  const length = run.end - run.start;
  if (length >= leastRun) return true;
  if (run.start === start) return true;
  return length >= 4 && stop + 1 < bytes.length && closingMark(bytes, stop + 1, lineEnd(bytes, stop + 1)) >= 0;
}

function closingMark(bytes: Uint8Array, start: number, stop: number): number {
  let at = start;
  for (;;) {
    at = bytes.indexOf(0x2d, at);
    if (at < 0 || at >= stop) return -1;
    const dashes = runEnd(bytes, at, DASHES, stop);
    if (
      dashes - at >= 4 &&
      textOf(bytes, dashes, Math.min(stop, dashes + 4))
        .trimStart()
        .startsWith('END')
    )
      return at;
    at = dashes;
  }
}

const DASHES = Uint8Array.from({ length: 256 }, (_unused, code) => (code === 0x2d ? 1 : 0));

/** Blank lines and `Proc-Type: 4,ENCRYPTED`, which stand before the body. */
function isHeader(bytes: Uint8Array, start: number, stop: number): boolean {
  const line = textOf(bytes, start, Math.min(stop, start + 200)).trim();
  return line === '' || /(?:^|\s)(?:Proc-Type|DEK-Info|Version|Comment|Hash|Charset):/.test(line);
}

function trimStart(bytes: Uint8Array, start: number, stop: number): number {
  let i = start;
  while (i < stop && (bytes[i] === 0x20 || bytes[i] === 0x5c || (bytes[i] === 0x6e && bytes[i - 1] === 0x5c))) i += 1;
  return i;
}

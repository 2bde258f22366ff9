// How container runtimes write log lines: the CRI format of containerd and CRI-O, and Docker's json-file.
// Must never parse a whole line; the fragments' places are enough.
import type { FragmentFormat, FragmentParts } from './fragments.ts';

/** `2026-11-23T03:12:58.1Z stderr P the first part`; the last fragment has `F` (Kubernetes' CRI logging format). */
export const criFragments: FragmentFormat = {
  mayHoldFragments: (bytes) => bytes.includes(' stdout P') || bytes.includes(' stderr P'),
  read(bytes, start, end) {
    const space = bytes.indexOf(0x20, start);
    if (space < 0 || space - start > 40 || space + 9 >= end) return undefined;
    const stream = bytes.toString('latin1', space + 1, space + 7);
    const flag = bytes[space + 8];
    if ((stream !== 'stdout' && stream !== 'stderr') || bytes[space + 7] !== 0x20) return undefined;
    if (flag !== partialFlag && flag !== fullFlag) return undefined;
    // Further tags may follow, separated by colons.
    const tagEnd = bytes.indexOf(0x20, space + 8);
    if (tagEnd < 0 || tagEnd >= end) return undefined;
    return { stream, isPartial: flag === partialFlag, contentStart: tagEnd + 1, contentEnd: end - 1 };
  },
  write(line, parts, contents) {
    const head = Buffer.from(line.subarray(0, parts.contentStart));
    head[head.indexOf(0x20) + 8] = fullFlag;
    return Buffer.concat([head, ...contents, Buffer.from('\n')]);
  },
};

const partialFlag = 0x50;
const fullFlag = 0x46;

/** `{"log":"text\n","stream":"stdout","time":"…"}`; a fragment's text has no line end. */
export const dockerFragments: FragmentFormat = {
  mayHoldFragments(bytes) {
    // As many texts with a line end as lines: no fragment. The search is native, and the usual case is just this.
    let offset = 0;
    for (;;) {
      const end = bytes.indexOf(0x0a, offset);
      if (end < 0) return false;
      const close = bytes.indexOf(streamKey, offset);
      if (close < 0 || close > end) return true;
      if (!endsLine(bytes, offset, close)) return true;
      offset = end + 1;
    }
  },
  read(bytes, start, end) {
    if (bytes.toString('latin1', start, start + dockerHead.length) !== dockerHead) return undefined;
    const close = bytes.indexOf(streamKey, start);
    if (close < 0 || close + streamKey.length + 6 > end) return undefined;
    const stream = bytes.toString('latin1', close + streamKey.length, close + streamKey.length + 6);
    if (stream !== 'stdout' && stream !== 'stderr') return undefined;
    return { stream, isPartial: !endsLine(bytes, start, close), contentStart: start + dockerHead.length, contentEnd: close };
  },
  write(line: Buffer, parts: FragmentParts, contents: readonly Buffer[]) {
    return Buffer.concat([line.subarray(0, parts.contentStart), ...contents, line.subarray(parts.contentEnd)]);
  },
};

const dockerHead = '{"log":"';
const streamKey = '","stream":"';

/** True if the JSON text before `close` ends in an escaped line end, whose backslash isn't escaped itself. */
function endsLine(bytes: Buffer, start: number, close: number): boolean {
  if (bytes[close - 1] !== 0x6e) return false;
  let backslashes = 0;
  while (close - 2 - backslashes >= start && bytes[close - 2 - backslashes] === 0x5c) backslashes += 1;
  return backslashes % 2 === 1;
}

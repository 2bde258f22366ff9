// Statements about framing: whichever way the bytes arrive, the records are the same, and no byte is lost.
// Must never depend on how a framer works inside.
import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { createLineFramer } from '../../../agent/framing/lines.ts';
import { createPatternFramer, createTraceFramer } from '../../../agent/framing/multiline.ts';
import type { Flush, Framer } from '../../../agent/record.ts';

const limits = { maxLineBytes: 64, maxRecordBytes: 256, maxRecordLines: 10 };

/** Reads like a follower: a window from where the last record ended, now and then shorter than what there is. */
function frameInSteps(framer: Framer, bytes: Buffer, steps: readonly number[]): Buffer[] {
  const records: Buffer[] = [];
  let offset = 0;
  let step = 0;
  while (offset < bytes.length) {
    const size = Math.max(framer.window, 1 + (steps[step % Math.max(1, steps.length)] ?? 1000));
    step += 1;
    const window = bytes.subarray(offset, offset + size);
    const isAll = offset + window.length >= bytes.length;
    const flush: Flush = isAll ? 'everything' : 'none';
    const framed = framer.frame(window, flush);
    if (framed.consumed === 0) throw new Error('a full window gave nothing');
    let start = offset;
    for (const length of framed.recordLengths) {
      records.push(bytes.subarray(start, start + length));
      start += length;
    }
    expect(start).toBe(offset + framed.consumed);
    offset = start;
  }
  return records;
}

const line = fc.oneof(
  fc.constantFrom(
    'Traceback (most recent call last):',
    '  File "/srv/app.py", line 3, in <module>',
    '    main()',
    'KeyError: "x"',
    'Error: failed',
    '    at run (/srv/app.js:3:1)',
    'java.lang.IllegalStateException: no',
    '\tat com.shop.Cart.total(Cart.java:3)',
    'Caused by: java.io.IOException: disk',
    'panic: nil',
    'goroutine 1 [running]:',
    'main.main()',
    '\t/srv/main.go:3 +0x1',
    '',
    '2026-11-23T03:00:00Z INFO ready',
  ),
  fc.string({ maxLength: 90 }),
);
const content = fc
  .array(
    fc.oneof(
      { weight: 8, arbitrary: line.map((text) => Buffer.from(`${text}\n`)) },
      { weight: 1, arbitrary: fc.uint8Array({ maxLength: 200 }) },
    ),
  )
  .map((parts) => Buffer.concat(parts));

describe.each([
  ['lines', createLineFramer(limits)],
  ['traces', createTraceFramer(limits)],
  ['pattern', createPatternFramer(limits, '^[A-Z2]')],
])('framing by %s', (_name, framer) => {
  it('keeps every byte in its place', () => {
    fc.assert(
      fc.property(content, fc.array(fc.nat(400)), (bytes, steps) => {
        expect(Buffer.concat(frameInSteps(framer, bytes, steps)).equals(bytes)).toBe(true);
      }),
    );
  });

  it('gives the same records however the bytes are read', () => {
    fc.assert(
      fc.property(content, fc.array(fc.nat(400)), (bytes, steps) => {
        expect(frameInSteps(framer, bytes, steps).map(String)).toEqual(frameInSteps(framer, bytes, [1_000_000]).map(String));
      }),
    );
  });

  it('never makes a record longer than its limit', () => {
    fc.assert(
      fc.property(content, (bytes) => {
        for (const record of frameInSteps(framer, bytes, [])) expect(record.length).toBeLessThanOrEqual(limits.maxRecordBytes);
      }),
    );
  });
});

describe('a trace', () => {
  const framer = createTraceFramer({ maxLineBytes: 1000, maxRecordBytes: 10_000, maxRecordLines: 100 });
  const trace = 'TypeError: total is undefined\n    at pay (/srv/shop/cart.js:7:3)\n    at main (/srv/shop/app.js:1:1)\n';

  it('is one record among lines', () => {
    const framed = framer.frame(Buffer.from(`before\n${trace}after\nlast\n`), 'traces');
    expect(framed.recordLengths).toEqual([7, trace.length, 6, 5]);
  });

  it('is held while it may go on', () => {
    expect(framer.frame(Buffer.from(trace), 'records')).toMatchObject({ consumed: 0, holds: 'trace' });
    expect(framer.frame(Buffer.from(trace), 'traces').recordLengths).toEqual([trace.length]);
  });

  it('leaves an ordinary last line open for a moment only', () => {
    expect(framer.frame(Buffer.from('one\ntwo\n'), 'none')).toMatchObject({ recordLengths: [4], holds: 'record' });
    expect(framer.frame(Buffer.from('one\ntwo\n'), 'records')).toMatchObject({ recordLengths: [4, 4], holds: 'nothing' });
  });
});

describe('a line', () => {
  const framer = createLineFramer({ maxLineBytes: 10 });

  it('is held until it ends', () => {
    expect(framer.frame(Buffer.from('one\ntw'), 'traces')).toMatchObject({ consumed: 4, holds: 'line' });
    expect(framer.frame(Buffer.from('one\ntw'), 'everything')).toMatchObject({ recordLengths: [4, 2], holds: 'nothing' });
  });

  it('that is too long is split between characters, and says so', () => {
    const framed = framer.frame(Buffer.from('ünïcödé is long\nshort\n'), 'none');
    expect(framed.cut).toBe(true);
    expect(framed.recordLengths.reduce((sum, length) => sum + length, 0)).toBe(framed.consumed);
    expect(framed.recordLengths.at(-1)).toBe(6);
  });
});

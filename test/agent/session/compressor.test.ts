// That what comes out is a frame of its own, whatever was compressed before.
// Must never measure; bench/ does.
import { zstdDecompressSync } from 'node:zlib';
import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { createCompressor } from '../../../agent/session/compressor.ts';

const content = fc.oneof(
  fc.uint8Array({ maxLength: 20_000 }),
  fc.tuple(fc.string({ maxLength: 200 }), fc.nat(2000)).map(([text, times]) => Buffer.from(text.repeat(times))),
);

describe('a compressor', () => {
  it('gives frames that are read by themselves', () => {
    fc.assert(
      fc.property(fc.array(content, { minLength: 1, maxLength: 5 }), (contents) => {
        const compressor = createCompressor();
        const frames = contents.map((bytes) => Buffer.from(compressor.compress(bytes)));
        for (const [index, frame] of frames.entries()) {
          expect(Buffer.compare(zstdDecompressSync(frame), contents[index] ?? Buffer.alloc(0))).toBe(0);
        }
      }),
      { numRuns: 50 },
    );
  });

  it('keeps its context: a second frame takes no memory but its own', () => {
    const compressor = createCompressor();
    const bytes = Buffer.alloc(256 * 1024, 'a line of a log\n');
    const { buffer } = compressor.compress(bytes);
    expect(compressor.compress(bytes).buffer).toBe(buffer);
  });
});

// What leaves on the wire is what a source yielded; what comes in is read with mistrust.
// Must never check the encoding byte by byte: it is decoded as a coordinator would.
import { crc32, zstdDecompressSync } from 'node:zlib';
import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import type { Chunk, Position } from '../../../agent/record.ts';
import { createCompressor } from '../../../agent/session/compressor.ts';
import { encodeShipment, readAck, readPosition, readWelcome, writePosition } from '../../../agent/session/wire.ts';
import { Codec, LogAck, NackReason, StreamLogsRequest, Welcome } from '../../../proto/index.ts';

function position(offset: number): Position {
  const identity = { device: '18446744073709551615', inode: '7', fingerprint: Buffer.alloc(16, 3), fingerprintLength: 99, generation: 2 };
  return { kind: 'file', identity, offset, path: '/var/log/app.log' };
}

function chunk(bytes: Buffer, recordLengths: readonly number[]): Chunk {
  return {
    kind: 'chunk',
    source: 'app',
    path: '/var/log/app.log',
    bytes,
    recordLengths,
    start: position(0),
    end: position(bytes.length),
    alsoSettles: [],
    readAtMs: 1_760_000_000_000,
    cut: true,
    redacted: false,
    journal: true,
  };
}

const compressor = createCompressor();

describe('a batch', () => {
  it('gives a coordinator back exactly the bytes and records that were read, whatever they are', () => {
    fc.assert(
      fc.property(fc.array(fc.uint8Array({ maxLength: 3000 }), { minLength: 1, maxLength: 20 }), (records) => {
        const bytes = Buffer.concat(records);
        const lengths = records.map(({ length }) => length);
        const encoded = encodeShipment(chunk(bytes, lengths), 5, { service: 'shop', labels: { team: 'shop' } }, compressor);
        const decoded = StreamLogsRequest.decode(encoded.request(9)).message;
        if (decoded?.$case !== 'batch') throw new Error('no batch');
        const batch = decoded.value;
        const content = batch.codec === Codec.ZSTD ? zstdDecompressSync(batch.payload) : batch.payload;
        expect(Buffer.compare(content, bytes)).toBe(0);
        expect(batch).toMatchObject({
          epoch: 5,
          sequence: 9,
          source: 'app',
          service: 'shop',
          labels: { team: 'shop' },
          recordLengths: lengths,
          flags: 5,
        });
        expect(batch.crc32).toBe(crc32(bytes));
        expect(batch.uncompressedLength).toBe(bytes.length);
        expect(batch.payload.length).toBeLessThanOrEqual(bytes.length);
        expect(encoded.costBytes).toBe(batch.payload.length);
        expect(readPosition(batch.end)).toEqual(position(bytes.length));
      }),
    );
  });

  it('settles its end and what else it settles', () => {
    const encoded = encodeShipment(
      { ...chunk(Buffer.from('a\n'), [2]), alsoSettles: [position(77)] },
      1,
      { service: '', labels: {} },
      compressor,
    );
    expect(encoded.settles).toEqual([
      { source: 'app', position: position(2) },
      { source: 'app', position: position(77) },
    ]);
  });
});

describe('positions', () => {
  it('survive the wire', () => {
    for (const original of [position(2 ** 40), { kind: 'journal', cursor: 's=1' } satisfies Position])
      expect(readPosition(writePosition(original))).toEqual(original);
  });

  it('that say nothing are nothing', () => {
    expect(readPosition(undefined)).toBeUndefined();
    expect(readPosition({ at: undefined })).toBeUndefined();
    expect(readPosition({ at: { $case: 'file', value: { identity: undefined, offset: 1, path: '' } } })).toBeUndefined();
  });
});

describe('Welcome', () => {
  it('that leaves everything open gets working defaults', () => {
    const greeting = readWelcome(Welcome.fromPartial({}));
    expect(greeting).toMatchObject({ positions: [], heartbeatIntervalMs: 10_000, maxBatchBytes: 1_048_576 });
    expect(greeting.creditBytes).toBeGreaterThan(0);
  });

  it('cannot make the agent beat without pause or send batches above the protocol’s limit', () => {
    const greeting = readWelcome(Welcome.fromPartial({ heartbeatInterval: { seconds: 0, nanos: 1 }, maxBatchBytes: 1_000_000_000 }));
    expect(greeting.maxBatchBytes).toBe(1_048_576);
    expect(greeting.heartbeatIntervalMs).toBeGreaterThanOrEqual(200);
  });
});

describe('a refusal', () => {
  const refusal = (reason: NackReason, seconds = 0) =>
    readAck(LogAck.fromPartial({ epoch: 1, sequence: 3, nack: { sequence: 4, reason, retryAfter: { seconds, nanos: 0 }, message: 'm' } }))
      .refusal;

  it.each([
    [NackReason.OVERLOADED, 2, { kind: 'resend', sequence: 4, retryAfterMs: 2000 }],
    [NackReason.STORE_UNAVAILABLE, 0, { kind: 'resend', sequence: 4, retryAfterMs: 1000 }],
    [NackReason.CORRUPT, 0, { kind: 'resend', sequence: 4, retryAfterMs: 0 }],
    [NackReason.INVALID, 0, { kind: 'reject', sequence: 4 }],
    [NackReason.OUT_OF_ORDER, 0, { kind: 'restart' }],
    [NackReason.UNRECOGNIZED, 0, { kind: 'resend', sequence: 4, retryAfterMs: 1000 }],
    [NackReason.OVERLOADED, 100_000, { kind: 'resend', retryAfterMs: 60_000 }],
  ])('of reason %s after %d s is answered by %j', (reason, seconds, expected) => {
    expect(refusal(reason, seconds)).toMatchObject(expected);
  });
});

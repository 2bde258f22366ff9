// Statements about the log stream towards coordinators that answer otherwise than ours.
// Must never open a connection: the coordinator's side is a generator.
import { describe, expect, it } from 'vitest';
import { systemClock } from '../../../base/clock.ts';
import { silentLogger } from '../../../base/logger.ts';
import { silentMetrics } from '../../../base/silent-metrics.ts';
import type { Chunk, Position } from '../../../agent/record.ts';
import { createLogStream, type LogStreamOptions } from '../../../agent/session/log-stream.ts';
import { createSendRate } from '../../../agent/session/send-rate.ts';
import { createSessionMetrics } from '../../../agent/session/session-metrics.ts';
import { StreamLogsRequest, type StreamLogsResponse } from '../../../proto/index.ts';

const batches = 20;
const batchBytes = 100;

function position(offset: number): Position {
  const identity = { device: '1', inode: '2', fingerprint: Buffer.alloc(16), fingerprintLength: 0, generation: 0 };
  return { kind: 'file', identity, offset, path: '/var/log/app.log' };
}

function chunk(index: number): Chunk {
  return {
    kind: 'chunk',
    source: 'app',
    path: '/var/log/app.log',
    bytes: Buffer.alloc(batchBytes, index),
    recordLengths: [batchBytes],
    start: position(index * batchBytes),
    end: position((index + 1) * batchBytes),
    alsoSettles: [],
    readAtMs: 0,
    cut: false,
    redacted: false,
    journal: false,
  };
}

/** Ships all batches, three of which fit the credit, to a coordinator that grants so much with each acknowledgement. @returns what came. */
async function ship(grant: (sequence: number) => number): Promise<readonly number[]> {
  const came: number[] = [];
  let pulled = 0;
  const { promise: waits } = Promise.withResolvers<never>();
  const stop = new AbortController();
  async function* answer(requests: AsyncIterable<Uint8Array>): AsyncGenerator<StreamLogsResponse> {
    for await (const request of requests) {
      const { message } = StreamLogsRequest.decode(request);
      if (message?.$case !== 'batch') throw new Error('no batch');
      const { sequence } = message.value;
      came.push(sequence);
      if (came.length === batches) stream.drain();
      yield { ack: { epoch: 7, sequence, creditBytes: grant(sequence), nack: undefined } };
    }
  }
  const options: LogStreamOptions = {
    client: { streamLogs: answer },
    feed: {
      open: () => Promise.resolve(),
      next: () => (pulled < batches ? Promise.resolve(chunk(pulled++)) : waits),
      originOf: () => ({ service: '', labels: {} }),
      allowance: () => ({ waitMs: 0, maxBytes: batchBytes, onlyAlone: false }),
      acknowledge: () => undefined,
    },
    epoch: 7,
    creditBytes: 3 * batchBytes,
    maxBatchBytes: batchBytes,
    rate: createSendRate(() => systemClock.monotonicMs()),
    clock: systemClock,
    logger: silentLogger,
    metrics: createSessionMetrics(silentMetrics),
    onSettled: () => undefined,
    onGapSettled: () => undefined,
    ackTimeoutMs: 12_000,
  };
  const stream = createLogStream(options);
  expect(await stream.run(stop.signal)).toEqual({ kind: 'drained' });
  return came;
}

const all = Array.from({ length: batches }, (_unused, index) => index + 1);

describe('a coordinator', () => {
  it('that grants what it acknowledges gets everything once', async () => {
    expect(await ship(() => batchBytes)).toEqual(all);
  });

  it('that acknowledges and never speaks of credit gets everything once, too', async () => {
    expect(await ship(() => 0)).toEqual(all);
  });
});

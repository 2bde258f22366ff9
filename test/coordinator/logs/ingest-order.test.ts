// Which shipments are taken: in sequence, and only where their place stands.
// Must never need a store; the order is a pure core.
import fc from 'fast-check';
import { describe, expect, test } from 'vitest';
import { IngestOrder } from '../../../coordinator/logs/ingest-order.ts';
import type { LogBatch, Position } from '../../../coordinator/logs/log-batch.ts';

function at(offset: number, inode = '1', generation = 0): Position {
  return {
    kind: 'file',
    identity: { device: '1', inode, fingerprint: '', fingerprintLength: 0, generation },
    offset,
    path: '/var/log/a',
  };
}

function batch(sequence: number, start: Position | undefined, end: Position | undefined, alsoSettled: Position[] = []): LogBatch {
  return {
    kind: 'batch',
    epoch: 1,
    sequence,
    source: 'a',
    start,
    end,
    alsoSettled,
    payload: Buffer.alloc(0),
    recordLengths: start === undefined ? [] : [1],
    readAtMs: undefined,
    codec: 'none',
    crc32: 0,
    uncompressedLength: 0,
    journal: false,
    path: '',
    service: '',
    labels: {},
  };
}

/** Judges, and takes what may be taken. */
function offer(order: IngestOrder, shipment: LogBatch): string {
  const verdict = order.judge(shipment);
  if (verdict.kind === 'take') order.take(shipment.sequence, verdict.positions);
  if (verdict.kind === 'repeated') order.take(shipment.sequence, []);
  return verdict.kind;
}

describe('files', () => {
  test('a file that was never seen may begin anywhere, and goes on where it ended', () => {
    const order = new IngestOrder([]);
    expect(offer(order, batch(1, at(500), at(600)))).toBe('take');
    expect(offer(order, batch(2, at(600), at(700)))).toBe('take');
  });

  test('that a file is finished where it stands is kept, once', () => {
    const end = { ...at(600), finished: true };
    const order = new IngestOrder([{ source: 'a', position: at(600) }]);
    expect(order.judge({ ...batch(1, end, end), recordLengths: [] })).toEqual({
      kind: 'take',
      positions: [{ source: 'a', position: end }],
    });
    order.take(1, [{ source: 'a', position: end }]);
    expect(order.judge({ ...batch(2, end, end), recordLengths: [] })).toEqual({ kind: 'take', positions: [] });
  });

  test('the same inode in a new generation is another file', () => {
    const order = new IngestOrder([{ source: 'a', position: at(900) }]);
    expect(offer(order, batch(1, at(0, '1', 1), at(100, '1', 1)))).toBe('take');
  });

  test('what is committed already is repeated; part of it is out of order', () => {
    const committed = [{ source: 'a', position: at(100) }];
    expect(offer(new IngestOrder(committed), batch(1, at(0), at(100)))).toBe('repeated');
    expect(offer(new IngestOrder(committed), batch(1, at(50), at(150)))).toBe('out-of-order');
    expect(offer(new IngestOrder(committed), batch(1, at(150), at(200)))).toBe('out-of-order');
  });

  test('the rest of a rotated file is settled with the batch that goes on in the next one', () => {
    const order = new IngestOrder([{ source: 'a', position: at(100) }]);
    const verdict = order.judge(batch(1, at(0, '2'), at(30, '2'), [at(140)]));
    expect(verdict).toEqual({
      kind: 'take',
      positions: [
        { source: 'a', position: at(30, '2') },
        { source: 'a', position: at(140) },
      ],
    });
  });

  test('settled positions never move back', () => {
    const order = new IngestOrder([{ source: 'a', position: at(100) }]);
    expect(order.judge(batch(1, undefined, undefined, [at(40)]))).toEqual({ kind: 'take', positions: [] });
  });
});

describe('the journal', () => {
  const cursor = (name: string): Position => ({ kind: 'journal', cursor: name });
  test('a batch begins at the committed cursor, or repeats the last one', () => {
    const order = new IngestOrder([{ source: 'a', position: cursor('c1') }]);
    expect(offer(order, batch(1, cursor('c0'), cursor('c1')))).toBe('repeated');
    expect(offer(order, batch(2, cursor('c1'), cursor('c2')))).toBe('take');
    expect(offer(order, batch(3, cursor('c1'), cursor('c3')))).toBe('out-of-order');
  });
});

describe('sequences', () => {
  test('a hole is out of order, an old one is passed over', () => {
    const order = new IngestOrder([]);
    offer(order, batch(1, at(0), at(10)));
    expect(offer(order, batch(1, at(0), at(10)))).toBe('passed-over');
    expect(offer(order, batch(3, at(10), at(20)))).toBe('out-of-order');
  });

  test('after a refusal everything behind it is passed over until it comes again', () => {
    const order = new IngestOrder([]);
    order.refuse(1);
    expect(offer(order, batch(2, at(10), at(20)))).toBe('passed-over');
    expect(offer(order, batch(1, at(0), at(10)))).toBe('take');
    expect(offer(order, batch(2, at(10), at(20)))).toBe('take');
  });
});

test('however batches are repeated and cut off, every byte is taken exactly once and in order', () => {
  const plan = fc.array(fc.record({ length: fc.integer({ min: 1, max: 50 }), restart: fc.boolean(), lost: fc.boolean() }), {
    maxLength: 40,
  });
  fc.assert(
    fc.property(plan, (steps) => {
      // What is durable, and what the agent believes to be acknowledged; a lost acknowledgement keeps it behind.
      let durable = 0;
      let believed = 0;
      let order = new IngestOrder([]);
      let sequence = 0;
      const taken: [number, number][] = [];
      for (const { length, restart, lost } of steps) {
        if (restart) {
          order = new IngestOrder(durable === 0 ? [] : [{ source: 'a', position: at(durable) }]);
          sequence = 0;
        }
        // An agent without Welcome's word may send again what it saw no acknowledgement for.
        const start = sequence === 0 && believed < durable ? believed : durable;
        const end = start === believed && believed < durable ? durable : start + length;
        const verdict = offer(order, batch(++sequence, at(start), at(end)));
        expect(['take', 'repeated']).toContain(verdict);
        if (verdict === 'take') {
          taken.push([start, end]);
          durable = end;
        }
        if (!lost) believed = durable;
      }
      let place = 0;
      for (const [start, end] of taken) {
        expect(start).toBe(place);
        place = end;
      }
      expect(place).toBe(durable);
    }),
  );
});

// What reduction promises of chunks: the same bytes settled, in order, with every record counted.
// Must never use records of a data set.
import { describe, expect, test } from 'vitest';
import { Analyzer } from '../../../analysis/analyzer.ts';
import { decodeReduced, type ReducedHeader } from '../../../analysis/reduction/reduced-record.ts';
import { Reducer } from '../../../analysis/reduction/reducer.ts';
import { Reduction } from '../../../agent/reduction/reduction.ts';
import type { Chunk, Position, Shipment } from '../../../agent/record.ts';

const position = (offset: number): Position => ({
  kind: 'file',
  identity: { device: '1', inode: '2', fingerprint: Buffer.alloc(16), fingerprintLength: 16, generation: 0 },
  offset,
  path: '/var/log/app.log',
});

function chunkOf(lines: readonly string[], start: number): Chunk {
  const records = lines.map((line) => Buffer.from(`${line}\n`));
  const bytes = Buffer.concat(records);
  const common = {
    kind: 'chunk',
    source: 'app',
    path: '/var/log/app.log',
    alsoSettles: [],
    cut: false,
    redacted: false,
    journal: false,
  } as const;
  return {
    ...common,
    bytes,
    recordLengths: records.map(({ length }) => length),
    start: position(start),
    end: position(start + bytes.length),
    readAtMs: 1_790_000_000_000,
  };
}

function stage() {
  let nowMs = 0;
  const reduction = new Reduction({ analyzer: new Analyzer(), reducer: new Reducer(), monotonicMs: () => nowMs });
  return { reduction, pass: (ms: number) => (nowMs += ms) };
}

const offsets = (shipments: readonly Shipment[]): (number | string)[][] =>
  shipments.map((shipment) => {
    const [from, to] = shipment.kind === 'gap' ? [shipment.from, shipment.to] : [shipment.start, shipment.end];
    return [shipment.kind, ...[from, to].map((at) => (at.kind === 'file' ? at.offset : at.cursor))];
  });

const headers = (shipments: readonly Shipment[]): ReducedHeader[] =>
  shipments.flatMap((shipment) => {
    if (shipment.kind === 'gap') return [];
    let at = 0;
    return shipment.recordLengths.flatMap((length) => {
      const decoded = decodeReduced(shipment.bytes.toString('utf8', at, (at += length) - 1));
      return decoded.kind === 'decoded' ? [decoded.header] : [];
    });
  });

const counted = (shipments: readonly Shipment[]): number =>
  headers(shipments)
    .flatMap((header) => (header.kind === 'counts' ? header.templates.map(([, count]) => count) : []))
    .reduce((sum, count) => sum + count, 0);

const ordinary = (count: number): string[] => Array.from({ length: count }, (_, index) => `INFO request ${index} served`);

describe('reduction of chunks', () => {
  test('ordinary records wait, and leave as one chunk that settles all of them', () => {
    const { reduction, pass } = stage();
    const first = chunkOf(ordinary(50), 0);
    const second = chunkOf(ordinary(50), first.bytes.length);
    expect([...reduction.take(first, ''), ...reduction.take(second, '')]).toEqual([]);
    expect(reduction.dueInMs()).toBe(60_000);
    pass(60_000);
    const shipped = reduction.due();
    expect(offsets(shipped)).toEqual([['chunk', 0, 2 * first.bytes.length]]);
    expect(counted(shipped)).toBe(100);
    expect(reduction.dueInMs()).toBeUndefined();
  });

  test('a problem leaves within moments, with everything before it', () => {
    const { reduction, pass } = stage();
    const chunk = chunkOf([...ordinary(20), 'ERROR cannot save order 7'], 0);
    expect(reduction.take(chunk, 'shop')).toEqual([]);
    expect(reduction.dueInMs()).toBeLessThanOrEqual(2000);
    pass(2000);
    const shipped = reduction.due();
    expect(offsets(shipped)).toEqual([['chunk', 0, chunk.bytes.length]]);
    expect(headers(shipped).find(({ kind }) => kind === 'problem')).toMatchObject({ severity: 'error', message: 'cannot save order 7' });
  });

  test('what doesn’t follow what waits, and a gap, leave behind it', () => {
    const { reduction } = stage();
    const first = chunkOf(ordinary(10), 0);
    reduction.take(first, '');
    const gap = { source: 'app', from: position(first.bytes.length), to: position(5000), bytes: 1, records: 0, detail: '' };
    const shipped = reduction.take({ kind: 'gap', reason: 'truncated', ...gap }, '');
    expect(offsets(shipped)).toEqual([
      ['chunk', 0, first.bytes.length],
      ['gap', first.bytes.length, 5000],
    ]);
    reduction.take(chunkOf(ordinary(10), 5000), '');
    expect(offsets(reduction.take(chunkOf(ordinary(10), 9000), ''))).toEqual([['chunk', 5000, 5000 + first.bytes.length]]);
    expect(offsets(reduction.flush())).toEqual([['chunk', 9000, 9000 + first.bytes.length]]);
  });

  test('a new session is told again what templates say and what problems look like', () => {
    const { reduction } = stage();
    const chunk = chunkOf(['ERROR cannot save order', 'ERROR cannot save order', 'ERROR cannot save order', 'ERROR cannot save order'], 0);
    const told = (): string[] => {
      const shipped = [...reduction.take(chunk, ''), ...reduction.flush()];
      return headers(shipped).map(({ kind }) => kind);
    };
    const first = told();
    expect(first.filter((kind) => kind === 'problem')).toHaveLength(3);
    reduction.reset();
    expect(told()).toEqual(first);
  });

  test('a flood of very short problems that all differ still fits what a batch may hold', () => {
    const { reduction } = stage();
    const words = Array.from(
      { length: 5000 },
      (_, index) => `ERROR ${index.toString(26).replace(/\d/g, (digit) => 'qrstuvwxyz'[Number(digit)] ?? '')}`,
    );
    const chunk = chunkOf(words.slice(0, 4600), 0);
    expect(chunk.bytes.length).toBeLessThan(64 * 1024);
    const shipped = [...reduction.take(chunk, ''), ...reduction.flush()];
    expect(counted(shipped)).toBe(4600);
    for (const shipment of shipped) if (shipment.kind === 'chunk') expect(shipment.bytes.length).toBeLessThan(4 * 1_048_576);
  });
});

// Ships problems with their surroundings and counts of the rest instead of every record: chunks become shorter, and settle the same bytes.
// Must never settle a byte whose records it hasn't counted; what waits is lost with the process and read again.
import type { Analyzer } from '../../analysis/analyzer.ts';
import { encodeReduced } from '../../analysis/reduction/reduced-record.ts';
import type { Reduced, Reducer } from '../../analysis/reduction/reducer.ts';
import type { Chunk, Position, Shipment } from '../record.ts';

export interface ReductionParts {
  readonly analyzer: Analyzer;
  readonly reducer: Reducer;
  readonly monotonicMs: () => number;
  /** How long counts wait for more, milliseconds. Default: a minute. */
  readonly holdMs?: number | undefined;
}

/** Chunks of one file that follow each other, reduced to one. */
interface Pending {
  readonly source: string;
  readonly path: string;
  readonly start: Position;
  end: Position;
  readonly alsoSettles: Position[];
  readonly records: Buffer[];
  bytes: number;
  readAtMs: number;
  cut: boolean;
  redacted: boolean;
  /** Monotonic. */
  dueMs: number;
}

const defaultHoldMs = 60_000;
/** Records behind a problem are waited for, but not long: somebody waits for the problem's incident. */
const problemHoldMs = 0;
const afterHoldMs = 2_000;
/** A batch holds 1 MiB; a chunk of records may be a quarter of that. */
const mostPendingBytes = 192 * 1024;
/** A clock that is off may state a time ahead; beyond a day it is no time of this record. */
const furthestFutureMs = 86_400_000;

export class Reduction {
  readonly #parts: ReductionParts;
  /** By source and file. */
  readonly #pending = new Map<string, Pending>();

  constructor(parts: ReductionParts) {
    this.#parts = parts;
  }

  /**
   * What is to be shipped now, in order; mostly nothing.
   * @param service that is configured for the source; empty if none
   */
  take(shipment: Shipment, service: string): readonly Shipment[] {
    if (shipment.kind === 'gap') return [...this.#ship(keyOf(shipment.source, shipment.from)), shipment];
    const key = keyOf(shipment.source, shipment.start);
    // Nothing to reduce: it only says where files begin, or ends in another file than it began in.
    if (shipment.recordLengths.length === 0 || key !== keyOf(shipment.source, shipment.end)) {
      const waiting = this.#ship(key);
      return shipment.recordLengths.length === 0
        ? [...waiting, shipment]
        : [...waiting, ...this.#takeChunk(key, shipment, service), ...this.#ship(key)];
    }
    const before = this.#pending.get(key);
    const waiting = before !== undefined && !isSamePlace(before.end, shipment.start) ? this.#ship(key) : [];
    return [...waiting, ...this.#takeChunk(key, shipment, service)];
  }

  /** Milliseconds until something waited long enough; undefined while nothing waits. */
  dueInMs(): number | undefined {
    const due = [...this.#pending.values()].map(({ dueMs }) => dueMs);
    return due.length === 0 ? undefined : Math.max(0, Math.min(...due) - this.#parts.monotonicMs());
  }

  /** What waited long enough. */
  due(): readonly Shipment[] {
    const nowMs = this.#parts.monotonicMs();
    return [...this.#pending].filter(([, { dueMs }]) => dueMs <= nowMs).flatMap(([key]) => [...this.#ship(key)]);
  }

  /** Everything that waits. */
  flush(): readonly Shipment[] {
    return [...this.#pending.keys()].flatMap((key) => [...this.#ship(key)]);
  }

  /** A new session: what wasn't acknowledged is read again, and what the other side knows is not known. */
  reset(): void {
    this.#pending.clear();
    this.#parts.reducer.reset();
  }

  #takeChunk(key: string, chunk: Chunk, service: string): readonly Shipment[] {
    const { reducer, analyzer, monotonicMs, holdMs } = this.#parts;
    const pending = this.#pending.get(key) ?? open(chunk, monotonicMs() + (holdMs ?? defaultHoldMs));
    this.#pending.set(key, pending);
    let hasProblem = false;
    let at = 0;
    for (const length of chunk.recordLengths) {
      const raw = textOf(chunk.bytes, at, at + length);
      at += length;
      const analysis = analyzer.analyze(chunk.source, raw, { timeMs: chunk.readAtMs, service: service === '' ? undefined : service });
      const statedMs = analysis.record.timeMs;
      const timeMs = statedMs === undefined || statedMs > chunk.readAtMs + furthestFutureMs ? chunk.readAtMs : statedMs;
      for (const reduced of reducer.take(key, raw, analysis, timeMs, service)) {
        if (reduced.header.kind === 'problem') hasProblem = true;
        add(pending, reduced);
      }
    }
    pending.end = chunk.end;
    pending.alsoSettles.push(...chunk.alsoSettles);
    pending.readAtMs = chunk.readAtMs;
    pending.cut ||= chunk.cut;
    pending.redacted ||= chunk.redacted;
    if (hasProblem) pending.dueMs = monotonicMs() + (reducer.wantsMore(key) ? afterHoldMs : problemHoldMs);
    return pending.bytes >= mostPendingBytes || pending.dueMs <= monotonicMs() ? this.#ship(key) : [];
  }

  #ship(key: string): readonly Shipment[] {
    const pending = this.#pending.get(key);
    if (pending === undefined) return [];
    this.#pending.delete(key);
    for (const reduced of this.#parts.reducer.collect(key)) add(pending, reduced);
    const { source, path, start, end, alsoSettles, records, readAtMs, cut, redacted } = pending;
    const recordLengths = records.map(({ length }) => length);
    return [
      {
        kind: 'chunk',
        source,
        path,
        bytes: Buffer.concat(records),
        recordLengths,
        start,
        end,
        alsoSettles,
        readAtMs,
        cut,
        redacted,
        journal: false,
        reduced: true,
      },
    ];
  }
}

function open({ source, path, start, end, readAtMs }: Chunk, dueMs: number): Pending {
  return { source, path, start, end, alsoSettles: [], records: [], bytes: 0, readAtMs, cut: false, redacted: false, dueMs };
}

function add(pending: Pending, { header, raw }: Reduced): void {
  const record = Buffer.from(encodeReduced(header, raw));
  pending.records.push(record);
  pending.bytes += record.length;
}

/** Without the last line end. */
function textOf(bytes: Buffer, start: number, next: number): string {
  let end = next;
  if (end > start && bytes[end - 1] === 0x0a) end--;
  if (end > start && end < next && bytes[end - 1] === 0x0d) end--;
  return bytes.toString('utf8', start, end);
}

function keyOf(source: string, position: Position): string {
  if (position.kind === 'journal') return `${source}\0journal`;
  const { device, inode, generation } = position.identity;
  return `${source}\0${device}:${inode}:${generation}`;
}

function isSamePlace(left: Position, right: Position): boolean {
  if (left.kind === 'journal') return right.kind === 'journal' && left.cursor === right.cursor;
  return right.kind === 'file' && left.offset === right.offset;
}

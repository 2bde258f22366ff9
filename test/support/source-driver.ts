// Plays the session and the coordinator for a source: pulls, commits, acknowledges, loses the connection, restarts.
// Must never be kinder than the real ones: what isn't committed is forgotten, and positions must follow each other.
import { setTimeout as delay } from 'node:timers/promises';
import { systemClock } from '../../base/clock.ts';
import { silentLogger } from '../../base/logger.ts';
import { createTraceFramer } from '../../agent/framing/multiline.ts';
import type { Chunk, Gap, Position, Shipment } from '../../agent/record.ts';
import { FileSource } from '../../agent/sources/file-source.ts';
import type { FileSourceOptions } from '../../agent/sources/file-source-options.ts';

const defaultLimits = { maxLineBytes: 64 * 1024, maxRecordBytes: 64 * 1024, maxRecordLines: 500 };

/** Short times, so that tests are quick; what they mean stays the same. */
const quickTiming = { busyPollMs: 20, idlePollMs: 100, settleMs: 30, traceMs: 200, finishMs: 300, doubtMs: 300 };

export type DriverOptions = Partial<FileSourceOptions> & Pick<FileSourceOptions, 'include'>;

/** A file source with the two parties behind it. */
export class SourceDriver {
  /** What the coordinator committed, in order. */
  readonly records: string[] = [];
  readonly chunks: Chunk[] = [];
  readonly gaps: Gap[] = [];
  /** Breaches of the contract. */
  readonly faults: string[] = [];
  maxBytes = 256 * 1024;
  readonly #options: DriverOptions;
  #source: FileSource | undefined;
  readonly #committed = new Map<string, Position>();
  #uncommitted: Shipment[] = [];
  #abort = new AbortController();
  #pulling: Promise<void> | undefined;
  #isCommitting = true;
  #isAcknowledging = true;

  constructor(options: DriverOptions) {
    this.#options = options;
  }

  get source(): FileSource {
    if (this.#source === undefined) throw new Error('the source is not started');
    return this.#source;
  }

  /** How many files are known to be finished. */
  get finished(): number {
    return this.positions.filter((each) => each.kind === 'file' && each.isFinished === true).length;
  }

  get positions(): readonly Position[] {
    return [...this.#committed.values()];
  }

  /** A new process of the agent. @param own it is opened at these before the coordinator can be asked: what the process's own file says */
  async start(own?: readonly Position[]): Promise<void> {
    this.#source = new FileSource({
      id: 'test',
      exclude: [],
      start: 'beginning',
      framer: () => createTraceFramer(defaultLimits),
      clock: systemClock,
      logger: silentLogger,
      // The agent's own positions file; what the coordinator committed later stands above it.
      onFinished: (position) => {
        this.#settle(position);
      },
      ...this.#options,
      timing: { ...quickTiming, ...this.#options.timing },
    });
    if (own !== undefined) await this.#source.open(own);
    await this.#source.open(this.positions);
    this.pull();
  }

  /** The process ends. What wasn't committed never arrives. */
  async stop(): Promise<void> {
    await this.pause();
    this.#uncommitted = [];
    await this.#source?.close();
    this.#source = undefined;
  }

  /** The positions were kept while the kernel had another number for the device. */
  renumberDevice(device: string): void {
    for (const position of this.positions) {
      if (position.kind !== 'file') continue;
      this.#committed.delete(keyOf(position));
      this.#settle({ ...position, identity: { ...position.identity, device } });
    }
  }

  async restart(): Promise<void> {
    await this.stop();
    await this.start();
  }

  /** The connection breaks and a new session begins: the same process goes on at the committed positions. */
  async reconnect(): Promise<void> {
    await this.pause();
    this.#uncommitted = [];
    await this.source.open(this.positions);
    this.pull();
  }

  /** Nothing is pulled any more: the coordinator is away. */
  async pause(): Promise<void> {
    this.#abort.abort();
    await this.#pulling;
  }

  pull(): void {
    this.#abort = new AbortController();
    this.#pulling = this.#run(this.#abort.signal);
  }

  /** From now on shipments arrive but aren't committed (until `commit(true)`). */
  commit(isCommitting: boolean): void {
    this.#isCommitting = isCommitting;
    if (isCommitting) this.#flush();
  }

  /** From now on commits aren't acknowledged: acknowledgements are lost. */
  acknowledge(isAcknowledging: boolean): void {
    this.#isAcknowledging = isAcknowledging;
  }

  /** Waits until `isTrue`; fails with what there is after `mostMs`. */
  async until(isTrue: () => boolean, mostMs = 10_000): Promise<void> {
    const deadline = performance.now() + mostMs;
    while (!isTrue()) {
      if (performance.now() > deadline) throw new Error(`not reached in ${mostMs} ms; ${this.summary()}`);
      await delay(5);
    }
  }

  /** Waits until so many records are committed, and goes on at once. */
  async untilExactly(count: number): Promise<void> {
    await this.until(() => this.records.length === count);
  }

  /** Waits until so many records are committed, and a little longer, so that one too many would be seen. */
  async untilRecords(count: number, mostMs?: number): Promise<void> {
    await this.until(() => this.records.length >= count, mostMs);
    await this.untilQuiet();
  }

  /** Waits until nothing arrives for a while and nothing is unread but what must be held. */
  async untilQuiet(quietMs = 250): Promise<void> {
    let seen = this.chunks.length + this.gaps.length;
    let sinceMs = performance.now();
    await this.until(() => {
      const now = this.chunks.length + this.gaps.length;
      if (now !== seen) sinceMs = performance.now();
      seen = now;
      return performance.now() - sinceMs >= quietMs;
    });
  }

  summary(): string {
    const last = this.records.slice(-3).map((record) => record.slice(0, 80));
    return `records ${this.records.length} (last ${JSON.stringify(last)}), gaps ${JSON.stringify(this.gaps.map((gap) => gap.detail))}, faults ${this.faults.join('; ')}, status ${JSON.stringify(this.#source?.status())}`;
  }

  async #run(signal: AbortSignal): Promise<void> {
    while (!signal.aborted) {
      let shipment: Shipment;
      try {
        shipment = await this.source.next(this.maxBytes, signal);
      } catch (error) {
        if (signal.aborted) return;
        throw error;
      }
      this.#uncommitted.push(shipment.kind === 'chunk' ? { ...shipment, bytes: Buffer.from(shipment.bytes) } : shipment);
      if (this.#isCommitting) this.#flush();
    }
  }

  #flush(): void {
    for (const shipment of this.#uncommitted.splice(0)) {
      const end = shipment.kind === 'chunk' ? shipment.end : shipment.to;
      this.#check(shipment);
      this.#settle(end);
      if (shipment.kind === 'gap') {
        this.gaps.push(shipment);
      } else {
        for (const position of shipment.alsoSettles) this.#settle(position);
        this.chunks.push(shipment);
        let offset = 0;
        for (const length of shipment.recordLengths) {
          this.records.push(shipment.bytes.toString('utf8', offset, offset + length).replace(/\r?\n$/, ''));
          offset += length;
        }
      }
      if (this.#isAcknowledging) this.source.acknowledge(end);
    }
  }

  #check(shipment: Shipment): void {
    const start = shipment.kind === 'chunk' ? shipment.start : shipment.from;
    if (start.kind !== 'file') return;
    const committed = this.#committed.get(keyOf(start));
    if (committed?.kind === 'file' && committed.offset !== start.offset) {
      this.faults.push(`${start.path}: starts at ${start.offset}, stands at ${committed.offset}`);
    }
    if (shipment.kind !== 'chunk') return;
    const sum = shipment.recordLengths.reduce((total, length) => total + length, 0);
    if (sum !== shipment.bytes.length) this.faults.push(`${start.path}: lengths add up to ${sum}, not ${shipment.bytes.length}`);
  }

  #settle(position: Position): void {
    this.#committed.set(keyOf(position), position);
  }
}

function keyOf(position: Position): string {
  if (position.kind === 'journal') return 'journal';
  const { device, inode, generation } = position.identity;
  return `${device}:${inode}:${generation}`;
}

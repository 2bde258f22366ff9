// Ingest: takes batches from agents, has them analysed, and commits the effects of many with their positions in one transaction.
// Must never acknowledge what is not durable, nor let a batch have its effects twice.
import type { Clock } from '../../base/clock.ts';
import { HephaestusError } from '../../base/errors.ts';
import type { Logger } from '../../base/logger.ts';
import { defaultBatchLimits, openBatch, type BatchLimits } from './batch-opening.ts';
import { packChunk } from './chunk.ts';
import { emptyUnit, type CommitOutcome, type CommitUnit, type Written } from './commit-unit.ts';
import type { LogEntry } from './entry.ts';
import { GroupCommit } from './group-commit.ts';
import type { IngestMetrics } from './ingest-metrics.ts';
import { IngestSession } from './ingest-session.ts';
import type { LiveTail } from './live-tail.ts';
import type { LogBatch, LogGap, RefusalReason, Shipment, SourcePosition } from './log-batch.ts';
import type { LogStore, LogTransaction } from './log-store.ts';
import { ReducedReader, type ReducedBatch } from './reduced-batch.ts';
import type { ProcessedRecord, RecordProcessor } from './record-processor.ts';

/** Who looks at entries for problems. `observe` is synchronous; `apply` runs inside the commit and answers with what to do after it. */
export interface EntryObserver<Observation, Transaction> {
  observe(entry: LogEntry, before: () => readonly string[]): readonly Observation[];
  /** As `observe`, of what a node made of its records itself. */
  observeReduced(batch: ReducedBatch): readonly Observation[];
  apply(observations: readonly Observation[], transaction: Transaction): Promise<() => void>;
}

export interface IngestOptions<Observation, Transaction extends LogTransaction> {
  readonly store: LogStore<Transaction>;
  readonly processor: RecordProcessor;
  readonly observer: EntryObserver<Observation, Transaction>;
  readonly tail: LiveTail;
  readonly clock: Clock;
  readonly logger: Logger;
  readonly metrics: IngestMetrics;
  /** The service, and the labels, that are configured for a source; empty if none. A node's own labels are among them. */
  readonly serviceOf: (nodeId: string, source: string) => string;
  readonly labelsOf: (nodeId: string, source: string) => Readonly<Record<string, string>>;
  readonly limits?: BatchLimits | undefined;
  /** How long a batch waits for others before the commit. Default 25 ms: an fsync serves all that came meanwhile. */
  readonly groupDelayMs?: number | undefined;
  /** Uncompressed bytes that wait for a commit, over all nodes; beyond, streams are read no further. Default 32 MiB. */
  readonly maxPendingBytes?: number | undefined;
}

const defaultGroupDelayMs = 25;
const defaultPendingBytes = 32 * 1_048_576;
const storeRetryMs = 1000;

export class Ingest<Observation, Transaction extends LogTransaction> {
  readonly #options: IngestOptions<Observation, Transaction>;
  readonly #sessions = new Map<string, IngestSession>();
  readonly #commits: GroupCommit<CommitUnit<Observation>>;
  readonly #reduced = new ReducedReader();

  constructor(options: IngestOptions<Observation, Transaction>) {
    this.#options = options;
    this.#commits = new GroupCommit({
      commit: (group) => this.#commit(group),
      bytesOf: (unit) => unit.heldBytes,
      delayMs: options.groupDelayMs ?? defaultGroupDelayMs,
      maxPendingBytes: options.maxPendingBytes ?? defaultPendingBytes,
    });
  }

  get pendingBytes(): number {
    return this.#commits.pendingBytes;
  }

  /**
   * A node's new session: the old one ends, what it sent is committed or dropped, and the answer says where its sources
   * stand. Nothing older can change that any more.
   */
  async beginSession(
    nodeId: string,
    epoch: number,
  ): Promise<{ readonly session: IngestSession; readonly positions: readonly SourcePosition[] }> {
    this.#sessions.get(nodeId)?.end();
    await this.drain();
    const positions = await this.#options.store.positions(nodeId);
    const session = new IngestSession(nodeId, epoch, positions);
    this.#sessions.get(nodeId)?.end();
    this.#sessions.set(nodeId, session);
    return { session, positions };
  }

  currentSession(nodeId: string): IngestSession | undefined {
    return this.#sessions.get(nodeId);
  }

  endSession(session: IngestSession): void {
    session.end();
    if (this.#sessions.get(session.nodeId) !== session) return;
    this.#sessions.delete(session.nodeId);
    // A new session tells its templates anew.
    this.#reduced.forget(session.nodeId);
  }

  /** Takes one shipment; waits while too much is under way. What becomes of it is told by the session's acknowledgements. */
  async accept(session: IngestSession, shipment: Shipment): Promise<void> {
    await this.#commits.room();
    if (session.isEnded) return;
    const creditBytes = shipment.kind === 'batch' ? shipment.payload.length : 0;
    const verdict = session.judge(shipment);
    switch (verdict.kind) {
      case 'passed-over':
        session.giveBack(creditBytes);
        this.#options.metrics.recordBatch('passed-over');
        return;
      case 'repeated':
        // Its acknowledgement was lost; it waits behind what is pending, so that acknowledgements stay in order.
        session.take(shipment.sequence, []);
        this.#options.metrics.recordBatch('repeated');
        this.#commits.enqueue(emptyUnit(session, shipment.sequence, creditBytes));
        return;
      case 'out-of-order':
      case 'invalid':
        this.#refuse(session, shipment, verdict.kind, verdict.message, creditBytes);
        return;
      case 'take':
        if (shipment.kind === 'gap') this.#takeGap(session, shipment, verdict.positions);
        else this.#takeBatch(session, shipment, verdict.positions, creditBytes);
    }
  }

  /**
   * Entries that an application sends by itself. Resolves once they are durable.
   * @returns false if this request was taken before
   */
  async submit(requestId: string, entries: readonly ProcessedRecord[]): Promise<boolean> {
    if (entries.length === 0) return true;
    const { promise, resolve, reject } = Promise.withResolvers<boolean>();
    const settle = (outcome: CommitOutcome): void => (outcome.kind === 'committed' ? resolve(outcome.isNew) : reject(outcome.error));
    // All in one group, since nothing is awaited between: one transaction takes the request or none of it.
    for (const group of Map.groupBy(entries, ({ entry }) => `${entry.nodeId}/${entry.source}`).values()) {
      const list = group.map(({ entry }) => entry);
      const nodeId = list[0]?.nodeId ?? '';
      const observations = this.#observe(group);
      this.#commits.enqueue({
        ...emptyUnit(undefined, 0, 0),
        nodeId,
        entries: list,
        chunk: packChunk(list),
        observations,
        requestId,
        settle,
      });
    }
    return promise;
  }

  /** Everything accepted so far is durable, or was given back, when it resolves. */
  async drain(): Promise<void> {
    await this.#commits.drain();
  }

  async close(): Promise<void> {
    for (const session of this.#sessions.values()) session.end();
    this.#sessions.clear();
    await this.drain();
  }

  #takeGap(session: IngestSession, gap: LogGap, positions: readonly SourcePosition[]): void {
    session.take(gap.sequence, positions);
    const { source, reason, bytes, records, detail } = gap;
    this.#options.metrics.recordGap(reason, bytes, records);
    this.#options.logger.warn('log records are lost', { nodeId: session.nodeId, source, reason, bytes, records, detail });
    this.#commits.enqueue({ ...emptyUnit(session, gap.sequence, 0), positions, gap });
  }

  #takeBatch(session: IngestSession, batch: LogBatch, positions: readonly SourcePosition[], creditBytes: number): void {
    const { processor, clock, metrics, serviceOf, labelsOf, limits } = this.#options;
    const opened = openBatch(batch, limits ?? defaultBatchLimits);
    if (opened.kind === 'refused') {
      this.#refuse(session, batch, opened.reason, opened.message, creditBytes);
      return;
    }
    const { nodeId } = session;
    const service = batch.service === '' ? serviceOf(nodeId, batch.source) : batch.service;
    if (batch.reduced === true) {
      this.#takeReduced(session, batch, opened.records, service, positions, creditBytes);
      return;
    }
    const processed = processor.process({ nodeId, source: batch.source, readAtMs: batch.readAtMs }, opened.records, {
      service,
      labels: { ...labelsOf(nodeId, batch.source), ...batch.labels },
      journal: batch.journal,
      receivedAtMs: clock.now(),
    });
    const entries = processed.map(({ entry }) => entry);
    const compressed = batch.codec === 'zstd' ? batch.payload : undefined;
    session.take(batch.sequence, positions);
    metrics.recordBatch('taken');
    metrics.recordEntries(entries.length, opened.bytes.length, creditBytes);
    this.#commits.enqueue({
      ...emptyUnit(session, batch.sequence, creditBytes),
      heldBytes: opened.bytes.length,
      entries,
      chunk: entries.length === 0 ? undefined : packChunk(entries, { ...opened, compressed, recordLengths: batch.recordLengths }),
      positions,
      observations: this.#observe(processed),
    });
  }

  /** What a node made of its records: kept and observed as it says, and its counts beside it. */
  #takeReduced(
    session: IngestSession,
    batch: LogBatch,
    records: readonly string[],
    service: string,
    positions: readonly SourcePosition[],
    creditBytes: number,
  ): void {
    const { clock, metrics, observer } = this.#options;
    const { nodeId } = session;
    const read = this.#reduced.read({ nodeId, source: batch.source, service, receivedAtMs: clock.now() }, records);
    if (read.kind === 'refused') {
      this.#refuse(session, batch, 'invalid', read.message, creditBytes);
      return;
    }
    const { entries } = read.batch;
    session.take(batch.sequence, positions);
    metrics.recordBatch('taken');
    metrics.recordEntries(read.batch.records, batch.uncompressedLength, creditBytes);
    this.#commits.enqueue({
      ...emptyUnit(session, batch.sequence, creditBytes),
      heldBytes: batch.uncompressedLength,
      entries,
      chunk: entries.length === 0 ? undefined : packChunk(entries),
      reduced: read.batch,
      positions,
      observations: observer.observeReduced(read.batch),
    });
  }

  #observe(processed: readonly ProcessedRecord[]): Observation[] {
    return processed.flatMap(({ entry, before }) => this.#options.observer.observe(entry, before));
  }

  #refuse(session: IngestSession, shipment: Shipment, reason: RefusalReason, message: string, creditBytes: number): void {
    const { metrics, logger } = this.#options;
    const { source, sequence } = shipment;
    metrics.recordBatch(reason);
    logger.warn('log batch refused', { nodeId: session.nodeId, source, sequence, reason, why: message });
    session.refuse({ sequence, reason, retryAfterMs: 0, message }, creditBytes);
  }

  async #commit(group: readonly CommitUnit<Observation>[]): Promise<void> {
    const { store, metrics, clock, tail } = this.#options;
    const startedMs = clock.monotonicMs();
    let written: Written;
    try {
      written = await store.transact((transaction) => this.#write(group, transaction));
    } catch (thrown) {
      await this.#giveUp(group, thrown);
      return;
    }
    metrics.recordCommit(group.length, clock.monotonicMs() - startedMs);
    for (const { session, sequence, creditBytes, settle, requestId } of group) {
      session?.acknowledge(sequence, creditBytes);
      settle?.({ kind: 'committed', isNew: written.submissions.get(requestId ?? '') ?? true });
    }
    written.afterwards();
    if (tail.isRead) tail.publish(written.committed);
  }

  async #write(group: readonly CommitUnit<Observation>[], transaction: Transaction): Promise<Written> {
    const { observer, clock, tail } = this.#options;
    const nowMs = clock.now();
    const committed: LogEntry[] = [];
    const observations: Observation[] = [];
    const submissions = new Map<string, boolean>();
    for (const unit of group) {
      if (unit.requestId !== undefined) {
        const known = submissions.get(unit.requestId);
        const isNew = known ?? (await transaction.insertSubmission(unit.requestId, unit.entries.length, nowMs));
        submissions.set(unit.requestId, isNew);
        if (!isNew) continue;
      }
      if (unit.chunk !== undefined) {
        const id = await transaction.insertChunk(unit.chunk);
        if (tail.isRead) for (const [index, entry] of unit.entries.entries()) committed.push({ ...entry, id: `${id}-${index}` });
      }
      if (unit.reduced !== undefined) {
        const { nodeId, source, counts, templates } = unit.reduced;
        await transaction.addCounts(nodeId, source, counts, templates);
      }
      if (unit.gap !== undefined) await transaction.insertGap(unit.nodeId, unit.gap, nowMs);
      if (unit.positions.length > 0) await transaction.savePositions(unit.nodeId, unit.positions, nowMs);
      for (const observation of unit.observations) observations.push(observation);
    }
    const afterwards = observations.length === 0 ? () => undefined : await observer.apply(observations, transaction);
    return { afterwards, committed, submissions };
  }

  /** Nothing of the group is durable: its sessions go back to what is, and their agents send it again. */
  async #giveUp(group: readonly CommitUnit<Observation>[], thrown: unknown): Promise<void> {
    const { logger, metrics, store } = this.#options;
    const error = HephaestusError.from(thrown);
    logger.error('log batches could not be committed', { batches: group.length, err: error });
    metrics.recordCommitFailure();
    const sessions = new Set(group.flatMap((unit) => unit.session ?? []));
    for (const session of sessions) session.suspend();
    // What was accepted meanwhile builds on what failed.
    const dropped = [...group, ...this.#commits.withdraw((unit) => unit.session !== undefined && sessions.has(unit.session))];
    for (const unit of dropped) unit.settle?.({ kind: 'failed', error });
    for (const session of sessions) {
      const mine = dropped.filter((unit) => unit.session === session);
      const creditBytes = mine.reduce((sum, unit) => sum + unit.creditBytes, 0);
      const sequence = Math.min(...mine.map((unit) => unit.sequence));
      try {
        session.rollBack(sequence, await store.positions(session.nodeId));
        session.refuse({ sequence, reason: 'store-unavailable', retryAfterMs: storeRetryMs, message: error.message }, creditBytes);
      } catch (cause) {
        // Not even readable: the session can't go on; a new one begins from the positions.
        logger.error('positions could not be read', { nodeId: session.nodeId, err: cause });
        this.endSession(session);
      }
    }
  }
}

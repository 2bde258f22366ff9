// Ships what the feed yields over one StreamLogs call, within the coordinator's credit, until it is drained or breaks.
// Must never pull without credit, or call anything settled that the coordinator did not acknowledge.
import type { Clock } from '../../base/clock.ts';
import type { Logger } from '../../base/logger.ts';
import type { Gap, Shipment, SourcePosition } from '../record.ts';
import { createCompressor } from './compressor.ts';
import type { AgentClient } from './connection.ts';
import { createPace, type Pace } from './pace.ts';
import { createSendRate, type SendRate } from './send-rate.ts';
import type { SessionMetrics } from './session-metrics.ts';
import type { ShipmentFeed } from './shipment-feed.ts';
import { Window, type Underway } from './window.ts';
import { encodeShipment, readAck, type Acknowledgement, type EncodedRequest, type EncodedShipment, type Refusal } from './wire.ts';

export interface LogStreamOptions {
  readonly client: Pick<AgentClient, 'streamLogs'>;
  readonly feed: ShipmentFeed;
  readonly epoch: number;
  readonly creditBytes: number;
  readonly maxBatchBytes: number;
  readonly rate: SendRate;
  readonly clock: Clock;
  readonly logger: Logger;
  readonly metrics: SessionMetrics;
  /** Durable at the coordinator. */
  readonly onSettled: (position: SourcePosition) => void;
  /** The coordinator knows of a range that was never sent. */
  readonly onGapSettled: () => void;
  /** Without any acknowledgement for so long while something is under way, the stream counts as dead. Default 60,000 ms. */
  readonly ackTimeoutMs?: number | undefined;
}

/**
 * `drained`: all that was pulled is durable. `restart`: this stream is of no more use, and why; begin a new session. `disagreed`: the
 * same, because the coordinator has another notion of where a source stands.
 */
export type LogStreamEnd = { readonly kind: 'drained' } | { readonly kind: 'restart' | 'disagreed'; readonly reason: string };

export interface LogStream {
  /** Ships until drain() was called and all is acknowledged, or the stream is of no use any more. @throws what the call failed with. */
  run(signal: AbortSignal): Promise<LogStreamEnd>;
  /** Pulls no more; what is pulled already is still sent. */
  drain(): void;
  readonly inFlightBytes: number;
  /** Age of the oldest batch that is sent and not acknowledged, in milliseconds; 0 if there is none. */
  oldestUnacknowledgedMs(): number;
}

// What a batch costs beside its bytes is paid to code that runs too seldom to be compiled: of 1 MiB each, they take an eighth less CPU
// than of 256 KiB. The pace takes that back where the link is slow, so that a heartbeat doesn't wait behind a large one.
const mostWantedBytes = 1024 * 1024;
const leastWantedBytes = 128 * 1024;

// However much credit there is, so much compressed is under way at most: memory is what it costs, and at a round trip of 100 ms
// it still allows 20 MB/s on the wire.
const mostUnderwayBytes = 2 * 1024 * 1024;

/** Tiny batches take memory beyond their credit. */
const mostInFlight = 1024;

/** So many batches below this size are pulled in a second (and a quarter of it at once), so that a fast trickle becomes fewer, larger ones. */
const smallBatchBytes = 16 * 1024;
const smallBatchesPerSecond = 250;

export function createLogStream(options: LogStreamOptions): LogStream {
  return new CreditedLogStream(options);
}

class CreditedLogStream implements LogStream {
  readonly #options: LogStreamOptions;
  readonly #window: Window<EncodedShipment>;
  readonly #pulling = new AbortController();
  readonly #smallBatches: SendRate;
  readonly #pace: Pace;
  readonly #compressor = createCompressor();
  #isDraining = false;
  #isEnded = false;
  #pull: 'none' | 'waiting' = 'none';
  #pulled: Shipment | undefined;
  #failure: Error | undefined;
  /** Before this (monotonic) nothing is sent, because the coordinator asked for a pause. */
  #notBeforeMs = 0;
  #lastHeardMs: number;
  #wake: (() => void) | undefined;

  constructor(options: LogStreamOptions) {
    this.#options = options;
    this.#window = new Window({ creditBytes: options.creditBytes, mostItems: mostInFlight });
    this.#pace = createPace({ mostBytes: Math.min(options.creditBytes, mostUnderwayBytes) });
    this.#lastHeardMs = options.clock.monotonicMs();
    this.#smallBatches = createSendRate(() => options.clock.monotonicMs());
    this.#smallBatches.limit(smallBatchesPerSecond);
  }

  get inFlightBytes(): number {
    return this.#window.inFlightBytes;
  }

  oldestUnacknowledgedMs(): number {
    const addedAtMs = this.#window.oldestAddedAtMs;
    return addedAtMs === undefined ? 0 : Math.max(0, this.#options.clock.monotonicMs() - addedAtMs);
  }

  drain(): void {
    this.#isDraining = true;
    this.#pulling.abort();
    this.#notify();
  }

  async run(signal: AbortSignal): Promise<LogStreamEnd> {
    const ending = new AbortController();
    const callSignal = AbortSignal.any([signal, ending.signal]);
    const { promise: dead, resolve: declareDead } = Promise.withResolvers<LogStreamEnd>();
    callSignal.addEventListener('abort', () => this.#notify(), { once: true });
    const stopWatching = this.#watchAcks((reason) => declareDead({ kind: 'restart', reason }));
    try {
      const responses = this.#options.client.streamLogs(this.#requests(callSignal), { signal: callSignal });
      return await Promise.race([this.#listen(responses), dead]);
    } finally {
      stopWatching();
      this.#isEnded = true;
      this.#pulling.abort();
      ending.abort();
      this.#notify();
    }
  }

  async #listen(responses: AsyncIterable<{ readonly ack: Parameters<typeof readAck>[0] | undefined }>): Promise<LogStreamEnd> {
    for await (const { ack } of responses) {
      if (ack === undefined) continue;
      const end = this.#handleAck(readAck(ack));
      if (end !== undefined) return end;
    }
    if (this.#failure !== undefined) throw this.#failure;
    if (this.#isDraining && this.#window.inFlightItems === 0) return { kind: 'drained' };
    return { kind: 'restart', reason: 'the coordinator ended the log stream' };
  }

  /** The requests in order: what must be sent again first, then, while there is credit, what the feed yields. */
  async *#requests(signal: AbortSignal): AsyncGenerator<EncodedRequest> {
    const { clock, rate } = this.#options;
    while (!signal.aborted && !this.#isEnded) {
      const pauseMs = Math.max(this.#notBeforeMs - clock.monotonicMs(), rate.waitMs());
      if (pauseMs > 0 && !(this.#isDraining && this.#window.inFlightItems === 0)) {
        await this.#wait(pauseMs);
        continue;
      }
      const entry = this.#window.take();
      if (entry !== undefined) {
        this.#countSent(entry);
        yield entry.item.request(entry.sequence);
      } else if (this.#pulled !== undefined) {
        this.#enqueue(this.#pulled);
        this.#pulled = undefined;
      } else if (this.#isDraining) {
        if (this.#window.inFlightItems === 0) return;
        await this.#wait();
      } else if (!this.#window.hasRoom() || !this.#pace.allows(this.#window.inFlightBytes)) {
        await this.#waitForRoom();
      } else {
        const allowance = this.#options.feed.allowance();
        const pauseBeforePullMs = Math.max(this.#smallBatches.waitMs(), allowance.waitMs);
        const mayPull = pauseBeforePullMs === 0 && !(allowance.onlyAlone && this.#window.inFlightItems > 0);
        if (mayPull) this.#startPull(allowance.maxBytes);
        await this.#wait(pauseBeforePullMs === 0 ? undefined : pauseBeforePullMs);
      }
    }
  }

  /** Credit may come at any time, but from a coordinator that never speaks of it, it would be waited for in vain. */
  async #waitForRoom(): Promise<void> {
    const { ackTimeoutMs = 60_000, clock, logger } = this.#options;
    if (!this.#window.isForgotten) return this.#wait();
    const waitMs = this.#lastHeardMs + ackTimeoutMs / 12 - clock.monotonicMs();
    if (waitMs > 0) return this.#wait(waitMs);
    this.#window.presumeCredit();
    return logger.warn('the coordinator acknowledges without granting credit; what it acknowledged is taken as granted');
  }

  #usualBatchBytes(): number {
    return Math.min(mostWantedBytes, Math.max(leastWantedBytes, Math.floor(this.#pace.limitBytes / 2)));
  }

  #startPull(allowedBytes: number): void {
    if (this.#pull === 'waiting') return;
    this.#pull = 'waiting';
    const maxBytes = Math.min(this.#usualBatchBytes(), this.#options.maxBatchBytes, allowedBytes);
    void this.#options.feed
      .next(maxBytes, this.#pulling.signal)
      .then(
        (shipment) => {
          this.#pulled = shipment;
        },
        (error: unknown) => {
          if (!this.#pulling.signal.aborted) this.#fail(error);
        },
      )
      .finally(() => {
        this.#pull = 'none';
        this.#notify();
      });
  }

  #enqueue(shipment: Shipment): void {
    const { clock, epoch, feed, logger } = this.#options;
    const encoded = encodeShipment(shipment, epoch, feed.originOf(shipment.source), this.#compressor);
    this.#window.add(encoded, encoded.costBytes, clock.monotonicMs());
    if (shipment.kind === 'gap') {
      const { source, reason, bytes, records, detail } = shipment;
      logger.error('log lines are lost', { source, reason, bytes, records, detail, from: shipment.from, to: shipment.to });
    } else if (shipment.bytes.length < smallBatchBytes) {
      this.#smallBatches.spend(1);
    }
  }

  #countSent({ item }: Underway<EncodedShipment>): void {
    const { metrics, rate } = this.#options;
    rate.spend(item.costBytes);
    if (item.shipment.kind === 'gap') return;
    metrics.batchesSent.add();
    metrics.bytesSent.add({}, item.shipment.bytes);
    metrics.payloadBytesSent.add({}, item.costBytes);
  }

  #handleAck(ack: Acknowledgement): LogStreamEnd | undefined {
    const { clock, epoch, feed, logger, metrics, onSettled, onGapSettled } = this.#options;
    if (ack.epoch !== epoch) {
      metrics.oddAcknowledgements.add();
      logger.warn('acknowledgement of another session ignored', { epoch: ack.epoch, ours: epoch });
      return undefined;
    }
    this.#lastHeardMs = clock.monotonicMs();
    const outcome = this.#window.acknowledge(ack.sequence, ack.creditBytes);
    if (outcome.kind === 'settled') {
      for (const { item, addedAtMs, costBytes } of outcome.items) {
        metrics.acknowledgeSeconds.observe((this.#lastHeardMs - addedAtMs) / 1000);
        this.#pace.observe(costBytes, this.#lastHeardMs - addedAtMs);
        if (item.shipment.kind === 'chunk') {
          metrics.bytesAcknowledged.add({}, item.shipment.bytes);
          metrics.recordsAcknowledged.add({}, item.shipment.records);
        } else {
          const { bytes, records, source } = item.shipment;
          metrics.gaps.add({ source, loss: bytes + records > 0 ? 'known' : 'possible' });
          metrics.gapBytes.add({ source }, bytes);
          metrics.gapRecords.add({ source }, records);
          onGapSettled();
        }
        for (const position of item.settles) {
          feed.acknowledge(position);
          onSettled(position);
        }
      }
    } else if (outcome.kind === 'unknown') {
      metrics.oddAcknowledgements.add();
      logger.warn('acknowledgement of something that was never sent ignored', { sequence: ack.sequence });
    } else if (ack.creditBytes === 0 && ack.refusal === undefined) {
      metrics.oddAcknowledgements.add();
    }
    const end = ack.refusal === undefined ? undefined : this.#handleRefusal(ack.refusal);
    this.#notify();
    return end;
  }

  #handleRefusal(refusal: Refusal): LogStreamEnd | undefined {
    const { clock, logger, metrics } = this.#options;
    metrics.refusals.add({ outcome: refusal.kind });
    if (refusal.kind === 'restart') return { kind: 'disagreed', reason: refusal.reason };
    const { sequence, reason } = refusal;
    if (refusal.kind === 'resend') {
      this.#notBeforeMs = Math.max(this.#notBeforeMs, clock.monotonicMs() + refusal.retryAfterMs);
      logger.warn('batch not taken, sending it again', { sequence, retryAfterMs: refusal.retryAfterMs, reason });
    } else {
      this.#putGapInPlaceOf(sequence, reason);
    }
    const outcome = this.#window.rewind(sequence);
    if (outcome.kind === 'stale') logger.debug('refusal of something settled or never sent ignored', { sequence });
    return undefined;
  }

  #putGapInPlaceOf(sequence: number, reason: string): void {
    const { epoch, feed, logger } = this.#options;
    const entry = this.#window.find(sequence);
    if (entry === undefined || entry.item.shipment.kind === 'gap') return;
    const { source, from, to, bytes, records } = entry.item.shipment;
    const gap: Gap = { kind: 'gap', source, from, to, reason: 'rejected', bytes, records, detail: reason.slice(0, 500) };
    const encoded = { ...encodeShipment(gap, epoch, feed.originOf(source), this.#compressor), settles: entry.item.settles };
    this.#window.replace(sequence, encoded, encoded.costBytes);
    logger.error('log lines are lost: the coordinator cannot take them', { source, bytes, records, reason, from, to });
  }

  /** Calls back when something is under way and nothing was heard for too long, a tenth of it late at most. @returns what ends the watch. */
  #watchAcks(onSilence: (reason: string) => void): () => void {
    const timeoutMs = this.#options.ackTimeoutMs ?? 60_000;
    const timer = setInterval(() => {
      const nowMs = this.#options.clock.monotonicMs();
      const waitedMs = Math.min(this.oldestUnacknowledgedMs(), nowMs - Math.max(this.#lastHeardMs, this.#notBeforeMs));
      if (waitedMs > timeoutMs) onSilence(`nothing was acknowledged for ${Math.round(waitedMs / 1000)} s`);
    }, timeoutMs / 10);
    return () => clearInterval(timer);
  }

  #fail(error: unknown): void {
    this.#failure = error instanceof Error ? error : new Error('the feed failed', { cause: error });
    this.#isEnded = true;
  }

  #notify(): void {
    this.#wake?.();
  }

  /** Until something changed, or so many milliseconds passed. */
  async #wait(limitMs?: number): Promise<void> {
    const { promise, resolve } = Promise.withResolvers<void>();
    this.#wake = resolve;
    const timer = limitMs === undefined ? undefined : setTimeout(resolve, limitMs);
    await promise;
    clearTimeout(timer);
  }
}

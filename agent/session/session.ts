// The agent's life with its coordinator: connects, greets, ships, drains, and connects again, for as long as it is let.
// Must never lose what was pulled: whatever a broken session did not settle is yielded again by the next one.
import { backoffMs } from '../../base/backoff.ts';
import type { Clock } from '../../base/clock.ts';
import type { HephaestusError } from '../../base/errors.ts';
import type { Logger } from '../../base/logger.ts';
import type { CertificateKeeper } from './certificate-keeper.ts';
import { explainCallFailure, openConnection, type Connection } from './connection.ts';
import { createControlStream, type ControlStream } from './control-stream.ts';
import type { CoordinatorAddress } from './coordinator-address.ts';
import type { DirectiveHandler } from './directives.ts';
import type { EpochFile } from './epoch-file.ts';
import { createLogStream, type LogStream, type LogStreamEnd } from './log-stream.ts';
import type { NodeCredentials } from './node-credentials.ts';
import type { NodeReporter } from './node-report.ts';
import { mergePositions, type PositionsFile } from './positions-file.ts';
import type { SendRate } from './send-rate.ts';
import type { SessionMetrics } from './session-metrics.ts';
import type { ShipmentFeed } from './shipment-feed.ts';

export interface SessionOptions {
  readonly address: CoordinatorAddress;
  readonly certificates: CertificateKeeper;
  readonly feed: ShipmentFeed;
  readonly reporter: NodeReporter;
  readonly directives: DirectiveHandler;
  readonly positions: PositionsFile;
  readonly epochs: EpochFile;
  readonly rate: SendRate;
  /** What the node's own configuration sets; 0 means no bound. A coordinator's throttle can only lower it. */
  readonly maxBytesPerSecond: () => number;
  readonly heartbeatIntervalMs: () => number | undefined;
  readonly version: string;
  readonly clock: Clock;
  readonly logger: Logger;
  readonly metrics: SessionMetrics;
  /** How long what is under way may still be acknowledged when the session is to end. Default 5,000 ms. */
  readonly drainMs?: number | undefined;
  readonly ackTimeoutMs?: number | undefined;
  /** How long Welcome may take at the first attempt; further ones wait longer. Default 10,000 ms. */
  readonly greetingTimeoutMs?: number | undefined;
  readonly keepaliveMs?: number | undefined;
}

/**
 * | state | until |
 * | --- | --- |
 * | connecting | Welcome → shipping; failure → waiting |
 * | shipping | stop, GOAWAY or certificate due → draining; failure → waiting |
 * | draining | all acknowledged or too late → connecting, or stopped if that was asked |
 * | waiting | the backoff is over → connecting |
 * | stopped | for good |
 */
export type SessionState = 'connecting' | 'shipping' | 'draining' | 'waiting' | 'stopped';

export interface SessionStatus {
  readonly state: SessionState;
  /** Why it is not shipping; empty otherwise. */
  readonly reason: string;
  readonly inFlightBytes: number;
  readonly oldestUnacknowledgedMs: number;
  /** Since the agent started. */
  readonly gapsTotal: number;
}

export interface Session {
  /** Resolves once `stop` aborted and what was under way is settled or given up. @throws when no attempt can ever succeed (refused). */
  run(stop: AbortSignal): Promise<void>;
  status(): SessionStatus;
}

/** A coordinator that comes back finds its fleet spread over half a minute, and a single agent back in under a second. */
const reconnectBackoff = { baseMs: 500, maxMs: 30_000, minMs: 50 };

/**
 * Each attempt that wasn't greeted in time gives the next one half as much again, up to 2.5 times as much: a coordinator that the whole
 * fleet greets at once, or a starved host, may answer late, and would never be heard otherwise.
 */
const mostPatience = 2.5;

/**
 * From so many disagreements in a row on a new session doesn't help: whatever the sources have in mind is given up then, as by a restart
 * of the agent. Only what nobody but this process holds, deleted files, is lost with it, and told as a gap.
 */
const mostDisagreements = 4;

/** A session that lived so long has proved that connecting works, so that the next backoff begins anew. */
const provenAfterMs = 10_000;

export function createSession(options: SessionOptions): Session {
  return new ReconnectingSession(options);
}

class ReconnectingSession implements Session {
  readonly #options: SessionOptions;
  #state: SessionState = 'connecting';
  #reason = 'not connected yet';
  #log: LogStream | undefined;
  #gapsTotal = 0;
  #hasProgress = false;
  /** Sessions in a row that ended because the coordinator has another notion of where a source stands. */
  #disagreements = 0;
  /** Attempts in a row that were not greeted. */
  #ungreeted = 0;
  #usedCredentials: NodeCredentials | undefined;

  constructor(options: SessionOptions) {
    this.#options = options;
  }

  status(): SessionStatus {
    return {
      state: this.#state,
      reason: this.#reason,
      inFlightBytes: this.#log?.inFlightBytes ?? 0,
      oldestUnacknowledgedMs: this.#log?.oldestUnacknowledgedMs() ?? 0,
      gapsTotal: this.#gapsTotal,
    };
  }

  async run(stop: AbortSignal): Promise<void> {
    const { clock, logger, metrics, positions } = this.#options;
    for (let attempt = 0; !stop.aborted; attempt += 1) {
      const startedAtMs = clock.monotonicMs();
      this.#hasProgress = false;
      try {
        this.#enter('connecting', this.#reason);
        const end = await this.#live(stop);
        this.#disagreements = end.kind === 'disagreed' ? this.#disagreements + 1 : 0;
        if (stop.aborted) break;
        this.#enter('waiting', end.kind === 'drained' ? 'reconnecting' : end.reason);
        logger.info('session ended, connecting again', { reason: this.#reason });
      } catch (error) {
        if (stop.aborted) break;
        const failure = explainCallFailure(error, this.#options.address);
        metrics.connections.add({ outcome: failure.code });
        if (isFinal(failure)) throw failure;
        this.#enter('waiting', failure.message);
        tellOfFailure(logger, failure, attempt);
        if (failure.code === 'coordinator.unauthenticated') await this.#replaceCertificate(stop);
      }
      if (this.#hasProgress || clock.monotonicMs() - startedAtMs >= provenAfterMs) attempt = 0;
      await clock.sleep(backoffMs(attempt, reconnectBackoff), stop).catch(() => undefined);
    }
    this.#enter('stopped', '');
    // Told where it failed; the coordinator keeps them too, so that it is no reason to fail.
    await positions.close().catch(() => undefined);
  }

  /** One session, from the certificate to the end of both streams. */
  async #live(stop: AbortSignal): Promise<LogStreamEnd> {
    const { address, certificates, epochs, keepaliveMs } = this.#options;
    const credentials = await certificates.ensure(stop);
    this.#usedCredentials = credentials;
    const { authoritiesPem, keyPem, chainPem, nodeId } = credentials;
    const connection = openConnection({ address, authoritiesPem, identity: { keyPem, chainPem }, keepaliveMs });
    const life = new AbortController();
    // Until both streams run, stopping means giving up; afterwards it means draining.
    const giveUp = (): void => life.abort(stop.reason);
    stop.addEventListener('abort', giveUp, { once: true });
    const control = this.#openControl(connection, nodeId, await epochs.next(), life.signal);
    try {
      stop.throwIfAborted();
      const log = await this.#openLog(connection, control.stream, control.epoch, life.signal);
      stop.removeEventListener('abort', giveUp);
      return await this.#ship(connection, control.stream, log, life.signal, stop);
    } finally {
      stop.removeEventListener('abort', giveUp);
      this.#log = undefined;
      control.stream.end();
      life.abort();
      connection.close();
    }
  }

  #openControl(connection: Connection, nodeId: string, epoch: number, signal: AbortSignal): { stream: ControlStream; epoch: number } {
    const { certificates, clock, directives, greetingTimeoutMs, heartbeatIntervalMs, logger, maxBytesPerSecond, rate, reporter, version } =
      this.#options;
    const stream = createControlStream({
      client: connection.agent,
      nodeId,
      epoch,
      version,
      reporter,
      directives,
      clock,
      logger,
      heartbeatIntervalMs,
      greetingTimeoutMs: (greetingTimeoutMs ?? 10_000) * Math.min(mostPatience, 1 + this.#ungreeted / 2),
      shipping: () => this.status(),
      onRotateCertificate: () => certificates.rotate(connection, signal),
      onThrottle: (bytesPerSecond, reason) => {
        const own = maxBytesPerSecond();
        rate.limit(own > 0 && bytesPerSecond > 0 ? Math.min(own, bytesPerSecond) : Math.max(own, bytesPerSecond));
        logger.info('coordinator set the pace', { bytesPerSecond, reason });
      },
    });
    return { stream, epoch };
  }

  async #openLog(connection: Connection, control: ControlStream, epoch: number, signal: AbortSignal): Promise<LogStream> {
    const { ackTimeoutMs, clock, feed, logger, maxBytesPerSecond, metrics, positions, rate } = this.#options;
    this.#ungreeted += 1;
    const greeting = await control.greet(signal);
    this.#ungreeted = 0;
    metrics.connections.add({ outcome: 'ok' });
    // A throttle holds for the session that it was said in.
    rate.limit(maxBytesPerSecond());
    const isStuck = this.#disagreements >= mostDisagreements;
    if (isStuck)
      logger.warn('the coordinator goes on refusing where a source is read on; all sources begin anew where it says', {
        reason: this.#reason,
      });
    await feed.open(mergePositions(greeting.positions, positions.all()), isStuck);
    if (isStuck) this.#disagreements = 0;
    positions.adopt(greeting.positions);
    this.#log = createLogStream({
      client: connection.agent,
      feed,
      epoch,
      creditBytes: greeting.creditBytes,
      maxBatchBytes: greeting.maxBatchBytes,
      rate,
      clock,
      logger,
      metrics,
      ackTimeoutMs,
      onSettled: (position) => {
        this.#hasProgress = true;
        positions.record(position);
      },
      onGapSettled: () => {
        this.#gapsTotal += 1;
      },
    });
    logger.info('connected', { epoch, coordinatorVersion: greeting.coordinatorVersion, positions: greeting.positions.length });
    return this.#log;
  }

  async #ship(connection: Connection, control: ControlStream, log: LogStream, life: AbortSignal, stop: AbortSignal): Promise<LogStreamEnd> {
    const { certificates, clock, drainMs = 5000, logger } = this.#options;
    this.#enter('shipping', '');
    const over = new AbortController();
    const { promise: late, resolve: declareLate } = Promise.withResolvers<LogStreamEnd>();
    const drain = (reason: string): void => {
      if (this.#state !== 'shipping') return;
      this.#enter('draining', reason);
      logger.debug('draining', { reason });
      log.drain();
      clock.sleep(drainMs, over.signal).then(
        () => declareLate({ kind: 'restart', reason: `${reason}; not everything was acknowledged in time` }),
        () => undefined,
      );
    };
    const onStop = (): void => drain('stopping');
    stop.addEventListener('abort', onStop, { once: true });
    if (stop.aborted) onStop();
    connection.onGoingAway(() => drain('the coordinator is going away'));
    certificates.keepFresh(connection, AbortSignal.any([life, over.signal])).then(
      () => drain('the certificate was renewed'),
      () => undefined,
    );
    const controlEnd = control.run().then((): LogStreamEnd => ({ kind: 'restart', reason: 'the coordinator ended the control stream' }));
    const logEnd = log.run(life);
    try {
      const end = await Promise.race([logEnd, controlEnd, late]);
      if (end.kind === 'drained') {
        // So that the coordinator sees the end of both streams and not a broken connection.
        control.end();
        await Promise.race([controlEnd, clock.sleep(1000, over.signal)]);
      }
      return end;
    } finally {
      stop.removeEventListener('abort', onStop);
      over.abort();
      // Whichever lost the race ends with the connection, in an error that says nothing new.
      for (const loser of [logEnd, controlEnd]) loser.catch(() => undefined);
    }
  }

  async #replaceCertificate(stop: AbortSignal): Promise<void> {
    const { certificates } = this.#options;
    // The connection may have been made with an older certificate than the node has by now; then that one is tried first.
    if (certificates.current() !== this.#usedCredentials) return;
    try {
      await certificates.replace(stop);
    } catch (error) {
      if (stop.aborted) return;
      const failure = explainCallFailure(error, this.#options.address);
      if (isFinal(failure) || failure.code === 'coordinator.unauthenticated') throw failure;
      this.#options.logger.warn('the certificate could not be replaced', { err: failure });
    }
  }

  #enter(state: SessionState, reason: string): void {
    this.#state = state;
    this.#reason = reason;
  }
}

/** Trying again can't help: a person must act. */
function isFinal(failure: HephaestusError): boolean {
  return ['coordinator.refused', 'enrolment.refused', 'enrolment.not-trusted', 'node.not-enrolled'].includes(failure.code);
}

/** Failures in a row from which on the coordinator is not just being restarted. */
const worthAWarning = 3;

/** A coordinator that is restarted is no problem of this host, and where we noticed that it is away tells nothing: no stack. */
function tellOfFailure(logger: Logger, failure: HephaestusError, failuresBefore: number): void {
  const { code, message: reason } = failure;
  if (code !== 'coordinator.unreachable') logger.warn('session failed, connecting again', { err: failure });
  else if (failuresBefore < worthAWarning) logger.info('session ended, connecting again', { code, reason });
  else logger.warn('the coordinator stays unreachable; trying again', { code, reason });
}

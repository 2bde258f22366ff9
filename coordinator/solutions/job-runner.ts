// Leases jobs and sees them through: renewing while they run, trying again what may pass, giving up what won't.
// Must never run two jobs under one lease, or go on after a lease was lost.
import { backoffMs } from '../../base/backoff.ts';
import type { Clock } from '../../base/clock.ts';
import { HephaestusError } from '../../base/errors.ts';
import type { Component } from '../../base/lifecycle.ts';
import type { Logger } from '../../base/logger.ts';
import type { Job, JobQueue } from './job-queue.ts';

/** What a job is done with; the pipeline. */
export interface JobWork {
  run(job: Job, signal: AbortSignal): Promise<void>;
  giveUp(job: Job, error: HephaestusError): Promise<void>;
  explainDelay(job: Job, error: HephaestusError): Promise<void>;
}

export interface JobRunnerOptions {
  readonly jobs: JobQueue;
  readonly work: JobWork;
  /** Unique among coordinators that share a queue. */
  readonly holder: string;
  readonly clock: Clock;
  readonly logger: Logger;
  /** Jobs at a time. */
  readonly concurrency: number;
  /** How often an empty queue is looked at. */
  readonly pollMs: number;
  /** A crash is noticed after this. */
  readonly leaseMs: number;
  /** Attempts at a job before it is given up. */
  readonly mostAttempts: number;
}

/** With the longest wait between them a day: what is away for a night comes back. */
const attemptsWhileAway = 300;

/** Nothing is wrong but that a remote, or the disk, isn't there at the moment; trying again costs nothing. */
function isAway({ code }: HephaestusError): boolean {
  return /^(?:git\.(?:network|disk-full)|remote\.(?:unreachable|unavailable|rate-limited)|repository\.disk-full)$/.test(code);
}

export const defaultJobRunnerOptions = { concurrency: 2, pollMs: 500, leaseMs: 10_000, mostAttempts: 6 } as const;

export class JobRunner implements Component {
  readonly name = 'job-runner';
  readonly #options: JobRunnerOptions;
  readonly #stopping = new AbortController();
  #loops: Promise<unknown> = Promise.resolve();

  constructor(options: JobRunnerOptions) {
    this.#options = options;
  }

  async start(): Promise<void> {
    this.#loops = Promise.all(Array.from({ length: this.#options.concurrency }, () => this.#loop()));
  }

  /** Jobs under way are put back and begin again where their state says. */
  async stop(): Promise<void> {
    this.#stopping.abort();
    await this.#loops;
  }

  async #loop(): Promise<void> {
    const { clock, logger, pollMs } = this.#options;
    const { signal } = this.#stopping;
    while (!signal.aborted) {
      const worked = await this.#runNext().catch((error: unknown) => {
        logger.error('job queue failed', { err: HephaestusError.from(error) });
        return false;
      });
      if (!worked) await clock.sleep(pollMs, signal).catch(() => undefined);
    }
  }

  /** False if there was nothing to do. */
  async #runNext(): Promise<boolean> {
    const { jobs, holder, leaseMs } = this.#options;
    const job = await jobs.lease(holder, leaseMs);
    if (job === undefined) return false;
    const lost = new AbortController();
    const ended = new AbortController();
    const renewing = this.#renew(job, lost, ended.signal);
    try {
      await this.#runJob(job, AbortSignal.any([lost.signal, this.#stopping.signal]), lost.signal);
    } finally {
      ended.abort();
      await renewing;
    }
    return true;
  }

  async #runJob(job: Job, signal: AbortSignal, lost: AbortSignal): Promise<void> {
    const { jobs, work, holder, clock, logger, mostAttempts } = this.#options;
    const startedMs = clock.monotonicMs();
    const about = { jobId: job.id, kind: job.kind, subject: job.subject, attempt: job.attempts };
    try {
      await work.run(job, signal);
      await jobs.complete(job, holder);
      logger.info('job done', { ...about, durationMs: Math.round(clock.monotonicMs() - startedMs) });
    } catch (thrown) {
      if (lost.aborted) {
        logger.warn('job lost: another coordinator has its lease now', about);
        return;
      }
      if (this.#stopping.signal.aborted) {
        await jobs.fail(job, holder, 'the coordinator stopped', clock.now());
        return;
      }
      const error = HephaestusError.from(thrown);
      const isFinal = error.retry === 'never' || job.attempts >= (isAway(error) ? attemptsWhileAway : mostAttempts);
      logger.warn(isFinal ? 'job given up' : 'job failed, will be tried again', { ...about, err: error });
      if (isFinal) await work.giveUp(job, error);
      else await work.explainDelay(job, error);
      const waitMs = backoffMs(job.attempts, { baseMs: 2_000, maxMs: 300_000, minMs: 1_000 });
      await jobs.fail(job, holder, error.message, isFinal ? undefined : clock.now() + waitMs);
    }
  }

  async #renew(job: Job, lost: AbortController, ended: AbortSignal): Promise<void> {
    const { jobs, holder, leaseMs, clock, logger } = this.#options;
    while (!ended.aborted) {
      await clock.sleep(leaseMs / 3, ended).catch(() => undefined);
      if (ended.aborted) return;
      const isOurs = await jobs.renew(job, holder, leaseMs).catch((error: unknown) => {
        logger.warn('a lease could not be renewed', { jobId: job.id, err: HephaestusError.from(error) });
        return true;
      });
      if (!isOurs) {
        lost.abort();
        return;
      }
    }
  }
}

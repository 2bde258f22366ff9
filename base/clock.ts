// Time as a dependency: the wall clock, a monotonic clock and sleeping, so that tests can own all three.
// Must never be read through Date or setTimeout elsewhere in the domains; they take a Clock.
import { setTimeout as delay } from 'node:timers/promises';

export interface Clock {
  /** Unix time in milliseconds; it may jump when the host's clock is set. */
  now(): number;
  /** Milliseconds since an arbitrary moment; never goes back. For measuring and deadlines. */
  monotonicMs(): number;
  /** Resolves after `durationMs`; rejects with the signal's AbortError as soon as it aborts. Keeps the process alive. */
  sleep(durationMs: number, signal?: AbortSignal): Promise<void>;
}

/** setTimeout fires at once above this (Node stores the delay in 31 bits). */
const longestTimerMs = 2 ** 31 - 1;

export const systemClock: Clock = {
  now: () => Date.now(),
  monotonicMs: () => performance.now(),
  async sleep(durationMs, signal) {
    let leftMs = Math.max(0, durationMs);
    do {
      const stepMs = Math.min(leftMs, longestTimerMs);
      await delay(stepMs, undefined, signal === undefined ? undefined : { signal });
      leftMs -= stepMs;
    } while (leftMs > 0);
  },
};

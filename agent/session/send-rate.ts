// How fast may be sent: a bound in bytes a second with a burst of a quarter second.
// Must never sleep; it says how long to wait.

export interface SendRate {
  /** 0 means no bound. */
  limit(bytesPerSecond: number): void;
  /** Counts what was sent. */
  spend(bytes: number): void;
  /** Milliseconds until more may be sent; 0 for now. */
  waitMs(): number;
}

const burstMs = 250;

/** @param monotonicMs never goes back. */
export function createSendRate(monotonicMs: () => number): SendRate {
  let bytesPerSecond = 0;
  /** When what was spent so far will have been earned. */
  let paidAtMs = 0;
  return {
    limit(rate) {
      bytesPerSecond = Math.max(0, rate);
      paidAtMs = monotonicMs();
    },
    spend(bytes) {
      if (bytesPerSecond > 0) paidAtMs = Math.max(paidAtMs, monotonicMs()) + (bytes / bytesPerSecond) * 1000;
    },
    waitMs: () => (bytesPerSecond > 0 ? Math.max(0, paidAtMs - monotonicMs() - burstMs) : 0),
  };
}

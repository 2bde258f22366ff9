// A clock that runs with the system's and can be put forward, so that what takes hours is tested in moments.
// Must never go back.
import { systemClock, type Clock } from '../../base/clock.ts';

interface Sleeper {
  readonly dueMs: number;
  readonly wake: () => void;
}

export class SteppingClock implements Clock {
  #aheadMs = 0;
  readonly #sleepers = new Set<Sleeper>();

  now(): number {
    return systemClock.now() + this.#aheadMs;
  }

  monotonicMs(): number {
    return systemClock.monotonicMs() + this.#aheadMs;
  }

  async sleep(ms: number, signal?: AbortSignal): Promise<void> {
    const slept = Promise.withResolvers<void>();
    const sleeper = { dueMs: this.now() + ms, wake: () => slept.resolve() };
    this.#sleepers.add(sleeper);
    const ending = new AbortController();
    const signals = signal === undefined ? [ending.signal] : [signal, ending.signal];
    // Whoever comes first: the system's clock, a step, or the signal.
    try {
      await Promise.race([slept.promise, systemClock.sleep(ms, AbortSignal.any(signals))]);
    } finally {
      this.#sleepers.delete(sleeper);
      ending.abort();
    }
  }

  /** Puts it forward. What slept until then wakes, once each, in the order of its time. */
  step(ms: number): void {
    this.#aheadMs += ms;
    const due = [...this.#sleepers].filter(({ dueMs }) => dueMs <= this.now()).sort((left, right) => left.dueMs - right.dueMs);
    for (const { wake } of due) wake();
  }
}

// A place to wait until something is new.
// Must never lose a notice: one that comes while nobody waits ends the next wait at once.

/** A flag that can be waited for. */
export class Waiting {
  #isNotified = false;
  readonly #sleepers = new Set<() => void>();

  /** The last wait was ended by a notice, not by time. */
  wasNotified = false;

  notify(): void {
    this.#isNotified = true;
    for (const wake of this.#sleepers) wake();
  }

  /** Resolves after a notice or after `mostMs` (Infinity: never by time). Rejects with the signal's reason. */
  async wait(mostMs: number, signal: AbortSignal): Promise<void> {
    signal.throwIfAborted();
    if (!this.#isNotified) await this.#sleep(mostMs, signal);
    // Whoever was told to stop leaves the notice to the next.
    signal.throwIfAborted();
    this.wasNotified = this.#isNotified;
    this.#isNotified = false;
  }

  #sleep(mostMs: number, signal: AbortSignal): Promise<void> {
    const { promise, resolve } = Promise.withResolvers<undefined>();
    const wake = (): void => {
      resolve(undefined);
    };
    const timer = Number.isFinite(mostMs) ? setTimeout(wake, Math.max(1, mostMs)) : undefined;
    signal.addEventListener('abort', wake, { once: true });
    this.#sleepers.add(wake);
    return promise.finally(() => {
      clearTimeout(timer);
      signal.removeEventListener('abort', wake);
      this.#sleepers.delete(wake);
    });
  }
}

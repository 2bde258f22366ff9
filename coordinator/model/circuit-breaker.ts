// Stops asking a model server that keeps failing, and tries it again with a single request after a while.
// Must never count an answer that we didn't like as a failure of the server.
import type { Clock } from '../../base/clock.ts';

/**
 * | from | event | to |
 * | --- | --- | --- |
 * | closed | `threshold` failures in a row | open |
 * | open | `coolDownMs` went by | half-open (one request) |
 * | half-open | success | closed |
 * | half-open | failure | open |
 */
export type CircuitState = 'closed' | 'open' | 'half-open';

export interface CircuitBreakerOptions {
  readonly threshold: number;
  readonly coolDownMs: number;
  readonly clock: Pick<Clock, 'monotonicMs'>;
}

export class CircuitBreaker {
  readonly #options: CircuitBreakerOptions;
  #failures = 0;
  #openedAtMs: number | undefined;
  #isProbing = false;

  constructor(options: CircuitBreakerOptions) {
    this.#options = options;
  }

  state(): CircuitState {
    if (this.#openedAtMs === undefined) return 'closed';
    const isCool = this.#options.clock.monotonicMs() - this.#openedAtMs >= this.#options.coolDownMs;
    return isCool ? 'half-open' : 'open';
  }

  /** True if a request may go out now; in `half-open` for one request only. */
  allow(): boolean {
    const state = this.state();
    if (state === 'closed') return true;
    if (state === 'open' || this.#isProbing) return false;
    this.#isProbing = true;
    return true;
  }

  succeeded(): void {
    this.#failures = 0;
    this.#openedAtMs = undefined;
    this.#isProbing = false;
  }

  /** A request that ended without saying anything about the server, such as one that was stopped by us. */
  undecided(): void {
    this.#isProbing = false;
  }

  failed(): void {
    this.#failures += 1;
    this.#isProbing = false;
    if (this.#failures >= this.#options.threshold || this.#openedAtMs !== undefined) this.#openedAtMs = this.#options.clock.monotonicMs();
  }
}

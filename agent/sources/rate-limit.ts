// How many bytes a second a source may give out.
// Must never drop anything: who is over the limit waits, and the files are the buffer.

const leastBytes = 16 * 1024;

/** A bucket that holds one second's worth and may be overdrawn by one shipment. */
export class RateLimit {
  readonly #bytesPerSecond: number;
  #balance: number;
  #atMs: number | undefined;

  /** @param bytesPerSecond 0 means no limit. */
  constructor(bytesPerSecond: number) {
    this.#bytesPerSecond = bytesPerSecond;
    this.#balance = bytesPerSecond;
  }

  /** Milliseconds until something may be given out. */
  waitMs(nowMs: number): number {
    if (this.#bytesPerSecond === 0) return 0;
    this.#refill(nowMs);
    return this.#balance > 0 ? 0 : Math.ceil(((1 - this.#balance) * 1000) / this.#bytesPerSecond);
  }

  /** How much may be given out at once: a second's worth, but enough for records of usual lengths. */
  most(maxBytes: number): number {
    return this.#bytesPerSecond === 0 ? maxBytes : Math.min(maxBytes, Math.max(leastBytes, this.#bytesPerSecond));
  }

  spend(bytes: number, nowMs: number): void {
    if (this.#bytesPerSecond === 0) return;
    this.#refill(nowMs);
    this.#balance -= bytes;
  }

  #refill(nowMs: number): void {
    // A clock that was set back gives nothing.
    const elapsedMs = Math.max(0, nowMs - (this.#atMs ?? nowMs));
    this.#atMs = nowMs;
    this.#balance = Math.min(this.#bytesPerSecond, this.#balance + (elapsedMs * this.#bytesPerSecond) / 1000);
  }
}

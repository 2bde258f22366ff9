// The memory that one source reads into, again and again, so that shipping doesn't leave a quarter megabyte to the garbage collector with each batch.
// Must never be used for two reads whose bytes are needed at the same time.

/** Less than this isn't worth keeping. */
const leastKeptBytes = 16 * 1024;
const stepBytes = 64 * 1024;

export class ReadBuffer {
  #kept: Buffer | undefined;

  /** So many bytes with unknown content; bigger ones are valid until the next call. */
  take(length: number): Buffer {
    if (length < leastKeptBytes) return Buffer.allocUnsafeSlow(length);
    if (this.#kept === undefined || this.#kept.length < length) {
      this.#kept = Buffer.allocUnsafeSlow(Math.ceil(length / stepBytes) * stepBytes);
    }
    return this.#kept.subarray(0, length);
  }

  /** Forgets the memory; whoever still has bytes in it keeps them. */
  drop(): void {
    this.#kept = undefined;
  }
}

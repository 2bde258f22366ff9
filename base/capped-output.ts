// Keeps the beginning and the end of a stream of bytes that may be long: what went wrong is said in one of the two.
// Must never hold more than about twice its capacity.

/** Takes any number of bytes and keeps the first and the last half of `capacity`. */
export class CappedOutput {
  readonly #headCapacity: number;
  readonly #tailCapacity: number;
  readonly #head: Buffer[] = [];
  #headBytes = 0;
  #tail: Buffer[] = [];
  #tailBytes = 0;
  #lostBytes = 0;

  constructor(capacity: number) {
    this.#headCapacity = Math.ceil(capacity / 2);
    this.#tailCapacity = Math.floor(capacity / 2);
  }

  add(chunk: Buffer): void {
    const room = this.#headCapacity - this.#headBytes;
    const first = chunk.subarray(0, room);
    if (first.length > 0) {
      this.#head.push(first);
      this.#headBytes += first.length;
    }
    const rest = chunk.subarray(first.length);
    if (rest.length === 0) return;
    this.#tail.push(rest);
    this.#tailBytes += rest.length;
    // Trimming at twice the capacity makes the copying cost a constant for each byte.
    if (this.#tailBytes > 2 * this.#tailCapacity) this.#trim();
  }

  /** How many bytes in the middle are gone. */
  get lostBytes(): number {
    return this.#lostBytes + Math.max(0, this.#tailBytes - this.#tailCapacity);
  }

  /** What was kept; a line between the two halves tells of a loss. */
  bytes(): Buffer {
    this.#trim();
    const mark = this.#lostBytes === 0 ? [] : [Buffer.from(`\n[… ${this.#lostBytes} bytes left out …]\n`)];
    return Buffer.concat([...this.#head, ...mark, ...this.#tail]);
  }

  #trim(): void {
    const excess = this.#tailBytes - this.#tailCapacity;
    if (excess <= 0) return;
    this.#tail = [Buffer.concat(this.#tail).subarray(excess)];
    this.#tailBytes = this.#tailCapacity;
    this.#lostBytes += excess;
  }
}

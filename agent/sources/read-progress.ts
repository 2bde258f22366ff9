// How far a file was read, how far that is settled, and whether it is finished there.
// Must never touch the file.

/** Byte offsets of one file. */
export class ReadProgress {
  #offset = 0;
  #settled = 0;
  /** What was read in the original counts as settled in a copy, also before the coordinator said so; this is what it said. */
  #confirmed = 0;
  /** Where it turned out to be finished; growth takes that back. */
  #finishedAt: number | undefined;

  /** The next byte to read. */
  get offset(): number {
    return this.#offset;
  }

  /** Where reading begins again. */
  get settled(): number {
    return this.#settled;
  }

  /** Nothing that was read can be asked for again. */
  get isSettled(): boolean {
    return Math.min(this.#settled, this.#confirmed) >= this.#offset;
  }

  isFinishedAt(offset: number): boolean {
    return this.#finishedAt === offset;
  }

  advance(offset: number): void {
    this.#offset = offset;
  }

  settle(offset: number): void {
    this.#settled = Math.max(this.#settled, offset);
    this.#confirmed = Math.max(this.#confirmed, offset);
  }

  /** Goes on at `offset`, up to which everything is settled. */
  seek(offset: number): void {
    this.#confirmed = offset;
    this.inherit(offset);
  }

  /** Goes on at `offset`, up to which everything was read in the file that it is a copy of. */
  inherit(offset: number): void {
    this.#settled = offset;
    this.#offset = offset;
  }

  /** Starts again behind what is settled. */
  rewind(): void {
    this.#offset = this.#settled;
  }

  finish(): void {
    this.#finishedAt = this.#offset;
  }

  grow(): void {
    this.#finishedAt = undefined;
  }
}

// One log of a soak: numbered lines written through a held descriptor, and what of them arrived how often.
// Must never write a line without counting it, nor forgive one that is missing, repeated or out of order.
import { closeSync, openSync, writeSync } from 'node:fs';

/** How a series fared. */
export interface SeriesOutcome {
  readonly name: string;
  readonly written: number;
  readonly lost: number;
  readonly repeated: number;
  readonly outOfOrder: number;
  /** The first that are missing, for people: from and to. */
  readonly firstLost: readonly (readonly [number, number])[];
}

export class Series {
  readonly name: string;
  readonly path: string;
  #descriptor: number | undefined;
  #written = 0;
  /** How often each number arrived, at most 255 times. */
  #seen = new Uint8Array(1 << 16);
  #arrived = 0;
  #outOfOrder = 0;
  /** By source and file generation, the number that came last. */
  readonly #last = new Map<string, number>();

  constructor(name: string, path: string) {
    this.name = name;
    this.path = path;
  }

  get written(): number {
    return this.#written;
  }

  /** Distinct numbers that arrived. */
  get arrived(): number {
    return this.#arrived;
  }

  write(count: number): void {
    this.#descriptor ??= openSync(this.path, 'a');
    const lines: string[] = [];
    for (let index = 0; index < count; index += 1) {
      this.#written += 1;
      lines.push(`${this.name} ${this.#written} ${padding.slice(0, this.#written % padding.length)}\n`);
    }
    writeSync(this.#descriptor, lines.join(''));
  }

  /** What a service does that is told of a rotation. */
  reopen(): void {
    if (this.#descriptor !== undefined) closeSync(this.#descriptor);
    this.#descriptor = undefined;
  }

  /** @param file source and file generation that the record came from */
  arrive(number: number, file: string): void {
    if (number >= this.#seen.length) {
      const larger = new Uint8Array(Math.max(number + 1, 2 * this.#seen.length));
      larger.set(this.#seen);
      this.#seen = larger;
    }
    const times = this.#seen[number] ?? 0;
    if (times === 0) this.#arrived += 1;
    this.#seen[number] = Math.min(255, times + 1);
    if (number <= (this.#last.get(file) ?? 0)) this.#outOfOrder += 1;
    this.#last.set(file, number);
  }

  /** The number that came last of this source and file generation. */
  lastOf(file: string): number {
    return this.#last.get(file) ?? 0;
  }

  outcome(): SeriesOutcome {
    let lost = 0;
    let repeated = 0;
    const firstLost: [number, number][] = [];
    for (let number = 1; number <= this.#written; number += 1) {
      const times = this.#seen[number] ?? 0;
      if (times === 0) {
        lost += 1;
        const last = firstLost.at(-1);
        if (last?.[1] === number - 1) last[1] = number;
        else if (firstLost.length < 10) firstLost.push([number, number]);
      }
      if (times > 1) repeated += times - 1;
    }
    return { name: this.name, written: this.#written, lost, repeated, outOfOrder: this.#outOfOrder, firstLost };
  }
}

const padding = 'the quick brown fox jumps over the lazy dog and logs what it did; '.repeat(2);

// What a journal source doubts of what journalctl prints: that nothing is missing before an entry, and that silence means there is nothing.
// Must never ask anything itself; the source does, one question at a time.
import { holeBetween, type Hole } from './journal-holes.ts';
import type { JournalProcess } from './journal-process.ts';

export class JournalDoubts {
  readonly #isWhole: boolean;
  readonly #silenceMs: number;
  /** How long what was written only now may take to be printed. */
  readonly graceMs: number;
  /** What is missing before this entry was looked into. */
  #settledEntry: string | undefined;
  /** What is missing before the next entry was told already. */
  #trustsNext = false;
  /** When the last question about a silent process was over (monotonic). */
  #askedAtMs = 0;

  /** @param isWhole no filter leaves entries out, so that their numbers follow each other */
  constructor(isWhole: boolean, silenceMs = 120_000) {
    this.#isWhole = isWhole;
    this.#silenceMs = silenceMs;
    this.graceMs = Math.min(5000, silenceMs);
  }

  /** Numbers that are missing before an entry that is about to be taken; undefined if there are none, or they were settled. */
  holeBefore(entry: string, last: string): Hole | undefined {
    const hole = this.#isWhole && this.#settledEntry !== entry && !this.#trustsNext ? holeBetween(last, entry) : undefined;
    if (hole === undefined) this.#trustsNext = false;
    return hole;
  }

  settle(entry: string): void {
    this.#settledEntry = entry;
  }

  trustNext(): void {
    this.#trustsNext = true;
  }

  /** Milliseconds until a process that prints nothing is to be asked about; Infinity while it prints. */
  silentForMs(running: JournalProcess | undefined): number {
    if (running === undefined || running.peek() !== undefined) return Number.POSITIVE_INFINITY;
    return Math.max(0, Math.max(running.heardAtMs, this.#askedAtMs) + this.#silenceMs - performance.now());
  }

  asked(): void {
    this.#askedAtMs = performance.now();
  }
}

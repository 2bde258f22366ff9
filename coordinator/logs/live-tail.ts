// The live tail: each reader gets the entries that pass its filter, as they are committed.
// Must never slow ingest down: a reader that doesn't keep up loses entries, and is told how many.
import { compileFilter, type LogEntry, type LogFilter } from './entry.ts';

export interface TailItem {
  readonly entry: LogEntry;
  /** Entries that this reader missed since the item before. */
  readonly dropped: number;
}

interface Reader {
  readonly accepts: (entry: LogEntry) => boolean;
  readonly waiting: TailItem[];
  dropped: number;
  wake: () => void;
}

/** Entries that wait for one reader. */
const mostWaiting = 1000;

export class LiveTail {
  readonly #readers = new Set<Reader>();

  /** Whether anybody listens; without readers, publish costs nothing. */
  get isRead(): boolean {
    return this.#readers.size > 0;
  }

  publish(entries: readonly LogEntry[]): void {
    for (const reader of this.#readers) {
      for (const entry of entries) {
        if (!reader.accepts(entry)) continue;
        if (reader.waiting.length >= mostWaiting) {
          reader.dropped++;
          continue;
        }
        reader.waiting.push({ entry, dropped: reader.dropped });
        reader.dropped = 0;
      }
      reader.wake();
    }
  }

  /** Begins at once (nothing is missed between this call and the first item); ends when the signal aborts. */
  follow(filter: LogFilter, signal: AbortSignal, isVisible: (entry: LogEntry) => boolean = () => true): AsyncGenerator<TailItem> {
    const passes = compileFilter(filter);
    const reader: Reader = { accepts: (entry) => passes(entry) && isVisible(entry), waiting: [], dropped: 0, wake: () => undefined };
    this.#readers.add(reader);
    const leave = (): void => {
      this.#readers.delete(reader);
      reader.wake();
    };
    signal.addEventListener('abort', leave, { once: true });
    if (signal.aborted) leave();
    return this.#read(reader, leave, signal);
  }

  async *#read(reader: Reader, leave: () => void, signal: AbortSignal): AsyncGenerator<TailItem> {
    try {
      while (this.#readers.has(reader)) {
        yield* reader.waiting.splice(0);
        if (reader.waiting.length > 0 || !this.#readers.has(reader)) continue;
        const { promise, resolve } = Promise.withResolvers<void>();
        reader.wake = resolve;
        await promise;
      }
    } finally {
      signal.removeEventListener('abort', leave);
      leave();
    }
  }
}

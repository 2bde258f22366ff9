// What is under way on the log stream: sequences, credit, what must be sent (again) and what an acknowledgement settles.
// Must never do I/O or read a clock; log-stream.ts moves the bytes.

export interface WindowOptions {
  /** The most bytes in flight, of Welcome. A batch may begin while any is left, so that the last one may pass the limit by its own length. */
  readonly creditBytes: number;
  /** The most items in flight, whatever they cost: tiny batches and gaps take memory too. */
  readonly mostItems: number;
}

export interface Underway<T> {
  readonly sequence: number;
  readonly item: T;
  readonly costBytes: number;
  /** When it was added, as the caller's clock said. */
  readonly addedAtMs: number;
}

/**
 * `settled`: these are durable, in order. `repeated`: everything up to there was settled before.
 * `unknown`: that sequence was never sent, so that the acknowledgement means nothing.
 */
export type AckOutcome<T> =
  | { readonly kind: 'settled'; readonly items: readonly Underway<T>[] }
  | { readonly kind: 'repeated' }
  | { readonly kind: 'unknown' };

/** `rewound`: everything from there on is sent again. `stale`: it is settled already, or was never sent. */
export type RewindOutcome = { readonly kind: 'rewound'; readonly items: number } | { readonly kind: 'stale' };

/**
 * The sending side of a session's log stream. Sequences rise by one from 1.
 *
 * Every entry is first added (it costs credit then), then taken to be sent, then settled by a cumulative
 * acknowledgement. A refusal rewinds: the refused entry and all behind it are taken again, in order and for free.
 */
export class Window<T> {
  readonly #options: WindowOptions;
  readonly #entries: Underway<T>[] = [];
  /** Index in #entries of the next one to take. */
  #cursor = 0;
  #settledSequence = 0;
  #takenSequence = 0;
  #creditBytes: number;
  #inFlightBytes = 0;
  #granting: 'never' | 'spoken' | 'presumed' = 'never';

  constructor(options: WindowOptions) {
    this.#options = options;
    this.#creditBytes = options.creditBytes;
  }

  /** Whether another entry may be added now. */
  hasRoom(): boolean {
    return this.#creditBytes > 0 && this.#entries.length < this.#options.mostItems;
  }

  /** Queues an entry behind all others. @returns its sequence. */
  add(item: T, costBytes: number, nowMs: number): number {
    const sequence = this.#settledSequence + this.#entries.length + 1;
    this.#entries.push({ sequence, item, costBytes, addedAtMs: nowMs });
    this.#creditBytes -= costBytes;
    this.#inFlightBytes += costBytes;
    return sequence;
  }

  /** The next entry to send, or undefined while there is none. */
  take(): Underway<T> | undefined {
    const entry = this.#entries[this.#cursor];
    if (entry === undefined) return undefined;
    this.#cursor += 1;
    this.#takenSequence = Math.max(this.#takenSequence, entry.sequence);
    return entry;
  }

  /**
   * @param sequence everything up to it is durable.
   * @param creditBytes what the coordinator grants on top; more than the limit leaves free is void.
   */
  acknowledge(sequence: number, creditBytes: number): AckOutcome<T> {
    if (sequence > this.#takenSequence) return { kind: 'unknown' };
    const count = Math.max(0, sequence - this.#settledSequence);
    const items = this.#entries.splice(0, count);
    this.#cursor = Math.max(0, this.#cursor - count);
    this.#settledSequence += count;
    for (const { costBytes } of items) this.#inFlightBytes -= costBytes;
    if (creditBytes > 0) this.#granting = 'spoken';
    this.#grant(this.#granting === 'presumed' ? this.#options.creditBytes : creditBytes);
    return count === 0 ? { kind: 'repeated' } : { kind: 'settled', items };
  }

  /** All is settled, and no credit was ever granted for it: unless the coordinator does so unasked, nothing can be added any more. */
  get isForgotten(): boolean {
    return this.#granting === 'never' && this.#entries.length === 0 && this.#creditBytes <= 0;
  }

  /** From now on, until credit is granted, each acknowledgement gives back what it settles. */
  presumeCredit(): void {
    this.#granting = 'presumed';
    this.#grant(this.#options.creditBytes);
  }

  /** The coordinator took nothing from `sequence` on: all of it is to be taken again. */
  rewind(sequence: number): RewindOutcome {
    const index = sequence - this.#settledSequence - 1;
    if (index < 0 || sequence > this.#takenSequence) return { kind: 'stale' };
    const items = Math.max(0, this.#cursor - index);
    this.#cursor = Math.min(this.#cursor, index);
    return { kind: 'rewound', items };
  }

  /** Puts something else in the place of an unsettled entry, under its sequence; the difference in cost is given back. */
  replace(sequence: number, item: T, costBytes: number): boolean {
    const index = sequence - this.#settledSequence - 1;
    const entry = this.#entries[index];
    if (entry === undefined) return false;
    this.#entries[index] = { ...entry, item, costBytes };
    this.#inFlightBytes += costBytes - entry.costBytes;
    this.#grant(entry.costBytes - costBytes);
    return true;
  }

  /** The unsettled entry of that sequence. */
  find(sequence: number): Underway<T> | undefined {
    return this.#entries[sequence - this.#settledSequence - 1];
  }

  get inFlightBytes(): number {
    return this.#inFlightBytes;
  }

  get inFlightItems(): number {
    return this.#entries.length;
  }

  get creditBytes(): number {
    return this.#creditBytes;
  }

  /** When the oldest unsettled entry was added, or undefined if nothing is in flight. */
  get oldestAddedAtMs(): number | undefined {
    return this.#entries[0]?.addedAtMs;
  }

  #grant(bytes: number): void {
    const most = this.#options.creditBytes - this.#inFlightBytes;
    this.#creditBytes = Math.min(this.#creditBytes + Math.max(0, bytes), Math.max(most, this.#creditBytes));
  }
}

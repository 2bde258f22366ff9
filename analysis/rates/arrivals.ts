// Learns how long the pauses of something are that comes again and again, and tells when it is overdue.
// Must never read a clock, nor grow without bound: beyond its limit what was quiet longest is forgotten.

export interface ArrivalOptions {
  /** Arrivals before anything is expected. */
  readonly fewest: number;
  /** Time watched before anything is expected, milliseconds. */
  readonly learningMs: number;
  /** Never overdue before this, milliseconds. */
  readonly shortestMs: number;
  /** So many times the longest pause seen, and so many times the mean one. */
  readonly ofLongest: number;
  readonly ofMean: number;
  /** Only what comes regularly: its longest pause is at most so many times the mean one. */
  readonly mostUneven: number;
  readonly maxKeys: number;
}

export const arrivalDefaults: ArrivalOptions = {
  fewest: 20,
  learningMs: 3_600_000,
  shortestMs: 5 * 60_000,
  ofLongest: 4,
  ofMean: 20,
  mostUneven: Number.POSITIVE_INFINITY,
  maxKeys: 20_000,
};

interface Stream {
  sinceMs: number;
  lastMs: number;
  arrivals: number;
  meanMs: number;
  longestMs: number;
}

export interface Overdue {
  readonly key: string;
  readonly lastMs: number;
  /** How long it never was quiet before. */
  readonly longestMs: number;
  readonly meanMs: number;
  /** When it began to be watched. */
  readonly sinceMs: number;
}

export type ArrivalSnapshot = readonly (readonly [
  key: string,
  since: number,
  last: number,
  arrivals: number,
  mean: number,
  longest: number,
])[];

/** Weight of the newest pause in the mean. */
const newest = 0.05;

export class ArrivalWatch {
  readonly #options: ArrivalOptions;
  /** In the order of their last arrival, so that the first is the quietest. */
  readonly #streams = new Map<string, Stream>();

  constructor(options: Partial<ArrivalOptions> = {}) {
    this.#options = { ...arrivalDefaults, ...options };
  }

  /** @param learn false where the pause before says nothing, since what arrives now was held up */
  arrive(key: string, timeMs: number, learn = true): void {
    const stream = this.#streams.get(key);
    if (stream === undefined) {
      if (this.#streams.size >= this.#options.maxKeys) this.#forgetQuietest();
      this.#streams.set(key, { sinceMs: timeMs, lastMs: timeMs, arrivals: 1, meanMs: 0, longestMs: 0 });
      return;
    }
    const pauseMs = timeMs - stream.lastMs;
    if (pauseMs < 0) return;
    stream.lastMs = timeMs;
    stream.arrivals++;
    if (learn) {
      stream.meanMs = stream.arrivals === 2 ? pauseMs : stream.meanMs + newest * (pauseMs - stream.meanMs);
      stream.longestMs = Math.max(stream.longestMs, pauseMs);
    }
    // A look-up is cheap, a change of order on each of thousands of lines a second is not.
    if (pauseMs < 1000) return;
    this.#streams.delete(key);
    this.#streams.set(key, stream);
  }

  /** What should have come by now. */
  overdue(nowMs: number): readonly Overdue[] {
    const late: Overdue[] = [];
    for (const [key, stream] of this.#streams) if (this.#isOverdue(stream, nowMs)) late.push({ key, ...stream });
    return late;
  }

  snapshot(): ArrivalSnapshot {
    return Array.from(this.#streams, ([key, { sinceMs, lastMs, arrivals, meanMs, longestMs }]) => [
      key,
      sinceMs,
      lastMs,
      arrivals,
      meanMs,
      longestMs,
    ]);
  }

  /** Nobody listened in between: what wasn't overdue before is taken to have come until now. */
  restore(snapshot: ArrivalSnapshot, savedAtMs: number, nowMs: number): void {
    this.#streams.clear();
    for (const [key, sinceMs, lastMs, arrivals, meanMs, longestMs] of snapshot) {
      const stream = { sinceMs, lastMs, arrivals, meanMs, longestMs };
      if (!this.#isOverdue(stream, savedAtMs)) stream.lastMs += Math.max(0, nowMs - savedAtMs);
      this.#streams.set(key, stream);
    }
  }

  #isOverdue({ sinceMs, lastMs, arrivals, meanMs, longestMs }: Stream, nowMs: number): boolean {
    const { fewest, learningMs, shortestMs, ofLongest, ofMean, mostUneven } = this.#options;
    if (arrivals < fewest || lastMs - sinceMs < learningMs || longestMs > mostUneven * meanMs) return false;
    return nowMs - lastMs > Math.max(shortestMs, ofLongest * longestMs, ofMean * meanMs);
  }

  #forgetQuietest(): void {
    const quietest = this.#streams.keys().next().value;
    if (quietest !== undefined) this.#streams.delete(quietest);
  }
}

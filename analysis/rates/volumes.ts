// Learns how much each service writes in an interval, and tells when it is far more or far less than it ever was.
// Must never read a clock; whoever feeds it says when an interval is over. What it alerts on is not learnt, until it lasts.

export interface VolumeOptions {
  /** Intervals in which a service wrote before it is compared. */
  readonly learningIntervals: number;
  /** So many times more than the most seen, or fewer than the least. */
  readonly factor: number;
  /** Fewer records than this say nothing about a rate. */
  readonly fewest: number;
  /** A volume that lasts this long is how things are now. */
  readonly acceptAfterIntervals: number;
}

export const volumeDefaults: VolumeOptions = { learningIntervals: 20, factor: 3, fewest: 50, acceptAfterIntervals: 20 };

export interface VolumeDeviation {
  readonly service: string;
  readonly kind: 'spike' | 'drop';
  readonly observed: number;
  /** The most, or the least, that was seen before. */
  readonly bound: number;
  /** The statement that made most of it. */
  readonly statement: string;
}

interface Volume {
  intervals: number;
  least: number;
  most: number;
  streak: number;
}

export type VolumeSnapshot = readonly (readonly [service: string, intervals: number, least: number, most: number])[];

const maxServices = 2000;
const maxStatements = 1000;

/** In a day of three-minute intervals an extreme of the past loses a third of its weight, so that days and nights are remembered. */
const fading = 0.9992;

export class VolumeDetector {
  readonly #options: VolumeOptions;
  readonly #learnt = new Map<string, Volume>();
  #now = new Map<string, Map<string, number>>();

  constructor(options: Partial<VolumeOptions> = {}) {
    this.#options = { ...volumeDefaults, ...options };
  }

  observe(service: string, statement: string, count = 1): void {
    let statements = this.#now.get(service);
    if (statements === undefined) {
      if (this.#now.size >= maxServices) return;
      this.#now.set(service, (statements = new Map<string, number>()));
    }
    const key = statements.size < maxStatements || statements.has(statement) ? statement : '';
    statements.set(key, (statements.get(key) ?? 0) + count);
  }

  /** Services that wrote nothing are silent, which is another question. @param leaveOut services of which nothing is learnt or told */
  closeInterval(leaveOut: (service: string) => boolean = () => false): readonly VolumeDeviation[] {
    const now = this.#now;
    this.#now = new Map();
    const found: VolumeDeviation[] = [];
    for (const [service, statements] of now) {
      if (leaveOut(service)) continue;
      let observed = 0;
      for (const count of statements.values()) observed += count;
      const volume = this.#learnt.get(service);
      const deviation = volume === undefined ? undefined : this.#judge(service, volume, observed, statements);
      if (volume !== undefined && deviation !== undefined && ++volume.streak <= this.#options.acceptAfterIntervals) found.push(deviation);
      else this.#learn(service, observed);
    }
    return found;
  }

  snapshot(): VolumeSnapshot {
    return Array.from(this.#learnt, ([service, { intervals, least, most }]) => [service, intervals, least, most]);
  }

  restore(snapshot: VolumeSnapshot): void {
    this.#learnt.clear();
    for (const [service, intervals, least, most] of snapshot) this.#learnt.set(service, { intervals, least, most, streak: 0 });
  }

  #judge(service: string, volume: Volume, observed: number, statements: ReadonlyMap<string, number>): VolumeDeviation | undefined {
    const { learningIntervals, factor, fewest } = this.#options;
    const { intervals, least, most } = volume;
    if (intervals < learningIntervals) return undefined;
    const isSpike = observed > factor * most && observed >= fewest;
    const isDrop = observed * factor < least && least >= fewest;
    if (!isSpike && !isDrop) return undefined;
    const [statement] = [...statements].reduce((best, entry) => (entry[1] > best[1] ? entry : best));
    return { service, kind: isSpike ? 'spike' : 'drop', observed, bound: isSpike ? most : least, statement };
  }

  #learn(service: string, observed: number): void {
    const volume = this.#learnt.get(service);
    if (volume === undefined) {
      if (this.#learnt.size < maxServices) this.#learnt.set(service, { intervals: 1, least: observed, most: observed, streak: 0 });
      return;
    }
    volume.intervals++;
    volume.streak = 0;
    volume.most = Math.max(observed, volume.most * fading);
    volume.least = Math.min(observed, volume.least / fading);
  }
}

// Learns how services behave, interval by interval, and alerts when one behaves differently.
// Must never read a clock: whoever feeds it says when an interval is over. What it alerts on is not learnt, or a fault would become normal.
import { deviationsOf, type Deviation } from './deviation.ts';
import { Tally, type Observation, type TallySnapshot } from './tally.ts';

export interface BehaviourOptions {
  /** Intervals learnt before anything is compared. */
  readonly learningIntervals: number;
  /** Intervals after those that are compared and reported as `shadow`, without an alert. */
  readonly shadowIntervals: number;
  /** Score from which a deviation is an alert, in nats. */
  readonly threshold: number;
  /** Alerts of one interval. */
  readonly maxAlerts: number;
  /** A deviation that lasts this long is how things are now. */
  readonly acceptAfterIntervals: number;
  /** Intervals of the past that weigh fully. */
  readonly memoryIntervals: number;
}

export const behaviourDefaults: BehaviourOptions = {
  learningIntervals: 1,
  shadowIntervals: 0,
  threshold: 5,
  maxAlerts: 3,
  acceptAfterIntervals: 20,
  memoryIntervals: 480,
};

export interface IntervalReport {
  readonly phase: 'learning' | 'shadow' | 'active';
  /** What is alerted, strongest first: the first is held for the cause, the others came in the same interval. Empty while learning. */
  readonly alerts: readonly Deviation[];
}

export interface BehaviourSnapshot {
  readonly version: 1;
  readonly intervals: number;
  readonly learnt: TallySnapshot;
  readonly streaks: readonly (readonly [string, number])[];
}

export class BehaviourDetector {
  private readonly options: BehaviourOptions;
  private readonly learnt = new Tally();
  private now = new Tally();
  private intervals = 0;
  /** Services that were held for the cause in the last intervals, and how many times in a row. */
  private streaks = new Map<string, number>();

  constructor(options: Partial<BehaviourOptions> = {}) {
    this.options = { ...behaviourDefaults, ...options };
  }

  observe(observation: Observation): void {
    this.now.add(observation);
  }

  /** @param isMaintenance alerts of these services are expected: neither reported nor learnt */
  closeInterval(isMaintenance: (service: string) => boolean = () => false): IntervalReport {
    const { learningIntervals, shadowIntervals, threshold, maxAlerts, acceptAfterIntervals, memoryIntervals } = this.options;
    const { now } = this;
    this.now = new Tally();
    if (now.counts.size === 0 && this.intervals === 0) return { phase: 'learning', alerts: [] };
    now.finish();
    const phase =
      this.intervals < learningIntervals ? 'learning' : this.intervals < learningIntervals + shadowIntervals ? 'shadow' : 'active';
    const deviations =
      phase === 'learning'
        ? []
        : deviationsOf(now, this.learnt, this.intervals).filter(({ service, score }) => score >= threshold && !isMaintenance(service));
    const alerts = deviations.slice(0, maxAlerts);
    const cause = alerts[0]?.service;
    const streak = cause === undefined ? 0 : (this.streaks.get(cause) ?? 0) + 1;
    this.streaks = new Map(cause === undefined ? [] : [[cause, streak]]);
    const isAccepted = streak > acceptAfterIntervals;
    // Only the cause is left out: what came with it is more often the daily change, and learning it keeps it from alerting again.
    this.learnt.merge(now, (service) => isMaintenance(service) || (service === cause && !isAccepted && phase === 'active'));
    this.intervals++;
    if (this.intervals % memoryIntervals === 0) this.learnt.halve();
    return { phase, alerts: isAccepted ? alerts.slice(1) : alerts };
  }

  snapshot(): BehaviourSnapshot {
    return { version: 1, intervals: this.intervals, learnt: this.learnt.snapshot(), streaks: [...this.streaks] };
  }

  restore(snapshot: BehaviourSnapshot): void {
    this.intervals = snapshot.intervals;
    this.learnt.restore(snapshot.learnt);
    this.streaks = new Map(snapshot.streaks);
    this.now = new Tally();
  }
}

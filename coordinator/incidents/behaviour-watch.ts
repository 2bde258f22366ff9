// Watches how services behave, and makes a problem of it when one behaves differently: a line that stops appearing, a service gone silent.
// Must never do I/O; who closes the intervals applies the problems, and keeps the state.
import { BehaviourDetector, type BehaviourOptions, type BehaviourSnapshot } from '../../analysis/rates/behaviour-detector.ts';
import { blamesAnother } from '../../analysis/rates/blame.ts';
import { describeDeviation, type Deviation } from '../../analysis/rates/deviation.ts';
import { requestOf, statementOf } from '../../analysis/rates/statement.ts';
import { fingerprintOf } from '../../analysis/fingerprint.ts';
import { isAtLeast } from '../../analysis/severity.ts';
import type { Candidate, Problem } from './detector.ts';

/** An hour of three-minute intervals each to learn, and to show in the log alone what would have been alerted. */
const defaults: Partial<BehaviourOptions> = { learningIntervals: 20, shadowIntervals: 20 };

/** Intervals are many a day: below this score (in nats) a deviation is mentioned beside a stronger one and opens nothing by itself. */
const incidentScore = 15;

/** Records read long after they were written tell of another time. */
const latestMs = 10 * 60_000;

const maxServices = 2000;

export interface BehaviourWatchOptions {
  readonly behaviour?: Partial<BehaviourOptions> | undefined;
  readonly textOf: (templateId: string) => string | undefined;
  /** Told in the shadow phase instead of a problem. */
  readonly onShadow: (description: string) => void;
}

export class BehaviourWatch {
  readonly #options: BehaviourWatchOptions;
  readonly #detector: BehaviourDetector;
  /** Where each service wrote last. */
  readonly #places = new Map<string, { readonly nodeId: string; readonly source: string }>();

  constructor(options: BehaviourWatchOptions) {
    this.#options = options;
    this.#detector = new BehaviourDetector({ ...defaults, ...options.behaviour });
  }

  observe(candidate: Candidate): void {
    const { service, nodeId, source, message, fields, severity, templateId, knownProblem } = candidate;
    if (candidate.receivedAtMs - candidate.timeMs > latestMs) return;
    if (this.#places.has(service) || this.#places.size < maxServices) this.#places.set(service, { nodeId, source });
    const isError = isAtLeast(severity, 'error');
    this.#detector.observe({
      service,
      statement: statementOf({ component: undefined, message }, templateId),
      request: requestOf({ requestId: undefined, fields, message }),
      isError,
      blamesAnother: isError && blamesAnother(message, knownProblem?.id),
    });
  }

  /** Ends an interval. One problem at most: the likeliest cause, which names what else changed with it. */
  close(nowMs: number): readonly Problem[] {
    const { phase, alerts } = this.#detector.closeInterval();
    const [cause, ...others] = alerts;
    if (cause === undefined || cause.score < incidentScore) return [];
    const description = [this.#describe(cause), ...others.map((other) => `at the same time: ${this.#describe(other)}`)].join('\n');
    if (phase === 'shadow') {
      this.#options.onShadow(description);
      return [];
    }
    return [this.#problemOf(cause, description, nowMs)];
  }

  snapshot(): BehaviourSnapshot {
    return this.#detector.snapshot();
  }

  restore(snapshot: BehaviourSnapshot): void {
    this.#detector.restore(snapshot);
  }

  #describe(deviation: Deviation): string {
    return describeDeviation(deviation, (statement) => this.#options.textOf(statement) ?? statement);
  }

  #problemOf(cause: Deviation, description: string, timeMs: number): Problem {
    const { service, kind, statement, after } = cause;
    const text = this.#describe(cause);
    const place = this.#places.get(service) ?? { nodeId: '', source: '' };
    const severity = kind === 'spike' || kind === 'sequence' ? 'warning' : 'error';
    const id = `${kind} ${statement} ${after ?? ''}`;
    return {
      ...place,
      timeMs,
      receivedAtMs: timeMs,
      severity,
      service,
      message: description,
      fields: {},
      templateId: id,
      templateText: text,
      fingerprint: fingerprintOf({
        trace: undefined,
        template: { id, text: `${kind}: ${statement}` },
        service,
        severity,
        knownProblemId: undefined,
      }),
      trace: undefined,
      knownProblem: undefined,
      raw: description,
      detector: kind,
      title: text,
      before: [],
    };
  }
}

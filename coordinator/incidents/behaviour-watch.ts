// Watches how services behave, and makes a problem of it when one behaves differently: a line that stops appearing, a service gone silent.
// Must never do I/O; who closes the intervals applies the problems, and keeps the state.
import {
  BehaviourDetector,
  behaviourDefaults,
  type BehaviourOptions,
  type BehaviourSnapshot,
} from '../../analysis/rates/behaviour-detector.ts';
import { blamesAnother } from '../../analysis/rates/blame.ts';
import { describeDeviation, type Deviation } from '../../analysis/rates/deviation.ts';
import { requestOf, statementOf } from '../../analysis/rates/statement.ts';
import { VolumeDetector, type VolumeDeviation, type VolumeSnapshot } from '../../analysis/rates/volumes.ts';
import { fingerprintOf, fingerprintOfCondition } from '../../analysis/fingerprint.ts';
import { isAtLeast } from '../../analysis/severity.ts';
import { problemOfCondition } from './condition.ts';
import type { Candidate, Problem } from './detector.ts';
import type { QuietReason } from './incident.ts';

/** Intervals are many a day: below this score (in nats) a deviation is mentioned beside a stronger one and opens nothing by itself. */
const incidentScore = 15;

/** Records read long after they were written tell of another time. */
const latestMs = 10 * 60_000;

const maxServices = 2000;

/** Services of one interval whose volume is told. */
const mostVolumes = 5;

export interface BehaviourWatchOptions {
  readonly behaviour: Partial<BehaviourOptions>;
  readonly textOf: (templateId: string) => string | undefined;
}

export interface BehaviourWatchSnapshot {
  readonly shares: BehaviourSnapshot;
  readonly volumes: VolumeSnapshot;
}

export class BehaviourWatch {
  readonly #options: BehaviourWatchOptions;
  readonly #detector: BehaviourDetector;
  readonly #volumes: VolumeDetector;
  /** Where each service wrote last. */
  readonly #places = new Map<string, { readonly nodeId: string; readonly source: string }>();

  constructor(options: BehaviourWatchOptions) {
    this.#options = options;
    const behaviour = { ...behaviourDefaults, ...options.behaviour };
    this.#detector = new BehaviourDetector(behaviour);
    this.#volumes = new VolumeDetector({ learningIntervals: behaviour.learningIntervals });
  }

  observe(candidate: Candidate, count = 1): void {
    const { service, nodeId, source, message, fields, severity, templateId, knownProblem } = candidate;
    if (candidate.receivedAtMs - candidate.timeMs > latestMs) return;
    if (this.#places.has(service) || this.#places.size < maxServices) this.#places.set(service, { nodeId, source });
    const isError = isAtLeast(severity, 'error');
    const statement = statementOf({ component: undefined, message }, templateId);
    this.#volumes.observe(service, statement, count);
    this.#detector.observe({
      count,
      service,
      statement,
      request: requestOf({ requestId: undefined, fields, message }),
      isError,
      blamesAnother: isError && blamesAnother(message, knownProblem?.id),
    });
  }

  /**
   * Ends an interval. Of what changed its share one problem at most: the likeliest cause, which names what else changed with it;
   * and one for each service whose whole volume is far from what it ever was, unless that is the same.
   * @param isMaintenance services whose changes are expected: neither told nor learnt
   */
  close(nowMs: number, isMaintenance: (service: string) => boolean = () => false): readonly Problem[] {
    const { phase, alerts } = this.#detector.closeInterval(isMaintenance);
    const volumes = this.#volumes.closeInterval(isMaintenance);
    const quiet = phase === 'active' ? undefined : 'shadow';
    const [cause, ...others] = alerts;
    const problems: Problem[] = [];
    if (cause !== undefined && cause.score >= incidentScore) {
      const description = [this.#describe(cause), ...others.map((other) => `at the same time: ${this.#describe(other)}`)].join('\n');
      problems.push({ ...this.#problemOf(cause, description, nowMs), quiet });
    }
    const told = problems.length === 0 ? undefined : cause?.service;
    for (const volume of volumes.slice(0, mostVolumes))
      if (volume.service !== told) problems.push(this.#volumeProblem(volume, nowMs, quiet));
    return problems;
  }

  snapshot(): BehaviourWatchSnapshot {
    return { shares: this.#detector.snapshot(), volumes: this.#volumes.snapshot() };
  }

  restore(snapshot: BehaviourWatchSnapshot): void {
    this.#detector.restore(snapshot.shares);
    this.#volumes.restore(snapshot.volumes);
  }

  #volumeProblem({ service, kind, observed, bound, statement }: VolumeDeviation, nowMs: number, quiet: QuietReason | undefined): Problem {
    const often = kind === 'spike' ? `far more than it ever did: ${observed} records` : `far less than it ever did: ${observed} records`;
    const title = `${service} writes ${often} where ${Math.round(bound)} were the ${kind === 'spike' ? 'most' : 'least'} seen`;
    return problemOfCondition({
      ...(this.#places.get(service) ?? { nodeId: '', source: '' }),
      detector: kind,
      fingerprint: fingerprintOfCondition([
        { kind: 'condition', value: `volume ${kind}` },
        { kind: 'service', value: service },
      ]),
      service,
      severity: kind === 'spike' ? 'warning' : 'error',
      timeMs: nowMs,
      title,
      message: `${title}; most of it: "${this.#options.textOf(statement) ?? statement}"`,
      before: [],
      quiet,
      mayPropose: true,
    });
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

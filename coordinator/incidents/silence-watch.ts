// Notices sources that wrote regularly and stopped, and single lines of a service that came like clockwork and stay away.
// Must never judge why; whoever asks knows which nodes are connected.
import { ArrivalWatch, type ArrivalSnapshot, type Overdue } from '../../analysis/rates/arrivals.ts';
import { fingerprintOfCondition } from '../../analysis/fingerprint.ts';
import { problemOfCondition } from './condition.ts';
import type { Candidate, Problem } from './detector.ts';

export interface SilenceOptions {
  readonly enabled: boolean;
  readonly learning: number;
  readonly shadow: number;
  readonly shortest: number;
}

export interface SilenceSnapshot {
  readonly savedAtMs: number;
  readonly sources: ArrivalSnapshot;
  readonly lines: ArrivalSnapshot;
}

/** The first part of a fingerprint of a source that is silent as a whole. */
export const silentSource = 'source silent';

/** Records read so long after they were written say nothing about pauses. */
const lateMs = 60_000;

export class SilenceWatch {
  readonly #options: SilenceOptions;
  readonly #textOf: (templateId: string) => string | undefined;
  readonly #sources: ArrivalWatch;
  readonly #lines: ArrivalWatch;
  /** By `service` and `template`: where it was seen last. */
  readonly #places = new Map<string, { readonly nodeId: string; readonly source: string }>();

  constructor(options: SilenceOptions, textOf: (templateId: string) => string | undefined) {
    this.#options = options;
    this.#textOf = textOf;
    const phases = { learningMs: options.learning, shortestMs: options.shortest };
    this.#sources = new ArrivalWatch(phases);
    this.#lines = new ArrivalWatch({ ...phases, mostUneven: 3, ofMean: 4, ofLongest: 3 });
  }

  observe({ nodeId, source, service, templateId, timeMs, receivedAtMs }: Candidate): void {
    if (!this.#options.enabled) return;
    const isLate = receivedAtMs - timeMs > lateMs;
    this.#sources.arrive(`${nodeId}\n${source}\n${service}`, receivedAtMs, !isLate);
    const line = `${service}\n${templateId}`;
    this.#lines.arrive(line, receivedAtMs, !isLate);
    if (this.#places.size > 50_000) this.#places.clear();
    this.#places.set(line, { nodeId, source });
  }

  /** What is silent now, sources first. */
  silent(nowMs: number): readonly Problem[] {
    return [
      ...this.#sources.overdue(nowMs).map((late) => this.#sourceProblem(late, nowMs)),
      ...this.#lines.overdue(nowMs).map((late) => this.#lineProblem(late, nowMs)),
    ];
  }

  snapshot(nowMs: number): SilenceSnapshot {
    return { savedAtMs: nowMs, sources: this.#sources.snapshot(), lines: this.#lines.snapshot() };
  }

  restore(snapshot: SilenceSnapshot, nowMs: number): void {
    this.#sources.restore(snapshot.sources, snapshot.savedAtMs, nowMs);
    this.#lines.restore(snapshot.lines, snapshot.savedAtMs, nowMs);
  }

  #sourceProblem(late: Overdue, nowMs: number): Problem {
    const [nodeId = '', source = '', service = ''] = late.key.split('\n');
    const title = `source ${source} is silent: nothing for ${span(nowMs - late.lastMs)}, where it never paused longer than ${span(late.longestMs)}`;
    return problemOfCondition({
      ...this.#common(late, nowMs, title),
      fingerprint: fingerprintOfCondition([
        { kind: 'condition', value: silentSource },
        { kind: 'node', value: nodeId },
        { kind: 'source', value: source },
        { kind: 'service', value: service },
      ]),
      nodeId,
      source,
      service,
    });
  }

  #lineProblem(late: Overdue, nowMs: number): Problem {
    const [service = '', templateId = ''] = late.key.split('\n');
    const text = this.#textOf(templateId) ?? templateId;
    const title = `${service} stopped writing "${text}": not for ${span(nowMs - late.lastMs)}, where it came about every ${span(late.meanMs)}`;
    return problemOfCondition({
      ...this.#common(late, nowMs, title),
      fingerprint: fingerprintOfCondition([
        { kind: 'condition', value: 'line stopped' },
        { kind: 'template', value: templateId },
        { kind: 'service', value: service },
      ]),
      ...(this.#places.get(late.key) ?? { nodeId: '', source: '' }),
      service,
    });
  }

  #common({ sinceMs }: Overdue, nowMs: number, title: string) {
    const { learning, shadow } = this.#options;
    return {
      detector: 'silence',
      severity: 'error',
      timeMs: nowMs,
      title,
      message: title,
      before: [],
      quiet: nowMs - sinceMs < learning + shadow ? 'shadow' : undefined,
      mayPropose: false,
    } as const;
  }
}

function span(ms: number): string {
  if (ms < 60_000) return `${Math.round(ms / 1000)} s`;
  return ms < 3_600_000 ? `${Math.round(ms / 60_000)} min` : `${(ms / 3_600_000).toFixed(1)} h`;
}

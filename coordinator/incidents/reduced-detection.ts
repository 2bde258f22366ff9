// Finds problems in what nodes reduced themselves: the problems that they sent, those that they only counted, and what their counts tell detectors.
// Must never count a record twice: every one is in the counts, also those that were sent.
import type { Severity } from '../../analysis/severity.ts';
import type { Candidate, Problem } from './detector.ts';
import type { Detectors } from './detectors.ts';
import { detectProblem } from './detector.ts';

/** What of a reduced batch is looked at; logs/reduced-batch.ts reads it from the wire. */
export interface ReducedRecords {
  readonly nodeId: string;
  readonly source: string;
  readonly receivedAtMs: number;
  readonly problems: readonly { readonly entry: Candidate; readonly before: () => readonly string[] }[];
  readonly minutes: readonly {
    readonly service: string;
    readonly minuteMs: number;
    readonly templates: readonly {
      readonly template: { readonly id: string; readonly text: string; readonly severity: Severity | undefined };
      readonly count: number;
    }[];
    readonly omitted: readonly (readonly [fingerprint: string, count: number])[];
  }[];
}

const mostSamples = 20_000;

export class ReducedDetection {
  readonly #detectors: Pick<Detectors, 'observeCounted'>;
  /** The last problem sent of each node and fingerprint, for those that are only counted: it always comes before them. */
  readonly #samples = new Map<string, Problem>();

  constructor(detectors: Pick<Detectors, 'observeCounted'>) {
    this.#detectors = detectors;
  }

  observe(reduced: ReducedRecords): readonly Problem[] {
    const found: Problem[] = [];
    for (const { entry, before } of reduced.problems) {
      const problem = detectProblem(entry, before);
      if (problem === undefined) continue;
      this.#remember(problem);
      found.push(problem);
    }
    const { nodeId, source, receivedAtMs } = reduced;
    for (const { service, minuteMs, templates, omitted } of reduced.minutes) {
      for (const { template, count } of templates) {
        const candidate = candidateOf({ nodeId, source, receivedAtMs, service, timeMs: minuteMs }, template);
        found.push(...this.#detectors.observeCounted(candidate, count));
      }
      for (const [fingerprint, count] of omitted) {
        const sample = this.#samples.get(`${nodeId}/${fingerprint}`);
        if (sample !== undefined) found.push({ ...sample, timeMs: Math.max(minuteMs, sample.timeMs), receivedAtMs, count });
      }
    }
    return found;
  }

  #remember(problem: Problem): void {
    if (this.#samples.size >= mostSamples) this.#samples.clear();
    this.#samples.set(`${problem.nodeId}/${problem.fingerprint.value}`, problem);
  }
}

function candidateOf(
  origin: Pick<Candidate, 'nodeId' | 'source' | 'receivedAtMs' | 'service' | 'timeMs'>,
  { id, text, severity = 'info' }: { readonly id: string; readonly text: string; readonly severity: Severity | undefined },
): Candidate {
  return {
    ...origin,
    severity,
    message: text,
    fields: {},
    templateId: id,
    templateText: text,
    fingerprint: undefined,
    trace: undefined,
    knownProblem: undefined,
    raw: text,
  };
}

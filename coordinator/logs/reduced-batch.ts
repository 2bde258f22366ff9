// Reads what a node sends instead of records: problems with what stood around them, and counts of everything.
// Must never take a part of a batch: what isn't understood refuses the whole of it, or records would be lost silently.
import { knownProblemOf } from '../../analysis/known-problems/catalogue.ts';
import { decodeReduced, type ReducedProblem } from '../../analysis/reduction/reduced-record.ts';
import { parseTrace } from '../../analysis/traces/trace-reader.ts';
import type { LogEntry } from './entry.ts';
import type { CountedTemplate, TemplateCount } from './log-store.ts';
import type { ProcessedRecord } from './record-processor.ts';

/** Counts of one service in one minute. */
export interface ReducedMinute {
  readonly service: string;
  readonly minuteMs: number;
  readonly templates: readonly { readonly template: CountedTemplate; readonly count: number }[];
  /** Fingerprints of problems that showed more often than they were sent. */
  readonly omitted: readonly (readonly [fingerprint: string, count: number])[];
}

export interface ReducedBatch {
  readonly nodeId: string;
  readonly source: string;
  readonly receivedAtMs: number;
  /** Problems and context, in order. */
  readonly entries: readonly LogEntry[];
  readonly problems: readonly ProcessedRecord[];
  readonly minutes: readonly ReducedMinute[];
  readonly counts: readonly TemplateCount[];
  /** Those that the node told anew. */
  readonly templates: readonly CountedTemplate[];
  /** Records that were counted. */
  readonly records: number;
}

export type ReadReduced = { readonly kind: 'read'; readonly batch: ReducedBatch } | { readonly kind: 'refused'; readonly message: string };

interface Origin {
  readonly nodeId: string;
  readonly source: string;
  /** That is configured; empty if none. */
  readonly service: string;
  readonly receivedAtMs: number;
}

const mostTemplates = 20_000;
const furthestFutureMs = 86_400_000;

/** Remembers, for each node, what its templates say. */
export class ReducedReader {
  readonly #templates = new Map<string, Map<string, CountedTemplate>>();

  read(origin: Origin, records: readonly string[]): ReadReduced {
    const known = this.#templatesOf(origin.nodeId);
    const entries: LogEntry[] = [];
    const problems: ProcessedRecord[] = [];
    const minutes: ReducedMinute[] = [];
    const templates: CountedTemplate[] = [];
    for (const record of records) {
      const decoded = decodeReduced(record);
      if (decoded.kind === 'refused') return decoded;
      const { header, raw } = decoded;
      switch (header.kind) {
        case 'template': {
          const template = { id: header.id, text: header.text, severity: header.severity };
          if (known.size >= mostTemplates) known.clear();
          known.set(header.id, template);
          templates.push(template);
          break;
        }
        case 'context':
          entries.push(contextEntry(origin, header.timeMs, raw));
          break;
        case 'problem': {
          const before = entries.slice(-20).map((entry) => entry.raw);
          const entry = problemEntry(origin, header, raw);
          entries.push(entry);
          problems.push({ entry, before: () => before });
          break;
        }
        case 'counts': {
          const counted = header.templates.map(([id, count]) => ({
            template: known.get(id) ?? { id, text: '', severity: undefined },
            count,
          }));
          const service = origin.service === '' ? header.service || origin.source : origin.service;
          minutes.push({ service, minuteMs: header.minuteMs, templates: counted, omitted: header.problems });
          break;
        }
      }
    }
    const counts = minutes.flatMap(({ minuteMs, templates: list }) =>
      list.map(({ template, count }) => ({ templateId: template.id, minuteMs, count })),
    );
    const total = counts.reduce((sum, { count }) => sum + count, 0);
    const { nodeId, source, receivedAtMs } = origin;
    return { kind: 'read', batch: { nodeId, source, receivedAtMs, entries, problems, minutes, counts, templates, records: total } };
  }

  /** A node's new session tells its templates anew. */
  forget(nodeId: string): void {
    this.#templates.delete(nodeId);
  }

  #templatesOf(nodeId: string): Map<string, CountedTemplate> {
    let known = this.#templates.get(nodeId);
    if (known === undefined) this.#templates.set(nodeId, (known = new Map<string, CountedTemplate>()));
    return known;
  }
}

function problemEntry(origin: Origin, problem: ReducedProblem, raw: string): LogEntry {
  const trace = problem.message.includes('\n') || problem.message.includes('\\n') ? parseTrace(problem.message) : undefined;
  return {
    ...commonOf(origin, problem.timeMs, raw),
    severity: problem.severity ?? (trace === undefined ? 'info' : 'error'),
    service: origin.service === '' ? (problem.process ?? origin.source) : origin.service,
    host: problem.host ?? '',
    message: problem.message,
    fields: problem.fields,
    templateId: problem.template.id,
    templateText: problem.template.text,
    fingerprint: problem.fingerprint,
    trace,
    knownProblem: problem.knownProblemId === undefined ? undefined : knownProblemOf(problem.knownProblemId),
  };
}

/** Nothing is known of it but its words: they are for people. */
function contextEntry(origin: Origin, timeMs: number, raw: string): LogEntry {
  return {
    ...commonOf(origin, timeMs, raw),
    severity: 'info',
    service: origin.service === '' ? origin.source : origin.service,
    host: '',
    message: raw,
    templateId: '',
    templateText: '',
    fingerprint: undefined,
    trace: undefined,
  };
}

function commonOf({ nodeId, source, receivedAtMs }: Origin, statedMs: number, raw: string) {
  const timeMs = statedMs > receivedAtMs + furthestFutureMs ? receivedAtMs : statedMs;
  return { id: '', nodeId, source, timeMs, receivedAtMs, fields: {}, raw } as const;
}

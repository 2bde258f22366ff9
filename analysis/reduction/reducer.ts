// Reduces a source's records to what a coordinator needs to reach the same incidents: problems with their surroundings, and counts for everything else.
// Must never do I/O or read a clock, nor lose a problem's first records; what it leaves out is counted.
import type { Analysis } from '../analyzer.ts';
import { urgencyOf } from '../urgency.ts';
import type { ReducedHeader } from './reduced-record.ts';

/** What is sent instead of records, and the record itself where it is sent. */
export interface Reduced {
  readonly header: ReducedHeader;
  readonly raw: string;
}

export interface ReducerOptions {
  /** Records kept for what comes before a problem. */
  readonly before: number;
  /** Records sent after a problem. */
  readonly after: number;
  /** Records of one problem that are sent in a minute; more are counted. */
  readonly samplesPerMinute: number;
  /** Longest surrounding record, in characters. */
  readonly longestSurrounding: number;
  /** Templates whose text is remembered as sent. */
  readonly maxTemplates: number;
}

export const reducerDefaults: ReducerOptions = { before: 5, after: 2, samplesPerMinute: 3, longestSurrounding: 500, maxTemplates: 50_000 };

interface SourceState {
  minuteMs: number;
  tail: Reduced[];
  after: number;
  /** By service. */
  readonly counts: Map<string, { readonly templates: Map<string, number>; readonly omitted: Map<string, number> }>;
  readonly sent: Map<string, number>;
}

const minute = 60_000;
const maxServices = 200;

/** Fields repeat what the record says; beyond this they cost more than they tell. */
const mostFieldBytes = 8192;

export class Reducer {
  private readonly options: ReducerOptions;
  private readonly sources = new Map<string, SourceState>();
  private readonly known = new Map<string, string>();

  constructor(options: Partial<ReducerOptions> = {}) {
    this.options = { ...reducerDefaults, ...options };
  }

  /**
   * @param timeMs the record's time, or when it was read
   * @param service that is configured for the source; empty if none
   */
  take(source: string, raw: string, analysis: Analysis, timeMs: number, service = ''): readonly Reduced[] {
    const minuteMs = Math.floor(timeMs / minute) * minute;
    let state = this.sources.get(source);
    if (state === undefined) {
      state = { minuteMs, tail: [], after: 0, counts: new Map(), sent: new Map() };
      this.sources.set(source, state);
    }
    // Records of a minute that is over already count to the present one.
    const reduced: Reduced[] = [];
    if (minuteMs > state.minuteMs) {
      reduced.push(...this.collect(source));
      state.minuteMs = minuteMs;
      state.sent.clear();
    }
    const { record, template, fingerprint } = analysis;
    const counts = countsOf(state, service === '' ? (record.process ?? '') : service);
    increase(counts.templates, template.id);
    if (this.known.get(template.id) !== template.text) {
      if (this.known.size >= this.options.maxTemplates) this.known.clear();
      this.known.set(template.id, template.text);
      reduced.push({ header: { kind: 'template', id: template.id, text: template.text, severity: record.severity }, raw: '' });
    }
    const isProblem = urgencyOf(record, analysis.knownProblem) !== 'none';
    if (isProblem && increase(state.sent, fingerprint.value) <= this.options.samplesPerMinute) {
      reduced.push(...state.tail, { header: problemOf(analysis, timeMs), raw });
      state.tail = [];
      state.after = this.options.after;
      return reduced;
    }
    if (isProblem) increase(counts.omitted, fingerprint.value);
    const context: Reduced = { header: { kind: 'context', timeMs }, raw: raw.slice(0, this.options.longestSurrounding) };
    if (state.after > 0) {
      state.after--;
      reduced.push(context);
    } else {
      state.tail.push(context);
      if (state.tail.length > this.options.before) state.tail.shift();
    }
    return reduced;
  }

  /** True while records behind a problem are wanted. */
  wantsMore(source: string): boolean {
    return (this.sources.get(source)?.after ?? 0) > 0;
  }

  /** The counts of a source since they were collected last. */
  collect(source: string): readonly Reduced[] {
    const state = this.sources.get(source);
    if (state === undefined) return [];
    const collected = Array.from(state.counts, ([service, { templates, omitted }]): Reduced => {
      const header = { kind: 'counts', service, minuteMs: state.minuteMs, templates: [...templates], problems: [...omitted] } as const;
      return { header, raw: '' };
    });
    state.counts.clear();
    return collected;
  }

  /** The counts of every source so far. */
  flush(): readonly Reduced[] {
    return [...this.sources.keys()].flatMap((source) => [...this.collect(source)]);
  }

  /** Forgets what was sent: the other side may not have it. What analysis learnt stays. */
  reset(): void {
    this.sources.clear();
    this.known.clear();
  }
}

/** Made here, where all records were seen: who sees only problems can't tell what varies in their words. */
function problemOf({ record, template, fingerprint, knownProblem }: Analysis, timeMs: number): ReducedHeader {
  const { severity, process, host, message, fields } = record;
  const size = Object.values(fields).reduce<number>((sum, value) => sum + (typeof value === 'string' ? value.length : 8), 0);
  return {
    kind: 'problem',
    timeMs,
    severity,
    process,
    host,
    message,
    fields: size > mostFieldBytes ? {} : fields,
    template: { id: template.id, text: template.text },
    fingerprint,
    knownProblemId: knownProblem?.id,
  };
}

function countsOf(state: SourceState, service: string) {
  const key = state.counts.has(service) || state.counts.size < maxServices ? service : '';
  let counts = state.counts.get(key);
  if (counts === undefined) state.counts.set(key, (counts = { templates: new Map<string, number>(), omitted: new Map<string, number>() }));
  return counts;
}

function increase(counts: Map<string, number>, key: string): number {
  const count = (counts.get(key) ?? 0) + 1;
  counts.set(key, count);
  return count;
}

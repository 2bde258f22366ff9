// Reduces a source's records to what a coordinator needs to reach the same incidents: problems with their surroundings, and counts for everything else.
// Must never do I/O or read a clock, nor lose a problem's first records; what it leaves out is counted.
import type { Analysis } from '../analyzer.ts';
import { urgencyOf } from '../urgency.ts';

/** What is sent instead of records. */
export type Reduced =
  | {
      readonly kind: 'problem';
      readonly source: string;
      readonly timeMs: number;
      readonly raw: string;
      /** Made here, where all records were seen: who sees only problems can't tell what varies in their words. */
      readonly fingerprint: string;
      /** Records of the source just before it that weren't sent yet, as they came. */
      readonly before: readonly string[];
    }
  /** A record just after a problem. */
  | { readonly kind: 'after'; readonly source: string; readonly timeMs: number; readonly raw: string }
  /** What a template says; comes before the first count of it, and again when it generalises. */
  | { readonly kind: 'template'; readonly id: string; readonly text: string }
  | {
      readonly kind: 'counts';
      readonly source: string;
      /** Unix milliseconds, a whole minute. */
      readonly minuteMs: number;
      /** Template to records, all of them, whether sent or not. */
      readonly templates: readonly (readonly [string, number])[];
      /** Fingerprint to occurrences of problems that were left out, since the same one was sent often enough in this minute. */
      readonly problems: readonly (readonly [string, number])[];
    };

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
  tail: string[];
  after: number;
  readonly counts: Map<string, number>;
  readonly sent: Map<string, number>;
  readonly omitted: Map<string, number>;
}

const minute = 60_000;

export class Reducer {
  private readonly options: ReducerOptions;
  private readonly sources = new Map<string, SourceState>();
  private readonly known = new Map<string, string>();

  constructor(options: Partial<ReducerOptions> = {}) {
    this.options = { ...reducerDefaults, ...options };
  }

  /** @param timeMs the record's time, or when it was read */
  take(source: string, raw: string, analysis: Analysis, timeMs: number): readonly Reduced[] {
    const minuteMs = Math.floor(timeMs / minute) * minute;
    let state = this.sources.get(source);
    if (state === undefined) {
      state = { minuteMs, tail: [], after: 0, counts: new Map(), sent: new Map(), omitted: new Map() };
      this.sources.set(source, state);
    }
    // Records of a minute that is over already count to the present one.
    const reduced: Reduced[] = minuteMs > state.minuteMs ? [...this.closeMinute(source, state)] : [];
    if (minuteMs > state.minuteMs) state.minuteMs = minuteMs;
    increase(state.counts, analysis.template.id);
    if (this.known.get(analysis.template.id) !== analysis.template.text) {
      if (this.known.size >= this.options.maxTemplates) this.known.clear();
      this.known.set(analysis.template.id, analysis.template.text);
      reduced.push({ kind: 'template', id: analysis.template.id, text: analysis.template.text });
    }
    const isProblem = urgencyOf(analysis.record, analysis.knownProblem) !== 'none';
    const fingerprint = analysis.fingerprint.value;
    if (isProblem && increase(state.sent, fingerprint) <= this.options.samplesPerMinute) {
      reduced.push({ kind: 'problem', source, timeMs, raw, fingerprint, before: state.tail });
      state.tail = [];
      state.after = this.options.after;
      return reduced;
    }
    if (isProblem) increase(state.omitted, fingerprint);
    const short = raw.slice(0, this.options.longestSurrounding);
    if (state.after > 0) {
      state.after--;
      reduced.push({ kind: 'after', source, timeMs, raw: short });
    } else {
      state.tail.push(short);
      if (state.tail.length > this.options.before) state.tail.shift();
    }
    return reduced;
  }

  /** The counts of every source so far; when a node stops, or nothing comes for long. */
  flush(): readonly Reduced[] {
    return [...this.sources].flatMap(([source, state]) => [...this.closeMinute(source, state)]);
  }

  private *closeMinute(source: string, state: SourceState): Generator<Reduced> {
    if (state.counts.size > 0) {
      yield { kind: 'counts', source, minuteMs: state.minuteMs, templates: [...state.counts], problems: [...state.omitted] };
    }
    state.counts.clear();
    state.sent.clear();
    state.omitted.clear();
  }
}

function increase(counts: Map<string, number>, key: string): number {
  const count = (counts.get(key) ?? 0) + 1;
  counts.set(key, count);
  return count;
}

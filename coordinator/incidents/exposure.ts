// How much a service did and how often an incident showed, by node, by the revision that its log states, and by time: what a verdict on a fix needs.
// Must never hold up ingest: traffic is counted in memory and written in intervals; occurrences are counted with the incident's own commit.
import { statedRevision, type FieldMap } from './stated-revision.ts';

/** One node and one stated revision in one stretch of time. */
export interface ExposureRow {
  readonly service: string;
  /** Empty: the traffic, in log entries of the service. Otherwise how often this incident showed. */
  readonly incidentId: string;
  readonly nodeId: string;
  /** As the entries name it; empty where they don't. */
  readonly revision: string;
  readonly startMs: number;
  readonly widthMs: number;
  readonly amount: number;
}

export interface ExposureStore {
  /** Adds to what is there. */
  add(rows: readonly ExposureRow[]): Promise<void>;
  /** Traffic of the service and occurrences of the incident that ended after `sinceMs`, in order of time. */
  read(service: string, incidentId: string, sinceMs: number): Promise<readonly ExposureRow[]>;
  /** Services that have an incident. */
  services(): Promise<readonly string[]>;
  /** Services of these incidents. */
  servicesOf(incidentIds: readonly string[]): Promise<readonly string[]>;
  /**
   * Makes buckets that ended before `beforeMs` hours, and those of services that are not in `keepNodes` the service's, whatever node and
   * revision; removes what ended before `forgetMs`.
   */
  condense(beforeMs: number, forgetMs: number, keepNodes: readonly string[]): Promise<void>;
}

/** Short enough that a rollout makes little of it uncertain. */
export const bucketMs = 600_000;

/** A log that names a new revision in every entry would fill the store; beyond this its entries count as naming none. */
const mostRevisions = 16;

interface Bucket {
  readonly nodeId: string;
  readonly revision: string;
  readonly startMs: number;
  amount: number;
}

interface ServiceCount {
  readonly buckets: Map<string, Bucket>;
  readonly revisions: Set<string>;
  last: Bucket | undefined;
}

/** As much of a log entry as is counted. */
export interface CountedEntry {
  readonly service: string;
  readonly nodeId: string;
  readonly timeMs: number;
  readonly fields: FieldMap;
}

export class ExposureMeter {
  readonly #services = new Map<string, ServiceCount>();
  readonly #fieldNames: readonly string[];

  /** @param fieldNames of log entries that name the revision which wrote them */
  constructor(fieldNames: readonly string[]) {
    this.#fieldNames = fieldNames;
  }

  /** From now on the traffic of this service counts: it has an incident. */
  watch(service: string): void {
    if (!this.#services.has(service)) this.#services.set(service, { buckets: new Map(), revisions: new Set(), last: undefined });
  }

  /** The revision that an entry states; empty if none, or if its service names too many. */
  revisionOf(entry: CountedEntry): string {
    const stated = statedRevision(entry.fields, this.#fieldNames);
    const counts = this.#services.get(entry.service);
    if (stated === '' || counts === undefined || counts.revisions.has(stated)) return stated;
    if (counts.revisions.size >= mostRevisions) return '';
    counts.revisions.add(stated);
    return stated;
  }

  /** @param amount entries like it */
  observe(entry: CountedEntry, amount = 1): void {
    const counts = this.#services.get(entry.service);
    if (counts === undefined) return;
    const { nodeId, timeMs } = entry;
    const revision = this.revisionOf(entry);
    const startMs = bucketOf(timeMs);
    const { last } = counts;
    if (last !== undefined && last.startMs === startMs && last.nodeId === nodeId && last.revision === revision) {
      last.amount += amount;
      return;
    }
    const key = `${nodeId}\0${revision}\0${startMs}`;
    let bucket = counts.buckets.get(key);
    if (bucket === undefined) {
      bucket = { nodeId, revision, startMs, amount: 0 };
      counts.buckets.set(key, bucket);
    }
    bucket.amount += amount;
    counts.last = bucket;
  }

  /** What was counted since the last time. */
  take(): readonly ExposureRow[] {
    const rows: ExposureRow[] = [];
    for (const [service, counts] of this.#services) {
      for (const { nodeId, revision, startMs, amount } of counts.buckets.values())
        rows.push({ service, incidentId: '', nodeId, revision, startMs, widthMs: bucketMs, amount });
      counts.buckets.clear();
      counts.revisions.clear();
      counts.last = undefined;
    }
    return rows;
  }

  /**
   * Writes what was counted; puts it back where that fails.
   * @param committed resolves once the entries that were counted so far are committed: traffic without the occurrences in it would make a silence of them
   */
  async flush(store: Pick<ExposureStore, 'add'>, committed: () => Promise<void>): Promise<void> {
    const rows = this.take();
    if (rows.length === 0) return;
    try {
      await committed();
      await store.add(rows);
    } catch (error) {
      for (const row of rows) this.#putBack(row);
      throw error;
    }
  }

  #putBack({ service, nodeId, revision, startMs, amount }: ExposureRow): void {
    this.watch(service);
    const counts = this.#services.get(service);
    const key = `${nodeId}\0${revision}\0${startMs}`;
    const bucket = counts?.buckets.get(key);
    if (bucket === undefined) counts?.buckets.set(key, { nodeId, revision, startMs, amount });
    else bucket.amount += amount;
  }
}

export function bucketOf(timeMs: number): number {
  return Math.floor(timeMs / bucketMs) * bucketMs;
}

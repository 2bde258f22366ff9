// What incidents need kept, and the part of the commit's transaction that they write in.
// Must never hold SQL; the store implements these.
import type { Severity } from '../../analysis/severity.ts';
import type { ExposureRow } from './exposure.ts';
import type { Incident, IncidentReader, IncidentState, Occurrence } from './incident.ts';

/** When it was resolved decides whether an occurrence is a relapse or only came late. */
export interface StoredIncident {
  readonly incident: Incident;
  readonly resolvedAtMs: number | undefined;
  /** The solution that was merged for it: whether an occurrence is a relapse is judged by the revision that it came from. */
  readonly fixId: string | undefined;
}

export interface IncidentTransaction {
  /** The one that counts it: where the one of this fingerprint was merged into another, that other. */
  findIncident(fingerprint: string, service: string): Promise<StoredIncident | undefined>;
  findIncidentById(id: string): Promise<StoredIncident | undefined>;
  /** All but its nodes, and what was merged into it or is related to it. */
  saveIncident(stored: StoredIncident): Promise<void>;
  addIncidentNodes(incidentId: string, nodeIds: readonly string[]): Promise<void>;
  /** @param ordinal counts the incident's occurrences from 1 */
  insertOccurrence(occurrence: Occurrence, ordinal: number): Promise<void>;
  /** Removes the ordinals from `from` to `to` (both included), but those in `keep`. */
  thinOccurrences(incidentId: string, from: number, to: number, keep: readonly number[]): Promise<void>;
  /** How often the incident showed, for the verdict on a fix. */
  countOccurrences(rows: readonly ExposureRow[]): Promise<void>;
  /** Judges a fix anew; no effect while that is due anyway. */
  enqueueFollow(fixId: string, dueAtMs: number, nowMs: number): Promise<void>;
  /** Begins the work on a solution; no effect while some is under way. */
  enqueueProposal(incidentId: string, nowMs: number): Promise<void>;
  /** Takes that back where it hasn't begun. */
  withdrawProposal(incidentId: string): Promise<void>;
}

export interface IncidentQuery {
  readonly states: readonly IncidentState[];
  readonly nodeIds: readonly string[];
  readonly services: readonly string[];
  readonly minimumSeverity: Severity | undefined;
  /** Without those that are related to an earlier one, or quiet. */
  readonly leadingOnly?: boolean | undefined;
  /** With those that were merged into another one. */
  readonly includeMerged?: boolean | undefined;
  readonly limit: number;
  /** The last one of the page before. */
  readonly after: { readonly lastSeenAtMs: number; readonly id: string } | undefined;
}

export interface IncidentStore extends IncidentReader {
  transactIncidents<Result>(work: (transaction: IncidentTransaction) => Promise<Result>): Promise<Result>;
  /** Last seen first. */
  listIncidents(query: IncidentQuery): Promise<readonly Incident[]>;
  /** Id, or a beginning of it. */
  findByPrefix(prefix: string): Promise<readonly StoredIncident[]>;
  /** Ids of the incidents of these fingerprints, by `fingerprint/service`. */
  idsOf(fingerprints: readonly string[]): Promise<ReadonlyMap<string, string>>;
  /** Without merged ones; those that don't alert count as `quiet`, whatever their state. */
  countByState(): Promise<ReadonlyMap<IncidentState | 'quiet', number>>;
  /** Latest first; `before` is the ordinal of the last one seen. */
  pageOccurrences(
    incidentId: string,
    limit: number,
    before: number | undefined,
  ): Promise<readonly { readonly occurrence: Occurrence; readonly ordinal: number }[]>;
}

// What an incident is: one problem, everywhere it shows, and the states it goes through.
// Must never know how it was found (detectors), kept (store) or solved (solutions).
import type { ChangeKind } from '../../analysis/change.ts';
import type { Fingerprint, FieldValue } from '../../analysis/entry.ts';
import type { Severity } from '../../analysis/severity.ts';
import type { Trace } from '../../analysis/trace.ts';

/**
 * | from | event | to |
 * | --- | --- | --- |
 * | open, regressed | acknowledge | acknowledged |
 * | open, acknowledged, regressed | resolve | resolved |
 * | any but ignored | ignore | ignored |
 * | resolved | occurrence | regressed |
 * | resolved, ignored, acknowledged | reopen | open |
 */
export type IncidentState = 'open' | 'acknowledged' | 'resolved' | 'regressed' | 'ignored';

export type IncidentEvent = 'acknowledge' | 'resolve' | 'ignore' | 'occurrence' | 'reopen';

export interface Incident {
  /** 26 characters, sortable by time (ULID). */
  readonly id: string;
  readonly fingerprint: Fingerprint;
  /** One line for people, control characters removed. */
  readonly title: string;
  readonly state: IncidentState;
  /** The worst seen. */
  readonly severity: Severity;
  readonly service: string;
  /** Unix milliseconds, by the entries' own time. */
  readonly firstSeenAtMs: number;
  readonly lastSeenAtMs: number;
  readonly occurrences: number;
  readonly nodeIds: readonly string[];
  /** What found it: `trace`, `error`, `known-problem`, … */
  readonly detector: string;
  /** A person's last word on it. */
  readonly note: string;
  /** The incident that this one was merged into by hand. */
  readonly mergedInto?: string | undefined;
  /** What was merged into this one; `totals` in merging.ts adds theirs up. */
  readonly merged?: readonly MergedIncident[] | undefined;
  /** The earlier incident that is held to have the same cause. */
  readonly relatedTo?: string | undefined;
  /** Incidents that are related to this one. */
  readonly related?: number | undefined;
  /** Why nobody is alerted, and no solution proposed unless it is a storm and the service's own code fails. */
  readonly quiet?: QuietReason | undefined;
  /** When it came back after it was resolved, Unix milliseconds, the last ones. */
  readonly regressions?: readonly number[] | undefined;
  /** What changed around its start, as it was known then. */
  readonly changes?: readonly Change[] | undefined;
}

/**
 * - `shadow`: its detector is still on trial.
 * - `maintenance`: it began in a maintenance window.
 * - `flapping`: it comes and goes.
 * - `storm`: it began among very many others.
 */
export type QuietReason = 'shadow' | 'maintenance' | 'flapping' | 'storm';

/** What an incident had counted before it was merged into another one. */
export type MergedIncident = Pick<
  Incident,
  'id' | 'fingerprint' | 'title' | 'service' | 'severity' | 'firstSeenAtMs' | 'lastSeenAtMs' | 'occurrences' | 'nodeIds'
>;

/** Something that changed on a node or in a service. */
export interface Change {
  readonly kind: ChangeKind;
  readonly nodeId: string;
  readonly service: string;
  /** Unix milliseconds. */
  readonly timeMs: number;
  /** One line. */
  readonly text: string;
}

/** One time it showed. At most some dozens are kept for each incident: the first, the last, and a sample between. */
export interface Occurrence {
  readonly id: string;
  readonly incidentId: string;
  readonly nodeId: string;
  readonly source: string;
  readonly timeMs: number;
  readonly severity: Severity;
  readonly service: string;
  readonly message: string;
  readonly fields: Readonly<Record<string, FieldValue>>;
  readonly trace: Trace | undefined;
  /** The record as it came, redacted on the node. */
  readonly raw: string;
  /** Up to 20 lines of the same source just before it. */
  readonly before: readonly string[];
}

/** What solutions need to know of incidents. */
export interface IncidentReader {
  getIncident(id: string): Promise<Incident | undefined>;
  /** Latest first. */
  listOccurrences(incidentId: string, limit: number): Promise<readonly Occurrence[]>;
}

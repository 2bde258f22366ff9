// What keeps alerts few: whether an incident that shows is told of, as a member of a storm, on trial, in maintenance or flapping.
// Must never keep state or hide an incident; it only decides whether anybody is alerted.
import type { IncidentChange } from './incident-watch.ts';
import type { Incident, QuietReason } from './incident.ts';
import { causeOf, type RelationFinder } from './relation.ts';

export interface FlappingOptions {
  /** An incident that came back so often within the window is flapping. */
  readonly regressions: number;
  /** Milliseconds. */
  readonly window: number;
}

/** Links a new incident to the earlier one of the same cause. */
export function relate(incident: Incident, isOwnFault: boolean, nowMs: number, relations: ReturnType<RelationFinder['begin']>): Incident {
  const causes = (incident.changes ?? []).flatMap((change) => causeOf(change, incident, isOwnFault) ?? []);
  const { relatedTo, isStorm } = relations.relate(incident.id, nowMs, causes);
  return { ...incident, relatedTo, quiet: isStorm ? 'storm' : undefined };
}

/** After this time a member of a storm that shows again is a problem of its own. */
const stormMs = 3_600_000;

/** Whether what was quiet still is, now that it showed again. */
export function stillQuiet(before: Incident, isAlerting: boolean, nowMs: number): QuietReason | undefined {
  if (before.quiet === undefined || !isAlerting) return before.quiet;
  if (before.quiet === 'storm') return nowMs - before.firstSeenAtMs > stormMs ? undefined : 'storm';
  return before.quiet === 'flapping' ? 'flapping' : undefined;
}

/** It came back: too often within a time, and nobody is alerted any more until it rests. */
export function withRegression(incident: Incident, nowMs: number, { regressions: most, window }: FlappingOptions): Incident {
  const regressions = [...(incident.regressions ?? []).filter((timeMs) => timeMs > nowMs - window), nowMs].slice(-most);
  const isFlapping = regressions.length >= most;
  const quiet = isFlapping ? 'flapping' : incident.quiet === 'flapping' ? undefined : incident.quiet;
  return { ...incident, regressions, quiet };
}

/** What watchers are told of a change. */
export function eventOf(before: Incident | undefined, incident: Incident, isBack: boolean): IncidentChange['event'] {
  if (before === undefined) return incident.quiet === undefined ? 'opened' : 'quiet';
  // What was only recorded until now alerts.
  if (before.quiet !== undefined && before.quiet !== 'flapping' && incident.quiet === undefined) return 'opened';
  if (isBack) return incident.quiet === undefined ? 'changed' : 'quiet';
  return 'occurred';
}

// What is known of an incident beside its own records: the class of problem with cause, impact and remedy, and what happened around its start.
// Must never guess: every line names what it was taken from.
import { knownProblemMatcher } from '../../analysis/known-problems/catalogue.ts';
import type { ChangeLog } from './change-log.ts';
import type { IncidentStore } from './incident-store.ts';
import type { Change, Incident, Occurrence } from './incident.ts';

export interface Insight {
  readonly kind: 'fact' | 'change';
  readonly title: string;
  readonly body: string;
  readonly timeMs: number | undefined;
  readonly nodeId: string | undefined;
}

const nearMs = 10 * 60_000;
const shown = 10;

export async function insightsOf(
  incident: Incident,
  latest: Occurrence | undefined,
  sources: { readonly store: Pick<IncidentStore, 'listIncidents'>; readonly changes: ChangeLog },
): Promise<readonly Insight[]> {
  const insights: Insight[] = [];
  const known = latest === undefined ? undefined : knownProblemMatcher.recognize(latest);
  if (known !== undefined) {
    const body = `Cause: ${known.cause}\nImpact: ${known.impact}\nRemedy: ${known.remedy}`;
    insights.push({ kind: 'fact', title: `known problem ${known.id}: ${known.title}`, body, timeMs: undefined, nodeId: undefined });
  }
  const changes = changesOf(incident, sources.changes);
  if (changes.length > 0) {
    const lines = changes.map(({ timeMs, kind, nodeId, service, text }) => `${when(timeMs)}  ${kind}  ${nodeId}  ${service}: ${text}`);
    insights.push({
      kind: 'change',
      title: 'changed around its start',
      body: lines.join('\n'),
      timeMs: changes[0]?.timeMs,
      nodeId: undefined,
    });
  }
  const others = await beganWith(incident, sources.store);
  if (others.length > 0) {
    const lines = others.map(({ id, firstSeenAtMs, service, title }) => `${when(firstSeenAtMs)}  ${id}  ${service}: ${title}`);
    insights.push({
      kind: 'fact',
      title: 'incidents that began within ten minutes of it',
      body: lines.join('\n'),
      timeMs: undefined,
      nodeId: undefined,
    });
  }
  return insights;
}

/** As they were known when it opened, and those that became known since. */
function changesOf(incident: Incident, log: ChangeLog): readonly Change[] {
  const kept = incident.changes ?? [];
  const keys = new Set(kept.map(keyOf));
  const later = log.around(incident.firstSeenAtMs, incident.nodeIds, incident.service, shown).filter((change) => !keys.has(keyOf(change)));
  return [...kept, ...later].slice(0, shown);
}

function keyOf({ kind, nodeId, service, timeMs, text }: Change): string {
  return [kind, nodeId, service, timeMs, text].join('\n');
}

/** Of the incidents seen last, those that began near it, the earliest first: that one is the likeliest cause. */
async function beganWith(incident: Incident, store: Pick<IncidentStore, 'listIncidents'>): Promise<readonly Incident[]> {
  const query = { states: [], nodeIds: [], services: [], minimumSeverity: undefined, limit: 200, after: undefined };
  const others = (await store.listIncidents(query)).filter(
    ({ id, firstSeenAtMs }) => id !== incident.id && Math.abs(firstSeenAtMs - incident.firstSeenAtMs) <= nearMs,
  );
  return others.sort((a, b) => a.firstSeenAtMs - b.firstSeenAtMs).slice(0, shown);
}

function when(timeMs: number): string {
  return new Date(timeMs).toISOString();
}

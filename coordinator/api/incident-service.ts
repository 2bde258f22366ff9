// IncidentService: incidents, their occurrences and evidence, and what people decide about them.
// Must never hold logic of its own; it translates and delegates.
import type { IncidentServiceImplementation } from '../../proto/index.ts';
import type { IncidentEvent } from '../incidents/incident.ts';
import type { IncidentStore } from '../incidents/incident-store.ts';
import type { IncidentTracker } from '../incidents/tracker.ts';
import type { IncidentMerger } from '../incidents/merging.ts';
import type { IncidentWatch } from '../incidents/incident-watch.ts';
import type { Incident } from '../incidents/incident.ts';
import type { ChangeLog } from '../incidents/change-log.ts';
import { insightsOf } from '../incidents/insight.ts';
import type { ProposalStore, SolutionProposal } from '../solutions/proposal.ts';
import type { CallIdentity } from './call-identity.ts';
import { requireSeen, type Views } from './view.ts';
import { pageSizeOf, readPageToken, writePageToken } from './page.ts';
import { readIncidentStates, writeEvidence, writeIncident, writeInsight, writeOccurrence } from './wire-incident.ts';
import { readSeverity } from './wire-values.ts';

export interface IncidentServiceOptions {
  readonly store: IncidentStore;
  readonly tracker: IncidentTracker;
  readonly merger: IncidentMerger;
  readonly watch: IncidentWatch;
  readonly proposals: ProposalStore;
  readonly changes: ChangeLog;
  readonly views: Views;
}

const latestShown = 5;

export function createIncidentService(options: IncidentServiceOptions): IncidentServiceImplementation<{ identity: CallIdentity }> {
  const { store, tracker, merger, watch, proposals, changes, views } = options;
  const newestSolution = async (incidentId: string): Promise<SolutionProposal | undefined> =>
    (await proposals.list({ incidentId, states: [], limit: 1, after: undefined }))[0];
  const show = async (incident: Incident) => writeIncident(incident, await newestSolution(incident.id));
  type Context = { readonly identity: CallIdentity };
  /** By id or its beginning, if the caller sees it. */
  const find = async (context: Context, id: string) => {
    const view = await views.of(context);
    const found = await tracker.find(id);
    requireSeen(view.seesIncident(found.incident), 'incident', id);
    return { ...found, view };
  };
  const decide = async (context: Context, id: string, event: Exclude<IncidentEvent, 'occurrence'>, note: string) => {
    const { incident } = await find(context, id);
    return { incident: await show(await tracker.decide(incident.id, event, note)) };
  };
  return {
    async getIncident(request, context) {
      const { incident, view } = await find(context, request.id);
      const solution = await newestSolution(incident.id);
      const latest = await store.listOccurrences(incident.id, latestShown);
      const insights = await insightsOf(incident, latest[0], { store, changes });
      return {
        incident: writeIncident(incident, solution),
        evidence: [
          ...insights.map(writeInsight),
          ...(solution?.evidence ?? []).filter(({ nodeId }) => nodeId === undefined || view.seesNode(nodeId)).map(writeEvidence),
        ],
        latest: latest.filter((occurrence) => view.seesEntry(occurrence)).map(writeOccurrence),
      };
    },
    async listIncidents(request, context) {
      const view = await views.of(context);
      const size = pageSizeOf(request.page);
      const place = readPageToken('incidents', request.page, ['number', 'string']);
      const found = await store.listIncidents({
        states: readIncidentStates(request.states),
        nodeIds: request.nodeIds,
        services: request.services,
        minimumSeverity: readSeverity(request.minimumSeverity),
        leadingOnly: request.leadingOnly,
        includeMerged: request.includeMerged,
        limit: size + 1,
        after: place === undefined ? undefined : { lastSeenAtMs: Number(place[0]), id: String(place[1]) },
      });
      const shown = found.slice(0, size);
      const last = shown.at(-1);
      return {
        incidents: await Promise.all(shown.filter((incident) => view.seesIncident(incident)).map(show)),
        nextPageToken: last === undefined || found.length <= size ? '' : writePageToken('incidents', [last.lastSeenAtMs, last.id]),
      };
    },
    async *watchIncidents(request, context) {
      const view = await views.of(context);
      for await (const { event, incident } of watch.follow(readIncidentStates(request.states), context.signal)) {
        if (view.seesIncident(incident)) yield { event, incident: await show(incident) };
      }
    },
    acknowledgeIncident: (request, context) => decide(context, request.id, 'acknowledge', request.note),
    resolveIncident: (request, context) => decide(context, request.id, 'resolve', request.note),
    ignoreIncident: (request, context) => decide(context, request.id, 'ignore', request.note),
    reopenIncident: (request, context) => decide(context, request.id, 'reopen', request.note),
    async mergeIncidents(request, context) {
      const survivor = await find(context, request.survivorId);
      for (const id of request.ids) await find(context, id);
      return { incident: await show(await merger.merge(survivor.incident.id, request.ids)) };
    },
    async unmergeIncident(request, context) {
      const { incident } = await find(context, request.id);
      return { incident: await show(await merger.unmerge(incident.id)) };
    },
    async listOccurrences(request, context) {
      const size = pageSizeOf(request.page);
      const place = readPageToken('occurrences', request.page, ['number']);
      const { incident, view } = await find(context, request.incidentId);
      const found = await store.pageOccurrences(incident.id, size + 1, place === undefined ? undefined : Number(place[0]));
      const shown = found.slice(0, size);
      const last = shown.at(-1);
      return {
        occurrences: shown.filter(({ occurrence }) => view.seesEntry(occurrence)).map(({ occurrence }) => writeOccurrence(occurrence)),
        nextPageToken: last === undefined || found.length <= size ? '' : writePageToken('occurrences', [last.ordinal]),
      };
    },
  };
}

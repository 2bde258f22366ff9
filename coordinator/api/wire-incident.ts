// Translates incidents, occurrences and evidence to the wire.
// Must never read a store; what it needs is given.
import {
  IncidentState as WireState,
  type Evidence as WireEvidence,
  type Incident as WireIncident,
  type Occurrence as WireOccurrence,
} from '../../proto/index.ts';
import type { Incident, IncidentState, Occurrence } from '../incidents/incident.ts';
import { totalsOf } from '../incidents/merging.ts';
import type { Insight } from '../incidents/insight.ts';
import type { Evidence, SolutionProposal } from '../solutions/proposal.ts';
import { writeFields, writeTrace } from './wire-log.ts';
import { keyOf, writeSeverity, writeTime } from './wire-values.ts';

const stateNames: Readonly<Record<IncidentState, WireState>> = {
  open: WireState.OPEN,
  acknowledged: WireState.ACKNOWLEDGED,
  resolved: WireState.RESOLVED,
  regressed: WireState.REGRESSED,
  ignored: WireState.IGNORED,
};

export function readIncidentStates(states: readonly WireState[]): IncidentState[] {
  return states.flatMap((state) => keyOf(stateNames, state) ?? []);
}

/** @param solution the newest proposal, if there is one */
export function writeIncident(own: Incident, solution: SolutionProposal | undefined): WireIncident {
  const incident = totalsOf(own);
  return {
    id: incident.id,
    fingerprint: incident.fingerprint.value,
    fingerprintParts: incident.fingerprint.parts.map((part) => ({ ...part })),
    title: incident.title,
    state: stateNames[incident.state],
    severity: writeSeverity(incident.severity),
    service: incident.service,
    firstSeenAt: writeTime(incident.firstSeenAtMs),
    lastSeenAt: writeTime(incident.lastSeenAtMs),
    occurrences: incident.occurrences,
    nodeIds: [...incident.nodeIds],
    detector: incident.detector,
    note: incident.note,
    solutionStatus: solution === undefined ? '' : [solution.state, solution.stateReason].filter((part) => part !== '').join(': '),
    solutionId: solution?.id ?? '',
    mergedInto: incident.mergedInto ?? '',
    merged: (incident.merged ?? []).map(({ id, fingerprint, title, service, occurrences }) => ({
      id,
      fingerprint: fingerprint.value,
      fingerprintParts: fingerprint.parts.map((part) => ({ ...part })),
      title,
      service,
      occurrences,
    })),
    relatedTo: incident.relatedTo ?? '',
    related: incident.related ?? 0,
    quiet: incident.quiet ?? '',
  };
}

export function writeOccurrence(occurrence: Occurrence): WireOccurrence {
  return {
    id: occurrence.id,
    incidentId: occurrence.incidentId,
    nodeId: occurrence.nodeId,
    time: writeTime(occurrence.timeMs),
    entry: {
      id: '',
      nodeId: occurrence.nodeId,
      source: occurrence.source,
      time: writeTime(occurrence.timeMs),
      receivedAt: undefined,
      severity: writeSeverity(occurrence.severity),
      service: occurrence.service,
      message: occurrence.message,
      fields: writeFields(occurrence.fields),
      templateId: '',
      fingerprint: '',
      incidentId: occurrence.incidentId,
      trace: occurrence.trace === undefined ? undefined : writeTrace(occurrence.trace),
      host: '',
      labels: {},
    },
  };
}

/** `K1`, `K2`, …: what is known before any work on a solution, which numbers its own evidence. */
export function writeInsight(insight: Insight, index: number): WireEvidence {
  const { kind, title, body, timeMs, nodeId } = insight;
  return { id: `K${index + 1}`, kind, title, body, time: writeTime(timeMs), nodeId: nodeId ?? '' };
}

export function writeEvidence(evidence: Evidence): WireEvidence {
  const { id, kind, title, body, timeMs, nodeId } = evidence;
  return { id, kind, title, body, time: writeTime(timeMs), nodeId: nodeId ?? '' };
}

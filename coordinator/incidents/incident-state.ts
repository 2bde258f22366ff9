// The one transition function of incidents; the table is in incident.ts.
// Must never do I/O.
import type { IncidentEvent, IncidentState } from './incident.ts';

const transitions: Readonly<Record<IncidentEvent, Partial<Record<IncidentState, IncidentState>>>> = {
  acknowledge: { open: 'acknowledged', regressed: 'acknowledged' },
  resolve: { open: 'resolved', acknowledged: 'resolved', regressed: 'resolved' },
  ignore: { open: 'ignored', acknowledged: 'ignored', resolved: 'ignored', regressed: 'ignored' },
  occurrence: { resolved: 'regressed' },
  reopen: { resolved: 'open', ignored: 'open', acknowledged: 'open' },
};

/** The state after `event`; undefined where the event changes nothing (an occurrence) or isn't allowed (a person's). */
export function nextState(state: IncidentState, event: IncidentEvent): IncidentState | undefined {
  return transitions[event][state];
}

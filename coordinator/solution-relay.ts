// Tells those who watch incidents that the work on a solution moved.
// Must never hold the work up.
import type { Component } from '../base/lifecycle.ts';
import type { IncidentReader } from './incidents/incident.ts';
import type { IncidentWatch } from './incidents/incident-watch.ts';
import type { ProposalEvents } from './solutions/proposal-events.ts';

export function relaySolutions(events: ProposalEvents, incidents: IncidentReader, watch: IncidentWatch): Component {
  const stopping = new AbortController();
  let relaying: Promise<void> = Promise.resolve();
  const relay = async (): Promise<void> => {
    for await (const { proposal } of events.watch(undefined, stopping.signal)) {
      const incident = await incidents.getIncident(proposal.incidentId);
      if (incident !== undefined) watch.publish({ event: 'solution', incident });
    }
  };
  return {
    name: 'solution-relay',
    async start() {
      relaying = relay();
    },
    async stop() {
      stopping.abort();
      await relaying;
    },
  };
}

// Each row of the table of incident states, and nothing beside it.
// Must never repeat the implementation: the table is written out.
import { describe, expect, test } from 'vitest';
import { nextState } from '../../../coordinator/incidents/incident-state.ts';
import type { IncidentEvent, IncidentState } from '../../../coordinator/incidents/incident.ts';

const states: readonly IncidentState[] = ['open', 'acknowledged', 'resolved', 'regressed', 'ignored'];
const rows: Readonly<Record<IncidentEvent, Readonly<Record<IncidentState, IncidentState | undefined>>>> = {
  acknowledge: { open: 'acknowledged', regressed: 'acknowledged', acknowledged: undefined, resolved: undefined, ignored: undefined },
  resolve: { open: 'resolved', acknowledged: 'resolved', regressed: 'resolved', resolved: undefined, ignored: undefined },
  ignore: { open: 'ignored', acknowledged: 'ignored', regressed: 'ignored', resolved: 'ignored', ignored: undefined },
  occurrence: { resolved: 'regressed', open: undefined, acknowledged: undefined, regressed: undefined, ignored: undefined },
  reopen: { resolved: 'open', ignored: 'open', acknowledged: 'open', open: undefined, regressed: undefined },
};

for (const [event, expected] of Object.entries(rows) as [IncidentEvent, Record<IncidentState, IncidentState | undefined>][]) {
  describe(event, () => {
    test.each(states)('from %s', (state) => {
      expect(nextState(state, event)).toBe(expected[state]);
    });
  });
}

// Incidents, occurrences and repositories for tests of solutions.
// Must never depend on the clock.
import type { Trace } from '../../analysis/trace.ts';
import type { Incident, Occurrence } from '../../coordinator/incidents/incident.ts';
import type { Repository } from '../../coordinator/repository/repository.ts';

const atMs = Date.parse('2026-01-02T03:04:05Z');

export function sampleIncident(values: Partial<Incident> = {}): Incident {
  return {
    id: '01KDYABCDEFGHJKMNPQRSTVWXY',
    fingerprint: { value: '0123456789abcdef0123456789abcdef', parts: [] },
    title: "TypeError: Cannot read properties of undefined (reading 'tier')",
    state: 'open',
    severity: 'error',
    service: 'shop',
    firstSeenAtMs: atMs,
    lastSeenAtMs: atMs,
    occurrences: 3,
    nodeIds: ['node-1'],
    detector: 'trace',
    note: '',
    ...values,
  };
}

export function sampleOccurrence(trace: Trace | undefined, values: Partial<Occurrence> = {}): Occurrence {
  return {
    id: 'occurrence-1',
    incidentId: '01KDYABCDEFGHJKMNPQRSTVWXY',
    nodeId: 'node-1',
    source: 'app',
    timeMs: atMs,
    severity: 'error',
    service: 'shop',
    message: trace?.message ?? 'failed',
    fields: {},
    trace,
    raw: trace?.message ?? 'failed',
    before: [],
    ...values,
  };
}

export function sampleTrace(values: Partial<Trace>): Trace {
  return { language: 'node', type: 'TypeError', message: '', frames: [], cause: undefined, related: [], ...values };
}

export function sampleRepository(values: Partial<Repository> = {}): Repository {
  return {
    id: 'repository-1',
    name: 'shop',
    provider: 'git',
    url: '/nowhere',
    defaultBranch: undefined,
    mode: 'deploy',
    gate: 'tests',
    services: ['shop'],
    allowedPaths: [],
    commands: { setup: undefined, build: undefined, test: undefined, reproduce: undefined },
    credential: undefined,
    lastFetchedAtMs: undefined,
    lastError: undefined,
    ...values,
  };
}

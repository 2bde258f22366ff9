// In-memory stores for tests of solutions: proposals, jobs, repositories and incidents.
// Must never forget what the contracts promise: one unfinished job a kind and subject, newest proposals first.
import type { Incident, IncidentReader, Occurrence } from '../../coordinator/incidents/incident.ts';
import type { Repository, RepositoryStore } from '../../coordinator/repository/repository.ts';
import type { Job, JobKind, JobQueue } from '../../coordinator/solutions/job-queue.ts';
import type { ProposalStore, SolutionProposal } from '../../coordinator/solutions/proposal.ts';

export function memoryProposals(): ProposalStore & { readonly all: Map<string, SolutionProposal> } {
  const all = new Map<string, SolutionProposal>();
  return {
    all,
    async save(proposal) {
      all.set(proposal.id, proposal);
    },
    async saveWhile(state, proposal) {
      if (all.get(proposal.id)?.state !== state) return false;
      all.set(proposal.id, proposal);
      return true;
    },
    get: async (id) => [...all.values()].find((proposal) => proposal.id.startsWith(id)),
    list: async ({ incidentId, states, limit }) =>
      [...all.values()]
        .filter((one) => (incidentId === undefined || one.incidentId === incidentId) && (states.length === 0 || states.includes(one.state)))
        .toSorted((a, b) => (a.id < b.id ? 1 : -1))
        .slice(0, limit),
    countByState: async () => new Map([...Map.groupBy(all.values(), ({ state }) => state)].map(([state, list]) => [state, list.length])),
  };
}

interface JobRow {
  readonly job: Job;
  state: 'waiting' | 'leased' | 'done' | 'failed';
  dueMs: number;
  reason: string;
}

export function memoryJobs(now: () => number = () => Date.now()): JobQueue & { readonly rows: JobRow[] } {
  const rows: JobRow[] = [];
  const find = (job: Job): JobRow | undefined => rows.find((row) => row.job.id === job.id);
  return {
    rows,
    async enqueue(kind: JobKind, subject: string, notBeforeMs = 0) {
      const isThere = rows.some(
        ({ job, state }) => job.kind === kind && job.subject === subject && (state === 'waiting' || state === 'leased'),
      );
      if (!isThere)
        rows.push({ job: { id: `job-${rows.length + 1}`, kind, subject, attempts: 0 }, state: 'waiting', dueMs: notBeforeMs, reason: '' });
    },
    async lease() {
      const index = rows.findIndex(({ state, dueMs }) => state === 'waiting' && dueMs <= now());
      const row = rows[index];
      if (row === undefined) return undefined;
      const leased: JobRow = { ...row, job: { ...row.job, attempts: row.job.attempts + 1 }, state: 'leased' };
      rows[index] = leased;
      return leased.job;
    },
    renew: async () => true,
    async complete(job) {
      const row = find(job);
      if (row !== undefined) row.state = 'done';
    },
    async fail(job, _holder, reason, retryAtMs) {
      const row = find(job);
      if (row === undefined) return;
      row.reason = reason;
      row.state = retryAtMs === undefined ? 'failed' : 'waiting';
      row.dueMs = retryAtMs ?? 0;
    },
    forget: async () => undefined,
    pending: async () => rows.filter(({ state }) => state === 'waiting' || state === 'leased').length,
  };
}

export function memoryRepositories(...repositories: readonly Repository[]): RepositoryStore {
  const all = new Map(repositories.map((repository) => [repository.id, repository]));
  return {
    async add(repository) {
      all.set(repository.id, repository);
    },
    async update(repository) {
      all.set(repository.id, repository);
    },
    get: async (name) => [...all.values()].find((one) => one.id === name || one.name === name),
    list: async () => [...all.values()],
    async remove(id) {
      all.delete(id);
    },
  };
}

export function memoryIncidents(incident: Incident, occurrences: readonly Occurrence[]): IncidentReader {
  return {
    getIncident: async (id) => (id === incident.id ? incident : undefined),
    listOccurrences: async (_id, limit) => occurrences.slice(0, limit),
  };
}

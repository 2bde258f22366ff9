// What operators ask of solutions: look, ask for one, prove it again, approve or reject.
// Must never do the work itself: it saves the decision and enqueues a job.
import type { Clock } from '../../base/clock.ts';
import { HephaestusError } from '../../base/errors.ts';
import type { IncidentReader } from '../incidents/incident.ts';
import type { RepositoryStore } from '../repository/repository.ts';
import type { JobQueue } from './job-queue.ts';
import { beginProposal } from './new-proposal.ts';
import type { ProposalStore, SolutionProposal, SolutionService } from './proposal.ts';
import type { ProposalChange, ProposalEvents } from './proposal-events.ts';
import { isUnfinished, transition, type ProposalEvent } from './proposal-states.ts';

export interface SolutionServiceOptions {
  readonly proposals: ProposalStore;
  readonly incidents: IncidentReader;
  readonly repositories: Pick<RepositoryStore, 'get'>;
  readonly jobs: JobQueue;
  readonly events: ProposalEvents;
  readonly clock: Clock;
}

export function createSolutionService(options: SolutionServiceOptions): SolutionService {
  const { proposals, incidents, repositories, jobs, events, clock } = options;

  const get = async (id: string): Promise<SolutionProposal> => {
    const found = await proposals.get(id);
    if (found !== undefined) return found;
    throw new HephaestusError({
      code: 'proposal.not-found',
      kind: 'validation',
      message: `there is no solution ${id}; \`hephaestusctl solutions list\` shows all`,
    });
  };

  const decide = async (id: string, event: ProposalEvent, by: string, note: string): Promise<SolutionProposal> => {
    const proposal = await get(id);
    const words = event === 'approve' ? 'Approved' : 'Rejected';
    const reason = `${words} by ${by}${note === '' ? '.' : `: ${note}`}`;
    const next = { ...transition(proposal, event, reason, clock.now()), decidedBy: by };
    await proposals.save(next);
    events.emit({ proposal: next, event: words.toLowerCase() });
    return next;
  };

  /** One of several who have to approve; undefined if nobody else has to. */
  const approveInPart = async (id: string, by: string, note: string): Promise<SolutionProposal | undefined> => {
    const proposal = await get(id);
    const repository = proposal.repositoryId === undefined ? undefined : await repositories.get(proposal.repositoryId);
    const needed = repository?.approvals ?? 1;
    const before = proposal.approvedBy ?? [];
    // Enough had approved it before, and the remote refused it then.
    if (needed <= 1 || proposal.state !== 'awaiting-approval' || before.length >= needed) return undefined;
    if (before.includes(by)) {
      throw new HephaestusError({
        code: 'solution.not-possible',
        kind: 'validation',
        message: `${by} approved it already; repository ${repository?.name ?? ''} wants the approval of ${needed} people`,
      });
    }
    const approvedBy = [...before, by];
    if (approvedBy.length >= needed) {
      await proposals.save({ ...proposal, approvedBy });
      return undefined;
    }
    const reason = `Approved by ${by}${note === '' ? '' : `: ${note}`}; ${needed - approvedBy.length} more has to approve.`;
    const next = { ...proposal, approvedBy, stateReason: reason, updatedAtMs: clock.now() };
    await proposals.save(next);
    events.emit({ proposal: next, event: 'approved in part' });
    return next;
  };

  return {
    list: (query) => proposals.list(query),
    get,
    async generate(incidentId) {
      const incident = await incidents.getIncident(incidentId);
      if (incident === undefined)
        throw new HephaestusError({ code: 'incident.not-found', kind: 'validation', message: `there is no incident ${incidentId}` });
      const known = await proposals.list({ incidentId: incident.id, states: [], limit: 20, after: undefined });
      const underWay = known.find(({ state }) => isUnfinished(state));
      const proposal = underWay ?? beginProposal(incident.id, clock.now());
      if (underWay === undefined) {
        await proposals.save(proposal);
        events.emit({ proposal, event: 'asked for' });
      }
      await jobs.enqueue('propose', incident.id);
      return proposal;
    },
    async validate(id) {
      const proposal = await get(id);
      if (Object.keys(proposal.files).length === 0) {
        throw new HephaestusError({
          code: 'proposal.no-edits',
          kind: 'validation',
          message: `solution ${proposal.id} has no edits to validate; ask for a new one with \`hephaestusctl incidents solve ${proposal.incidentId}\``,
        });
      }
      await jobs.enqueue('validate', proposal.id);
      return proposal;
    },
    async approve(id, by, note) {
      const waiting = await approveInPart(id, by, note);
      if (waiting !== undefined) return waiting;
      const approved = await decide(id, 'approve', by, note);
      await jobs.enqueue('publish', approved.id);
      return approved;
    },
    reject: (id, by, note) => decide(id, 'reject', by, note),
    watch: (incidentId: string | undefined, signal: AbortSignal): AsyncIterable<ProposalChange> => events.watch(incidentId, signal),
  };
}

// Who has to approve: one person, or two different ones where the repository wants that.
// Must never publish by itself; that a job is enqueued is all that is looked at.
import { describe, expect, it } from 'vitest';
import { systemClock } from '../../../base/clock.ts';
import { beginProposal } from '../../../coordinator/solutions/new-proposal.ts';
import { createProposalEvents } from '../../../coordinator/solutions/proposal-events.ts';
import type { SolutionProposal } from '../../../coordinator/solutions/proposal.ts';
import { createSolutionService } from '../../../coordinator/solutions/solution-service.ts';
import { sampleIncident, sampleRepository } from '../../support/solution-samples.ts';
import { memoryIncidents, memoryJobs, memoryProposals, memoryRepositories } from '../../support/solution-stores.ts';

async function stage(approvals: number | undefined) {
  const repository = sampleRepository({ approvals });
  const proposals = memoryProposals();
  const jobs = memoryJobs();
  const waiting: SolutionProposal = {
    ...beginProposal(sampleIncident().id, 1),
    repositoryId: repository.id,
    state: 'awaiting-approval',
    files: { 'src/a.js': 'a' },
  };
  await proposals.save(waiting);
  const service = createSolutionService({
    proposals,
    incidents: memoryIncidents(sampleIncident(), []),
    repositories: memoryRepositories(repository),
    jobs,
    events: createProposalEvents(),
    clock: systemClock,
  });
  return { service, jobs, id: waiting.id };
}

describe('approval', () => {
  it('is one person’s unless the repository says otherwise', async () => {
    const { service, jobs, id } = await stage(undefined);
    expect((await service.approve(id, 'ada', '')).state).toBe('publishing');
    expect(jobs.rows).toHaveLength(1);
  });

  it('takes two different people where the repository wants two', async () => {
    const { service, jobs, id } = await stage(2);
    const first = await service.approve(id, 'ada', 'looks right');
    expect(first).toMatchObject({ state: 'awaiting-approval', approvedBy: ['ada'] });
    expect(first.stateReason).toMatch(/Approved by ada: looks right; 1 more/);
    await expect(service.approve(id, 'ada', '')).rejects.toThrow(/approved it already/);
    expect(jobs.rows).toHaveLength(0);
    const second = await service.approve(id, 'grace', '');
    expect(second).toMatchObject({ state: 'publishing', approvedBy: ['ada', 'grace'], decidedBy: 'grace' });
    expect(jobs.rows).toHaveLength(1);
  });

  it('is refused by one person alone', async () => {
    const { service, jobs, id } = await stage(2);
    await service.approve(id, 'ada', '');
    expect((await service.reject(id, 'grace', 'no')).state).toBe('rejected');
    await expect(service.approve(id, 'eve', '')).rejects.toThrow(/rejected/);
    expect(jobs.rows).toHaveLength(0);
  });
});

// The work of a `follow` job: looks what became of a change request, and where it was merged, whether it works.
// Must never act twice: every comment has a key, every state is saved after what it says was done.
import { isHephaestusError, type HephaestusError } from '../../../base/errors.ts';
import type { ChangeRequest, CheckRun } from '../../remote/remote.ts';
import type { Incident } from '../../incidents/incident.ts';
import type { Job } from '../job-queue.ts';
import { remedyOf } from '../memory.ts';
import type { ProposalState, SolutionProposal } from '../proposal.ts';
import { followedStates, transition, type ProposalEvent } from '../proposal-states.ts';
import { followUpOf, withFollowUp, type Followed, type FollowParts } from './follow-up.ts';
import { VerdictKeeper } from './verdict-keeper.ts';

/** What is done with a change request that is open; each answers with the proposal as it is then. */
export interface Upkeep {
  keep(followed: Followed, seen: ChangeRequest, signal: AbortSignal): Promise<SolutionProposal>;
}

export class Follower {
  readonly #parts: FollowParts;
  readonly #verdicts: VerdictKeeper;
  readonly #upkeep: Upkeep;

  constructor(parts: FollowParts, upkeep: Upkeep) {
    this.#parts = parts;
    this.#verdicts = new VerdictKeeper(parts);
    this.#upkeep = upkeep;
  }

  async run(job: Job, signal: AbortSignal): Promise<void> {
    const followed = await this.#known(job.subject);
    if (followed === undefined) return;
    const proposal = followed.proposal.state === 'published' ? await this.#look(followed, signal) : followed.proposal;
    if (proposal.state === 'merged' || proposal.state === 'fixed') await this.#verdicts.judge({ ...followed, proposal }, signal);
  }

  /** Told on the proposal: it isn't lost, it is looked at again. */
  async explain(job: Job, error: HephaestusError): Promise<void> {
    const followed = await this.#known(job.subject);
    if (followed === undefined) return;
    await this.#save(
      withFollowUp(followed.proposal, { problem: error.message, lookedAtMs: this.#parts.clock.now() }),
      'cannot be followed',
      followed.proposal.state,
    );
  }

  async #look(followed: Followed, signal: AbortSignal): Promise<SolutionProposal> {
    const { repositoryService, remoteOf, clock, desk } = this.#parts;
    const { proposal, repository, incident } = followed;
    const { delivery } = proposal;
    if (delivery === undefined) return proposal;
    const { branch: target } = await repositoryService.initialize(repository, signal);
    const remote = remoteOf(repository);
    const { number, branch, commit } = delivery;
    const seen = await remote.getChangeRequest({ number, branch, commit, target });
    const looked = withFollowUp(proposal, { lookedAtMs: clock.now(), problem: '' });
    if (seen === undefined || (seen.state === 'closed' && proposal.reverts === undefined)) await this.#remember(looked, incident);
    if (seen === undefined) return this.#change(looked, 'declined', `The change request ${delivery.url} is gone.`);
    switch (seen.state) {
      case 'merged': {
        const mergeCommit = seen.mergeCommit ?? seen.commit;
        const merged = withFollowUp(looked, { mergeCommit, mergedAtMs: seen.mergedAtMs ?? clock.now() });
        // A revert takes back a fix; whether the problem stops says nothing about it.
        if (proposal.reverts !== undefined) return this.#change(merged, 'superseded', `Merged as ${mergeCommit.slice(0, 12)}.`);
        await desk.recordFix(incident.id, { fixId: proposal.id });
        return this.#change(merged, 'merged', `Merged as ${mergeCommit.slice(0, 12)}; waiting for its deployment.`);
      }
      case 'closed':
        return this.#change(
          looked,
          'declined',
          `Closed without merging at ${delivery.url}; not proposed again unless asked: hephaestusctl solutions propose ${incident.id}`,
        );
      case 'open': {
        const checks = describeChecks(await this.#checksOf(remote, seen.commit));
        const open = { ...followed, proposal: withFollowUp(looked, { checks }) };
        return this.#save(await this.#upkeep.keep(open, seen, signal), 'looked at');
      }
    }
  }

  /** A person's no is remembered, too. */
  async #remember(proposal: SolutionProposal, incident: Incident): Promise<void> {
    await this.#parts.remedies.save(remedyOf(proposal, incident, 'declined', this.#parts.clock.now()));
  }

  /** CI is not everywhere, and its API needs a permission of its own: neither keeps from following. */
  async #checksOf(remote: ReturnType<FollowParts['remoteOf']>, commit: string): Promise<readonly CheckRun[]> {
    try {
      const runs = await remote.checkRuns(commit);
      return 'kind' in runs ? [] : runs;
    } catch (error) {
      if (!isHephaestusError(error) || error.retry !== 'never') throw error;
      this.#parts.logger.warn('checks cannot be read', { err: error });
      return [];
    }
  }

  async #known(id: string): Promise<Followed | undefined> {
    const { proposals, incidents, repositories } = this.#parts;
    const proposal = await proposals.get(id);
    if (proposal?.repositoryId === undefined || !followedStates.includes(proposal.state)) return undefined;
    const incident = await incidents.getIncident(proposal.incidentId);
    const repository = await repositories.get(proposal.repositoryId);
    return incident === undefined || repository === undefined ? undefined : { proposal, incident, repository };
  }

  async #change(proposal: SolutionProposal, event: ProposalEvent, reason: string): Promise<SolutionProposal> {
    const next = transition(proposal, event, reason, this.#parts.clock.now());
    this.#parts.logger.info('solution changed', {
      solutionId: next.id,
      incidentId: next.incidentId,
      from: proposal.state,
      to: next.state,
      reason,
    });
    return this.#save(next, next.state);
  }

  /** @param from the state that it was looked at in */
  async #save(proposal: SolutionProposal, event: string, from: ProposalState = 'published'): Promise<SolutionProposal> {
    const { proposals, events, clock } = this.#parts;
    const isNews = event !== 'looked at';
    const kept = await proposals.get(proposal.id);
    const proven = withLatestProof(proposal, kept);
    const saved = isNews ? { ...proven, updatedAtMs: clock.now() } : proven;
    // A newer solution may have taken its place meanwhile; that isn't taken back.
    if (!(await proposals.saveWhile(from, saved))) return (await proposals.get(proposal.id)) ?? saved;
    if (isNews) events.emit({ proposal: saved, event });
    return saved;
  }
}

/** It may have been proven anew while it was looked at; that must not be lost, nor waited for for ever. */
function withLatestProof(proposal: SolutionProposal, kept: SolutionProposal | undefined): SolutionProposal {
  if (kept === undefined || (kept.validation?.finishedAtMs ?? 0) <= (proposal.validation?.finishedAtMs ?? 0)) return proposal;
  const { validation, confidence, reproduction } = kept;
  return { ...proposal, validation, confidence, reproduction };
}

function describeChecks(runs: readonly CheckRun[]): string {
  const counts = Map.groupBy(runs, ({ state }) => state);
  const failed = (counts.get('failed') ?? []).map(({ name }) => name);
  return (['passed', 'failed', 'pending', 'skipped'] as const)
    .filter((state) => counts.has(state))
    .map((state) => `${String(counts.get(state)?.length ?? 0)} ${state}${state === 'failed' ? ` (${failed.slice(0, 3).join(', ')})` : ''}`)
    .join(', ');
}

/** Whether it is time to look again. */
export function isDue(
  proposal: SolutionProposal,
  nowMs: number,
  intervals: { readonly pollMs: number; readonly verdictMs: number },
): boolean {
  const { lookedAtMs } = followUpOf(proposal);
  return nowMs - lookedAtMs >= (proposal.state === 'published' ? intervals.pollMs : intervals.verdictMs);
}

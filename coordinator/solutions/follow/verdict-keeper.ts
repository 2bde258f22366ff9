// Whether a merged change works, and what follows from it: the incident resolved, or open again with a word on the change request and a revert to approve.
// Must never take what an old revision does for a regression; fix-verdict.ts says what counts.
import { HephaestusError } from '../../../base/errors.ts';
import { explainFix, judgeFix, type FixAnswer } from '../../incidents/fix-verdict.ts';
import type { Deployment } from '../../incidents/deployment.ts';
import type { FixPresence } from '../../repository/repository.ts';
import { remedyOf } from '../memory.ts';
import { neutralise } from '../neutral-text.ts';
import type { SolutionProposal } from '../proposal.ts';
import { transition } from '../proposal-states.ts';
import { followUpOf, withFollowUp, type Followed, type FollowParts } from './follow-up.ts';
import { proposeRevert } from './revert-proposal.ts';

/** Deployments of one service that are looked at, the latest; more than one an hour for half a year. */
const mostDeployments = 5000;
const pageSize = 500;

export class VerdictKeeper {
  readonly #parts: FollowParts;

  constructor(parts: FollowParts) {
    this.#parts = parts;
  }

  async judge(followed: Followed, signal: AbortSignal): Promise<SolutionProposal> {
    const { repositoryService, clock, proposals } = this.#parts;
    const { proposal, repository } = followed;
    const { mergeCommit } = followUpOf(proposal);
    if (mergeCommit === undefined) return proposal;
    await repositoryService.initialize(repository, signal);
    const answer = await this.#answer(followed, mergeCommit);
    const judged = withFollowUp(proposal, { verdict: answer, lookedAtMs: clock.now(), problem: '' });
    if (answer.kind === 'judged' && answer.verdict === 'not-fixed') return this.#showsAgain({ ...followed, proposal: judged }, answer);
    // Somebody reverted it, and what it fixed is back: no regression of the fix, and yet nothing that stays resolved.
    if (proposal.state === 'fixed' && answer.kind === 'judged' && answer.takenBack !== undefined)
      return this.#showsAgain({ ...followed, proposal: judged }, answer);
    if (proposal.state === 'fixed') return this.#keep(judged);
    if (answer.kind === 'judged' && answer.verdict === 'fixed') return this.#works({ ...followed, proposal: judged }, answer);
    const reason = `Merged as ${mergeCommit.slice(0, 12)}; ${explainFix(answer)}.`;
    const waiting = { ...judged, stateReason: reason };
    if (reason !== proposal.stateReason)
      return this.#save(waiting, answer.kind === 'judged' ? 'not exercised yet' : 'waiting for deployment');
    await proposals.save(waiting);
    return waiting;
  }

  async #answer({ proposal, incident, repository }: Followed, mergeCommit: string): Promise<FixAnswer> {
    const { exposures, repositoryService, recurrence } = this.#parts;
    const rows = await exposures.read(incident.service, incident.id, incident.firstSeenAtMs);
    const deployments = await this.#deploymentsOf(incident.service);
    const fix = { commit: mergeCommit, solutionId: proposal.id };
    const known = new Map<string, FixPresence | undefined>();
    for (const revision of new Set([...rows.map((row) => row.revision), ...deployments.map((one) => one.revision)])) {
      if (revision !== '') known.set(revision, await repositoryService.holdsFix(repository, revision, fix));
    }
    const sinceMs = proposal.state === 'fixed' ? followUpOf(proposal).decidedAtMs : undefined;
    const hasFix = (revision: string): boolean | undefined => {
      const presence = known.get(revision);
      return presence === undefined ? undefined : presence === 'held';
    };
    const takesBack = (revision: string): boolean => known.get(revision) === 'taken-back';
    return judgeFix({ rows, deployments, hasFix, takesBack, sinceMs, options: recurrence });
  }

  async #deploymentsOf(service: string): Promise<readonly Deployment[]> {
    const all: Deployment[] = [];
    let after: { atMs: number; id: string } | undefined;
    while (all.length < mostDeployments) {
      const page = await this.#parts.deployments.list({ service, limit: pageSize, after });
      all.push(...page);
      const last = page.at(-1);
      if (last === undefined || page.length < pageSize) break;
      after = { atMs: last.atMs, id: last.id };
    }
    // The latest come first from the store; of two at the same moment the one recorded later holds.
    return all.toReversed();
  }

  async #works({ proposal, incident }: Followed, answer: FixAnswer): Promise<SolutionProposal> {
    const { desk, clock, onVerdict } = this.#parts;
    const why = explainFix(answer);
    const note = `Fixed by ${proposal.delivery?.url ?? proposal.id}: ${why}.`;
    // It stays the guard: what comes later is judged by revision.
    await desk.recordFix(incident.id, { fixId: proposal.id, event: 'resolve', note });
    const decided = withFollowUp(proposal, { decidedAtMs: clock.now() });
    await this.#parts.remedies.save(remedyOf({ ...proposal, stateReason: why }, incident, 'fixed', clock.now()));
    const saved = await this.#save(transition(decided, 'works', `It works: ${why}.`, clock.now()), 'fixed');
    onVerdict('fixed');
    return saved;
  }

  async #showsAgain(followed: Followed, answer: FixAnswer): Promise<SolutionProposal> {
    const { desk, clock, jobs, onVerdict } = this.#parts;
    const { proposal, incident } = followed;
    const hasWorked = proposal.state === 'fixed';
    const why = explainFix(answer);
    const url = proposal.delivery?.url ?? proposal.id;
    const reverting = hasWorked ? undefined : await proposeRevert(this.#parts, followed);
    const told = await this.#comment(followed, hasWorked, why, reverting);
    await desk.recordFix(incident.id, {
      fixId: undefined,
      event: hasWorked ? 'occurrence' : 'reopen',
      note: hasWorked ? `Regressed after ${url}: ${why}.` : `Not fixed by ${url}: ${why}.`,
    });
    // What worked until something else broke it did fix the problem then.
    if (!hasWorked) await this.#parts.remedies.save(remedyOf({ ...proposal, stateReason: why }, incident, 'not-fixed', clock.now()));
    const decided = withFollowUp(proposal, { decidedAtMs: clock.now() });
    const revert = reverting === undefined ? '' : ` Solution ${reverting.id} would take it back; approve it to propose that.`;
    const reason = `${hasWorked ? 'It worked, and shows again' : 'It does not work'}: ${why}.${revert}${told}`;
    const saved = await this.#save(transition(decided, 'shows-again', reason, clock.now()), hasWorked ? 'regressed' : 'not fixed');
    onVerdict(hasWorked ? 'regressed' : 'not-fixed');
    await jobs.enqueue('propose', incident.id);
    return saved;
  }

  /** One comment, found again by its key; a conversation that is locked must not hold up the verdict. @returns what to add to the reason */
  async #comment(
    { proposal, incident, repository }: Followed,
    hasWorked: boolean,
    why: string,
    reverting: SolutionProposal | undefined,
  ): Promise<string> {
    const number = proposal.delivery?.number ?? '';
    const body = [
      hasWorked ? '**The problem is back.** It had stopped after this change.' : '**This change did not stop the problem.**',
      `Incident ${incident.id} of ${neutralise(incident.service)}: ${neutralise(why)}.`,
      reverting === undefined
        ? 'The incident is open again.'
        : `The incident is open again. If the change should go: \`hephaestusctl solutions approve ${reverting.id}\` proposes its revert.`,
    ].join('\n\n');
    try {
      await this.#parts.remoteOf(repository).comment(number, { key: hasWorked ? 'regression' : 'verdict', body });
      return '';
    } catch (error) {
      const failure = HephaestusError.from(error);
      if (failure.retry !== 'never') throw failure;
      this.#parts.logger.warn('the verdict could not be told on the change request', { solutionId: proposal.id, err: failure });
      return ` It could not be told on the change request: ${failure.message}`;
    }
  }

  async #keep(proposal: SolutionProposal): Promise<SolutionProposal> {
    await this.#parts.proposals.save(proposal);
    return proposal;
  }

  async #save(proposal: SolutionProposal, event: string): Promise<SolutionProposal> {
    const { proposals, events, clock, logger } = this.#parts;
    const saved = { ...proposal, updatedAtMs: clock.now() };
    await proposals.save(saved);
    events.emit({ proposal: saved, event });
    logger.info('fix judged', { solutionId: saved.id, incidentId: saved.incidentId, state: saved.state, reason: saved.stateReason });
    return saved;
  }
}

// The one place where a proposal changes its state (the table is in proposal.ts).
// Must never act: it answers with the new proposal, others save and do.
import { HephaestusError } from '../../base/errors.ts';
import type { ProposalState, SolutionProposal } from './proposal.ts';

export type ProposalEvent =
  | 'context-ready'
  | 'edits'
  | 'no-fix'
  | 'gate-passed'
  | 'rungs-climbed'
  | 'gate-not-passed'
  | 'approve'
  | 'reject'
  | 'delivered'
  | 'not-delivered'
  | 'merged'
  | 'declined'
  | 'superseded'
  | 'works'
  | 'shows-again'
  | 'fail';

const table: Readonly<Record<Exclude<ProposalEvent, 'fail'>, { readonly from: readonly ProposalState[]; readonly to: ProposalState }>> = {
  // A resumed job begins again at what it was doing, so that an event finds its own outcome, too.
  'context-ready': { from: ['preparing', 'proposing', 'validating'], to: 'proposing' },
  edits: { from: ['proposing', 'validating'], to: 'validating' },
  'no-fix': { from: ['proposing', 'validating'], to: 'diagnosed' },
  'gate-passed': { from: ['validating'], to: 'publishing' },
  'rungs-climbed': { from: ['validating'], to: 'awaiting-approval' },
  'gate-not-passed': { from: ['validating'], to: 'diagnosed' },
  approve: { from: ['awaiting-approval'], to: 'publishing' },
  reject: { from: ['awaiting-approval'], to: 'rejected' },
  delivered: { from: ['publishing'], to: 'published' },
  // What is proven isn't lost because a token expired: a person mends that and approves once more.
  'not-delivered': { from: ['publishing'], to: 'awaiting-approval' },
  // A branch that was deleted may be merged nevertheless, and a closed change request opened again and merged.
  merged: { from: ['published', 'declined', 'superseded'], to: 'merged' },
  declined: { from: ['published'], to: 'declined' },
  superseded: { from: ['publishing', 'published'], to: 'superseded' },
  works: { from: ['merged'], to: 'fixed' },
  'shows-again': { from: ['merged', 'fixed'], to: 'not-fixed' },
};

/** Change requests that something may still become of. */
export const followedStates: readonly ProposalState[] = ['published', 'merged', 'fixed'];

const final: readonly ProposalState[] = ['published', 'rejected', 'merged', 'declined', 'superseded', 'fixed', 'not-fixed'];

const unfinishedStates: readonly ProposalState[] = ['preparing', 'proposing', 'validating'];

/** The last word on an incident until somebody asks anew: a person's no, or a change that is on its way. */
const settledStates: readonly ProposalState[] = ['awaiting-approval', 'publishing', 'published', 'merged', 'declined', 'rejected'];

/** The solution because of which nothing new is proposed for an incident. @param known newest first */
export function findSettled(known: readonly SolutionProposal[]): SolutionProposal | undefined {
  const [latest] = known.filter(({ reverts }) => reverts === undefined);
  return latest !== undefined && settledStates.includes(latest.state) ? latest : undefined;
}

/** True while a propose job has something left to do. */
export function isUnfinished(state: ProposalState): boolean {
  return unfinishedStates.includes(state);
}

/** @throws HephaestusError `proposal.wrong-state` if the table has no such row. */
export function transition(proposal: SolutionProposal, event: ProposalEvent, reason: string, nowMs: number): SolutionProposal {
  const to = nextState(proposal.state, event);
  if (to === undefined) {
    throw new HephaestusError({
      code: 'proposal.wrong-state',
      kind: 'validation',
      message: `solution ${proposal.id} is ${proposal.state}${proposal.stateReason === '' ? '' : ` (${proposal.stateReason})`}, so that "${event}" is not possible`,
    });
  }
  return { ...proposal, state: to, stateReason: reason, updatedAtMs: nowMs };
}

function nextState(state: ProposalState, event: ProposalEvent): ProposalState | undefined {
  if (event === 'fail') return final.includes(state) ? undefined : 'failed';
  const row = table[event];
  return row.from.includes(state) ? row.to : undefined;
}

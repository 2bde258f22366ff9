// What becomes of a proposal whose job failed: told where people look, and kept where a person can mend what is wrong.
// Must never decide whether to try again; the runner does.
import { HephaestusError } from '../../base/errors.ts';
import type { Job } from './job-queue.ts';
import type { ProposalStore, SolutionProposal } from './proposal.ts';
import { isUnfinished, type ProposalEvent } from './proposal-states.ts';

const looked = 20;

/** The proposal that a job is about; none for one more proof, which changes no state. */
export async function findSubject(proposals: ProposalStore, { kind, subject }: Job): Promise<SolutionProposal | undefined> {
  if (kind === 'validate') return undefined;
  if (kind !== 'propose') return proposals.get(subject);
  const known = await proposals.list({ incidentId: subject, states: [], limit: looked, after: undefined });
  return known.find(({ state }) => isUnfinished(state));
}

/** What is proven isn't lost because the remote refused it: once that is mended, it is approved again. */
export function explainEnd(
  { id, state }: SolutionProposal,
  error: HephaestusError,
): { readonly event: ProposalEvent; readonly reason: string } {
  // No setting at the remote helps where the change itself can't be committed.
  const isOurs = error.kind === 'validation' && error.code.startsWith('repository.');
  if (state !== 'publishing' || isOurs) return { event: 'fail', reason: error.message };
  return {
    event: 'not-delivered',
    reason: `It could not be published: ${error.message}. Mend that, then: hephaestusctl solutions approve ${id}`,
  };
}

/** A diagnosis is worth as much without the issue that couldn't be made. @throws what may pass */
export function explainUnfiled(thrown: unknown): { readonly kind: 'unsupported'; readonly reason: string } {
  const { retry, message } = HephaestusError.from(thrown);
  if (retry !== 'never') throw thrown;
  return { kind: 'unsupported', reason: `It could not be filed as an issue: ${message}` };
}

// Answers what reviewers write: a new round with their words as evidence, where a model is at hand, a few times at most.
// Must never answer a stranger, a bot or itself, or begin a round while one is under way.
import type { RemoteComment } from '../../remote/remote.ts';
import { conventionsOf } from '../conventions.ts';
import { beginProposal, endOfIdFor } from '../new-proposal.ts';
import { neutralise } from '../neutral-text.ts';
import { isUnfinished } from '../proposal-states.ts';
import type { SolutionProposal } from '../proposal.ts';
import { followUpOf, withFollowUp, type Followed, type FollowParts } from './follow-up.ts';

const mostComments = 20;
const longestComment = 4000;

export async function answerReview(parts: FollowParts, { proposal, incident, repository }: Followed): Promise<SolutionProposal> {
  const { remoteOf, proposals, jobs, clock, canRevise, events } = parts;
  const { answered, rounds } = followUpOf(proposal);
  const number = proposal.delivery?.number ?? '';
  const remote = remoteOf(repository);
  const found = await remote.listComments(number);
  if ('kind' in found) return proposal;
  const fresh = found.filter(({ id, isOurs, mayWrite, body }) => !isOurs && mayWrite && body.trim() !== '' && !answered.includes(id));
  const others = await proposals.list({ incidentId: incident.id, states: [], limit: 50, after: undefined });
  const round = others.find(({ feedback }) => feedback?.solutionId === proposal.id && feedback.round === rounds);
  if (round !== undefined && !isUnfinished(round.state)) await tellOutcome(parts, { proposal, incident, repository }, round, rounds);
  if (fresh.length === 0 || !canRevise() || rounds >= conventionsOf(repository).reviewRounds) return proposal;
  if (others.some(({ state }) => isUnfinished(state) || state === 'publishing')) return proposal;
  const next = rounds + 1;
  const comments = fresh.slice(0, mostComments);
  const revised: SolutionProposal = {
    // Its id follows from the round, so that a crash here makes no second one.
    ...beginProposal(incident.id, clock.now(), endOfIdFor(`review ${proposal.id} ${String(next)}`)),
    feedback: { solutionId: proposal.id, round: next, diff: proposal.diff, comments: comments.map(plainComment) },
  };
  await proposals.save(revised);
  events.emit({ proposal: revised, event: 'asked for by a review' });
  await jobs.enqueue('propose', incident.id);
  return withFollowUp(proposal, { rounds: next, answered: [...answered, ...fresh.map(({ id }) => id)].slice(-500) });
}

/** Where a round led to no change, its reviewers are told why, once. */
async function tellOutcome(parts: FollowParts, { proposal, repository }: Followed, round: SolutionProposal, rounds: number): Promise<void> {
  if (round.state !== 'diagnosed' && round.state !== 'failed') return;
  const body = `Tried again after your comment, without a change that holds: ${neutralise(round.stateReason)}`;
  await parts.remoteOf(repository).comment(proposal.delivery?.number ?? '', { key: `round-${String(rounds)}`, body });
}

function plainComment({ author, body, path, line }: RemoteComment) {
  return { author, body: body.slice(0, longestComment), path, line };
}

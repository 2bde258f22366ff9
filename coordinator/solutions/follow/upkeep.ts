// What is done with a change request while it is open: kept up to date with its evidence, closed when the problem is gone another way.
// Must never touch a branch or a text that a person changed since.
import { HephaestusError } from '../../../base/errors.ts';
import type { ChangeRequest } from '../../remote/remote.ts';
import type { SolutionProposal } from '../proposal.ts';
import { transition } from '../proposal-states.ts';
import { bodyOf, conventionsOf } from '../conventions.ts';
import { sameText } from '../publisher.ts';
import { followUpOf, withFollowUp, type Followed, type FollowParts } from './follow-up.ts';
import { rebase, type Rebased } from './rebase.ts';
import { answerReview } from './review-round.ts';
import type { Upkeep } from './follower.ts';

/** The text is written anew when this many times the occurrences are known that it tells of. */
const growth = 4;

export class ChangeRequestUpkeep implements Upkeep {
  readonly #parts: FollowParts;

  constructor(parts: FollowParts) {
    this.#parts = parts;
  }

  async keep(followed: Followed, seen: ChangeRequest): Promise<SolutionProposal> {
    const { proposal, incident } = followed;
    if (incident.state === 'resolved')
      return this.#close(followed, seen, `The incident was resolved${incident.note === '' ? '' : `: ${incident.note}`}.`);
    const isTheirs = seen.commit !== proposal.delivery?.commit;
    const answered = isTheirs ? proposal : await answerReview(this.#parts, followed);
    const rebased: Rebased = isTheirs
      ? { kind: 'kept', proposal: answered, note: '' }
      : await rebase(this.#parts, { ...followed, proposal: answered });
    if (rebased.kind === 'needless') return this.#close(followed, seen, 'The base has the same change already.');
    const told = isTheirs ? rebased.proposal : await this.#tellGrowth({ ...followed, proposal: rebased.proposal }, seen);
    const checks = followUpOf(told).checks;
    const parts = [
      `Change request ${seen.url} is open${seen.draft ? ' as a draft' : ''}`,
      ...(checks === '' ? [] : [`checks: ${checks}`]),
      ...(rebased.note === '' ? [] : [rebased.note]),
      ...(isTheirs ? ['somebody pushed to its branch, which is theirs now'] : []),
    ];
    return { ...told, stateReason: `${parts.join('; ')}.` };
  }

  /** Closes it with a word why, once. */
  async #close({ proposal, repository }: Followed, seen: ChangeRequest, why: string): Promise<SolutionProposal> {
    const { remoteOf, clock } = this.#parts;
    const remote = remoteOf(repository);
    await remote.comment(seen.number, { key: 'closed', body: `${why} This change is not needed any more; open it again if it is.` });
    const unsupported = await remote.updateChangeRequest(seen.number, { state: 'closed' });
    const left = unsupported === undefined ? '' : ` The branch ${seen.branch} is left as it is.`;
    return transition(proposal, 'superseded', `${why}${left}`, clock.now());
  }

  /** The same change request tells of more occurrences and hosts; nobody is notified by an edited text. */
  async #tellGrowth({ proposal, incident, repository }: Followed, seen: ChangeRequest): Promise<SolutionProposal> {
    const { writtenBody, toldOccurrences } = followUpOf(proposal);
    if (writtenBody === '' || incident.occurrences < toldOccurrences * growth) return proposal;
    if (!sameText(seen.body, writtenBody)) return proposal;
    const body = bodyOf(proposal, incident, conventionsOf(repository), repository.provider !== 'git');
    try {
      const unsupported = await this.#parts
        .remoteOf(repository)
        .updateChangeRequest(seen.number, { title: seen.title, body, draft: seen.draft });
      if (unsupported !== undefined) return withFollowUp(proposal, { toldOccurrences: Number.MAX_SAFE_INTEGER });
    } catch (error) {
      const failure = HephaestusError.from(error);
      if (failure.retry !== 'never') throw failure;
      return withFollowUp(proposal, { problem: failure.message });
    }
    return withFollowUp(proposal, { writtenBody: body, toldOccurrences: incident.occurrences });
  }
}

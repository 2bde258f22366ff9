// Delivers a proposal: as a change request on a branch of ours, or as an issue with the diagnosis.
// Must never deliver twice: what is to be made is saved before anything is, and everything made is looked for first.
import { HephaestusError } from '../../base/errors.ts';
import type { Incident } from '../incidents/incident.ts';
import type { Remote, Unsupported } from '../remote/remote.ts';
import type { PublishOutcome, Repository, RepositoryService } from '../repository/repository.ts';
import { branchOf, conventionsOf, wordChange, type Wording } from './conventions.ts';
import { noFollowUp } from './follow/follow-up.ts';
import type { Delivery, FollowUp, ProposalState, Publication, SolutionProposal } from './proposal.ts';
import type { ProposalEvent } from './proposal-states.ts';
import { writeIssueTitle, writeReport } from './report.ts';

export type PublishResult =
  | { readonly kind: 'delivered'; readonly delivery: Delivery }
  | { readonly kind: 'unsupported'; readonly reason: string };

/** What is published, and where. */
export interface Publishing {
  readonly service: RepositoryService;
  readonly remoteOf: (repository: Repository) => Remote;
}

/** Change requests that are over: a new one gets a branch of its own. */
const over: readonly ProposalState[] = ['merged', 'declined', 'superseded', 'fixed', 'not-fixed'];

/** Sees a proposal through to its change request; what is done is saved by `change` and `save`. */
export async function publishProposal(
  publishing: Publishing,
  about: {
    readonly proposal: SolutionProposal;
    readonly incident: Incident;
    readonly repository: Repository;
    /** Of the same incident. */
    readonly others: readonly SolutionProposal[];
  },
  keep: {
    readonly change: (proposal: SolutionProposal, event: ProposalEvent, reason: string) => Promise<SolutionProposal>;
    readonly save: (proposal: SolutionProposal) => Promise<SolutionProposal>;
  },
): Promise<void> {
  const { incident, repository, others } = about;
  let { proposal } = about;
  let { publication } = proposal;
  if (publication === undefined) {
    // What becomes of the incident and of earlier change requests meanwhile must not lead to a second branch or commit.
    const wording = await wordChange(publishing.service, repository, proposal, incident);
    publication = { ...wording, branch: branchFor(proposal, incident, repository, others), occurrences: incident.occurrences };
    proposal = await keep.save({ ...proposal, publication });
  }
  const replaced = others.filter(
    (one) => one.id !== proposal.id && one.state === 'published' && one.delivery?.branch === publication.branch,
  );
  const { delivery, followUp, notes } = await publishChange(publishing, repository, proposal, publication, replaced);
  for (const one of replaced) await keep.change(one, 'superseded', `Solution ${proposal.id} took its place in the same change request.`);
  await keep.change({ ...proposal, delivery, followUp }, 'delivered', [`Change request ${delivery.url}`, ...notes].join(' '));
}

/** The incident's branch; numbered where an earlier change request of it is over. */
function branchFor(proposal: SolutionProposal, incident: Incident, repository: Repository, others: readonly SolutionProposal[]): string {
  const earlier = new Set(
    others
      .filter(({ id, state, delivery }) => id !== proposal.id && delivery?.kind === 'change-request' && over.includes(state))
      .map(({ delivery }) => delivery?.branch),
  );
  const plain = branchOf(incident, conventionsOf(repository));
  const name = proposal.reverts === undefined ? plain : `${plain}-revert`;
  let branch = name;
  for (let count = 2; earlier.has(branch); count++) branch = `${name}-${String(count)}`;
  return branch;
}

/** @throws HephaestusError of the Repository Service; `ambiguous` ones are safe to try again because look-up comes first. */
async function publishChange(
  { service, remoteOf }: Publishing,
  repository: Repository,
  proposal: SolutionProposal,
  publication: Publication,
  replaced: readonly SolutionProposal[],
): Promise<{ readonly delivery: Delivery; readonly followUp: FollowUp; readonly notes: readonly string[] }> {
  const { branch, title, body, message, draft, occurrences } = publication;
  const files = Object.entries(proposal.files).map(([path, text]) => ({
    path,
    content: text === null ? undefined : Buffer.from(text, 'utf8'),
  }));
  const { commit, note } = await service.updateFileContents(repository, { branch, base: proposal.baseCommit ?? '', files, message });
  const outcome = await service.createChangeRequest(repository, { branch, commit, title, body, draft });
  const remote = remoteOf(repository);
  const isOurs = await renew(remote, outcome, publication, replaced);
  const { report } = outcome;
  const told = [...(note === undefined ? [] : [note]), ...(report === undefined ? [] : [`Its report is the file ${report}.`])];
  const notes = [...told, ...(await garnish(remote, outcome, publication))];
  if (proposal.feedback !== undefined && outcome.state === 'open') {
    const key = `round-${String(proposal.feedback.round)}`;
    await remote.comment(outcome.number, { key, body: `Changed after your comment, in ${commit}.` });
  }
  const { remote: url, number } = outcome;
  return {
    delivery: { kind: 'change-request', remote: url, url: outcome.url, branch: outcome.branch, commit, number },
    followUp: {
      ...noFollowUp,
      writtenBody: isOurs ? body : '',
      toldOccurrences: occurrences,
      answered: replaced[0]?.followUp?.answered ?? [],
      rounds: replaced[0]?.followUp?.rounds ?? 0,
    },
    notes,
  };
}

/**
 * An open change request that was there gets the words of what replaces it, unless a person wrote in them.
 * @returns whether its words are ours
 */
async function renew(
  remote: Remote,
  outcome: PublishOutcome,
  publication: Publication,
  replaced: readonly SolutionProposal[],
): Promise<boolean> {
  if (outcome.kind === 'created') return true;
  if (outcome.state !== 'open') return false;
  const { branch, commit, number } = outcome;
  const seen = await remote.getChangeRequest({ number, branch, commit, target: '' });
  if (seen === undefined) return false;
  const { title, body } = publication;
  if (sameText(seen.body, body)) return true;
  if (!replaced.some(({ followUp }) => followUp !== undefined && sameText(seen.body, followUp.writtenBody))) return false;
  await remote.updateChangeRequest(number, { title, body, draft: seen.draft });
  return true;
}

/** Labels and reviewers. A label that can't be set or a person who can't be asked must not hold up the change. */
async function garnish(remote: Remote, { number, state }: PublishOutcome, { labels, reviewers }: Wording): Promise<readonly string[]> {
  if (state !== 'open') return [];
  const notes: string[] = [];
  const attempt = async (what: string, act: () => Promise<Unsupported | undefined>): Promise<void> => {
    try {
      await act();
    } catch (error) {
      const failure = HephaestusError.from(error);
      if (failure.retry !== 'never') throw failure;
      notes.push(`${what} could not be set: ${failure.message}.`);
    }
  };
  if (labels.length > 0) await attempt('Labels', () => remote.addLabels(number, labels));
  if (reviewers.length > 0) await attempt('Reviewers', () => remote.requestReviewers(number, reviewers));
  return notes;
}

/** Forges take blanks and line ends as they like. */
export function sameText(left: string, right: string): boolean {
  const plain = (text: string): string => text.replaceAll('\r\n', '\n').trim();
  return plain(left) === plain(right);
}

/** An issue with the diagnosis, where the remote has issues. */
export async function publishDiagnosis(
  service: RepositoryService,
  repository: Repository,
  incident: Incident,
  proposal: SolutionProposal,
): Promise<PublishResult> {
  const outcome = await service.createIssue(repository, {
    key: incident.id,
    title: writeIssueTitle(incident),
    body: writeReport(proposal, incident, { folds: true, isChange: false }),
  });
  if (outcome.kind === 'unsupported') return { kind: 'unsupported', reason: outcome.reason };
  const { remote, url, branch, commit, number } = outcome;
  return { kind: 'delivered', delivery: { kind: 'issue', remote, url, branch, commit, number } };
}

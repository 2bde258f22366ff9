// Delivers a proposal: as a change request on a branch of ours, or as an issue with the diagnosis.
// Must never deliver twice: the branch's name and the issue's key follow from the incident, and are looked for first.
import type { Incident } from '../incidents/incident.ts';
import type { Repository, RepositoryService } from '../repository/repository.ts';
import { noFollowUp } from './follow/follow-up.ts';
import type { Delivery, FollowUp, ProposalState, SolutionProposal } from './proposal.ts';
import type { ProposalEvent } from './proposal-states.ts';
import { writeIssueTitle, writeReport, writeTitle } from './report.ts';

export type PublishResult =
  | { readonly kind: 'delivered'; readonly delivery: Delivery }
  | { readonly kind: 'unsupported'; readonly reason: string };

/** `hephaestus/<end of the incident's id>-<words of its title>`: the same incident always has the same branch. */
export function branchOf(incident: Incident): string {
  const slug = incident.title
    .toLowerCase()
    .replaceAll(/[^a-z0-9]+/g, '-')
    .slice(0, 40)
    .replaceAll(/^-+|-+$/g, '');
  // The end of a ULID is its random part; the beginning is the time, which incidents of one hour share.
  const short = incident.id.slice(-10).toLowerCase();
  return slug === '' ? `hephaestus/${short}` : `hephaestus/${short}-${slug}`;
}

/** Change requests that are over: a new one gets a branch of its own. */
const over: readonly ProposalState[] = ['merged', 'declined', 'superseded', 'fixed', 'not-fixed'];

/** The incident's branch; numbered where an earlier change request of it is over. */
function branchFor(proposal: SolutionProposal, incident: Incident, others: readonly SolutionProposal[]): string {
  const earlier = new Set(
    others
      .filter(({ id, state, delivery }) => id !== proposal.id && delivery?.kind === 'change-request' && over.includes(state))
      .map(({ delivery }) => delivery?.branch),
  );
  const name = proposal.reverts === undefined ? branchOf(incident) : `${branchOf(incident)}-revert`;
  let branch = name;
  for (let count = 2; earlier.has(branch); count++) branch = `${name}-${String(count)}`;
  return branch;
}

/** @throws HephaestusError of the Repository Service; `ambiguous` ones are safe to try again because look-up comes first. */
async function publishChange(
  service: RepositoryService,
  repository: Repository,
  incident: Incident,
  proposal: SolutionProposal,
): Promise<{ readonly delivery: Delivery; readonly followUp: FollowUp }> {
  const branch = proposal.branch ?? branchOf(incident);
  const title = writeTitle(proposal, incident);
  const body = writeReport(proposal, incident);
  const files = Object.entries(proposal.files).map(([path, text]) => ({
    path,
    content: text === null ? undefined : Buffer.from(text, 'utf8'),
  }));
  const { commit } = await service.updateFileContents(repository, {
    branch,
    base: proposal.baseCommit ?? '',
    files,
    message: `${title}\n\n${body}`,
  });
  const outcome = await service.createChangeRequest(repository, { branch, commit, title, body });
  const { remote, url, number } = outcome;
  return {
    delivery: { kind: 'change-request', remote, url, branch: outcome.branch, commit, number },
    followUp: { ...noFollowUp, writtenBody: outcome.kind === 'created' ? body : '', toldOccurrences: incident.occurrences },
  };
}

/** Sees a proposal through to its change request; what is done is saved by `change` and `save`. */
export async function publishProposal(
  service: RepositoryService,
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
  // Kept before anything is pushed: what becomes of earlier ones meanwhile must not lead to a second branch.
  const { proposal } =
    about.proposal.branch === undefined ? { proposal: await keep.save(withBranch(about.proposal, incident, others)) } : about;
  const { delivery, followUp } = await publishChange(service, repository, incident, proposal);
  const replaced = others.filter((one) => one.id !== proposal.id && one.state === 'published' && one.delivery?.branch === delivery.branch);
  for (const one of replaced) await keep.change(one, 'superseded', `Solution ${proposal.id} took its place in the same change request.`);
  await keep.change({ ...proposal, delivery, followUp }, 'delivered', `Change request ${delivery.url}`);
}

function withBranch(proposal: SolutionProposal, incident: Incident, others: readonly SolutionProposal[]): SolutionProposal {
  return { ...proposal, branch: branchFor(proposal, incident, others) };
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
    body: writeReport(proposal, incident),
  });
  if (outcome.kind === 'unsupported') return { kind: 'unsupported', reason: outcome.reason };
  const { remote, url, branch, commit, number } = outcome;
  return { kind: 'delivered', delivery: { kind: 'issue', remote, url, branch, commit, number } };
}

// Delivers a proposal: as a change request on a branch of ours, or as an issue with the diagnosis.
// Must never deliver twice: the branch's name and the issue's key follow from the incident, and are looked for first.
import type { Incident } from '../incidents/incident.ts';
import type { Repository, RepositoryService } from '../repository/repository.ts';
import type { Delivery, SolutionProposal } from './proposal.ts';
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

/** @throws HephaestusError of the Repository Service; `ambiguous` ones are safe to try again because look-up comes first. */
export async function publishChange(
  service: RepositoryService,
  repository: Repository,
  incident: Incident,
  proposal: SolutionProposal,
): Promise<Delivery> {
  const branch = branchOf(incident);
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
  return {
    kind: 'change-request',
    remote: outcome.remote,
    url: outcome.url,
    branch: outcome.branch,
    commit: outcome.commit,
    number: outcome.number,
  };
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

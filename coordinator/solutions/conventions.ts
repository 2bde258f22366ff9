// A proposal in the shape that its team is used to: branch, title, body, commit message, labels and reviewers.
// Must never put text from outside into a name unless it was reduced to what names may hold.
import type { Incident } from '../incidents/incident.ts';
import { codeOwnersPaths, ownersOf } from '../repository/code-owners.ts';
import { defaultConventions, type Conventions } from '../repository/convention-settings.ts';
import type { Habits } from '../repository/habits.ts';
import type { Repository, RepositoryService } from '../repository/repository.ts';
import { neutralise } from './neutral-text.ts';
import type { SolutionProposal } from './proposal.ts';
import { oneLine, writeParts, writeReport, writeTrailers } from './report.ts';

export interface Wording {
  readonly title: string;
  /** Markdown. */
  readonly body: string;
  /** Of the commit. */
  readonly message: string;
  readonly labels: readonly string[];
  /** As the forge names them. */
  readonly reviewers: readonly string[];
  readonly draft: boolean;
}

/** What git and most teams keep a subject to. */
const titleLength = 72;
const mostReviewers = 10;
const identity = 'Hephaestus <hephaestus@localhost>';

export function conventionsOf({ conventions }: Repository): Conventions {
  return { ...defaultConventions, ...conventions };
}

/** The same incident always has the same branch. */
export function branchOf(incident: Incident, { branch }: Conventions): string {
  const name = fill(branch, { incident: shortId(incident), slug: slugOf(incident.title), service: slugOf(incident.service) });
  return name.replaceAll(/-+(?=$|\/)|(?<=\/)-+/g, '');
}

/** @throws HephaestusError of the Repository Service */
export async function wordChange(
  service: RepositoryService,
  repository: Repository,
  proposal: SolutionProposal,
  incident: Incident,
): Promise<Wording> {
  const conventions = conventionsOf(repository);
  const paths = Object.keys(proposal.files);
  // The mirror may have been cleaned away since the proposal was made.
  const { head } = await service.initialize(repository);
  const base = proposal.baseCommit ?? head;
  const habits = await service.habits(repository, base, paths);
  const title = titleOf(proposal, incident, conventions, habits);
  const report = writeReport(proposal, incident, { folds: false, isChange: false });
  const body = bodyOf(proposal, incident, conventions, repository.provider !== 'git');
  const type = proposal.reverts === undefined ? 'fix' : 'revert';
  const values = { ...textValues(proposal, incident), type, scope: habits.scope ?? '', title, report };
  const message = withTrailers(fill(conventions.commit, values), writeTrailers(proposal, incident));
  const signsOff = conventions.signOff === 'always' || (conventions.signOff === 'auto' && habits.signsOff);
  return {
    title,
    body,
    message: signsOff ? `${message}\nSigned-off-by: ${identity}` : message,
    labels: conventions.labels.map((label) => fill(label, { service: slugOf(incident.service) })),
    reviewers: await reviewersOf(service, repository, conventions, base, paths),
    draft: conventions.draft,
  };
}

/** The body anew, where evidence grew. */
export function bodyOf(proposal: SolutionProposal, incident: Incident, { body }: Conventions, folds: boolean): string {
  const style = { folds, isChange: true };
  if (body === undefined) return writeReport(proposal, incident, style);
  const filled = fill(body, writeParts(proposal, incident, style)).replaceAll(/\n{3,}/g, '\n\n');
  return `${filled.trim()}\n\n${writeTrailers(proposal, incident)}`;
}

function titleOf(proposal: SolutionProposal, incident: Incident, conventions: Conventions, { conventional, scope }: Habits): string {
  const isConventional = conventions.style === 'conventional' || (conventions.style === 'auto' && conventional);
  const isRevert = proposal.reverts !== undefined;
  const summary = neutralise(proposal.diagnosis?.summary ?? incident.title);
  const type = isRevert ? 'revert' : 'fix';
  const standard = isConventional
    ? `${type}${scope === undefined ? '' : `(${scope})`}: ${summary.charAt(0).toLowerCase()}${summary.slice(1)}`
    : isRevert
      ? summary
      : `Fix ${summary}`;
  const text =
    conventions.title === undefined ? standard : fill(conventions.title, { ...textValues(proposal, incident), type, scope: scope ?? '' });
  return oneLine(text, titleLength);
}

function textValues(proposal: SolutionProposal, incident: Incident): Readonly<Record<string, string>> {
  return {
    incident: shortId(incident),
    slug: slugOf(incident.title),
    service: neutralise(incident.service),
    summary: neutralise(proposal.diagnosis?.summary ?? incident.title),
  };
}

/** Trailers are the last paragraph, or git doesn't see them. */
function withTrailers(message: string, trailers: string): string {
  const rest = message.replace(trailers, '').trimEnd();
  return `${rest}\n\n${trailers}`;
}

async function reviewersOf(
  service: RepositoryService,
  repository: Repository,
  { reviewers }: Conventions,
  base: string,
  paths: readonly string[],
): Promise<readonly string[]> {
  const named = reviewers.filter((name) => name !== 'codeowners');
  if (!reviewers.includes('codeowners')) return named.slice(0, mostReviewers);
  for (const place of codeOwnersPaths[repository.provider] ?? []) {
    const content = await service.getFileContents(repository, place, base);
    if (content === undefined) continue;
    // An address is nobody whom a forge can ask by it.
    const owners = ownersOf(content.toString('utf8'), paths).filter((owner) => owner.startsWith('@'));
    return [...new Set([...named, ...owners])].slice(0, mostReviewers);
  }
  return named.slice(0, mostReviewers);
}

function fill(template: string, values: Readonly<Record<string, string>>): string {
  return template.replaceAll(/\{(\w+)\}/g, (whole, name: string) => values[name] ?? whole);
}

/** The end of a ULID is its random part; the beginning is the time, which incidents of one hour share. */
function shortId(incident: Incident): string {
  return incident.id.slice(-10).toLowerCase();
}

function slugOf(text: string): string {
  return text
    .toLowerCase()
    .replaceAll(/[^a-z0-9]+/g, '-')
    .slice(0, 40)
    .replaceAll(/^-+|-+$/g, '');
}

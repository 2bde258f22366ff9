// Whether a problem is dealt with elsewhere already: on the default branch, or by an open change request, of anybody.
// Must never say so of a change request by its place alone: it has to stand the proof, or to edit the line that fails and name the error.
import { findEarlierFix, diagnoseEarlierFix, explainEarlierFix, type EarlierFixParts } from './earlier-fix.ts';
import { isTestPath, judgeCaution, judgePath } from './edits/path-policy.ts';
import type { Groundwork } from './groundwork.ts';
import type { Repository, RepositoryService } from '../repository/repository.ts';
import { isShownGone } from './gate.ts';
import { describe, type RelatedChange } from './open-changes.ts';
import type { Diagnosis, SolutionProposal } from './proposal.ts';
import { tryFiles, type Tried, type TrialOptions } from './trials.ts';

export interface Elsewhere {
  readonly reason: string;
  readonly diagnosis: Diagnosis;
}

/** Each costs a run of all checks. */
const mostTrials = 2;

/** What was looked at so recently isn't looked at again. */
const freshMs = 600_000;

/** Whether what was found before a proof may have changed; not where something was made already, or a person asked for just this. */
export function needsAnotherLook({ publication, feedback, reverts, validation }: SolutionProposal, nowMs: number): boolean {
  if (publication !== undefined || feedback !== undefined || reverts !== undefined) return false;
  return nowMs - (validation?.finishedAtMs ?? 0) >= freshMs;
}

/** Why a change can't be published on the base that it was proven on: somebody took that base out of the default branch. */
export async function findRewrite(
  service: Pick<RepositoryService, 'initialize' | 'contains'>,
  repository: Repository,
  { baseCommit, publication }: SolutionProposal,
  signal: AbortSignal,
): Promise<string | undefined> {
  if (baseCommit === undefined || publication !== undefined) return undefined;
  const { branch, head } = await service.initialize(repository, signal);
  if (await service.contains(repository, head, baseCommit)) return undefined;
  return `${branch} was rewritten since: ${baseCommit.slice(0, 12)}, on which this was proven, is no part of it any more. Nothing was opened; it is proposed anew.`;
}

export async function findElsewhere(
  groundwork: Groundwork,
  deployments: EarlierFixParts['deployments'],
  options: TrialOptions,
  onProgress: (event: string) => void,
): Promise<Elsewhere | undefined> {
  const fix = await findEarlierFix(groundwork, { service: options.service, deployments });
  if (fix !== undefined) return { reason: explainEarlierFix(fix), diagnosis: diagnoseEarlierFix(fix, groundwork) };
  let trials = 0;
  for (const related of groundwork.openChanges.related) {
    const { change } = related;
    onProgress(`open change request ${change.number} ${describe(related)}`);
    const isPlain = related.isAtLine && related.isNamed;
    const tried = trials < mostTrials ? await tryChange(groundwork, related, options) : undefined;
    if (tried !== undefined) trials += 1;
    if (tried !== undefined && isShownGone(tried.results) && tried.results.every(({ outcome }) => outcome !== 'failed'))
      return tell(groundwork, related, 'with it the problem is shown to be gone');
    // What was put to the proof and failed is none, whatever it says.
    if (isPlain && (tried === undefined || tried.results.every(({ outcome }) => outcome !== 'failed')))
      return tell(groundwork, related, `it ${describe(related)}`);
  }
  return undefined;
}

/** Undefined where it can't be tried here: it conflicts with the default branch, or touches what decides about the proof. */
async function tryChange(groundwork: Groundwork, { change }: RelatedChange, options: TrialOptions): Promise<Tried | undefined> {
  const { repository, baseCommit } = groundwork;
  const applied = await options.service.applyElsewhere(repository, { from: change.base, to: change.commit, onto: baseCommit });
  if (applied.kind !== 'applied') return undefined;
  // Its own tests are left out, as any candidate's changes of tests are.
  const files = applied.files.filter(({ path }) => !isTestPath(path));
  if (files.length === 0) return undefined;
  if (files.some(({ path }) => judgePath(path, []) !== undefined || judgeCaution(path) !== undefined)) return undefined;
  if (files.some(({ content }) => content?.includes(0) === true)) return undefined;
  const candidate = {
    title: change.title,
    provider: '',
    model: '',
    diagnosis: diagnose(groundwork, change.title, []),
    files: Object.fromEntries(files.map(({ path, content }) => [path, content === undefined ? null : content.toString('utf8')])),
    rungs: [],
  };
  return tryFiles(groundwork, candidate, options);
}

function tell(groundwork: Groundwork, { change }: RelatedChange, because: string): Elsewhere {
  const reason = `Change request ${change.number} (${change.url}) is open and seems to fix it: ${because}. Nothing new is opened; look at that one, or ask again if it isn't merged.`;
  const shown = groundwork.evidence.find(({ title }) => title.startsWith(`Open change request ${change.number} `));
  return { reason, diagnosis: diagnose(groundwork, reason, shown === undefined ? [] : [shown.id]) };
}

function diagnose({ problem }: Groundwork, rootCause: string, evidenceIds: readonly string[]): Diagnosis {
  return {
    summary: problem.incident.title.slice(0, 120),
    rootCause,
    claims: evidenceIds.length === 0 ? [] : [{ statement: 'A change request for it is open', evidenceIds }],
    risk: '',
    notChecked: ['What else that change request does.'],
  };
}

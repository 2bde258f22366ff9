// Puts candidates to the proof, one work tree each, and keeps the best.
// Must never write outside its work trees, and leaves none behind.
import { isTestPath } from './edits/path-policy.ts';
import { writeToTree } from './edits/tree-writer.ts';
import { findChecks, type Checks } from './checks.ts';
import type { Candidate, Candidates, Exhausted, Feedback } from './candidate.ts';
import { rankLadder } from './gate.ts';
import type { Groundwork } from './groundwork.ts';
import { writeIncidentReplay } from './incident-replay.ts';
import type { RungResult } from './proposal.ts';
import { rungs, type RepositoryService, type Rung } from '../repository/repository.ts';
import { skipped, type Baseline, type Validator } from './validator.ts';

export interface Tried {
  readonly candidate: Candidate;
  readonly results: readonly RungResult[];
}

export type TrialOutcome =
  | { readonly kind: 'held'; readonly tried: Tried }
  /** None held; the best of those that failed is kept for the report. */
  | { readonly kind: 'exhausted'; readonly exhausted: Exhausted; readonly best: Tried | undefined }
  /** The replay passes on the base revision: it is fixed there, and not deployed yet. */
  | { readonly kind: 'already-fixed'; readonly result: RungResult };

export interface TrialOptions {
  readonly service: RepositoryService;
  readonly validator: Validator;
  readonly searchPath: readonly string[];
  readonly signal: AbortSignal;
  readonly onCandidate: (candidate: Candidate) => Promise<void>;
  /** Awaited before the next rung, so that what is told is in order. */
  readonly onRung: (result: RungResult) => Promise<void>;
}

/** Each costs a run of all checks. */
const mostCandidates = 12;

export async function tryCandidates(groundwork: Groundwork, candidates: Candidates, options: TrialOptions): Promise<TrialOutcome> {
  let best: Tried | undefined;
  let feedback: Feedback;
  let base: BaseRun | undefined;
  for (let count = 0; count < mostCandidates; count += 1) {
    const next = await candidates.next(feedback);
    if (next.done === true) return conclude(best, next.value);
    base ??= await measureBase(groundwork, options);
    const isGone = base.baseline.reproduce?.run.exitStatus === 0;
    if (isGone)
      return {
        kind: 'already-fixed',
        result: skipped('reproduced', 'the problem does not show on the default branch', base.checks.reproduce),
      };
    await options.onCandidate(next.value);
    const tried = await tryCandidate(groundwork, next.value, base, options);
    if (best === undefined || rankLadder(tried.results) > rankLadder(best.results)) best = tried;
    if (holds(tried) && heightOf(tried) >= rungs.indexOf(highestRung(base))) break;
    feedback = { results: tried.results };
  }
  const left = await candidates.return({
    reason: 'As many candidates as are allowed were tried.',
    diagnosis: undefined,
    provider: '',
    model: '',
  });
  return conclude(best, left.done === true ? left.value : { reason: '', diagnosis: undefined, provider: '', model: '' });
}

/** One more climb with files that are known already. */
export async function tryFiles(groundwork: Groundwork, candidate: Candidate, options: TrialOptions): Promise<Tried> {
  return tryCandidate(groundwork, candidate, await measureBase(groundwork, options), options);
}

function conclude(best: Tried | undefined, exhausted: Exhausted): TrialOutcome {
  if (best !== undefined && holds(best)) return { kind: 'held', tried: best };
  return { kind: 'exhausted', exhausted, best };
}

function holds({ results }: Tried): boolean {
  return results.every(({ outcome }) => outcome !== 'failed');
}

function heightOf({ results }: Tried): number {
  return Math.max(-1, ...results.filter(({ outcome }) => outcome === 'passed').map(({ rung }) => rungs.indexOf(rung)));
}

interface BaseRun {
  readonly checks: Checks;
  readonly baseline: Baseline;
}

/** The highest rung that any candidate could reach here. */
function highestRung({ checks, baseline }: BaseRun): Rung {
  if (baseline.reproduce !== undefined && baseline.reproduce.verdict !== 'other') return 'reproduced';
  if (checks.test !== undefined) return 'tests';
  return checks.build === undefined ? 'syntax' : 'builds';
}

async function measureBase(groundwork: Groundwork, options: TrialOptions): Promise<BaseRun> {
  await using tree = await options.service.createWorkTree(groundwork.repository, groundwork.baseCommit);
  const checks = await findChecks(tree.directory, groundwork.repository.commands, options.searchPath);
  return { checks, baseline: await options.validator.measureBaseline(trialOf(groundwork, tree.directory, checks, options)) };
}

async function tryCandidate(groundwork: Groundwork, candidate: Candidate, base: BaseRun, options: TrialOptions): Promise<Tried> {
  for (const result of candidate.rungs) await options.onRung(result);
  await using tree = await options.service.createWorkTree(groundwork.repository, groundwork.baseCommit);
  const weakened = await changedTests(groundwork, candidate, options.service);
  if (weakened.length > 0) {
    const reason = `changes existing tests (${weakened.join(', ')}); add new test files instead`;
    const refused: RungResult = { rung: 'applied', outcome: 'failed', command: '', exitStatus: undefined, durationMs: 0, output: reason };
    await options.onRung(refused);
    return { candidate, results: [...candidate.rungs.filter(({ rung }) => rung !== 'applied'), refused] };
  }
  await writeToTree(tree.directory, candidate.files);
  const climbed = await options.validator.climb(
    trialOf(groundwork, tree.directory, base.checks, options),
    candidate.files,
    base.baseline,
    options.onRung,
  );
  return { candidate, results: [...candidate.rungs, ...climbed] };
}

/** A proof by a weakened test is none. */
async function changedTests(groundwork: Groundwork, candidate: Candidate, service: RepositoryService): Promise<readonly string[]> {
  const changed: string[] = [];
  for (const path of Object.keys(candidate.files)) {
    if (isTestPath(path) && (await service.getFileContents(groundwork.repository, path, groundwork.baseCommit)) !== undefined)
      changed.push(path);
  }
  return changed;
}

function trialOf(
  { problem }: Groundwork,
  directory: string,
  checks: Checks,
  { signal }: TrialOptions,
): Parameters<Validator['measureBaseline']>[0] {
  return { directory, checks, replay: writeIncidentReplay(problem.incident, problem.occurrences), reason: problem.reason, signal };
}

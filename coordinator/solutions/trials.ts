// Puts candidates to the proof, one work tree each, and keeps the best.
// Must never write outside its work trees, and leaves none behind.
import { decodeText } from './edits/apply.ts';
import { isTestPath } from './edits/path-policy.ts';
import { writeToTree } from './edits/tree-writer.ts';
import { findChecks, type Checks } from './checks.ts';
import type { Candidate, Candidates, Exhausted, Feedback } from './candidate.ts';
import { isShownGone, rankLadder } from './gate.ts';
import { backerOf, keyOf, rankContenders, type Contender } from './comparison.ts';
import { readBase, type Groundwork } from './groundwork.ts';
import { writeIncidentReplay } from './incident-replay.ts';
import { builtinName, speaksForItself } from './pattern-proposer.ts';
import type { RungResult } from './proposal.ts';
import { rungs, type RepositoryService, type Rung } from '../repository/repository.ts';
import { explainUnfit, type Reproduction, type ReproductionTest } from './reproduction/reproduction.ts';
import type { KnownTest, TestMaker } from './reproduction/test-maker.ts';
import { findTestRunner, type TestRunner } from './test-runner.ts';
import { skipped, type Baseline, type Validator } from './validator.ts';

export interface Tried {
  readonly candidate: Candidate;
  readonly results: readonly RungResult[];
  /** The test that showed the problem before and doesn't now; it goes along with the change. */
  readonly test: ReproductionTest | undefined;
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
  readonly tests: TestMaker;
  readonly searchPath: readonly string[];
  readonly signal: AbortSignal;
  readonly onCandidate: (candidate: Candidate) => Promise<void>;
  /** Awaited before the next rung, so that what is told is in order. */
  readonly onRung: (result: RungResult) => Promise<void>;
}

/** Each costs a run of all checks. */
const mostCandidates = 12;
/** Looked at beside one that holds, and the time that their trials may take. */
const mostOthers = 6;
const comparedMs = 60_000;
/** Tests that the author of a change may write until one shows the problem. */
const mostTests = 2;

export async function tryCandidates(groundwork: Groundwork, candidates: Candidates, options: TrialOptions): Promise<TrialOutcome> {
  let best: Tried | undefined;
  let feedback: Feedback;
  let base: BaseRun | undefined;
  for (let count = 0; count < mostCandidates; count += 1) {
    const next = await candidates.next(feedback);
    if (next.done === true) return conclude(best, next.value);
    base ??= await measureBase(groundwork, options);
    const replay = base.baseline.reproduce;
    const isGone = replay?.run.exitStatus === 0 && !replay.isUnsteady;
    if (isGone)
      return {
        kind: 'already-fixed',
        result: skipped('reproduced', 'the problem does not show on the default branch', base.checks.reproduce),
      };
    await options.onCandidate(next.value);
    const tried = await tryCandidate(groundwork, next.value, base, options);
    if (best === undefined || rankLadder(tried.results) > rankLadder(best.results)) best = tried;
    if (holds(tried) && heightOf(tried) >= rungs.indexOf(highestRung(base, tried))) {
      const asked = isShownGone(tried.results) ? tried : await askForTest(groundwork, tried, candidates, base, options);
      if (holds(asked)) {
        best = await compareWithOthers(groundwork, asked, candidates, base, options);
        break;
      }
      // Its author's own test says that the problem is still there.
      if (best === tried) best = asked;
      feedback = { results: asked.results };
      continue;
    }
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

/** Others that hold as well are put beside it, where that costs little; what is the same change needs no trial of its own. */
async function compareWithOthers(
  groundwork: Groundwork,
  first: Tried,
  candidates: Candidates,
  base: BaseRun,
  options: TrialOptions,
): Promise<Tried> {
  const most = options.validator.candidates;
  // The engine puts its own in order before it proposes them.
  if (first.candidate.provider === builtinName) return first;
  const keyed = async (candidate: Candidate): Promise<{ key: string; size: number }> =>
    keyOf(await readBase(options.service, groundwork, Object.keys(candidate.files)), candidate.files);
  const contenders: Contender<Tried>[] = [
    { tried: first, ...(await keyed(first.candidate)), backers: new Set([backerOf(first.candidate)]) },
  ];
  let results = first.results;
  let spentMs = durationOf(results);
  for (let count = 0; count < mostOthers && contenders.length < most && spentMs < comparedMs; count += 1) {
    const next = await candidates.next({ results, wantsOther: true });
    if (next.done === true) break;
    const { key, size } = await keyed(next.value);
    const twin = contenders.find((one) => one.key === key);
    if (twin !== undefined) {
      twin.backers.add(backerOf(next.value));
      continue;
    }
    // A pattern that does something else never outdoes a model's change that climbed as high.
    if (next.value.provider === builtinName) continue;
    await options.onCandidate(next.value);
    const tried = await tryCandidate(groundwork, next.value, base, options);
    results = tried.results;
    spentMs += durationOf(results);
    if (holds(tried) && rankLadder(results) >= rankLadder(first.results))
      contenders.push({ tried, key, size, backers: new Set([backerOf(next.value)]) });
  }
  const [best] = rankContenders(contenders);
  if (best === undefined) return first;
  const others = [...best.backers].filter((name) => name !== backerOf(best.tried.candidate));
  return others.length === 0 ? best.tried : { ...best.tried, results: best.tried.results.map((one) => withBackers(one, others)) };
}

function withBackers(result: RungResult, others: readonly string[]): RungResult {
  return result.rung === 'applied' ? { ...result, output: `${result.output}; proposed by ${others.join(' and ')}, too` } : result;
}

function durationOf(results: readonly RungResult[]): number {
  return results.reduce((sum, { durationMs }) => sum + durationMs, 0);
}

/** One more climb with files that are known already. */
export async function tryFiles(groundwork: Groundwork, candidate: Candidate, options: TrialOptions, known?: KnownTest): Promise<Tried> {
  return tryCandidate(groundwork, candidate, await measureBase(groundwork, options, known), options);
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
  readonly runner: TestRunner | undefined;
  readonly reproduction: Reproduction | undefined;
}

/** The highest rung that this candidate, or another of its kind, could reach here. */
function highestRung({ checks, baseline, reproduction }: BaseRun, { candidate }: Tried): Rung {
  const replay = baseline.reproduce;
  if (replay !== undefined && replay.verdict !== 'other' && !replay.isUnsteady) return 'reproduced';
  // Made-up inputs find what tolerates them: that must not outdo a model's change of what hands them on, or a setting that is misspelt.
  const isGuess = candidate.provider === builtinName && candidate.model !== 'misspelt-setting';
  if (reproduction !== undefined && (reproduction.test.origin !== 'invented' || isGuess)) return 'reproduced';
  if (checks.test !== undefined) return 'tests';
  return checks.build === undefined ? 'syntax' : 'builds';
}

async function measureBase(groundwork: Groundwork, options: TrialOptions, known?: KnownTest): Promise<BaseRun> {
  await using tree = await options.service.createWorkTree(groundwork.repository, groundwork.baseCommit);
  const located = groundwork.locations.map(({ path }) => path);
  const found = await findChecks(tree.directory, groundwork.repository.commands, options.searchPath, located);
  const runner = await findTestRunner(tree.directory, found.nearestTest);
  const about = groundwork.tests.map(({ path }) => path);
  const checks = { ...found, relevant: runner?.commandFor(about) ?? runner?.commandFor(about.slice(0, 1)) };
  const trial = trialOf(groundwork, tree.directory, checks, options);
  const baseline = await options.validator.measureBaseline(trial);
  if (checks.reproduce !== undefined || runner === undefined) return { checks, baseline, runner, reproduction: undefined };
  const test = await options.tests.make({ groundwork, directory: tree.directory, runner, known, signal: options.signal });
  if (test === undefined) return { checks, baseline, runner, reproduction: undefined };
  const measured = await options.validator.measureReproduction(trial, test, groundwork.locations[0]);
  return { checks, baseline, runner, reproduction: explainUnfit(measured) === undefined ? measured : undefined };
}

/** Answers with the candidate and its author's test where that shows the problem before and not after; else with the candidate as it held. */
async function askForTest(
  groundwork: Groundwork,
  held: Tried,
  candidates: Candidates,
  base: BaseRun,
  options: TrialOptions,
): Promise<Tried> {
  const { runner, checks } = base;
  if (runner === undefined || checks.reproduce !== undefined || base.baseline.test?.run.stoppedBy !== undefined) return held;
  let complaint: string | undefined;
  for (let count = 0; count < mostTests; count += 1) {
    const next = await candidates.next({ results: held.results, wantsTest: { runner, complaint } });
    if (next.done === true) return held;
    const { test } = next.value;
    const check = test === undefined ? undefined : runner.commandFor([test.path]);
    if (test === undefined || check === undefined) return held;
    const known: ReproductionTest = { ...test, check, origin: 'model' };
    await using before = await options.service.createWorkTree(groundwork.repository, groundwork.baseCommit);
    const trial = trialOf(groundwork, before.directory, checks, options);
    await options.validator.prepare(trial);
    const reproduction = await options.validator.measureReproduction(trial, known, groundwork.locations[0]);
    complaint = explainUnfit(reproduction);
    if (complaint !== undefined) continue;
    await using after = await options.service.createWorkTree(groundwork.repository, groundwork.baseCommit);
    const changed = trialOf(groundwork, after.directory, checks, options);
    await options.validator.prepare(changed);
    await writeToTree(after.directory, held.candidate.files);
    const result = await options.validator.proveByTest(changed, reproduction);
    await options.onRung(result);
    const results = [...held.results.filter(({ rung }) => rung !== 'reproduced'), result];
    if (result.outcome !== 'skipped') return { candidate: held.candidate, results, test: result.outcome === 'passed' ? known : undefined };
    complaint = result.output;
  }
  return held;
}

async function tryCandidate(groundwork: Groundwork, candidate: Candidate, base: BaseRun, options: TrialOptions): Promise<Tried> {
  for (const result of candidate.rungs) await options.onRung(result);
  await using tree = await options.service.createWorkTree(groundwork.repository, groundwork.baseCommit);
  const reason = await findObjection(groundwork, candidate, options.service);
  if (reason !== undefined) {
    const refused: RungResult = { rung: 'applied', outcome: 'failed', command: '', exitStatus: undefined, durationMs: 0, output: reason };
    await options.onRung(refused);
    return { candidate, results: [...candidate.rungs.filter(({ rung }) => rung !== 'applied'), refused], test: undefined };
  }
  await writeToTree(tree.directory, candidate.files);
  const climbed = await options.validator.climb(
    {
      ...trialOf(groundwork, tree.directory, base.checks, options),
      reproduction: base.reproduction,
      onlyTolerates: candidate.provider === builtinName && !speaksForItself(candidate.model),
    },
    candidate.files,
    base.baseline,
    options.onRung,
  );
  const isProven = climbed.some(({ rung, outcome }) => rung === 'reproduced' && outcome === 'passed');
  return { candidate, results: [...candidate.rungs, ...climbed], test: isProven ? base.reproduction?.test : undefined };
}

/** Why a candidate isn't even tried. */
async function findObjection(groundwork: Groundwork, candidate: Candidate, service: RepositoryService): Promise<string | undefined> {
  const weakened: string[] = [];
  for (const [path, text] of Object.entries(candidate.files)) {
    const isSuspicious = text?.includes('\uFFFD') === true;
    if (!isTestPath(path) && !isSuspicious) continue;
    const before = await service.getFileContents(groundwork.repository, path, groundwork.baseCommit);
    if (before === undefined) continue;
    // What was read with replacements would be written with them, and other characters lost.
    if (isSuspicious && decodeText(before) === undefined) return `${path} is no text in UTF-8: an edit would spoil other characters in it`;
    // A proof by a weakened test is none.
    if (isTestPath(path)) weakened.push(path);
  }
  return weakened.length === 0 ? undefined : `changes existing tests (${weakened.join(', ')}); add new test files instead`;
}

function trialOf(
  { problem }: Groundwork,
  directory: string,
  checks: Checks,
  { signal }: TrialOptions,
): Parameters<Validator['measureBaseline']>[0] {
  return { directory, checks, replay: writeIncidentReplay(problem.incident, problem.occurrences), reason: problem.reason, signal };
}

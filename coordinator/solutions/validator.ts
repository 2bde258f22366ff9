// Climbs the ladder with a change: syntax, builds, tests, reproduced, each against what the base revision did before.
// Must never take a rung for granted: what can't be run is `skipped` with its reason, never `passed`.
import type { SyntaxTrees } from '../../base/syntax-tree.ts';
import type { CodeLocation, Rung } from '../repository/repository.ts';
import { commandLine, describeCommand, type Check } from './check.ts';
import type { Checks } from './checks.ts';
import type { RungResult } from './proposal.ts';
import { originWords, type Reproduction, type ReproductionTest } from './reproduction/reproduction.ts';
import { writeToTree } from './edits/tree-writer.ts';
import { compareReason, type Reason, type ReasonVerdict } from './same-reason.ts';
import { joinRuns, needsRepetition, type MeasuredTests } from './measured-tests.ts';
import type { Sandbox, SandboxRun } from './sandbox.ts';
import { explain, judgeFailure, judgeTests, showsPlace } from './test-judgement.ts';
import { ranNoTest, readTestNames } from './test-output.ts';

export interface ValidationLimits {
  readonly setupTimeoutMs: number;
  readonly buildTimeoutMs: number;
  readonly testTimeoutMs: number;
  readonly reproduceTimeoutMs: number;
  /** How many changes that hold are compared; 1 takes the first. */
  readonly candidates: number;
}

export const defaultValidationLimits: ValidationLimits = {
  setupTimeoutMs: 600_000,
  buildTimeoutMs: 600_000,
  testTimeoutMs: 900_000,
  reproduceTimeoutMs: 120_000,
  candidates: 3,
};

/** What one work tree is put through. */
export interface Trial {
  readonly directory: string;
  readonly checks: Checks;
  /** Standard input of the reproduce command. */
  readonly replay: string;
  readonly reason: Reason;
  /** What stands in for a reproduce command where none is configured. */
  readonly reproduction?: Reproduction | undefined;
  /** The change only tolerates what failed, where it failed: if that fails as before, and no test shows otherwise, it is no use. */
  readonly onlyTolerates?: boolean | undefined;
  readonly signal: AbortSignal;
}

/** What the base revision did. */
export interface Baseline {
  readonly setup: SandboxRun | undefined;
  readonly build: SandboxRun | undefined;
  readonly test: MeasuredTests | undefined;
  /** The tests that are about the change alone; measured where all of them take long. */
  readonly relevant?: MeasuredTests | undefined;
  readonly reproduce: MeasuredReplay | undefined;
}

export interface MeasuredReplay {
  readonly run: SandboxRun;
  readonly verdict: ReasonVerdict;
  /** It passed and failed by turns. */
  readonly isUnsteady: boolean;
}

/** Characters of output kept for a rung. */
const mostOutput = 8_000;
/** All tests are run at once where that takes no longer. */
const quickMs = 10_000;

export class Validator {
  readonly #sandbox: Sandbox;
  readonly #trees: SyntaxTrees;
  readonly #limits: ValidationLimits;

  constructor(options: { sandbox: Sandbox; trees: SyntaxTrees; limits: ValidationLimits }) {
    this.#sandbox = options.sandbox;
    this.#trees = options.trees;
    this.#limits = options.limits;
  }

  get candidates(): number {
    return this.#limits.candidates;
  }

  /** Runs every check on an unchanged work tree. */
  async measureBaseline(trial: Trial): Promise<Baseline> {
    const { checks, reason } = trial;
    const setup = await this.#run(trial, checks.setup, this.#limits.setupTimeoutMs);
    const build = await this.#run(trial, checks.build, this.#limits.buildTimeoutMs);
    const test = await this.#measureTests(trial, checks.test);
    const run = await this.#run(trial, checks.reproduce, this.#limits.reproduceTimeoutMs, trial.replay);
    const isUnsteady = run !== undefined && (await this.#turnsOut(trial, run));
    const isLong = test !== undefined && (test.run.stoppedBy === 'time' || test.run.durationMs > quickMs);
    const relevant = isLong ? await this.#measureTests(trial, checks.relevant) : undefined;
    return {
      setup,
      build,
      test,
      relevant,
      reproduce: run === undefined ? undefined : { run, verdict: judgeFailure(run, reason), isUnsteady },
    };
  }

  async #measureTests(trial: Trial, check: Check | undefined): Promise<MeasuredTests | undefined> {
    const measure = async (): Promise<MeasuredTests | undefined> => {
      const run = await this.#run(trial, check, this.#limits.testTimeoutMs);
      return run === undefined ? undefined : { run, names: readTestNames(run.output) };
    };
    const first = await measure();
    const second = first !== undefined && needsRepetition(first) ? await measure() : undefined;
    return first === undefined || second === undefined ? first : joinRuns(first, second);
  }

  /** Whether a replay ends otherwise when it is run again; one that takes long is run once. */
  async #turnsOut(trial: Trial, before: SandboxRun): Promise<boolean> {
    if (before.stoppedBy !== undefined || before.durationMs > quickMs) return false;
    const again = await this.#run(trial, trial.checks.reproduce, this.#limits.reproduceTimeoutMs, trial.replay);
    return again !== undefined && (again.exitStatus === 0) !== (before.exitStatus === 0);
  }

  /** Runs a test made from the incident in a work tree of the base revision that is set up. */
  async measureReproduction(trial: Trial, test: ReproductionTest, place: CodeLocation | undefined): Promise<Reproduction> {
    const run = await this.#runReproduction(trial, test);
    const verdict = judgeFailure(run, trial.reason);
    return { test, before: { run, verdict: verdict === 'same' && !showsPlace(run.output, place) ? 'other' : verdict } };
  }

  /** The setup command, for a work tree that nothing else is measured in. */
  async prepare(trial: Trial): Promise<void> {
    await this.#run(trial, trial.checks.setup, this.#limits.setupTimeoutMs);
  }

  /**
   * The rungs from `syntax` up, in order; after one fails the rest is skipped.
   * @param changed text by path after the edit, `null` for a deleted file; already written to the trial's directory
   */
  async climb(
    trial: Trial,
    changed: Readonly<Record<string, string | null>>,
    baseline: Baseline,
    onRung: (result: RungResult) => Promise<void>,
  ): Promise<readonly RungResult[]> {
    const results: RungResult[] = [];
    const steps: readonly [Rung, () => Promise<RungResult>][] = [
      ['syntax', () => this.#checkSyntax(changed)],
      ['builds', () => this.#checkBuild(trial, baseline)],
      ['tests', () => this.#checkTests(trial, baseline)],
      [
        'reproduced',
        () =>
          this.#checkReproduction(results.some(({ showsFix }) => showsFix === true) ? { ...trial, onlyTolerates: false } : trial, baseline),
      ],
    ];
    for (const [rung, step] of steps) {
      const failed = results.find(({ outcome }) => outcome === 'failed');
      const result = failed === undefined ? await step() : skipped(rung, `not tried, because ${failed.rung} failed`);
      results.push(result);
      await onRung(result);
    }
    return results;
  }

  async #checkSyntax(changed: Readonly<Record<string, string | null>>): Promise<RungResult> {
    const startedAt = performance.now();
    const problems: string[] = [];
    let checked = 0;
    for (const [path, text] of Object.entries(changed)) {
      if (text === null) continue;
      const problem = path.endsWith('.json') ? findJsonProblem(text) : await this.#trees.findProblem(path, text);
      if (problem !== undefined) problems.push(`${path}:${problem.line}: ${problem.message}`);
      checked += 1;
    }
    return {
      rung: 'syntax',
      outcome: problems.length === 0 ? 'passed' : 'failed',
      command: `parse ${checked} changed file(s)`,
      exitStatus: undefined,
      durationMs: performance.now() - startedAt,
      output: problems.join('\n'),
    };
  }

  async #checkBuild(trial: Trial, baseline: Baseline): Promise<RungResult> {
    const { checks } = trial;
    const setup = await this.#run(trial, checks.setup, this.#limits.setupTimeoutMs);
    if (setup !== undefined && setup.exitStatus !== 0 && checks.setup !== undefined) {
      const isOld = baseline.setup?.exitStatus !== 0;
      return describe(
        'builds',
        'failed',
        checks.setup,
        setup,
        isOld ? 'The setup command fails on the base revision, too.' : 'The setup command fails.',
      );
    }
    const run = await this.#run(trial, checks.build, this.#limits.buildTimeoutMs);
    if (run === undefined || checks.build === undefined) return skipped('builds', 'there is no build command, configured or found');
    if (run.exitStatus === 0) return describe('builds', 'passed', checks.build, run, '');
    if (baseline.build?.exitStatus !== 0) return skipped('builds', `the base revision doesn't build either: ${explain(run)}`, checks.build);
    return describe('builds', 'failed', checks.build, run, `The base revision builds, this doesn't: ${explain(run)}.`);
  }

  async #checkTests(trial: Trial, baseline: Baseline): Promise<RungResult> {
    const check = trial.checks.test;
    if (check === undefined || baseline.test === undefined) return skipped('tests', 'there is no test command, configured or found');
    const first =
      baseline.relevant === undefined || trial.checks.relevant === undefined
        ? undefined
        : await this.#compareTests(trial, trial.checks.relevant, baseline.relevant, 'The relevant tests alone: ');
    // What the relevant tests refuse needs no others; where all of them never end, they are all there is.
    if (first !== undefined && first.outcome === 'failed') return first;
    if (first !== undefined && baseline.test.run.stoppedBy === 'time')
      return { ...first, output: `All tests take longer than is allowed, so that only the relevant ones count.\n${first.output}` };
    return this.#compareTests(trial, check, baseline.test, '');
  }

  async #compareTests(trial: Trial, check: Check, before: MeasuredTests, which: string): Promise<RungResult> {
    const run = await this.#runTests(trial, check);
    const verdict = judgeTests(before, run);
    if (verdict.ok && ranNoTest(run.output)) return skipped('tests', `${which}the test command ran no test`, check);
    if (verdict.ok) {
      const showsFix = before.run.exitStatus !== 0 && run.exitStatus === 0;
      return { ...describe('tests', 'passed', check, run, verdict.note === '' ? '' : which + verdict.note), showsFix };
    }
    // A test that fails now and passes on repetition is flaky, which is not this change's doing.
    const again = run.stoppedBy === undefined ? await this.#runTests(trial, check) : undefined;
    if (again !== undefined && judgeTests(before, again).ok)
      return describe('tests', 'passed', check, again, `${which}Flaky: a first run failed, the repetition passed.`);
    return describe('tests', 'failed', check, run, which + verdict.note);
  }

  async #runTests({ directory, signal }: Trial, check: Check): Promise<SandboxRun> {
    return this.#sandbox.run({ directory, command: commandLine(check), stdin: undefined, timeoutMs: this.#limits.testTimeoutMs, signal });
  }

  async #checkReproduction(trial: Trial, baseline: Baseline): Promise<RungResult> {
    const check = trial.checks.reproduce;
    if (check === undefined && trial.reproduction !== undefined) return this.proveByTest(trial, trial.reproduction);
    if (check === undefined || baseline.reproduce === undefined)
      return skipped('reproduced', 'no reproduce command is configured, and no test could be made from the incident');
    const before = baseline.reproduce;
    if (before.isUnsteady)
      return skipped('reproduced', 'before the change the reproduction passes and fails by turns, so that it proves nothing', check);
    if (before.run.exitStatus === 0) return skipped('reproduced', 'the problem does not show on the base revision either', check);
    if (before.verdict === 'other')
      return describe(
        'reproduced',
        'failed',
        check,
        before.run,
        'Before the change the reproduction fails for another reason than the incident, so that it proves nothing.',
      );
    const run = await this.#run(trial, check, this.#limits.reproduceTimeoutMs, trial.replay);
    if (run === undefined) return skipped('reproduced', 'no reproduce command is configured');
    const said = before.verdict === 'same' ? 'for the incident’s reason' : 'without saying why';
    if (run.exitStatus === 0 && (await this.#turnsOut(trial, run)))
      return describe('reproduced', 'failed', check, run, `Failed before ${said}, and passes and fails by turns after the change.`);
    if (run.exitStatus === 0)
      return describe('reproduced', 'passed', check, run, `Failed before ${said} (${explain(before.run)}), passes now.`);
    return describe('reproduced', 'failed', check, run, `Failed before ${said}, and fails after the change: ${explain(run)}.`);
  }

  /** The rung `reproduced` by a test that failed before, in a work tree that holds the change. */
  async proveByTest(trial: Trial, { test, before }: Reproduction): Promise<RungResult> {
    const run = await this.#runReproduction(trial, test);
    const what = `The test ${test.path}, ${originWords[test.origin]}, failed before for the incident’s reason (${explain(before.run)})`;
    const shownBy = test.origin;
    if (run.exitStatus === 0) return { ...describe('reproduced', 'passed', test.check, run, `${what}, and passes now.`), shownBy };
    // The right change may be in what never passes such a value on: that shows nothing against it.
    const after = run.stoppedBy === undefined ? compareReason(run.output, trial.reason) : undefined;
    const isOpen = shownBy === 'invented' ? trial.onlyTolerates !== true || after !== 'same' : after === 'other';
    const note = `${what}, and fails after the change: ${explain(run)}.`;
    return { ...describe('reproduced', isOpen ? 'skipped' : 'failed', test.check, run, note), shownBy };
  }

  async #runReproduction(trial: Trial, test: ReproductionTest): Promise<SandboxRun> {
    const { directory, signal } = trial;
    await writeToTree(directory, { [test.path]: test.text });
    return this.#sandbox.run({
      directory,
      command: commandLine(test.check),
      stdin: undefined,
      timeoutMs: this.#limits.reproduceTimeoutMs,
      signal,
    });
  }

  async #run(trial: Trial, check: Check | undefined, timeoutMs: number, stdin?: string): Promise<SandboxRun | undefined> {
    if (check === undefined) return undefined;
    return this.#sandbox.run({ directory: trial.directory, command: commandLine(check), stdin, timeoutMs, signal: trial.signal });
  }
}

function describe(rung: Rung, outcome: RungResult['outcome'], check: Check, run: SandboxRun, note: string): RungResult {
  const output = [note, run.output.slice(-mostOutput)].filter((part) => part !== '').join('\n');
  return { rung, outcome, command: describeCommand(check), exitStatus: run.exitStatus, durationMs: run.durationMs, output };
}

/** A rung that wasn't tried, and why. */
export function skipped(rung: Rung, reason: string, check?: Check): RungResult {
  return {
    rung,
    outcome: 'skipped',
    command: check === undefined ? '' : describeCommand(check),
    exitStatus: undefined,
    durationMs: 0,
    output: reason,
  };
}

function findJsonProblem(text: string): { line: number; message: string } | undefined {
  try {
    JSON.parse(text);
    return undefined;
  } catch (error) {
    return { line: 1, message: error instanceof Error ? error.message : 'is no JSON' };
  }
}

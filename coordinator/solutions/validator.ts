// Climbs the ladder with a change: syntax, builds, tests, reproduced, each against what the base revision did before.
// Must never take a rung for granted: what can't be run is `skipped` with its reason, never `passed`.
import type { SyntaxTrees } from '../../base/syntax-tree.ts';
import type { Rung } from '../repository/repository.ts';
import type { Check, Checks } from './checks.ts';
import type { RungResult } from './proposal.ts';
import { compareReason, type Reason, type ReasonVerdict } from './same-reason.ts';
import type { Sandbox, SandboxRun } from './sandbox.ts';
import { readTestNames, type TestNames } from './test-output.ts';

export interface ValidationLimits {
  readonly setupTimeoutMs: number;
  readonly buildTimeoutMs: number;
  readonly testTimeoutMs: number;
  readonly reproduceTimeoutMs: number;
}

export const defaultValidationLimits: ValidationLimits = {
  setupTimeoutMs: 600_000,
  buildTimeoutMs: 600_000,
  testTimeoutMs: 900_000,
  reproduceTimeoutMs: 120_000,
};

/** What one work tree is put through. */
export interface Trial {
  readonly directory: string;
  readonly checks: Checks;
  /** Standard input of the reproduce command. */
  readonly replay: string;
  readonly reason: Reason;
  readonly signal: AbortSignal;
}

/** What the base revision did. */
export interface Baseline {
  readonly setup: SandboxRun | undefined;
  readonly build: SandboxRun | undefined;
  readonly test: { readonly run: SandboxRun; readonly names: TestNames } | undefined;
  readonly reproduce: { readonly run: SandboxRun; readonly verdict: ReasonVerdict } | undefined;
}

/** Characters of output kept for a rung. */
const mostOutput = 8_000;

export class Validator {
  readonly #sandbox: Sandbox;
  readonly #trees: SyntaxTrees;
  readonly #limits: ValidationLimits;

  constructor(options: { sandbox: Sandbox; trees: SyntaxTrees; limits: ValidationLimits }) {
    this.#sandbox = options.sandbox;
    this.#trees = options.trees;
    this.#limits = options.limits;
  }

  /** Runs every check on an unchanged work tree. */
  async measureBaseline(trial: Trial): Promise<Baseline> {
    const { checks, reason } = trial;
    const setup = await this.#run(trial, checks.setup, this.#limits.setupTimeoutMs);
    const build = await this.#run(trial, checks.build, this.#limits.buildTimeoutMs);
    const test = await this.#run(trial, checks.test, this.#limits.testTimeoutMs);
    const reproduce = await this.#run(trial, checks.reproduce, this.#limits.reproduceTimeoutMs, trial.replay);
    return {
      setup,
      build,
      test: test === undefined ? undefined : { run: test, names: readTestNames(test.output) },
      reproduce: reproduce === undefined ? undefined : { run: reproduce, verdict: judgeFailure(reproduce, reason) },
    };
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
      ['reproduced', () => this.#checkReproduction(trial, baseline)],
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
    const run = await this.#run(trial, check, this.#limits.testTimeoutMs);
    if (run === undefined) return skipped('tests', 'there is no test command');
    const verdict = judgeTests(baseline.test, run);
    if (verdict.ok) {
      const showsFix = baseline.test.run.exitStatus !== 0 && run.exitStatus === 0;
      return { ...describe('tests', 'passed', check, run, verdict.note), showsFix };
    }
    // A test that fails now and passes on repetition is flaky, which is not this change's doing.
    const again = run.stoppedBy === undefined ? await this.#run(trial, check, this.#limits.testTimeoutMs) : undefined;
    if (again !== undefined && judgeTests(baseline.test, again).ok) {
      return describe('tests', 'passed', check, again, 'Flaky: a first run failed, the repetition passed.');
    }
    return describe('tests', 'failed', check, run, verdict.note);
  }

  async #checkReproduction(trial: Trial, baseline: Baseline): Promise<RungResult> {
    const check = trial.checks.reproduce;
    if (check === undefined || baseline.reproduce === undefined) return skipped('reproduced', 'no reproduce command is configured');
    const before = baseline.reproduce;
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
    if (run.exitStatus === 0)
      return describe('reproduced', 'passed', check, run, `Failed before ${said} (${explain(before.run)}), passes now.`);
    return describe('reproduced', 'failed', check, run, `Failed before ${said}, and fails after the change: ${explain(run)}.`);
  }

  async #run(trial: Trial, check: Check | undefined, timeoutMs: number, stdin?: string): Promise<SandboxRun | undefined> {
    if (check === undefined) return undefined;
    return this.#sandbox.run({ directory: trial.directory, command: check.command, stdin, timeoutMs, signal: trial.signal });
  }
}

/** 126 and 127 are the shell's for a command that could not be run; a killed one never came to its reason. */
function judgeFailure(run: SandboxRun, reason: Reason): ReasonVerdict {
  const isHang = run.stoppedBy === 'time' && /timeout|timed out|hang/i.test(`${reason.type ?? ''} ${reason.message}`);
  if (isHang) return 'same';
  if (run.stoppedBy !== undefined || run.exitStatus === undefined || run.exitStatus === 126 || run.exitStatus === 127) return 'other';
  const verdict = compareReason(run.output, reason);
  // docs/reproduce.md: 2 without the error means that the command had nothing to replay (Go's panics exit with 2, and show it).
  return run.exitStatus === 2 && verdict === 'unsaid' ? 'other' : verdict;
}

function judgeTests(before: { run: SandboxRun; names: TestNames }, after: SandboxRun): { ok: boolean; note: string } {
  const names = readTestNames(after.output);
  const lost = [...before.names.passed].filter((name) => names.failed.has(name));
  const vanished = [...before.names.passed].filter((name) => !names.failed.has(name) && !names.passed.has(name));
  if (lost.length > 0) return { ok: false, note: `Passed before and fails now: ${lost.slice(0, 5).join(', ')}.` };
  if (after.exitStatus === 0) {
    if (vanished.length > 0 && names.passed.size < before.names.passed.size)
      return { ok: false, note: `Ran before and doesn't run now: ${vanished.slice(0, 5).join(', ')}.` };
    return { ok: true, note: before.run.exitStatus === 0 ? '' : 'Failed on the base revision, passes now.' };
  }
  if (before.run.exitStatus === 0) return { ok: false, note: `Passed before and fails now: ${explain(after)}.` };
  const isComparable = after.stoppedBy === undefined && before.names.failed.size > 0 && names.passed.size >= before.names.passed.size;
  const isNoWorse = [...names.failed].every((name) => before.names.failed.has(name));
  if (isComparable && isNoWorse && names.passed.size > 0)
    return { ok: true, note: `${names.failed.size} test(s) fail as they did before.` };
  return { ok: false, note: `The tests failed before, and it can't be told that none got worse: ${explain(after)}.` };
}

function explain(run: SandboxRun): string {
  const why = {
    time: 'killed for taking too long',
    memory: 'killed for its memory',
    processes: 'killed for its number of processes',
    output: 'killed for its output',
    signal: 'ended by a signal',
  };
  return run.stoppedBy === undefined ? `exit status ${run.exitStatus ?? 'unknown'}` : why[run.stoppedBy];
}

function describe(rung: Rung, outcome: RungResult['outcome'], check: Check, run: SandboxRun, note: string): RungResult {
  const output = [note, run.output.slice(-mostOutput)].filter((part) => part !== '').join('\n');
  return { rung, outcome, command: check.command.join(' '), exitStatus: run.exitStatus, durationMs: run.durationMs, output };
}

/** A rung that wasn't tried, and why. */
export function skipped(rung: Rung, reason: string, check?: Check): RungResult {
  return { rung, outcome: 'skipped', command: check?.command.join(' ') ?? '', exitStatus: undefined, durationMs: 0, output: reason };
}

function findJsonProblem(text: string): { line: number; message: string } | undefined {
  try {
    JSON.parse(text);
    return undefined;
  } catch (error) {
    return { line: 1, message: error instanceof Error ? error.message : 'is no JSON' };
  }
}

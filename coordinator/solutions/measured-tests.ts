// Tests as they ran on one revision, and what of them passes and fails by turns: told by running them twice.
// Must never run anything.
import type { SandboxRun } from './sandbox.ts';
import type { TestNames } from './test-output.ts';

export interface MeasuredTests {
  readonly run: SandboxRun;
  readonly names: TestNames;
  /** Tests that passed and failed by turns; undefined where all was run once. */
  readonly flaky?: ReadonlySet<string>;
}

/** What takes longer isn't run a second time. */
const mostRepeatedMs = 60_000;

/** A failure on the base revision is looked at twice: what was chance must not count as mended later. */
export function needsRepetition({ run }: MeasuredTests): boolean {
  return run.stoppedBy === undefined && run.exitStatus !== 0 && run.durationMs <= mostRepeatedMs;
}

/** Two runs of one revision as one: what passed in either is no failure of it. */
export function joinRuns(first: MeasuredTests, second: MeasuredTests): MeasuredTests {
  if (second.run.stoppedBy !== undefined) return first;
  const passed = first.names.passed.union(second.names.passed);
  const failed = first.names.failed.intersection(second.names.failed);
  const flaky = first.names.failed.union(second.names.failed).difference(failed);
  const run = second.run.exitStatus === 0 ? second.run : first.run;
  return { run, names: { passed: passed.difference(failed), failed }, flaky };
}

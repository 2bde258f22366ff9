// Whether the tests got worse by a change: two runs compared by name where the runner tells names, else by exit status.
// Must never run anything.
import type { CodeLocation } from '../repository/repository.ts';
import type { MeasuredTests } from './measured-tests.ts';
import { compareReason, type Reason, type ReasonVerdict } from './same-reason.ts';
import type { SandboxRun } from './sandbox.ts';
import { readTestNames } from './test-output.ts';

export interface TestVerdict {
  readonly ok: boolean;
  readonly note: string;
}

export function judgeTests(before: MeasuredTests, after: SandboxRun): TestVerdict {
  const names = readTestNames(after.output);
  // What passes and fails by turns says nothing of the change.
  const lost = [...before.names.passed].filter((name) => names.failed.has(name) && before.flaky?.has(name) !== true);
  const vanished = [...before.names.passed].filter((name) => !names.failed.has(name) && !names.passed.has(name));
  if (lost.length > 0) return { ok: false, note: `Passed before and fails now: ${lost.slice(0, 5).join(', ')}.` };
  if (after.exitStatus === 0) {
    if (vanished.length > 0 && names.passed.size < before.names.passed.size)
      return { ok: false, note: `Ran before and doesn't run now: ${vanished.slice(0, 5).join(', ')}.` };
    return { ok: true, note: before.run.exitStatus === 0 ? '' : 'Failed on the base revision, passes now.' };
  }
  const isOnlyFlaky = names.failed.size > 0 && [...names.failed].every((name) => before.flaky?.has(name) === true);
  if (before.run.exitStatus === 0 && !isOnlyFlaky) return { ok: false, note: `Passed before and fails now: ${explain(after)}.` };
  const isComparable =
    after.stoppedBy === undefined &&
    before.names.failed.size + (before.flaky?.size ?? 0) > 0 &&
    names.passed.size >= before.names.passed.size - (before.flaky?.size ?? 0);
  const isNoWorse = [...names.failed].every((name) => before.names.failed.has(name) || before.flaky?.has(name) === true);
  if (isComparable && isNoWorse && names.passed.size > 0)
    return { ok: true, note: `${names.failed.size} test(s) fail as they did before.` };
  return { ok: false, note: `The tests failed before, and it can't be told that none got worse: ${explain(after)}.` };
}

/** The same error somewhere else is another problem. */
export function showsPlace(output: string, place: CodeLocation | undefined): boolean {
  if (place?.line === undefined) return true;
  const name = place.path.split('/').at(-1) ?? '';
  return output
    .split('\n')
    .some(
      (line) => line.includes(name) && new RegExp(`\\b${String(place.line)}\\b`).test(line.slice(line.lastIndexOf(name) + name.length)),
    );
}

/** Whether a run failed for the incident's reason. 126 and 127 are the shell's for a command that could not be run; a killed one never came to its reason. */
export function judgeFailure(run: SandboxRun, reason: Reason): ReasonVerdict {
  const isHang = run.stoppedBy === 'time' && /timeout|timed out|hang/i.test(`${reason.type ?? ''} ${reason.message}`);
  if (isHang) return 'same';
  if (run.stoppedBy !== undefined || run.exitStatus === undefined || run.exitStatus === 126 || run.exitStatus === 127) return 'other';
  const verdict = compareReason(run.output, reason);
  // docs/reproduce.md: 2 without the error means that the command had nothing to replay (Go's panics exit with 2, and show it).
  return run.exitStatus === 2 && verdict === 'unsaid' ? 'other' : verdict;
}

/** How a run ended, in words. */
export function explain(run: SandboxRun): string {
  const why = {
    time: 'killed for taking too long',
    memory: 'killed for its memory',
    processes: 'killed for its number of processes',
    output: 'killed for its output',
    signal: 'ended by a signal',
  };
  return run.stoppedBy === undefined ? `exit status ${run.exitStatus ?? 'unknown'}` : why[run.stoppedBy];
}

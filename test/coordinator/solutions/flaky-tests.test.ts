// States that chance proves nothing: tests and replays that pass and fail by turns are told by running them twice.
// Must never run a command.
import { expect, it } from 'vitest';
import { createSyntaxTrees } from '../../../base/syntax-tree.ts';
import type { RungResult } from '../../../coordinator/solutions/proposal.ts';
import type { Sandbox, SandboxRun } from '../../../coordinator/solutions/sandbox.ts';
import { defaultValidationLimits, Validator, type Trial } from '../../../coordinator/solutions/validator.ts';

const good: SandboxRun = { exitStatus: 0, stoppedBy: undefined, output: 'ok 1 - steady\nok 2 - shaky', durationMs: 5 };
const bad: SandboxRun = { ...good, exitStatus: 1, output: 'ok 1 - steady\nnot ok 2 - shaky' };
const worse: SandboxRun = { ...good, exitStatus: 1, output: 'not ok 1 - steady\nok 2 - shaky' };
const error: SandboxRun = { ...good, exitStatus: 1, output: 'TypeError: x is undefined' };

/** The rungs of a climb in which each command ends as told, one run after the other; the last one repeats. */
async function climb(ends: Readonly<Record<string, readonly SandboxRun[]>>): Promise<Readonly<Record<string, RungResult | undefined>>> {
  const left = new Map(Object.entries(ends).map(([name, runs]) => [name, [...runs]]));
  const sandbox: Sandbox = {
    check: async () => ({ ok: true, message: '' }),
    run: async ({ command }) => {
      const runs = left.get(command[0] ?? '') ?? [good];
      return (runs.length > 1 ? runs.shift() : runs[0]) ?? good;
    },
  };
  const check = (word: string) => (ends[word] === undefined ? undefined : { command: [word], origin: 'test' });
  const trial: Trial = {
    directory: '/nowhere',
    checks: { setup: undefined, build: undefined, test: check('tests'), reproduce: check('replay') },
    replay: '{}',
    reason: { type: 'TypeError', message: 'x is undefined', logged: '' },
    signal: new AbortController().signal,
  };
  const validator = new Validator({ sandbox, trees: createSyntaxTrees(), limits: defaultValidationLimits });
  const results = await validator.climb(trial, {}, await validator.measureBaseline(trial), async () => undefined);
  return Object.fromEntries(results.map((result) => [result.rung, result]));
}

it('a test that failed by chance before the change is not shown to be mended by it', async () => {
  const { tests } = await climb({ tests: [bad, good, good] });
  expect(tests).toMatchObject({ outcome: 'passed', showsFix: false });
});

it('a test that failed twice before the change, and passes after it, is', async () => {
  const { tests } = await climb({ tests: [bad, bad, good] });
  expect(tests).toMatchObject({ outcome: 'passed', showsFix: true });
});

it('a test that is known to fail by turns is not held against a change', async () => {
  const { tests } = await climb({ tests: [bad, good, bad] });
  expect(tests?.outcome).toBe('passed');
});

it('another test that fails after the change is', async () => {
  const { tests } = await climb({ tests: [bad, good, worse] });
  expect(tests?.outcome).toBe('failed');
});

it('a replay that passes and fails by turns before the change proves nothing', async () => {
  for (const replay of [
    [error, good],
    [good, error],
  ]) {
    const { reproduced } = await climb({ replay: [...replay, good] });
    expect(reproduced?.outcome).toBe('skipped');
    expect(reproduced?.output).toContain('by turns');
  }
});

it('a replay that passes only sometimes after the change is no proof of it', async () => {
  const { reproduced } = await climb({ replay: [error, error, good, error] });
  expect(reproduced?.outcome).toBe('failed');
  expect((await climb({ replay: [error, error, good, good] }))['reproduced']?.outcome).toBe('passed');
});

// Which tests are run first, and which runner is told so in which words.
// Must never run one.
import { mkdtemp, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { describe, expect, it } from 'vitest';
import { createSyntaxTrees } from '../../../base/syntax-tree.ts';
import type { Sandbox, SandboxRun } from '../../../coordinator/solutions/sandbox.ts';
import { findTestRunner } from '../../../coordinator/solutions/test-runner.ts';
import { defaultValidationLimits, Validator, type Trial } from '../../../coordinator/solutions/validator.ts';

const done: SandboxRun = { exitStatus: 0, stoppedBy: undefined, output: '', durationMs: 5 };
const long: SandboxRun = { ...done, durationMs: 60_000 };
const endless: SandboxRun = { exitStatus: undefined, stoppedBy: 'time', output: '', durationMs: 900_000 };

/** A climb where commands end as told; answers with what ran, before and after the change. */
async function climb(before: Readonly<Record<string, SandboxRun>>, later: Readonly<Record<string, SandboxRun>>) {
  let ends = before;
  let ran: string[] = [];
  const sandbox: Sandbox = {
    check: async () => ({ ok: true, message: '' }),
    run: async ({ command }) => {
      ran.push(command.join(' '));
      return ends[command.join(' ')] ?? done;
    },
  };
  const check = (word: string) => ({ command: [word], origin: 'test' });
  const trial: Trial = {
    directory: '/nowhere',
    checks: { setup: undefined, build: undefined, test: check('all'), relevant: check('few'), reproduce: undefined },
    replay: '{}',
    reason: { type: undefined, message: '', logged: '' },
    signal: new AbortController().signal,
  };
  const validator = new Validator({ sandbox, trees: createSyntaxTrees(), limits: defaultValidationLimits });
  const baseline = await validator.measureBaseline(trial);
  const first = ran;
  [ran, ends] = [[], later];
  const results = await validator.climb(trial, {}, baseline, async () => undefined);
  return { first, after: ran, tests: results.find(({ rung }) => rung === 'tests') };
}

describe('relevant tests', () => {
  it('are no matter where all of them are quick', async () => {
    expect(await climb({ all: done }, {})).toMatchObject({ first: ['all'], after: ['all'], tests: { outcome: 'passed' } });
  });

  it('come first where all of them take long, and spare the rest when they fail', async () => {
    expect(await climb({ all: long, few: done }, {})).toMatchObject({ first: ['all', 'few'], after: ['few', 'all'] });
    const failing = await climb({ all: long, few: done }, { few: { ...done, exitStatus: 1 } });
    expect(failing).toMatchObject({ after: ['few', 'few'], tests: { outcome: 'failed' } });
  });

  it('stand for all where those never end, and say so', async () => {
    const { after, tests } = await climb({ all: endless, few: done }, {});
    expect(after).toEqual(['few']);
    expect(tests).toMatchObject({ outcome: 'passed', command: 'few' });
    expect(tests?.output).toContain('only the relevant ones count');
  });
});

describe('a runner that is told to run some files alone', () => {
  const rows: readonly [string, readonly string[], string | undefined][] = [
    ['node --import tsx --test test/', ['test/a.test.ts'], 'node --import tsx --test test/a.test.ts'],
    ['NODE_ENV=test node --test', ['test/a.test.js'], 'env NODE_ENV=test node --test test/a.test.js'],
    ['python3 -m pytest -q', ['tests/test_a.py'], 'python3 -m pytest -rA -q tests/test_a.py'],
    ['python3 -m unittest discover -s tests', ['tests/test_a.py'], 'python3 -m unittest discover -v -s tests -p test_a.py'],
    ['go test ./...', ['store/a_test.go', 'store/b_test.go'], 'go test -count=1 -v ./store'],
    ['./mvnw -o test', ['src/test/java/a/CartTest.java'], './mvnw -o -q -Dtest=CartTest test'],
    ['node --test', ['test/$(reboot).test.js'], undefined],
    ['node --test', ['--import=/tmp/x.js'], undefined],
    ['make check', ['test/a.test.js'], undefined],
    ['sh -c cd web && node --test', ['test/a.test.js'], undefined],
  ];
  it.each(rows)('%s', async (line, paths, expected) => {
    const runner = await findTestRunner('/nowhere', { command: line.split(' '), origin: 'test' });
    expect(runner?.commandFor(paths)?.command.join(' ')).toBe(expected);
  });

  it('is found behind a script of package.json', async () => {
    const directory = await mkdtemp(join(tmpdir(), 'heph-runner-'));
    try {
      await writeFile(join(directory, 'package.json'), '{"scripts":{"test":"vitest run"}}');
      expect((await findTestRunner(directory, { command: ['npm', 'test'], origin: 'configured' }))?.name).toBe('vitest');
    } finally {
      await rm(directory, { recursive: true, force: true });
    }
  });
});

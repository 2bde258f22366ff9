// Which changes made by pattern wait for a person though they passed the gate.
// Must never let one through that nothing was seen to help with.
import { expect, it } from 'vitest';
import { whyUnseen } from '../../../coordinator/solutions/pattern-proposer.ts';
import type { RungResult } from '../../../coordinator/solutions/proposal.ts';

const rung = (values: Partial<RungResult>): RungResult => ({
  rung: 'tests',
  outcome: 'passed',
  command: 'npm test',
  exitStatus: 0,
  durationMs: 1,
  output: '',
  ...values,
});
const plain = [rung({})];

it.each<[string, string, readonly RungResult[], boolean]>([
  ['builtin', 'null-dereference', plain, true],
  ['builtin', 'null-dereference', [rung({ rung: 'reproduced', outcome: 'skipped' })], true],
  ['builtin', 'near-name', plain, true],
  ['builtin', 'null-dereference', [rung({ showsFix: true })], false],
  ['builtin', 'null-dereference', [...plain, rung({ rung: 'reproduced' })], false],
  ['builtin', 'revert', plain, false],
  ['builtin', 'limit-body-size', plain, false],
  ['builtin', 'misspelt-setting', plain, false],
  ['builtin', 'missing-import', plain, false],
  ['ollama', 'qwen', plain, false],
])('%s %s', (provider, model, rungs, waits) => {
  const reason = whyUnseen({ provider, model, validation: { rungs, gate: 'tests', gatePassed: true, finishedAtMs: 1 } });
  expect(reason?.startsWith('Waits for approval')).toBe(waits ? true : undefined);
});

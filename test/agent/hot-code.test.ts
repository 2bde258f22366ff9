// Statements about when the optimising compiler pays.
// Must never touch the flags of the process that runs the tests.
import { describe, expect, it } from 'vitest';
import { createHotCodeSwitch } from '../../agent/hot-code.ts';

function watched() {
  let nowMs = 0;
  let times = 0;
  const note = createHotCodeSwitch(
    () => nowMs,
    () => (times += 1),
  );
  return { note, pass: (ms: number) => (nowMs += ms), times: () => times };
}

describe('the optimising compiler', () => {
  it('stays out while little is to be done, for however long', () => {
    const { note, pass, times } = watched();
    for (let second = 0; second < 1000; second += 1) {
      note(100_000);
      pass(1001);
    }
    expect(times()).toBe(0);
  });

  it('is let in once, when much comes at a time', () => {
    const { note, times } = watched();
    for (let batch = 0; batch < 20; batch += 1) note(256 * 1024);
    expect(times()).toBe(1);
  });
});

// The system clock keeps the Clock contract.
// Must never measure how long something took.
import { describe, expect, it } from 'vitest';
import { systemClock } from '../../base/clock.ts';

describe('systemClock', () => {
  it('ends a sleep as soon as its signal aborts', async () => {
    const controller = new AbortController();
    const sleeping = systemClock.sleep(2 ** 40, controller.signal);
    controller.abort();
    await expect(sleeping).rejects.toMatchObject({ name: 'AbortError' });
  });

  it('returns from a sleep of nothing, or less', async () => {
    await expect(systemClock.sleep(0)).resolves.toBeUndefined();
    await expect(systemClock.sleep(-5)).resolves.toBeUndefined();
  });

  it('has a monotonic time that does not go back', () => {
    const first = systemClock.monotonicMs();
    expect(systemClock.monotonicMs()).toBeGreaterThanOrEqual(first);
  });
});

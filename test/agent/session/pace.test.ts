// The pace follows the link: a fast one gets all of the credit, a slow one little, and none is ever stopped.
// Must never assume a particular sequence of steps; bounds hold for all.
import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { createPace } from '../../../agent/session/pace.ts';

const mib = 1024 * 1024;

describe('createPace', () => {
  it('uses all of the credit once acknowledgements come quickly', () => {
    const pace = createPace({ mostBytes: 8 * mib });
    for (let batch = 0; batch < 100; batch += 1) pace.observe(100_000, 200);
    expect(pace.limitBytes).toBe(8 * mib);
  });

  it('settles where a slow link acknowledges within about a second', () => {
    // Of 500 KB a second: what is under way takes as long as it is large.
    const pace = createPace({ mostBytes: 8 * mib });
    for (let batch = 0; batch < 1000; batch += 1) pace.observe(50_000, (pace.limitBytes / 500_000) * 1000);
    expect(pace.limitBytes).toBeLessThanOrEqual(600_000);
    expect(pace.limitBytes).toBeGreaterThanOrEqual(250_000);
  });

  it('never stops a session and never passes the credit', () => {
    fc.assert(
      fc.property(
        fc.integer({ min: 1, max: 16 * mib }),
        fc.array(fc.record({ costBytes: fc.nat(mib), latencyMs: fc.nat(100_000) }), { maxLength: 200 }),
        (mostBytes, acknowledgements) => {
          const pace = createPace({ mostBytes });
          for (const { costBytes, latencyMs } of acknowledgements) {
            pace.observe(costBytes, latencyMs);
            expect(pace.allows(0)).toBe(true);
            expect(pace.limitBytes).toBeLessThanOrEqual(mostBytes);
            expect(pace.limitBytes).toBeGreaterThanOrEqual(Math.min(mostBytes, 256 * 1024));
          }
        },
      ),
    );
  });
});

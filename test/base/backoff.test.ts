// Waiting grows, is bounded, and is spread out.
// Must never draw real randomness.
import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { backoffMs } from '../../base/backoff.ts';

describe('backoffMs', () => {
  it('draws between the floor and the growing ceiling', () => {
    const highest = (attempt: number): number => backoffMs(attempt, { baseMs: 100, maxMs: 1000, random: () => 1 });
    expect([0, 1, 2, 3, 4, 5].map(highest)).toEqual([100, 200, 400, 800, 1000, 1000]);
    expect(backoffMs(3, { baseMs: 100, maxMs: 1000, minMs: 50, random: () => 0 })).toBe(50);
  });

  it('never leaves its bounds, however many attempts', () => {
    fc.assert(
      fc.property(
        fc.nat(100_000),
        fc.double({ min: 0, max: 1, maxExcluded: true, noNaN: true }),
        fc.nat(5000),
        fc.nat(60_000),
        (attempt, draw, minMs, maxMs) => {
          const waitMs = backoffMs(attempt, { baseMs: 250, maxMs, minMs, random: () => draw });
          expect(waitMs).toBeGreaterThanOrEqual(0);
          expect(waitMs).toBeLessThanOrEqual(maxMs);
          expect(waitMs).toBeGreaterThanOrEqual(Math.min(minMs, maxMs, 250));
        },
      ),
    );
  });
});

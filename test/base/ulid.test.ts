// What a ULID promises: its shape, and that its order is the order of time.
// Must never expect an order within one millisecond.
import fc from 'fast-check';
import { expect, test } from 'vitest';
import { createUlid, isUlid } from '../../base/ulid.ts';

const latestMs = 2 ** 48 - 1;

test('an identifier has the shape of a ULID', () => {
  fc.assert(fc.property(fc.nat({ max: latestMs }), (nowMs) => isUlid(createUlid(nowMs))));
});

test('identifiers of different milliseconds sort by time', () => {
  fc.assert(
    fc.property(fc.nat({ max: latestMs }), fc.nat({ max: latestMs }), (first, second) => {
      fc.pre(first < second);
      expect(createUlid(first) < createUlid(second)).toBe(true);
    }),
  );
});

test('identifiers of one moment differ', () => {
  expect(new Set(Array.from({ length: 1000 }, () => createUlid(1_700_000_000_000))).size).toBe(1000);
});

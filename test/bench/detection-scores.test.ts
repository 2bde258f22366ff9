// The scores of detection on cases counted by hand.
// Must never use a data set.
import { expect, test } from 'vitest';
import { f1Of, serviceAt } from '../../bench/detection-scores.ts';

test('AS@k counts faults whose service is among the first k alerted', () => {
  const outcomes = [
    { service: 'a', alerted: ['a', 'b'] },
    { service: 'b', alerted: ['a', 'c', 'b'] },
    { service: 'c', alerted: [] },
    { service: 'd', alerted: ['a', 'b', 'c', 'd'] },
  ];
  expect(serviceAt(outcomes, 1)).toBe(0.25);
  expect(serviceAt(outcomes, 3)).toBe(0.5);
  expect(serviceAt([], 1)).toBe(0);
});

test('F1 is twice the hits by all that was said and all that was true', () => {
  const answers = [
    { said: true, truth: true },
    { said: true, truth: false },
    { said: false, truth: true },
    { said: true, truth: true },
  ];
  expect(f1Of(answers)).toBeCloseTo(2 / 3);
  expect(f1Of([])).toBe(0);
});

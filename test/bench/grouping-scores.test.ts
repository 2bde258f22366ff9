// Checks the grouping scores on a case small enough to work out by hand.
// Must never use the analyzer: the scores judge it.
import { expect, test } from 'vitest';
import { normaliseTemplate, scoreGrouping, type Assignment } from '../../bench/grouping-scores.ts';
import { parseCsv } from '../../bench/loghub.ts';

function lines(count: number, group: string, predicted: string, truth: string): Assignment[] {
  return Array.from({ length: count }, () => ({ group, predicted, truth }));
}

test('scores follow the definitions of Loghub-2.0', () => {
  // Truth: A (4 lines), B (3), C (2), D (1). Predicted: g1 = A exactly and its text right; g2 = B exactly, text wrong;
  // g3 = one line of C and the line of D; g4 = the other line of C, text right.
  const scores = scoreGrouping([
    ...lines(4, 'g1', 'open <path>', 'open <*>'),
    ...lines(3, 'g2', 'close it', 'close <*>'),
    ...lines(1, 'g3', 'sent <*>', 'sent <*> bytes'),
    ...lines(1, 'g3', 'sent <*>', 'sent <*>'),
    ...lines(1, 'g4', 'sent <num> bytes', 'sent <*> bytes'),
  ]);
  expect(scores.ga).toBeCloseTo(7 / 10);
  expect(scores.fga).toBeCloseTo((2 * 2) / (4 + 4));
  expect(scores.pa).toBeCloseTo(6 / 10);
  expect(scores.fta).toBeCloseTo((2 * 1) / (4 + 4));
});

test('a perfect prediction scores one, an empty one nothing', () => {
  const perfect = scoreGrouping(lines(3, 'g', 'a <*>', 'a <*>'));
  expect([perfect.ga, perfect.fga, perfect.pa, perfect.fta]).toEqual([1, 1, 1, 1]);
  const none = scoreGrouping([]);
  expect([none.ga, none.fga, none.pa, none.fta]).toEqual([0, 0, 0, 0]);
});

test.each([
  ['took <num> seconds', 'took <*> seconds'],
  ['at <ip>:<num>, on  <host>', 'at <*>, on <*>'],
  ['core.<num>', 'core.<*>'],
  ['timeout of <num>ms', 'timeout of <*>'],
  ['read /var/log/x twice', 'read <*> twice'],
  ['enabled=true for root', 'enabled=<*> for <*>'],
  ['port 80', 'port <*>'],
  ['a <*>.<*> b <*><*>', 'a <*> b <*>'],
])('%s compares as %s', (template, normal) => {
  expect(normaliseTemplate(template)).toBe(normal);
});

test('quoted CSV fields keep commas, quotes and line breaks', () => {
  expect(parseCsv('a,b\r\n"x, ""y""\nz",2\n')).toEqual([
    ['a', 'b'],
    ['x, "y"\nz', '2'],
  ]);
});

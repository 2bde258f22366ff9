// What reduction at the source promises.
// Must never use records of a data set.
import { describe, expect, test } from 'vitest';
import { Analyzer } from '../../../analysis/analyzer.ts';
import { Reducer, type Reduced, type ReducerOptions } from '../../../analysis/reduction/reducer.ts';

function reduce(lines: readonly string[], options: Partial<ReducerOptions> = {}): Reduced[] {
  const analyzer = new Analyzer();
  const reducer = new Reducer(options);
  const reduced = lines.flatMap((line, index) => reducer.take('app', line, analyzer.analyze('app', line), index * 100));
  return [...reduced, ...reducer.flush()];
}

const ordinary = (count: number): string[] => Array.from({ length: count }, (_, i) => `INFO request ${i} served in ${i % 7} ms`);
const counted = (reduced: readonly Reduced[]): number =>
  reduced.flatMap(({ header }) => (header.kind === 'counts' ? header.templates.map(([, count]) => count) : [])).reduce((a, b) => a + b, 0);

describe('a reducer', () => {
  test('sends ordinary records as counts alone', () => {
    const reduced = reduce(ordinary(1500));
    expect(new Set(reduced.map(({ header }) => header.kind))).toEqual(new Set(['template', 'counts']));
    expect(counted(reduced)).toBe(1500);
    expect(JSON.stringify(reduced).length).toBeLessThan(ordinary(1500).join('\n').length / 20);
  });

  test('sends a problem as it came, with what stood around it', () => {
    const lines = [...ordinary(20), 'ERROR cannot save order 7', ...ordinary(20)];
    const reduced = reduce(lines, { before: 3, after: 2 });
    const sent = reduced.filter(({ header }) => header.kind === 'problem' || header.kind === 'context');
    expect(sent.map(({ raw }) => raw)).toEqual(lines.slice(17, 23));
    expect(sent.findIndex(({ header }) => header.kind === 'problem')).toBe(3);
    expect(counted(reduced)).toBe(41);
  });

  test('counts what it leaves out of a flood of one problem', () => {
    const reduced = reduce(
      Array.from({ length: 100 }, () => 'ERROR cannot save order'),
      { samplesPerMinute: 3 },
    );
    expect(reduced.filter(({ header }) => header.kind === 'problem')).toHaveLength(3);
    expect(reduced.flatMap(({ header }) => (header.kind === 'counts' ? header.problems.map(([, count]) => count) : []))).toEqual([97]);
  });
});

// What reading of POSIX ignore patterns promises.
// Must never use patterns of a data set.
import { describe, expect, it } from 'vitest';
import { literalOf, toRegExp } from '../../bench/ignore-patterns.ts';

describe('POSIX extended patterns', () => {
  const pattern = '^\\w{3} [ :[:digit:]]{11} [._[:alnum:]-]+ cron\\[[[:digit:]]+\\]: \\(root\\) CMD( done)?$';

  it('match as they would there', () => {
    expect(toRegExp(pattern)?.test('Jun 14 15:16:01 web-1 cron[12]: (root) CMD')).toBe(true);
    expect(toRegExp(pattern)?.test('Jun 14 15:16:01 web-1 cron[x]: (root) CMD')).toBe(false);
    expect(toRegExp('[]x]')?.test(']')).toBe(true);
  });

  it('have a literal that every match holds', () => {
    expect(' cron[12]: (root) CMD done').toContain(literalOf(pattern));
    expect(literalOf(pattern).length).toBeGreaterThan(3);
    expect(literalOf('one|other')).toBe('');
  });
});

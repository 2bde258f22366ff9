// States which of several changes that hold is taken: by what was shown, by agreement, by size, and the first of equals.
// Must never need a sandbox.
import { describe, expect, it } from 'vitest';
import { keyOf, rankContenders, type Contender } from '../../../coordinator/solutions/comparison.ts';
import type { Candidate } from '../../../coordinator/solutions/candidate.ts';
import type { RungResult } from '../../../coordinator/solutions/proposal.ts';
import { rungs } from '../../../coordinator/repository/repository.ts';

interface Made {
  readonly title: string;
  readonly provider?: string;
  readonly reached?: number;
  readonly shownBy?: RungResult['shownBy'];
  readonly votes?: number;
  readonly size?: number;
}

function contender({ title, provider = 'ollama', reached = 6, shownBy, votes = 1, size = 5 }: Made): Contender<{
  readonly candidate: Candidate;
  readonly results: readonly RungResult[];
}> {
  const diagnosis = { summary: '', rootCause: '', claims: [], risk: '', notChecked: [] };
  const results = rungs.slice(0, reached).map((rung): RungResult => ({
    rung,
    outcome: 'passed',
    command: '',
    exitStatus: 0,
    durationMs: 1,
    output: '',
    ...(rung === 'reproduced' && shownBy !== undefined ? { shownBy } : {}),
  }));
  return {
    tried: { candidate: { title, provider, model: '', diagnosis, files: {}, rungs: [] }, results },
    key: title,
    size,
    backers: new Set(Array.from({ length: votes }, (_, index) => String(index))),
  };
}

const best = (...made: readonly Made[]): string | undefined => rankContenders(made.map(contender))[0]?.tried.candidate.title;

describe('of changes that hold the best is', () => {
  it('the one that climbed higher, however large', () => {
    expect(best({ title: 'small', reached: 5, size: 1, votes: 3 }, { title: 'proven', size: 40 })).toBe('proven');
  });

  it('the one that was shown by more than made-up values', () => {
    expect(best({ title: 'made up', shownBy: 'invented' }, { title: 'replayed' }, { title: 'logged', shownBy: 'logged' })).toBe('replayed');
  });

  it('the one that several proposed, then the smaller one, then the first', () => {
    expect(best({ title: 'lone', size: 1 }, { title: 'agreed', votes: 2, size: 9 })).toBe('agreed');
    expect(best({ title: 'large', size: 9 }, { title: 'small', size: 2 })).toBe('small');
    expect(best({ title: 'first' }, { title: 'second' })).toBe('first');
  });

  it('a model’s before a pattern that climbed as high, and patterns in their own order', () => {
    expect(best({ title: 'guard', provider: 'builtin', size: 1, votes: 2 }, { title: 'change', size: 30 })).toBe('change');
    expect(best({ title: 'restore', provider: 'builtin', size: 9 }, { title: 'guard', provider: 'builtin', size: 1 })).toBe('restore');
  });
});

describe('two changes are one', () => {
  const before = new Map([['a.js', 'a();\nb();\n']]);

  it('where they differ in blanks, quotes and semicolons', () => {
    const one = keyOf(before, { 'a.js': "a('x');\nb();\n" });
    expect(keyOf(before, { 'a.js': 'a( "x" )\nb();\n' }).key).toBe(one.key);
    expect(one.size).toBe(2);
  });

  it('but not where they do something else, or elsewhere', () => {
    const { key } = keyOf(before, { 'a.js': 'a(1);\nb();\n' });
    expect(keyOf(before, { 'a.js': 'a(2);\nb();\n' }).key).not.toBe(key);
    expect(keyOf(new Map([['b.js', 'a();\nb();\n']]), { 'b.js': 'a(1);\nb();\n' }).key).not.toBe(key);
  });
});

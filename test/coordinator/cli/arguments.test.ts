// What a person types: read, or refused with what is possible.
// Must never reach a coordinator.
import { describe, expect, it } from 'vitest';
import { commandArgument, countArgument, enumList, labelArguments, timeArgument } from '../../../coordinator/cli/arguments.ts';
import { IncidentState } from '../../../proto/index.ts';

describe('lists of states', () => {
  it('are split at commas', () => {
    expect(enumList('--state', 'open, regressed', IncidentState)).toEqual([IncidentState.OPEN, IncidentState.REGRESSED]);
    expect(enumList('--state', undefined, IncidentState)).toEqual([]);
  });

  it('are refused with the possible words', () => {
    expect(() => enumList('--state', 'closed', IncidentState)).toThrow(
      '--state "closed" is not known; possible: open, acknowledged, resolved, regressed, ignored',
    );
    expect(() => enumList('--state', 'unspecified', IncidentState)).toThrow('is not known');
  });
});

it('labels are key=value', () => {
  expect(labelArguments('--label', ['env=prod,zone=a', 'empty='])).toEqual({ env: 'prod', zone: 'a', empty: '' });
  expect(() => labelArguments('--label', ['prod'])).toThrow('--label "prod": write it as key=value');
});

it('counts are whole numbers within a bound', () => {
  expect(countArgument('--limit', '7', 10)).toBe(7);
  for (const wrong of ['-1', '1.5', 'x', '11']) expect(() => countArgument('--limit', wrong, 10)).toThrow('a whole number from 0 to 10');
});

it('times are moments, or how long ago', () => {
  expect(timeArgument('--since', '15m', 3_600_000)?.getTime()).toBe(2_700_000);
  expect(timeArgument('--since', '2026-01-31T12:00:00Z', 0)?.toISOString()).toBe('2026-01-31T12:00:00.000Z');
  expect(() => timeArgument('--since', 'yesterday-ish', 0)).toThrow('--since "yesterday-ish"');
});

describe('commands', () => {
  it('are split as a shell splits words, and nothing is expanded', () => {
    expect(commandArgument('--test', `npm test -- --name "two words" it\\'s '$HOME *'`)).toEqual([
      'npm',
      'test',
      '--',
      '--name',
      'two words',
      "it's",
      '$HOME *',
    ]);
    expect(commandArgument('--test', `''`)).toEqual(['']);
  });

  it('need their quotes closed', () => {
    expect(() => commandArgument('--test', `npm "test`)).toThrow('--test: a " is not closed');
  });
});

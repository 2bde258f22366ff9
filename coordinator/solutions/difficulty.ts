// How hard a problem looks before any model saw it: what the groundwork found, and what it didn't.
// Must never look at a model, or at what a right answer would be.
import type { Groundwork } from './groundwork.ts';

export interface Difficulty {
  readonly level: 'plain' | 'hard';
  /** For people. */
  readonly reason: string;
}

/** Below it the best location is a guess. */
const leastSureScore = 0.5;

export function judgeDifficulty({ locations, problem }: Pick<Groundwork, 'locations' | 'problem'>): Difficulty {
  const [best] = locations;
  if (best === undefined) return { level: 'hard', reason: 'no code was found for it' };
  if (problem.trace === undefined) return { level: 'hard', reason: 'there is no stack trace' };
  if (best.line === undefined || best.score < leastSureScore) return { level: 'hard', reason: 'its place in the code is uncertain' };
  return { level: 'plain', reason: `the trace leads to ${best.path}:${best.line}` };
}

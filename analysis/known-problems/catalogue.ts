// The whole catalogue of known problems, the more specific first: of several that match, the first is meant.
// Must never hold a problem of its own; each belongs to the file of its kind.
import { dataProblems } from './data-problems.ts';
import { hostProblems } from './host-problems.ts';
import type { KnownProblem } from './known-problem.ts';
import { KnownProblemMatcher } from './matcher.ts';
import { networkProblems } from './network-problems.ts';
import { platformProblems } from './platform-problems.ts';
import { serviceProblems } from './service-problems.ts';

const platformFirst = platformProblems.slice(0, 3);
const platformLast = platformProblems.slice(3);

export const knownProblems: readonly KnownProblem[] = [
  ...hostProblems,
  ...platformFirst,
  ...serviceProblems,
  ...networkProblems,
  ...dataProblems,
  ...platformLast,
];

/** The known problem of that id, if the catalogue still holds it. */
export function knownProblemOf(id: string): KnownProblem | undefined {
  return knownProblems.find((problem) => problem.id === id);
}

/** Recognises the whole catalogue. It holds tables only, so that one serves all. */
export const knownProblemMatcher = new KnownProblemMatcher(knownProblems);

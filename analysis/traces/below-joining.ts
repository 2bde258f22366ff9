// How indented lines go on below a line that states its time: a statement of several lines, a table, what a logger was given.
// Must never take a line that begins at the margin: it is the next event.
import { isBlank, isIndented, surePhase } from './join-rules.ts';
import type { JoinRules } from './join-rules.ts';

export const belowPhase = surePhase('below');

/** A logger states the time of every event, so what stands indented and without one below it is no event of its own. */
export const belowJoining: JoinRules = {
  announce: () => undefined,
  attach: () => undefined,
  follow: (_phase, line) => (isIndented(line) && !isBlank(line) ? belowPhase : undefined),
};

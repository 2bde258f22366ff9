// How much a single record asks for attention: nothing, an incident, or somebody now.
// Must never look at other records; rates and sequences are rates/'s.
import type { ParsedRecord } from './entry.ts';
import type { KnownProblem } from './known-problems/known-problem.ts';
import { isAtLeast } from './severity.ts';
import { isVisitorNoise } from './visitor-noise.ts';

/**
 * - `none`: goes with the log.
 * - `problem`: an incident.
 * - `urgent`: an incident of a system that fails, not of a request that was wrong.
 */
export type Urgency = 'none' | 'problem' | 'urgent';

/** Classes in which what was asked for is wrong, rather than what should do it. */
const mistakes: ReadonlySet<string> = new Set([
  'file-missing',
  'permission-denied',
  'version-mismatch',
  'configuration-invalid',
  'payload-too-large',
]);

/** A label and one number: a register, a flag or a counter of the report around it. `status......0`, `instruction address: 0x00a1`. */
const labelledNumber = /^[A-Za-z][\w ,.:()=/+-]{2,80}[.:] ?(?:0x)?[\dA-Fa-f]{1,16}$/;

/** `lr:00a1b2c3`, `r00=0x0001`, `00000000`. */
const register = /^(?:[a-z]{1,4}\d{0,3}[:=])?(?:0x)?[\dA-Fa-f]{4,16}$/;

/** What is looked at of a message. */
const longestLooked = 2_048;

function isDetail(message: string): boolean {
  if (message.length > 160) return false;
  return labelledNumber.test(message) || (/[:=]/.test(message) && message.split(' ').every((word) => register.test(word)));
}

export function urgencyOf(record: Pick<ParsedRecord, 'severity' | 'message' | 'trace'>, knownProblem: KnownProblem | undefined): Urgency {
  const { severity, message, trace } = record;
  if (trace === undefined && isDetail(message)) return 'none';
  const isProblem = trace !== undefined || knownProblem !== undefined || (severity !== undefined && isAtLeast(severity, 'error'));
  if (!isProblem) return 'none';
  if (trace === undefined && knownProblem === undefined && isVisitorNoise(message.slice(0, longestLooked).toLowerCase())) return 'none';
  const worst = severity ?? knownProblem?.severity ?? 'error';
  const isMistake = knownProblem !== undefined && mistakes.has(knownProblem.id);
  return isAtLeast(worst, 'critical') && !isMistake ? 'urgent' : 'problem';
}

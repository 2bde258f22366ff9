// What counts as a problem: a stack trace, a known problem, or an entry at least as severe as an error.
// Must never keep state; what makes two problems the same is the fingerprint's business.
import type { FieldValue, Fingerprint } from '../../analysis/entry.ts';
import { isAtLeast, type Severity } from '../../analysis/severity.ts';
import type { KnownProblem } from '../../analysis/known-problems/known-problem.ts';
import { urgencyOf } from '../../analysis/urgency.ts';
import type { Trace } from '../../analysis/trace.ts';
import type { QuietReason } from './incident.ts';

/** What a detector sees of a log entry. */
export interface Candidate {
  readonly nodeId: string;
  readonly source: string;
  readonly timeMs: number;
  readonly receivedAtMs: number;
  readonly severity: Severity;
  readonly service: string;
  readonly message: string;
  readonly fields: Readonly<Record<string, FieldValue>>;
  readonly templateId: string;
  readonly templateText: string;
  readonly fingerprint: Fingerprint | undefined;
  readonly trace: Trace | undefined;
  readonly knownProblem?: KnownProblem | undefined;
  readonly raw: string;
}

/** One problem that showed once. */
export interface Problem extends Candidate {
  readonly fingerprint: Fingerprint;
  readonly detector: string;
  readonly title: string;
  readonly before: readonly string[];
  /** It is recorded, and nobody is alerted. */
  readonly quiet?: QuietReason | undefined;
  /** False where no code can be at fault. */
  readonly mayPropose?: boolean | undefined;
  /** How often it showed, where not every time was sent; absent: once. */
  readonly count?: number | undefined;
}

const longestTitle = 200;

/** @param before the lines of the same source just before it; asked for problems only */
export function detectProblem(candidate: Candidate, before: () => readonly string[]): Problem | undefined {
  const { fingerprint, trace, knownProblem } = candidate;
  if (fingerprint === undefined || urgencyOf(candidate, knownProblem) === 'none') return undefined;
  const detector = trace !== undefined ? 'trace' : knownProblem === undefined ? 'error' : 'known-problem';
  // An OOM kill may be logged at `info`, and entries that state no level are taken for that.
  const severity = knownProblem === undefined || isAtLeast(candidate.severity, 'warning') ? candidate.severity : knownProblem.severity;
  return { ...candidate, severity, fingerprint, detector, title: titleOf(candidate), before: before() };
}

/** Known problems that a program has of itself; the others are told of by code that met them: a full disk, a peer that is gone. */
const ownFaults: ReadonlySet<string> = new Set(['program-error', 'process-segfault']);

/** The code of the service itself failed, and nothing says that something outside of it made it fail. */
export function isOwnFault({ trace, knownProblem }: Pick<Candidate, 'trace' | 'knownProblem'>): boolean {
  if (trace === undefined || trace.language === 'kernel') return false;
  if (knownProblem !== undefined && !ownFaults.has(knownProblem.id)) return false;
  for (let link: Trace | undefined = trace; link !== undefined; link = link.cause) if (link.frames.some(({ inApp }) => inApp)) return true;
  return false;
}

/** The exception and its message, or the message's first line; what varies stays, since people search for it. */
function titleOf(candidate: Candidate): string {
  const { trace, message } = candidate;
  const text = trace === undefined ? message : trace.type === undefined ? trace.message || message : `${trace.type}: ${trace.message}`;
  const [line = ''] = text.trimStart().split('\n', 1);
  // Control characters in a title could steer a terminal.
  const clean = line.replace(/[\p{Cc}\p{Cf}]+/gu, ' ').trim();
  return clean.length > longestTitle ? `${clean.slice(0, longestTitle - 1)}…` : clean;
}

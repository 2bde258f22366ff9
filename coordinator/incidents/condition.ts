// Problems that no single record states: a rule that was met, a rate that changed, a source that is silent, a node that is down.
// Must never decide when there is one.
import type { Fingerprint } from '../../analysis/entry.ts';
import type { Severity } from '../../analysis/severity.ts';
import type { Problem } from './detector.ts';
import type { QuietReason } from './incident.ts';

export interface Condition {
  readonly detector: string;
  readonly fingerprint: Fingerprint;
  readonly nodeId: string;
  readonly source: string;
  readonly service: string;
  readonly severity: Severity;
  readonly timeMs: number;
  /** One line. */
  readonly title: string;
  readonly message: string;
  readonly before: readonly string[];
  readonly quiet: QuietReason | undefined;
  /** Whether code could be at fault. */
  readonly mayPropose: boolean;
}

const longestTitle = 200;

export function problemOfCondition(condition: Condition): Problem {
  const { title, message, timeMs } = condition;
  // It may quote log text, and control characters in a title could steer a terminal.
  const line = title.replace(/[\p{Cc}\p{Cf}]+/gu, ' ').trim();
  return {
    ...condition,
    title: line.length > longestTitle ? `${line.slice(0, longestTitle - 1)}…` : line,
    receivedAtMs: timeMs,
    fields: {},
    templateId: '',
    templateText: '',
    trace: undefined,
    knownProblem: undefined,
    raw: message,
  };
}

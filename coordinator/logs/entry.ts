// What a log entry is once the coordinator parsed it, and the filter that picks some of them.
// Must never hold how entries are kept; chunk.ts packs them and the store keeps the chunks.
import type { FieldValue, Fingerprint } from '../../analysis/entry.ts';
import type { KnownProblem } from '../../analysis/known-problems/known-problem.ts';
import { isAtLeast, type Severity } from '../../analysis/severity.ts';
import type { Trace } from '../../analysis/trace.ts';
import { compileLinearPattern } from '../../base/linear-pattern.ts';

export interface LogEntry {
  /** `<chunk>-<position in it>`; empty until it is committed. */
  readonly id: string;
  readonly nodeId: string;
  readonly source: string;
  /** Unix milliseconds: what the record states, or when it was read. */
  readonly timeMs: number;
  readonly receivedAtMs: number;
  readonly severity: Severity;
  readonly service: string;
  readonly host: string;
  /** Of the node, and of the source over them. */
  readonly labels?: Readonly<Record<string, string>> | undefined;
  readonly message: string;
  readonly fields: Readonly<Record<string, FieldValue>>;
  readonly templateId: string;
  readonly templateText: string;
  readonly fingerprint: Fingerprint | undefined;
  readonly trace: Trace | undefined;
  /** What the catalogue knows of it; told to whoever observes the entry, not kept with it. */
  readonly knownProblem?: KnownProblem | undefined;
  /** The record as it came, redacted on the node. */
  readonly raw: string;
}

/** Empty lists and texts mean any. */
export interface LogFilter {
  readonly nodeIds: readonly string[];
  readonly services: readonly string[];
  readonly sources: readonly string[];
  /** All of them. */
  readonly labels?: Readonly<Record<string, string>> | undefined;
  readonly minimumSeverity: Severity | undefined;
  /** Part of the message, letter case ignored. */
  readonly contains: string;
  /** Linear-time (RE2) pattern on the message. */
  readonly pattern: string;
}

/** @throws HephaestusError `pattern.invalid` */
export function compileFilter(filter: LogFilter): (entry: LogEntry) => boolean {
  const contains = filter.contains.toLowerCase();
  const pattern = filter.pattern === '' ? undefined : compileLinearPattern(filter.pattern);
  const labels = Object.entries(filter.labels ?? {});
  return (entry) =>
    (filter.nodeIds.length === 0 || filter.nodeIds.includes(entry.nodeId)) &&
    (filter.services.length === 0 || filter.services.includes(entry.service)) &&
    (filter.sources.length === 0 || filter.sources.includes(entry.source)) &&
    labels.every(([name, value]) => entry.labels?.[name] === value) &&
    (filter.minimumSeverity === undefined || isAtLeast(entry.severity, filter.minimumSeverity)) &&
    (contains === '' || entry.message.toLowerCase().includes(contains)) &&
    (pattern === undefined || pattern.test(entry.message));
}

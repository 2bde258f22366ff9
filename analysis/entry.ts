// What analysis makes of one record: its header read, its message freed, its trace parsed.
// Must never hold how: formats/, headers and traces/ do the reading.
import type { Severity } from './severity.ts';
import type { Trace } from './trace.ts';

export type FieldValue = string | number | boolean | null;

/** How a record was written down. `plain` is text with a learnt header or none. */
export type RecordFormat = 'plain' | 'json' | 'logfmt' | 'syslog' | 'cri' | 'docker' | 'journal';

/** A record after its header was read. Absent is `undefined`. */
export interface ParsedRecord {
  readonly format: RecordFormat;
  /** The time the record states, in Unix milliseconds. */
  readonly timeMs: number | undefined;
  readonly severity: Severity | undefined;
  readonly host: string | undefined;
  /** Program, unit or application that wrote it. */
  readonly process: string | undefined;
  readonly pid: number | undefined;
  /** Logger, class or module inside the process. */
  readonly component: string | undefined;
  readonly thread: string | undefined;
  readonly requestId: string | undefined;
  /** The message without header; for a trace its lines are all here. */
  readonly message: string;
  /** Structured fields, flattened with dots: `http.status`. */
  readonly fields: Readonly<Record<string, FieldValue>>;
  readonly trace: Trace | undefined;
}

/** A mined template: the constant part of a family of messages, variables as named masks such as `<ip>` or `<*>`. */
export interface TemplateMatch {
  /** Stable while the template generalises. */
  readonly id: string;
  readonly text: string;
  /** True the first time this template is seen. */
  readonly isNew: boolean;
}

/** What makes two problems the same problem, and which parts made it so. */
export interface Fingerprint {
  /** 32 lower-case hex digits. */
  readonly value: string;
  readonly parts: readonly FingerprintPart[];
}

export interface FingerprintPart {
  readonly kind: 'known-problem' | 'exception' | 'frame' | 'template' | 'service' | 'severity' | 'condition' | 'node' | 'source';
  readonly value: string;
}

// How what a node sends instead of records is written down: a line of JSON, then the record as it came where there is one.
// Must never trust what it reads: a node may send anything, and what isn't as it should be is refused.
import type { FieldValue, Fingerprint, FingerprintPart, ParsedRecord } from '../entry.ts';
import { severities, type Severity } from '../severity.ts';

/** A record that is sent whole, with what only the node can tell: it saw all lines, and so knows the header and the template. */
export interface ReducedProblem {
  readonly kind: 'problem';
  readonly timeMs: number;
  readonly severity: Severity | undefined;
  readonly process: string | undefined;
  readonly host: string | undefined;
  readonly message: string;
  /** Left out where they are very many. */
  readonly fields: Readonly<Record<string, FieldValue>>;
  readonly template: { readonly id: string; readonly text: string };
  readonly fingerprint: Fingerprint;
  readonly knownProblemId: string | undefined;
}

/** A record that stood around a problem. */
export interface ReducedContext {
  readonly kind: 'context';
  readonly timeMs: number;
}

/** What a template says; it comes before the first count of it, and again when it generalises. */
export interface ReducedTemplate {
  readonly kind: 'template';
  readonly id: string;
  readonly text: string;
  readonly severity: Severity | undefined;
}

export interface ReducedCounts {
  readonly kind: 'counts';
  /** The program that wrote the records; empty where neither they nor the configuration say. */
  readonly service: string;
  /** Unix milliseconds, a whole minute. */
  readonly minuteMs: number;
  /** Template to records, all of them, whether sent or not. */
  readonly templates: readonly (readonly [string, number])[];
  /** Fingerprint to occurrences of problems that were left out, since the same one was sent often enough in this minute. */
  readonly problems: readonly (readonly [string, number])[];
}

export type ReducedHeader = ReducedProblem | ReducedContext | ReducedTemplate | ReducedCounts;

const longestText = 4000;
const mostParts = 40;
const mostCounts = 20_000;
const mostFields = 256;

/** @param raw the record as it came; empty where there is none */
export function encodeReduced(header: ReducedHeader, raw: string): string {
  if (header.kind !== 'problem') return `${JSON.stringify(header)}\n${raw}\n`;
  // Mostly the message is a part of the record; then its place says enough.
  const from = raw.indexOf(header.message);
  const message = from < 0 ? header.message : undefined;
  return `${JSON.stringify({ ...header, message, from, to: from + header.message.length })}\n${raw}\n`;
}

export type DecodedReduced =
  | { readonly kind: 'decoded'; readonly header: ReducedHeader; readonly raw: string }
  | { readonly kind: 'refused'; readonly message: string };

/** @param record without its last line end */
export function decodeReduced(record: string): DecodedReduced {
  const end = record.indexOf('\n');
  if (end < 0) return { kind: 'refused', message: 'a reduced record has no header line' };
  const raw = record.slice(end + 1);
  const header = readHeader(parse(record.slice(0, end)), raw);
  return header === undefined
    ? { kind: 'refused', message: 'the header of a reduced record is not understood' }
    : { kind: 'decoded', header, raw };
}

function readHeader(value: unknown, raw: string): ReducedHeader | undefined {
  if (typeof value !== 'object' || value === null || !('kind' in value)) return undefined;
  const fields = value as Readonly<Record<string, unknown>>;
  switch (fields['kind']) {
    case 'problem':
      return readProblem(fields, raw);
    case 'context': {
      const timeMs = numberOf(fields['timeMs']);
      return timeMs === undefined ? undefined : { kind: 'context', timeMs };
    }
    case 'template': {
      const [id, text] = [textOf(fields['id']), textOf(fields['text'])];
      return id === undefined || text === undefined ? undefined : { kind: 'template', id, text, severity: severityOf(fields['severity']) };
    }
    case 'counts': {
      const [service, minuteMs] = [textOf(fields['service']), numberOf(fields['minuteMs'])];
      const [templates, problems] = [countsOf(fields['templates']), countsOf(fields['problems'])];
      if (service === undefined || minuteMs === undefined || templates === undefined || problems === undefined) return undefined;
      return { kind: 'counts', service, minuteMs, templates, problems };
    }
    default:
      return undefined;
  }
}

function readProblem(fields: Readonly<Record<string, unknown>>, raw: string): ReducedProblem | undefined {
  const timeMs = numberOf(fields['timeMs']);
  const template = fields['template'] as Readonly<Record<string, unknown>> | null | undefined;
  const [id, text] = [textOf(template?.['id']), textOf(template?.['text'])];
  const fingerprint = readFingerprint(fields['fingerprint']);
  const [from, to] = [numberOf(fields['from']), numberOf(fields['to'])];
  const stated = typeof fields['message'] === 'string' ? fields['message'] : undefined;
  const message = stated ?? (from === undefined || to === undefined ? undefined : raw.slice(from, to));
  if (timeMs === undefined || id === undefined || text === undefined || fingerprint === undefined || message === undefined)
    return undefined;
  return {
    kind: 'problem',
    timeMs,
    severity: severityOf(fields['severity']),
    process: textOf(fields['process']),
    host: textOf(fields['host']),
    message,
    fields: fieldsOf(fields['fields']),
    template: { id, text },
    fingerprint,
    knownProblemId: textOf(fields['knownProblemId']),
  };
}

const partKinds: ReadonlySet<string> = new Set<FingerprintPart['kind']>([
  'known-problem',
  'exception',
  'frame',
  'template',
  'service',
  'severity',
]);

function readFingerprint(value: unknown): Fingerprint | undefined {
  const fields = value as Readonly<Record<string, unknown>> | null | undefined;
  const digits = fields?.['value'];
  const parts: unknown = fields?.['parts'];
  if (typeof digits !== 'string' || !/^[0-9a-f]{32}$/.test(digits) || !Array.isArray(parts) || parts.length > mostParts) return undefined;
  const read = parts.flatMap((part: unknown): FingerprintPart[] => {
    const { kind, value: text } = (part ?? {}) as { readonly kind?: unknown; readonly value?: unknown };
    return typeof kind === 'string' && partKinds.has(kind) && typeof text === 'string'
      ? [{ kind: kind as FingerprintPart['kind'], value: text.slice(0, longestText) }]
      : [];
  });
  return read.length === parts.length ? { value: digits, parts: read } : undefined;
}

function countsOf(value: unknown): (readonly [string, number])[] | undefined {
  if (!Array.isArray(value) || value.length > mostCounts) return undefined;
  const counts: (readonly [string, number])[] = [];
  for (const pair of value as unknown[]) {
    const [name, count] = Array.isArray(pair) ? (pair as unknown[]) : [];
    if (typeof name !== 'string' || name.length > 64 || !Number.isSafeInteger(count) || (count as number) < 1) return undefined;
    counts.push([name, count as number]);
  }
  return counts;
}

function fieldsOf(value: unknown): Readonly<Record<string, FieldValue>> {
  const fields = Object.create(null) as Record<string, FieldValue>;
  if (typeof value !== 'object' || value === null) return fields;
  for (const [name, item] of (Object.entries(value) as [string, unknown][]).slice(0, mostFields)) {
    if (typeof item === 'string') fields[name] = item.slice(0, longestText);
    else if (typeof item === 'number' || typeof item === 'boolean' || item === null) fields[name] = item;
  }
  return fields;
}

function severityOf(value: unknown): ParsedRecord['severity'] {
  return severities.find((severity) => severity === value);
}

function numberOf(value: unknown): number | undefined {
  return typeof value === 'number' && Number.isFinite(value) ? value : undefined;
}

function textOf(value: unknown): string | undefined {
  return typeof value === 'string' ? value.slice(0, longestText) : undefined;
}

function parse(text: string): unknown {
  try {
    return JSON.parse(text);
  } catch {
    // Not one of ours; the caller says so.
    return undefined;
  }
}

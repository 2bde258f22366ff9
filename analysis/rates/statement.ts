// Which statement of which program wrote a record, and on behalf of which request.
// Must never keep state; what is learnt of statements is the behaviour's.
import type { ParsedRecord } from '../entry.ts';

/** Loggers write the place early in a line. */
const longestHead = 160;

/** `OrderService#120`, `server.go:214`, `store.py:33`: a name with a letter, and a line number behind it. */
const place = /(?:^|[\s([<])([A-Za-z_][\w.$/-]{2,80}(?:\[\.\[\.\[\.\[\w{1,40}\])?)[#:](\d{1,5})(?![\w.:])/;

/** The logging statement: its place in the source where the record tells it, else its template. Values in a message don't change it. */
export function statementOf(record: Pick<ParsedRecord, 'component' | 'message'>, templateId: string): string {
  if (record.component !== undefined && /[#:]\d{1,5}$/.test(record.component)) return record.component;
  const found = place.exec(record.message.slice(0, longestHead));
  return found === null || !/[.#]/.test(found[0]) ? templateId : `${found[1] ?? ''}#${found[2] ?? ''}`;
}

const requestFields = [
  'trace_id',
  'traceId',
  'traceID',
  'trace.id',
  'request_id',
  'requestId',
  'req.id',
  'correlation_id',
  'correlationId',
] as const;
const requestInText = /\b(?:trace|request|correlation|req)[-_ ]?id[ ]?[:=][ ]?"?([\w-]{6,64})/i;

/** The request that a record belongs to, if it says so. */
export function requestOf(record: Pick<ParsedRecord, 'requestId' | 'fields' | 'message'>): string | undefined {
  if (record.requestId !== undefined) return record.requestId;
  for (const name of requestFields) {
    const value = record.fields[name];
    if (typeof value === 'string' && value !== '') return value;
  }
  return requestInText.exec(record.message.slice(0, longestHead * 2))?.[1];
}

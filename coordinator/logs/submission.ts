// Entries that applications send by themselves: checked, analysed like an agent's, committed once for each request.
// Must never take an application's word for where an entry came from beyond its own fields.
import type { Severity } from '../../analysis/severity.ts';
import type { Clock } from '../../base/clock.ts';
import { HephaestusError, type ErrorDetail } from '../../base/errors.ts';
import type { LogEntry } from './entry.ts';
import type { ProcessedRecord, RecordProcessor } from './record-processor.ts';

export interface SubmittedEntry {
  readonly nodeId: string;
  readonly source: string;
  readonly timeMs: number | undefined;
  readonly severity: Severity | undefined;
  readonly service: string;
  readonly host: string;
  readonly message: string;
  readonly fields: Readonly<Record<string, string>>;
}

export interface SubmissionSink {
  submit(requestId: string, entries: readonly ProcessedRecord[]): Promise<boolean>;
}

const mostEntries = 1000;
const longestMessage = 256 * 1024;
const defaultSource = 'api';

/** Answers with how many were taken; for a request that was taken before as well. */
export async function submitEntries(
  parts: { readonly processor: RecordProcessor; readonly sink: SubmissionSink; readonly clock: Clock },
  requestId: string,
  entries: readonly SubmittedEntry[],
): Promise<number> {
  const details = check(requestId, entries);
  if (details.length > 0)
    throw new HephaestusError({ code: 'logs.submission-invalid', kind: 'validation', message: 'the entries are not acceptable', details });
  const receivedAtMs = parts.clock.now();
  const processed = entries.flatMap((submitted) => {
    const source = submitted.source === '' ? defaultSource : submitted.source;
    const origin = { nodeId: submitted.nodeId, source, readAtMs: submitted.timeMs };
    const hints = { service: submitted.service, journal: false, receivedAtMs };
    return parts.processor
      .process(origin, [submitted.message], hints)
      .map(({ entry, before }) => ({ entry: withStated(entry, submitted), before }));
  });
  await parts.sink.submit(requestId, processed);
  return entries.length;
}

/** What the application states wins over what was read from the message. */
function withStated(entry: LogEntry, stated: SubmittedEntry): LogEntry {
  return {
    ...entry,
    timeMs: stated.timeMs ?? entry.timeMs,
    severity: stated.severity ?? entry.severity,
    host: stated.host === '' ? entry.host : stated.host,
    fields: { ...entry.fields, ...stated.fields },
  };
}

function check(requestId: string, entries: readonly SubmittedEntry[]): ErrorDetail[] {
  const details: ErrorDetail[] = [];
  if (requestId === '' || requestId.length > 200) details.push({ path: 'request_id', message: 'must have 1 to 200 characters' });
  if (entries.length > mostEntries) details.push({ path: 'entries', message: `has more than ${mostEntries} entries` });
  for (const [index, entry] of entries.entries()) {
    if (entry.message === '') details.push({ path: `entries[${index}].message`, message: 'is empty' });
    if (entry.message.length > longestMessage)
      details.push({ path: `entries[${index}].message`, message: `is longer than ${longestMessage} characters` });
  }
  return details;
}

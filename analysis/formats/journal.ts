// Reading a journal entry: the fields of `journalctl -o json` (systemd.journal-fields(7)).
// Must never drop a field: what has no place in a record stays among its fields.
import type { FieldValue } from '../entry.ts';
import { severityOfField } from '../severity.ts';
import { parseObject } from './json.ts';
import { flatten, type RecordPart } from './record-part.ts';

/** Reads the fields of an entry, as journalctl exports them. Undefined if they hold no MESSAGE. */
export function readJournalFields(fields: Readonly<Record<string, FieldValue>>): RecordPart | undefined {
  const message = fields['MESSAGE'];
  if (typeof message !== 'string') return undefined;
  const part: RecordPart = { format: 'journal', message, fields };
  const stamp = Number(fields['_SOURCE_REALTIME_TIMESTAMP'] ?? fields['__REALTIME_TIMESTAMP'] ?? Number.NaN);
  if (Number.isFinite(stamp) && stamp > 0) part.timeMs = Math.floor(stamp / 1000);
  const severity = severityOfField(fields['PRIORITY']);
  if (severity !== undefined) part.severity = severity;
  const host = fields['_HOSTNAME'];
  if (typeof host === 'string') part.host = host;
  const program = fields['SYSLOG_IDENTIFIER'] ?? fields['_SYSTEMD_UNIT'] ?? fields['_COMM'];
  if (typeof program === 'string') part.process = program;
  const pid = Number(fields['_PID'] ?? fields['SYSLOG_PID'] ?? Number.NaN);
  if (Number.isInteger(pid)) part.pid = pid;
  const thread = fields['TID'];
  if (typeof thread === 'string') part.thread = thread;
  return part;
}

/** Reads a line of `journalctl -o json`; undefined if it isn't one. Messages that aren't UTF-8 come as arrays of bytes. */
export function readJournalLine(text: string): RecordPart | undefined {
  if (text.charCodeAt(0) !== 123 || !text.includes('"__REALTIME_TIMESTAMP"')) return undefined;
  const object = parseObject(text) as Record<string, unknown> | undefined;
  if (object === undefined) return undefined;
  const raw = object['MESSAGE'];
  if (Array.isArray(raw)) {
    const bytes = raw.every((byte) => Number.isInteger(byte)) ? (raw as number[]) : undefined;
    object['MESSAGE'] = bytes === undefined ? raw.join('\n') : new TextDecoder().decode(Uint8Array.from(bytes));
  }
  return readJournalFields(flatten(object));
}

// Reading syslog with its priority: RFC 5424, and RFC 3164 as programs write it to a socket.
// Must never read files without a priority; their header is learnt like any other (headers/).
import type { FieldValue } from '../entry.ts';
import { newTimestampScan } from '../headers/timestamp-parts.ts';
import { scanTimestamp } from '../headers/timestamp.ts';
import { severityOfPriority } from '../severity.ts';
import { newFields, type RecordPart } from './record-part.ts';

/** What was read, and whether an RFC 3164 header begins the message that is still to be read. */
export interface SyslogLine {
  readonly part: RecordPart;
  readonly headerFollows: boolean;
}

/** Undefined if `text` doesn't begin with `<priority>`. */
export function readSyslog(text: string): SyslogLine | undefined {
  if (text.charCodeAt(0) !== 60) return undefined;
  const close = text.indexOf('>');
  if (close < 2 || close > 4) return undefined;
  const digits = text.slice(1, close);
  const severity = /^\d+$/.test(digits) ? severityOfPriority(Number(digits)) : undefined;
  if (severity === undefined) return undefined;
  const facility = Number(digits) >> 3;
  if (text.charCodeAt(close + 1) === 49 && text.charCodeAt(close + 2) === 32) {
    const part = readRfc5424(text, close + 3);
    if (part !== undefined) {
      part.severity = severity;
      part.fields = { ...part.fields, facility };
      return { part, headerFollows: false };
    }
  }
  return { part: { format: 'syslog', severity, message: text.slice(close + 1), fields: { facility } }, headerFollows: true };
}

/** `TIMESTAMP HOST APP PROCID MSGID STRUCTURED-DATA MSG`, each of them `-` where absent (RFC 5424 section 6). */
function readRfc5424(text: string, start: number): RecordPart | undefined {
  const part: RecordPart = { format: 'syslog' };
  const words: string[] = [];
  let at = start;
  for (let i = 0; i < 5; i++) {
    const blank = text.indexOf(' ', at);
    if (blank < 0 || blank - at > 255) return undefined;
    words.push(text.slice(at, blank));
    at = blank + 1;
  }
  const [time = '-', host = '-', app = '-', process = '-', messageId = '-'] = words;
  if (time !== '-') {
    const scan = newTimestampScan();
    if (scanTimestamp(time, 0, scan) !== time.length || scan.kind !== 'full') return undefined;
    part.timeMs = scan.ms;
  }
  if (host !== '-') part.host = host;
  if (app !== '-') part.process = app;
  if (/^\d{1,9}$/.test(process)) part.pid = Number(process);
  const fields = newFields();
  if (messageId !== '-') fields['messageId'] = messageId;
  if (text.charCodeAt(at) === 45) at++;
  while (text.charCodeAt(at) === 91) {
    const end = readElement(text, at, fields);
    if (end < 0) return undefined;
    at = end;
  }
  if (text.charCodeAt(at) === 32) at++;
  // The standard's byte order mark before UTF-8 messages.
  if (text.charCodeAt(at) === 0xfeff) at++;
  part.message = text.slice(at);
  part.fields = fields;
  return part;
}

/** One `[id name="value" …]`; returns its end, or -1 if it doesn't close. */
function readElement(text: string, at: number, fields: Record<string, FieldValue>): number {
  let i = at + 1;
  while (i < text.length && text.charCodeAt(i) !== 32 && text.charCodeAt(i) !== 93) i++;
  const id = text.slice(at + 1, i);
  for (;;) {
    while (text.charCodeAt(i) === 32) i++;
    if (text.charCodeAt(i) === 93) return i + 1;
    const equals = text.indexOf('="', i);
    if (equals < 0 || equals - i > 64) return -1;
    const value = readQuoted(text, equals + 1);
    if (value === undefined) return -1;
    fields[`${id}.${text.slice(i, equals)}`] = value.text;
    i = value.end;
  }
}

/** A quoted value that begins at `at`, its escapes undone; undefined if it doesn't close. */
function readQuoted(text: string, at: number): { text: string; end: number } | undefined {
  let value = '';
  let from = at + 1;
  for (let i = from; i < text.length; i++) {
    const code = text.charCodeAt(i);
    if (code === 34) return { text: value + text.slice(from, i), end: i + 1 };
    if (code === 92) {
      // Quote, backslash and bracket are escaped by a backslash.
      value += text.slice(from, i);
      from = ++i;
    }
  }
  return undefined;
}

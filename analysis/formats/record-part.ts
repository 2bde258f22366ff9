// The part of a record that one format reader can tell, and what well-known names of structured fields mean.
// Must never know a format; each has its own file beside this one.
import type { FieldValue, ParsedRecord } from '../entry.ts';
import { newTimestampScan } from '../headers/timestamp-parts.ts';
import { scanTimestamp } from '../headers/timestamp.ts';
import { severityOfField, severityOfOpenTelemetry, type Severity } from '../severity.ts';
import { traceField, withHead } from './trace-field.ts';

/** What a format reader found. Keys that it can't tell are absent. */
export type RecordPart = { -readonly [Key in keyof ParsedRecord]?: ParsedRecord[Key] };

type Fields = Readonly<Record<string, FieldValue>>;

/** Fields kept of one record, and levels of nesting that are flattened. */
const maxFields = 256;
const maxDepth = 6;

/** A record of fields without a prototype, so that a field named `__proto__` is only a field. */
export function newFields(): Record<string, FieldValue> {
  return Object.create(null) as Record<string, FieldValue>;
}

/** Flattens a parsed JSON object with dots; arrays get their index as a key. What exceeds the limits is left out. */
export function flatten(value: object): Record<string, FieldValue> {
  const fields = newFields();
  let left = maxFields;
  const walk = (node: object, prefix: string, depth: number): void => {
    for (const [key, item] of Object.entries(node) as [string, unknown][]) {
      if (left <= 0) return;
      const name = prefix === '' ? key : `${prefix}.${key}`;
      if (item === null || typeof item === 'string' || typeof item === 'number' || typeof item === 'boolean') {
        fields[name] = item;
        left--;
      } else if (typeof item === 'object' && depth < maxDepth) walk(item, name, depth + 1);
    }
  };
  walk(value, '', 1);
  return fields;
}

/** Names that loggers give their fields, the likeliest first (ECS, OpenTelemetry, pino, bunyan, zap, logrus, Serilog, python-json-logger). */
const names = {
  message:
    'message msg log event text body @message short_message Message RenderedMessage @m @mt textPayload jsonPayload.message body.stringValue',
  failure: 'error err error.message err.message reason',
  time: 'time timestamp t.$date ts @timestamp datetime date t @t eventTime Timestamp asctime created timeUnixNano time_unix_nano',
  level: 'level severity lvl log.level levelname loglevel log_level priority Level @l severityText severity_text level.name log.severity s',
  levelNumber: 'severityNumber severity_number SeverityNumber',
  host: 'host hostname host.name HostName node server resource.host.name',
  process: 'service service.name app application program process.name appname app_name syslog.identifier resource.service.name',
  pid: 'pid process.pid process_id process',
  component: 'logger logger_name log.logger component module caller name SourceContext Properties.SourceContext loggerName target class',
  thread: 'thread thread_name threadName process.thread.name thread.name',
  request:
    'request_id requestId req_id reqId req.id trace_id traceId trace.id correlation_id correlationId x-request-id x_request_id http.request.id',
  stack:
    'stack stack_trace stacktrace error.stack err.stack exception exc_info error.stack_trace exception.stacktrace traceback @x Exception error.stacktrace attributes.exception.stacktrace',
} as const;

const keys = Object.fromEntries(Object.entries(names).map(([part, list]) => [part, list.split(' ')])) as Record<
  keyof typeof names,
  string[]
>;

function pick(fields: Fields, part: keyof typeof names): FieldValue | undefined {
  for (const key of keys[part]) {
    const value = fields[key];
    if (value !== undefined && value !== null && value !== '') return value;
  }
  return undefined;
}

function textOf(value: FieldValue | undefined): string | undefined {
  return typeof value === 'string' ? value : typeof value === 'number' ? String(value) : undefined;
}

/** Unix milliseconds of a structured time: a timestamp in text, or a number of s, ms, µs or ns since 1970. */
export function timeOfField(value: FieldValue | undefined): number | undefined {
  if (typeof value === 'number' && Number.isFinite(value) && value > 0) {
    if (value < 1e11) return Math.round(value * 1000);
    if (value < 1e14) return Math.round(value);
    return value < 1e17 ? Math.round(value / 1e3) : Math.round(value / 1e6);
  }
  if (typeof value !== 'string' || value.length > 64) return undefined;
  const scan = newTimestampScan();
  const end = scanTimestamp(value, 0, scan);
  return end > 0 && (scan.kind === 'full' || scan.kind === 'date') ? scan.ms : undefined;
}

/** The record that well-known names among structured fields tell, which were written as `text`. */
export function partOfFields(fields: Fields, text: string): RecordPart {
  const part: RecordPart = { fields, message: messageOf(fields, holdsLines(text)).trim() };
  const { date, time: clock } = fields;
  const stated = pick(fields, 'time');
  // Firewalls write day and clock as two pairs.
  const time = timeOfField(stated) ?? (typeof date === 'string' && typeof clock === 'string' ? timeOfField(`${date} ${clock}`) : undefined);
  if (time !== undefined) part.timeMs = time;
  const severity = levelOf(fields);
  if (severity !== undefined) part.severity = severity;
  const host = textOf(pick(fields, 'host'));
  if (host !== undefined) part.host = host;
  const program = pick(fields, 'process');
  if (typeof program === 'string') part.process = program;
  const pid = Number(pick(fields, 'pid') ?? Number.NaN);
  if (Number.isInteger(pid) && pid >= 0) part.pid = pid;
  const component = pick(fields, 'component');
  if (typeof component === 'string') part.component = component;
  const thread = textOf(pick(fields, 'thread'));
  if (thread !== undefined) part.thread = thread;
  const request = textOf(pick(fields, 'request'));
  if (request !== undefined) part.requestId = request;
  return part;
}

function levelOf(fields: Fields): Severity | undefined {
  const named = severityOfField(pick(fields, 'level'));
  if (named !== undefined) return named;
  const number = pick(fields, 'levelNumber');
  return typeof number === 'number' ? severityOfOpenTelemetry(number) : undefined;
}

/** False if no field can hold a trace: the text has neither line ends, nor escaped ones, nor an array of texts. */
function holdsLines(text: string): boolean {
  return text.includes('\\n') || text.includes('["') || text.includes('\\u000') || text.includes('\n');
}

/** The message, with a trace that stands in a field of its own set below it. */
function messageOf(fields: Fields, mayHoldTrace: boolean): string {
  const message = textOf(pick(fields, 'message')) ?? textOf(pick(fields, 'failure')) ?? '';
  const stack = mayHoldTrace ? (namedStack(fields) ?? traceField(fields, message)) : undefined;
  if (stack === undefined || message.includes(stack)) return message;
  return message === '' || stack.startsWith(message) ? stack : `${message}\n${stack}`;
}

function namedStack(fields: Fields): string | undefined {
  for (const key of keys.stack) {
    const value = fields[key];
    if (typeof value === 'string' && value.includes('\n')) return withHead(fields, key, value);
  }
  return undefined;
}

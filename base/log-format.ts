// Turns the logger's JSON lines into text for people and into lines for the journal.
// Must never drop a field or throw: a line that cannot be read is passed on as it is.
import { styleText } from 'node:util';

type LineFields = Record<string, unknown>;

/** syslog(3) priorities of our levels; the journal reads them from a `<n>` prefix (sd-daemon(3)). */
const priorities: Readonly<Record<string, number>> = { debug: 7, info: 6, warn: 4, error: 3 };

const levelColours = { debug: 'gray', info: 'green', warn: 'yellow', error: 'red' } as const;

/** `12:30:01.250 INFO  node-manager  node joined  nodeId=n1`, then an error's stack indented below. */
export function formatPrettyLine(jsonLine: string, colour: boolean): string {
  const fields = parseLine(jsonLine);
  if (fields === undefined) return jsonLine;
  const { time, level, component, message, err, ...rest } = fields;
  const paint = (format: Parameters<typeof styleText>[0], text: string): string =>
    colour ? styleText(format, text, { validateStream: false }) : text;
  const levelName = showValue(level);
  const parts = [
    paint('gray', showValue(time).slice(11, 23)),
    paint(isLevel(levelName) ? levelColours[levelName] : 'white', levelName.toUpperCase().padEnd(5)),
    ...(component === undefined ? [] : [paint('cyan', showValue(component))]),
    showValue(message),
    ...Object.entries(rest).map(([key, value]) => `${paint('gray', `${key}=`)}${quoteValue(value)}`),
  ];
  return `${parts.join(' ')}\n${err === undefined ? '' : describeError(err, '  ')}`;
}

/** `<3>message key=value`: one line, because the journal takes each line for an entry of its own. */
export function formatJournalLine(jsonLine: string): string {
  const fields = parseLine(jsonLine);
  if (fields === undefined) return jsonLine;
  const { time: _time, level, message, ...rest } = fields;
  const pairs = Object.entries(rest).map(([key, value]) => ` ${key}=${quoteValue(value)}`);
  const text = showValue(message).replaceAll('\n', '\\n');
  return `<${priorities[showValue(level)] ?? 6}>${text}${pairs.join('')}\n`;
}

function parseLine(jsonLine: string): LineFields | undefined {
  try {
    const value: unknown = JSON.parse(jsonLine);
    return typeof value === 'object' && value !== null && !Array.isArray(value) ? { ...value } : undefined;
  } catch {
    // Not ours, so it is passed on untouched.
    return undefined;
  }
}

function isLevel(name: string): name is keyof typeof levelColours {
  return name in levelColours;
}

function showValue(value: unknown): string {
  if (typeof value === 'string') return value;
  return value === undefined ? '' : JSON.stringify(value);
}

/** Values that would be read wrongly bare are written as JSON strings. */
function quoteValue(value: unknown): string {
  if (typeof value !== 'string') return showValue(value);
  return /^[^\s"=\\\p{Cc}]+$/u.test(value) ? value : JSON.stringify(value);
}

function describeError(error: unknown, indent: string): string {
  if (typeof error !== 'object' || error === null) return `${indent}${showValue(error)}\n`;
  const { type, message, stack, cause, ...rest } = error as LineFields;
  const head = typeof stack === 'string' ? stack : `${showValue(type)}: ${showValue(message)}`;
  const facts = Object.entries(rest).map(([key, value]) => `${key}=${quoteValue(value)}`);
  const lines = [...head.split('\n'), ...(facts.length === 0 ? [] : [`  ${facts.join(' ')}`])];
  const own = lines.map((line) => `${indent}${line}\n`).join('');
  return cause === undefined ? own : `${own}${indent}caused by:\n${describeError(cause, `${indent}  `)}`;
}

// Finds the trace that a structured record carries in a field of its own, whatever the field is called.
// Must never take several lines of anything else for one: a query or a document stays a field.
import type { FieldValue } from '../entry.ts';
import { parseTrace } from '../traces/trace-reader.ts';

type Fields = Readonly<Record<string, FieldValue>>;

/** No trace with a frame is shorter, in characters. */
const SHORTEST = 24;

/** Lines put together of a trace that was logged as an array. */
const MOST_LINES = 512;

/** Every language's frames number their lines in one of these ways. */
const NUMBERED = /(?:[:(]|line[ ,=])\d/;

/** The first field of several lines, or array of lines, that holds a trace with frames; undefined if none does, or `message` holds one. */
export function traceField(fields: Fields, message: string): string | undefined {
  for (const key in fields) {
    const value = fields[key];
    if (typeof value !== 'string') continue;
    const isArray = key.endsWith('.0');
    if (!isArray && (value.length < SHORTEST || !value.includes('\n'))) continue;
    const text = isArray ? linesOf(fields, key) : value;
    if (text.length < SHORTEST || text === message || !hasFrames(text)) continue;
    return hasFrames(message) ? undefined : withHead(fields, isArray ? key.slice(0, -2) : key, text);
  }
  return undefined;
}

/** The stack in the field `key`; where it is frames alone, what the fields beside it name stands above it: `error.type`, `error.message`. */
export function withHead(fields: Fields, key: string, stack: string): string {
  const dot = key.lastIndexOf('.');
  if (dot < 0) return stack;
  const parent = key.slice(0, dot);
  const type = firstOf(fields, parent, TYPES);
  if (type === undefined || stack.includes(type) || /\s/.test(type) || parseTrace(stack)?.type !== undefined) return stack;
  const message = firstOf(fields, parent, MESSAGES);
  return `${type}${message === undefined ? '' : `: ${message}`}\n${stack}`;
}

const TYPES = ['type', 'name', 'class', 'kind'];
const MESSAGES = ['message', 'msg', 'description'];

function firstOf(fields: Fields, parent: string, names: readonly string[]): string | undefined {
  for (const name of names) {
    const value = fields[`${parent}.${name}`];
    if (typeof value === 'string' && value !== '') return value;
  }
  return undefined;
}

function hasFrames(text: string): boolean {
  return text.includes('\n') && NUMBERED.test(text) && (parseTrace(text)?.frames.length ?? 0) > 0;
}

/** The texts `stack.0`, `stack.1`, … as lines. */
function linesOf(fields: Fields, first: string): string {
  const prefix = first.slice(0, -1);
  const lines: string[] = [];
  for (let index = 0; index < MOST_LINES; index++) {
    const line = fields[`${prefix}${String(index)}`];
    if (typeof line !== 'string') break;
    lines.push(line);
  }
  return lines.join('\n');
}

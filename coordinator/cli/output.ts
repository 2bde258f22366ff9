// Writes what a command found: a table for people, JSON or YAML for programs.
// Must never be bypassed by a command; it is the only writer to standard output.
import { stringify } from 'yaml';
import type { Style } from './table.ts';

export type Format = 'table' | 'json' | 'yaml';

export const formats: readonly Format[] = ['table', 'json', 'yaml'];

export interface Output {
  readonly style: Style;
  /** `data` for programs, `text` for people; only the one that is asked for is made. */
  show(data: unknown, text: (style: Style) => string): void;
  /** One item of a stream: a line for people, a JSON line, or a YAML document. */
  item(data: unknown, text: (style: Style) => string): void;
  /** A line that has one form for everybody. */
  line(text: string): void;
  /** What was done, for people only; programs see the exit code. */
  done(text: string): void;
}

export function createOutput(format: Format, style: Style, write: (text: string) => void): Output {
  return {
    style,
    show(data, text) {
      if (format === 'json') write(`${JSON.stringify(plain(data), undefined, 2)}\n`);
      else if (format === 'yaml') write(stringify(plain(data)));
      else write(`${text(style)}\n`);
    },
    item(data, text) {
      if (format === 'json') write(`${JSON.stringify(plain(data))}\n`);
      else if (format === 'yaml') write(`---\n${stringify(plain(data))}`);
      else write(`${text(style)}\n`);
    },
    line: (text) => write(`${text}\n`),
    done(text) {
      if (format === 'table') write(`${text}\n`);
    },
  };
}

/**
 * A message as plain data: times as ISO 8601, durations as seconds, bytes as text, unset members left out,
 * enum values as their labels, unions without their wrapping.
 */
export function plain(value: unknown): unknown {
  if (value instanceof Date) return value.toISOString();
  if (value instanceof Uint8Array) return Buffer.from(value).toString('utf8');
  if (Array.isArray(value)) return value.map(plain);
  if (value === null || typeof value !== 'object') return value;
  const members = Object.entries(value).filter(([, member]) => member !== undefined);
  if (members.length === 2 && 'seconds' in value && 'nanos' in value) return Number(value.seconds) + Number(value.nanos) / 1e9;
  return Object.fromEntries(members.map(([name, member]) => [name, labelled(name, member)]));
}

/** Members that hold an enum of the wire; anything else is text of strangers and stays as it is. */
const enumPrefixes: Readonly<Record<string, string>> = {
  status: 'NODE_STATUS',
  severity: 'SEVERITY',
  operationalMode: 'OPERATIONAL_MODE',
  defaultOperationalMode: 'OPERATIONAL_MODE',
  rung: 'RUNG',
  gate: 'RUNG',
  outcome: 'RUNG_OUTCOME',
  logOutput: 'LOG_OUTPUT',
  shipping: 'SHIPPING',
  start: 'START_POSITION',
  role: 'OPERATOR_ROLE',
  minimumSeverity: 'SEVERITY',
};

const statePrefixes = ['INCIDENT_STATE_', 'SOLUTION_STATE_'];

function labelled(name: string, member: unknown): unknown {
  if (typeof member !== 'string') return plain(member);
  const prefix = name === 'state' ? statePrefixes.find((each) => member.startsWith(each)) : `${enumPrefixes[name] ?? '\0'}_`;
  return prefix !== undefined && member.startsWith(prefix) ? member.slice(prefix.length).toLowerCase().replaceAll('_', '-') : member;
}

// What an agent is told to do: the configuration of a node, its check and its hash.
// Must never hold what only this coordinator cares about; all of it travels to the node.
import { createHash } from 'node:crypto';
import type { Severity } from '../../analysis/severity.ts';
import type { ErrorDetail } from '../../base/errors.ts';
import type { OperationalMode } from './operational-mode.ts';

export interface FileInput {
  readonly kind: 'file';
  /** Glob patterns, absolute. */
  readonly include: readonly string[];
  readonly exclude: readonly string[];
  /** Where reading begins in files that exist when the source is first seen. */
  readonly start: 'beginning' | 'end';
  readonly readCompressed: boolean;
  /** Empty means UTF-8. */
  readonly encoding: string;
}

export interface JournalInput {
  readonly kind: 'journal';
  readonly units: readonly string[];
  readonly identifiers: readonly string[];
  readonly minimumSeverity: Severity | undefined;
  readonly directory: string;
}

/** 0 and empty mean the agent's default. */
export interface FramingConfiguration {
  readonly format: string;
  readonly multilineOff: boolean;
  readonly startPattern: string;
  readonly maxLineBytes: number;
  readonly maxRecordBytes: number;
  readonly maxRecordLines: number;
  readonly maxWaitMs: number;
}

export interface SourceConfiguration {
  readonly id: string;
  readonly input: FileInput | JournalInput;
  readonly service: string;
  readonly framing: FramingConfiguration | undefined;
  readonly labels: Readonly<Record<string, string>>;
  /** 0 means no limit of its own. */
  readonly maxBytesPerSecond: number;
  readonly disabled: boolean;
}

export interface NodeLimits {
  readonly maxMemoryBytes: number;
  readonly maxCpuShare: number;
  readonly maxBytesPerSecond: number;
  readonly maxOpenFiles: number;
}

export interface RedactionConfiguration {
  readonly off: boolean;
  readonly personalData: boolean;
  readonly rules: readonly { readonly name: string; readonly pattern: string }[];
  readonly allow: readonly string[];
}

export interface NodeConfiguration {
  readonly logLevel: string;
  readonly logOutput: 'json' | 'pretty' | 'journald' | undefined;
  readonly mode: OperationalMode;
  readonly sources: readonly SourceConfiguration[];
  readonly limits: NodeLimits | undefined;
  /** 0 means 10 s. */
  readonly heartbeatIntervalMs: number;
  /** Undefined: the agent's own file decides. */
  readonly shipping: 'all' | 'problems' | undefined;
  readonly redaction: RedactionConfiguration | undefined;
}

/** Nothing configured: the agent's own file decides what it reads. */
export const emptyNodeConfiguration: NodeConfiguration = {
  logLevel: '',
  logOutput: undefined,
  mode: 'suggest',
  sources: [],
  limits: undefined,
  heartbeatIntervalMs: 0,
  shipping: undefined,
  redaction: undefined,
};

/** SHA-256 (hex) of the settings: equal settings give an equal hash, whatever their order. */
export function hashNodeConfiguration(configuration: NodeConfiguration): string {
  return createHash('sha256').update(canonical(configuration)).digest('hex');
}

function canonical(value: unknown): string {
  if (Array.isArray(value)) return `[${value.map(canonical).join(',')}]`;
  if (typeof value === 'object' && value !== null) {
    const entries = Object.entries(value)
      .filter(([, inner]) => inner !== undefined)
      .toSorted(([left], [right]) => (left < right ? -1 : 1));
    return `{${entries.map(([key, inner]) => `${JSON.stringify(key)}:${canonical(inner)}`).join(',')}}`;
  }
  return JSON.stringify(value) ?? 'null';
}

const sourceIdPattern = /^[A-Za-z0-9][A-Za-z0-9._-]{0,99}$/;
const mostSources = 500;
const longestHeartbeatMs = 600_000;

/** Everything that is wrong with it, at once; patterns are checked by the agent, whose engine runs them. */
export function checkNodeConfiguration(configuration: NodeConfiguration): readonly ErrorDetail[] {
  const problems: ErrorDetail[] = [];
  const complain = (path: string, message: string): void => void problems.push({ path, message });
  if (!['', 'debug', 'info', 'warn', 'error'].includes(configuration.logLevel)) {
    complain('log_level', 'must be debug, info, warn or error');
  }
  if (configuration.sources.length > mostSources) complain('sources', `has more than ${mostSources} sources`);
  if (
    configuration.heartbeatIntervalMs !== 0 &&
    (configuration.heartbeatIntervalMs < 100 || configuration.heartbeatIntervalMs > longestHeartbeatMs)
  ) {
    complain('heartbeat_interval', 'must be between 0.1 s and 600 s');
  }
  const seen = new Set<string>();
  for (const [index, source] of configuration.sources.entries()) {
    const path = `sources[${index}]`;
    if (!sourceIdPattern.test(source.id)) complain(`${path}.id`, 'must be letters, digits, dot, dash or underscore, at most 100');
    if (seen.has(source.id)) complain(`${path}.id`, `is used twice: ${source.id}`);
    seen.add(source.id);
    if (source.input.kind === 'file') {
      // One of the file's that is only switched off needs no input of its own.
      if (source.input.include.length === 0 && !source.disabled) complain(`${path}.file.include`, 'needs at least one pattern');
      for (const [at, pattern] of [...source.input.include, ...source.input.exclude].entries()) {
        if (!pattern.startsWith('/')) complain(`${path}.file.patterns[${at}]`, `must be absolute: ${pattern}`);
      }
    }
  }
  const share = configuration.limits?.maxCpuShare ?? 0;
  if (!(share >= 0 && share <= 1)) complain('limits.max_cpu_share', 'must be between 0 and 1');
  return problems;
}

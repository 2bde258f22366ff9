// Chooses how the bytes of a source are cut into records, as its configuration says.
// Must never read a file; it only puts framers together.
import type { Framer } from '../record.ts';
import { createLineFramer } from './lines.ts';
import { createPatternFramer, createTraceFramer } from './multiline.ts';
import type { RecordLimits } from './multiline.ts';

/** `auto` is told from the lines themselves; `syslog` and `plain` are lines whose traces are joined; `json` is one object a line. */
export type RecordFormatName = 'auto' | 'plain' | 'json' | 'cri' | 'docker' | 'syslog';

export interface FramingOptions {
  /** Default `auto`. */
  readonly format?: RecordFormatName | undefined;
  /** Join the lines of stack traces; default true. */
  readonly multiline?: boolean | undefined;
  /** RE2 pattern of a record's first line; traces are then not looked for. */
  readonly startPattern?: string | undefined;
  /** Default 256 KiB. */
  readonly maxLineBytes?: number | undefined;
  /** Default 256 KiB. */
  readonly maxRecordBytes?: number | undefined;
  /** Default 1000. */
  readonly maxRecordLines?: number | undefined;
}

const defaultBytes = 256 * 1024;
const defaultLines = 1000;

/** @throws RE2JSSyntaxException if `startPattern` is not RE2. */
export function createSourceFramer(options: FramingOptions): Framer {
  const limits: RecordLimits = {
    maxLineBytes: options.maxLineBytes ?? defaultBytes,
    maxRecordBytes: Math.max(options.maxRecordBytes ?? defaultBytes, options.maxLineBytes ?? 0),
    maxRecordLines: options.maxRecordLines ?? defaultLines,
  };
  if (options.startPattern !== undefined && options.startPattern !== '') return createPatternFramer(limits, options.startPattern);
  if (options.multiline === false || options.format === 'json') return createLineFramer(limits);
  return createTraceFramer(limits);
}

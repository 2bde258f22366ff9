// Chooses how the bytes of a source are cut into records, as its configuration says.
// Must never read a file; it only puts framers together.
import type { Framer, FramerChoice } from '../record.ts';
import { criFragments, dockerFragments } from './container-lines.ts';
import { createFragmentFramer } from './fragments.ts';
import { createLineFramer } from './lines.ts';
import { createPatternFramer, createTraceFramer } from './multiline.ts';
import type { RecordLimits } from './multiline.ts';
import { createUtf16Framer } from './utf16.ts';
import type { Utf16 } from './utf16.ts';

/** `auto` is told from the lines themselves; `syslog` and `plain` are lines whose traces are joined; `json` is one object a line. */
export type RecordFormatName = 'auto' | 'plain' | 'json' | 'cri' | 'docker' | 'syslog';

export interface FramingOptions {
  /** Default `auto`. */
  readonly format?: RecordFormatName | undefined;
  /** `auto` (the default): UTF-8, unless a byte order mark says otherwise. */
  readonly encoding?: 'auto' | 'utf-8' | Utf16 | undefined;
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

/**
 * Chooses by a file's first bytes, where no encoding is configured: a byte order mark says UTF-16 (Unicode 23.8).
 *
 * @throws HephaestusError `pattern.invalid` if `startPattern` is not RE2.
 */
export function createFramerChoice(options: FramingOptions): FramerChoice {
  const { encoding } = options;
  if (encoding !== undefined && encoding !== 'auto') {
    const framer = createSourceFramer({ ...options, encoding: encoding === 'utf-8' ? undefined : encoding });
    return () => framer;
  }
  const utf8 = createSourceFramer({ ...options, encoding: undefined });
  const [little, big] = [createUtf16Framer(utf8, 'utf-16le'), createUtf16Framer(utf8, 'utf-16be')];
  return ([first, second]) => (first === 0xff && second === 0xfe ? little : first === 0xfe && second === 0xff ? big : utf8);
}

/** @throws HephaestusError `pattern.invalid` if `startPattern` is not RE2. */
export function createSourceFramer(options: FramingOptions): Framer {
  const limits: RecordLimits = {
    maxLineBytes: options.maxLineBytes ?? defaultBytes,
    maxRecordBytes: Math.max(options.maxRecordBytes ?? defaultBytes, options.maxLineBytes ?? 0),
    maxRecordLines: options.maxRecordLines ?? defaultLines,
  };
  const framer = withFragments(createJoiner(options, limits), options.format ?? 'auto', limits);
  const { encoding } = options;
  return encoding === undefined || encoding === 'auto' || encoding === 'utf-8' ? framer : createUtf16Framer(framer, encoding);
}

function createJoiner(options: FramingOptions, limits: RecordLimits): Framer {
  if (options.startPattern !== undefined && options.startPattern !== '') return createPatternFramer(limits, options.startPattern);
  if (options.multiline === false || options.format === 'json') return createLineFramer(limits);
  return createTraceFramer(limits);
}

function withFragments(joiner: Framer, format: RecordFormatName, limits: RecordLimits): Framer {
  const cri = createFragmentFramer(joiner, criFragments, limits.maxLineBytes);
  const docker = createFragmentFramer(joiner, dockerFragments, limits.maxLineBytes);
  if (format === 'cri') return cri;
  if (format === 'docker') return docker;
  if (format !== 'auto') return joiner;
  return {
    window: cri.window,
    mostGrowth: joiner.mostGrowth,
    frame(bytes, flush) {
      if (bytes.toString('latin1', 0, 8) === '{"log":"') return docker.frame(bytes, flush);
      return criFragments.read(bytes, 0, bytes.indexOf(0x0a) + 1) === undefined ? joiner.frame(bytes, flush) : cri.frame(bytes, flush);
    },
  };
}

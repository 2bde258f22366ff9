// The settings of one source, as written in the configuration file and as pushed.
// Must never open anything; compose.ts makes sources of them.
import * as z from 'zod';
import { HephaestusError } from '../base/errors.ts';
import { linearPatternSchema } from './linear-pattern-schema.ts';
import { parseGlob } from './sources/glob.ts';

const absolutePattern = z
  .string()
  .regex(/^\//, { message: 'must be an absolute path or pattern, beginning with /', abort: true })
  .superRefine((pattern, context) => {
    try {
      parseGlob(pattern);
    } catch (error) {
      context.addIssue({ code: 'custom', message: `is no pattern: ${HephaestusError.from(error).message}` });
    }
  });

const fileSchema = z.strictObject({
  include: z.array(absolutePattern).min(1),
  exclude: z.array(absolutePattern).default([]),
  /** Where reading begins in files that exist when the source is first seen. */
  start: z.enum(['beginning', 'end']).default('beginning'),
  /** Rotated and compressed files (.gz) are read once. */
  readCompressed: z.boolean().default(false),
  /** `auto`: UTF-8, unless a file begins with a byte order mark. */
  encoding: z.enum(['auto', 'utf-8', 'utf-16le', 'utf-16be']).default('auto'),
});

export const journalSeverities = ['debug', 'info', 'notice', 'warning', 'error', 'critical', 'alert', 'emergency'] as const;

const journalSchema = z.strictObject({
  units: z.array(z.string().min(1)).default([]),
  identifiers: z.array(z.string().min(1)).default([]),
  /** The least severe that is read; absent: all. */
  minimumSeverity: z.enum(journalSeverities).optional(),
  /** Absent: the system's. */
  directory: z.string().regex(/^\//, 'must be an absolute path').optional(),
});

const framingSchema = z.strictObject({
  format: z.enum(['auto', 'plain', 'json', 'cri', 'docker', 'syslog']).default('auto'),
  /** Joins the lines of a stack trace. */
  multiline: z.boolean().default(true),
  /** A record begins where this RE2 pattern matches. */
  startPattern: linearPatternSchema.optional(),
  /** A record travels whole in one batch, which holds 1 MiB. */
  maxLineBytes: z
    .int()
    .min(256)
    .max(1024 * 1024)
    .optional(),
  maxRecordBytes: z
    .int()
    .min(256)
    .max(1024 * 1024)
    .optional(),
  maxRecordLines: z.int().min(1).max(100_000).optional(),
  maxWaitSeconds: z.number().gt(0).max(600).optional(),
});

export const sourceSchema = z
  .strictObject({
    id: z.string().regex(/^[A-Za-z0-9._-]{1,128}$/, 'must be 1 to 128 letters, digits, dots, dashes or underscores'),
    file: fileSchema.optional(),
    journal: journalSchema.optional(),
    /** Who writes it; absent: taken from the lines. */
    service: z.string().min(1).optional(),
    framing: framingSchema.prefault({}),
    labels: z.record(z.string(), z.string()).default({}),
    maxBytesPerSecond: z.int().min(1024).optional(),
    disabled: z.boolean().default(false),
  })
  .superRefine((source, context) => {
    // A source that is only switched off needs no input of its own.
    if (source.disabled) return;
    const inputs = Number(source.file !== undefined) + Number(source.journal !== undefined);
    if (inputs !== 1) context.addIssue({ code: 'custom', message: 'needs one of "file" and "journal"' });
  });

export type SourceSettings = z.output<typeof sourceSchema>;

// A node's configuration as people write it, in the shape of the agent's own file, and as it travels.
// Must never judge a value: the coordinator and then the agent do, and name every mistake.
import * as z from 'zod';
import { parseConfig } from '../../base/config.ts';
import {
  LogOutput,
  OperationalMode,
  Severity,
  Shipping,
  StartPosition,
  type NodeConfiguration,
  type SourceConfiguration,
} from '../../proto/index.ts';
import { usage } from './command-context.ts';
import { enumLabel, enumValue } from './presentation.ts';

const texts = z.array(z.string());
const count = z.int().min(0);

const sourceSchema = z.strictObject({
  id: z.string(),
  file: z
    .strictObject({
      include: texts,
      exclude: texts.optional(),
      start: z.enum(['beginning', 'end']).optional(),
      readCompressed: z.boolean().optional(),
      encoding: z.string().optional(),
    })
    .optional(),
  journal: z
    .strictObject({
      units: texts.optional(),
      identifiers: texts.optional(),
      minimumSeverity: z.enum(['debug', 'info', 'notice', 'warning', 'error', 'critical', 'alert', 'emergency']).optional(),
      directory: z.string().optional(),
    })
    .optional(),
  service: z.string().optional(),
  framing: z
    .strictObject({
      format: z.string().optional(),
      multiline: z.boolean().optional(),
      startPattern: z.string().optional(),
      maxLineBytes: count.optional(),
      maxRecordBytes: count.optional(),
      maxRecordLines: count.optional(),
      maxWaitSeconds: z.number().min(0).optional(),
    })
    .optional(),
  labels: z.record(z.string(), z.string()).optional(),
  maxBytesPerSecond: count.optional(),
  disabled: z.boolean().optional(),
});

const nodeSettingsSchema = z.strictObject({
  log: z
    .strictObject({
      level: z.enum(['debug', 'info', 'warn', 'error']).optional(),
      output: z.enum(['json', 'pretty', 'journald']).optional(),
    })
    .optional(),
  operationalMode: z.enum(['observe', 'suggest', 'deploy']).optional(),
  heartbeatSeconds: z.number().min(0).optional(),
  shipping: z.enum(['all', 'problems']).optional(),
  limits: z
    .strictObject({
      maxMemoryBytes: count.optional(),
      maxCpuShare: z.number().min(0).optional(),
      maxBytesPerSecond: count.optional(),
      maxOpenFiles: count.optional(),
    })
    .optional(),
  redaction: z
    .strictObject({
      off: z.boolean().optional(),
      personalData: z.boolean().optional(),
      rules: z.array(z.strictObject({ name: z.string(), pattern: z.string() })).optional(),
      allow: texts.optional(),
    })
    .optional(),
  sources: z.array(sourceSchema).optional(),
});

type Settings = z.output<typeof nodeSettingsSchema>;
type SourceSettings = z.output<typeof sourceSchema>;

/** @throws a mistake in usage that names every mistake with its line */
export function readNodeSettings(name: string, text: string): NodeConfiguration {
  const outcome = parseConfig([{ name, text }], { schema: nodeSettingsSchema });
  if (outcome.kind === 'loaded') return toWire(outcome.config);
  const mistakes = outcome.problems.map(
    ({ file, line, path, message }) => `${file}${line === undefined ? '' : `:${line}`} ${path} ${message}`,
  );
  throw usage(`nothing was sent:\n${mistakes.map((each) => `  ${each.replaceAll(/ +/g, ' ')}`).join('\n')}`);
}

/** What is unset on the wire is left out. */
export function writeNodeSettings(configuration: NodeConfiguration): Settings {
  const { limits, redaction } = configuration;
  return prune({
    log: prune({ level: configuration.logLevel, output: label(configuration.logOutput, 'LOG_OUTPUT') }),
    operationalMode: label(configuration.operationalMode, 'OPERATIONAL_MODE'),
    heartbeatSeconds: seconds(configuration.heartbeatInterval),
    shipping: label(configuration.shipping, 'SHIPPING'),
    limits: limits === undefined ? undefined : prune({ ...limits }),
    redaction: redaction === undefined ? undefined : prune({ ...redaction, rules: redaction.rules.map((rule) => ({ ...rule })) }),
    sources: configuration.sources.map(writeSource),
  }) as Settings;
}

function toWire({ log, operationalMode, heartbeatSeconds, shipping, limits, redaction, sources = [] }: Settings): NodeConfiguration {
  return {
    nodeId: '',
    logLevel: log?.level ?? '',
    logOutput: value(LogOutput, log?.output, LogOutput.UNSPECIFIED),
    operationalMode: value(OperationalMode, operationalMode, OperationalMode.UNSPECIFIED),
    sources: sources.map(readSource),
    limits:
      limits === undefined ? undefined : { maxMemoryBytes: 0, maxCpuShare: 0, maxBytesPerSecond: 0, maxOpenFiles: 0, ...given(limits) },
    heartbeatInterval: duration(heartbeatSeconds),
    shipping: value(Shipping, shipping, Shipping.UNSPECIFIED),
    redaction: redaction === undefined ? undefined : { off: false, personalData: false, rules: [], allow: [], ...given(redaction) },
  };
}

function readSource({ id, file, journal, service, framing, labels, maxBytesPerSecond, disabled }: SourceSettings): SourceConfiguration {
  return {
    id,
    input:
      file === undefined
        ? journal === undefined
          ? undefined
          : {
              $case: 'journal',
              value: {
                units: journal.units ?? [],
                identifiers: journal.identifiers ?? [],
                minimumSeverity: value(Severity, journal.minimumSeverity, Severity.UNSPECIFIED),
                directory: journal.directory ?? '',
              },
            }
        : {
            $case: 'file',
            value: {
              include: file.include,
              exclude: file.exclude ?? [],
              start: value(StartPosition, file.start, StartPosition.UNSPECIFIED),
              readCompressed: file.readCompressed ?? false,
              encoding: file.encoding ?? '',
            },
          },
    service: service ?? '',
    framing:
      framing === undefined
        ? undefined
        : {
            format: framing.format ?? '',
            multilineOff: framing.multiline === false,
            startPattern: framing.startPattern ?? '',
            maxLineBytes: framing.maxLineBytes ?? 0,
            maxRecordBytes: framing.maxRecordBytes ?? 0,
            maxRecordLines: framing.maxRecordLines ?? 0,
            maxWait: duration(framing.maxWaitSeconds),
          },
    labels: labels ?? {},
    maxBytesPerSecond: maxBytesPerSecond ?? 0,
    disabled: disabled ?? false,
  };
}

function writeSource({ id, input, service, framing, labels, maxBytesPerSecond, disabled }: SourceConfiguration): unknown {
  const file = input?.$case === 'file' && input.value.include.length > 0 ? input.value : undefined;
  const journal = input?.$case === 'journal' ? input.value : undefined;
  return {
    id,
    ...(file === undefined ? {} : { file: prune({ ...file, start: label(file.start, 'START_POSITION') }) }),
    ...(journal === undefined ? {} : { journal: prune({ ...journal, minimumSeverity: label(journal.minimumSeverity, 'SEVERITY') }) ?? {} }),
    ...prune({
      service,
      framing:
        framing === undefined
          ? undefined
          : {
              ...(framing.multilineOff ? { multiline: false } : {}),
              ...prune({
                format: framing.format,
                startPattern: framing.startPattern,
                maxLineBytes: framing.maxLineBytes,
                maxRecordBytes: framing.maxRecordBytes,
                maxRecordLines: framing.maxRecordLines,
                maxWaitSeconds: seconds(framing.maxWait),
              }),
            },
      labels,
      maxBytesPerSecond,
      disabled: disabled ? true : undefined,
    }),
  };
}

function value<T extends string>(values: Readonly<Record<string, T>>, word: string | undefined, otherwise: T): T {
  return word === undefined ? otherwise : (enumValue(values, word) ?? otherwise);
}

function label(name: string, prefix: string): string | undefined {
  return name.endsWith('_UNSPECIFIED') ? undefined : enumLabel(name, prefix);
}

function duration(amount: number | undefined): { seconds: number; nanos: number } | undefined {
  return amount === undefined ? undefined : { seconds: Math.trunc(amount), nanos: Math.round((amount % 1) * 1e9) };
}

function seconds(amount: { readonly seconds: number; readonly nanos: number } | undefined): number | undefined {
  return amount === undefined ? undefined : amount.seconds + amount.nanos / 1e9;
}

/** Undefined where nothing is set. */
function prune(members: Readonly<Record<string, unknown>>): Record<string, unknown> | undefined {
  const set = Object.entries(members).filter(([, member]) => {
    if (member === undefined || member === '' || member === 0 || member === false) return false;
    return typeof member !== 'object' || member === null || Object.keys(member).length > 0;
  });
  return set.length === 0 ? undefined : Object.fromEntries(set);
}

function given<T extends object>(members: T): { [K in keyof T]: Exclude<T[K], undefined> } {
  return Object.fromEntries(Object.entries(members).filter(([, member]) => member !== undefined)) as {
    [K in keyof T]: Exclude<T[K], undefined>;
  };
}

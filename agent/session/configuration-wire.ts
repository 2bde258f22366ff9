// Translates a pushed NodeConfiguration into the shape of the agent's configuration file, so that one schema checks both.
// Must never judge a value; agent/config.ts does, and names it by the same path as in the file.
import {
  LogOutput,
  OperationalMode,
  Severity,
  Shipping,
  StartPosition,
  type Configuration,
  type FileInput,
  type FramingConfiguration,
  type JournalInput,
  type NodeConfiguration,
  type SourceConfiguration,
} from '../../proto/index.ts';
import type { ConfigurationOffer } from './directives.ts';

type Settings = Readonly<Record<string, unknown>>;

export function readConfiguration({ version, hash, body }: Configuration): ConfigurationOffer {
  return { version, hash, document: body === undefined ? {} : readBody(body) };
}

/** Settings that are unset on the wire (empty, 0, unspecified) are left out, so that the schema's defaults hold. */
function readBody(body: NodeConfiguration): Settings {
  return prune({
    log: prune({ level: body.logLevel, output: enumName(body.logOutput, LogOutput.UNSPECIFIED, 'LOG_OUTPUT_') }),
    operationalMode: enumName(body.operationalMode, OperationalMode.UNSPECIFIED, 'OPERATIONAL_MODE_'),
    heartbeatSeconds: seconds(body.heartbeatInterval),
    shipping: enumName(body.shipping, Shipping.UNSPECIFIED, 'SHIPPING_'),
    limits: body.limits === undefined ? undefined : prune({ ...body.limits }),
    redaction:
      body.redaction === undefined
        ? undefined
        : prune({
            off: body.redaction.off ? true : undefined,
            personalData: body.redaction.personalData ? true : undefined,
            rules: body.redaction.rules.length === 0 ? undefined : body.redaction.rules.map(({ name, pattern }) => ({ name, pattern })),
            allow: body.redaction.allow.length === 0 ? undefined : body.redaction.allow,
          }),
    sources: body.sources.map(readSource),
  });
}

function readSource(source: SourceConfiguration): Settings {
  return prune({
    id: source.id,
    file: source.input?.$case === 'file' && !isOnlyDisabled(source, source.input.value) ? readFileInput(source.input.value) : undefined,
    journal: source.input?.$case === 'journal' ? readJournalInput(source.input.value) : undefined,
    service: source.service,
    framing: source.framing === undefined ? undefined : readFraming(source.framing),
    labels: Object.keys(source.labels).length === 0 ? undefined : source.labels,
    maxBytesPerSecond: source.maxBytesPerSecond,
    disabled: source.disabled ? true : undefined,
  });
}

/** A source of the node's file that is switched off: it has no patterns of its own. */
function isOnlyDisabled({ disabled }: SourceConfiguration, { include }: FileInput): boolean {
  return disabled && include.length === 0;
}

function readFileInput(file: FileInput): Settings {
  return prune({
    include: file.include,
    exclude: file.exclude.length === 0 ? undefined : file.exclude,
    start: enumName(file.start, StartPosition.UNSPECIFIED, 'START_POSITION_'),
    readCompressed: file.readCompressed ? true : undefined,
    encoding: file.encoding,
  });
}

function readJournalInput(journal: JournalInput): Settings {
  return prune({
    units: journal.units.length === 0 ? undefined : journal.units,
    identifiers: journal.identifiers.length === 0 ? undefined : journal.identifiers,
    minimumSeverity: enumName(journal.minimumSeverity, Severity.UNSPECIFIED, 'SEVERITY_'),
    directory: journal.directory,
  });
}

function readFraming(framing: FramingConfiguration): Settings {
  return prune({
    format: framing.format,
    multiline: framing.multilineOff ? false : undefined,
    startPattern: framing.startPattern,
    maxLineBytes: framing.maxLineBytes,
    maxRecordBytes: framing.maxRecordBytes,
    maxRecordLines: framing.maxRecordLines,
    maxWaitSeconds: seconds(framing.maxWait),
  });
}

/** `LOG_OUTPUT_JSON` → `json`; undefined for the unspecified one. An unknown number becomes a name that the schema refuses. */
function enumName(value: string, unspecified: string, prefix: string): string | undefined {
  return value === unspecified ? undefined : value.replace(prefix, '').toLowerCase().replaceAll('_', '-');
}

function seconds(duration: { readonly seconds: number; readonly nanos: number } | undefined): number | undefined {
  return duration === undefined ? undefined : duration.seconds + duration.nanos / 1e9;
}

function prune(settings: Settings): Settings {
  return Object.fromEntries(Object.entries(settings).filter(([, value]) => value !== undefined && value !== '' && value !== 0));
}

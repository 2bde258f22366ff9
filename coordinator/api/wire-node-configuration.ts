// Translates node configurations between the wire and the Node Manager's types.
// Must never check one; the Node Manager does, and names every mistake at once.
import {
  LogOutput as WireLogOutput,
  Shipping as WireShipping,
  StartPosition,
  Severity as WireSeverity,
  type NodeConfiguration as WireConfiguration,
  type SourceConfiguration as WireSource,
} from '../../proto/index.ts';
import type { FileInput, JournalInput, NodeConfiguration, SourceConfiguration } from '../nodes/node-configuration.ts';
import { keyOf, readDuration, readMode, readSeverity, writeDuration, writeMode, writeSeverity } from './wire-values.ts';

const outputNames = { json: WireLogOutput.JSON, pretty: WireLogOutput.PRETTY, journald: WireLogOutput.JOURNALD } as const;

const shippingNames = { all: WireShipping.ALL, problems: WireShipping.PROBLEMS } as const;

export function readNodeConfiguration(configuration: WireConfiguration): NodeConfiguration {
  return {
    logLevel: configuration.logLevel,
    logOutput: keyOf<keyof typeof outputNames, WireLogOutput>(outputNames, configuration.logOutput),
    mode: readMode(configuration.operationalMode) ?? 'suggest',
    sources: configuration.sources.map(readSource),
    limits: configuration.limits,
    heartbeatIntervalMs: readDuration(configuration.heartbeatInterval),
    shipping: keyOf<keyof typeof shippingNames, WireShipping>(shippingNames, configuration.shipping),
    redaction: configuration.redaction,
  };
}

function readSource(source: WireSource): SourceConfiguration {
  return {
    id: source.id,
    input: readInput(source),
    service: source.service,
    framing: source.framing === undefined ? undefined : { ...source.framing, maxWaitMs: readDuration(source.framing.maxWait) },
    labels: source.labels,
    maxBytesPerSecond: source.maxBytesPerSecond,
    disabled: source.disabled,
  };
}

function readInput(source: WireSource): FileInput | JournalInput {
  if (source.input?.$case === 'journal') {
    const { units, identifiers, minimumSeverity, directory } = source.input.value;
    return { kind: 'journal', units, identifiers, minimumSeverity: readSeverity(minimumSeverity), directory };
  }
  // Without an input it has no patterns, and the check says so.
  const file = source.input?.value;
  return {
    kind: 'file',
    include: file?.include ?? [],
    exclude: file?.exclude ?? [],
    start: file?.start === StartPosition.END ? 'end' : 'beginning',
    readCompressed: file?.readCompressed ?? false,
    encoding: file?.encoding ?? '',
  };
}

export function writeNodeConfiguration(nodeId: string, configuration: NodeConfiguration): WireConfiguration {
  const { logOutput, limits, redaction } = configuration;
  return {
    nodeId,
    logLevel: configuration.logLevel,
    logOutput: logOutput === undefined ? WireLogOutput.UNSPECIFIED : outputNames[logOutput],
    operationalMode: writeMode(configuration.mode),
    sources: configuration.sources.map(writeSource),
    limits: limits === undefined ? undefined : { ...limits },
    heartbeatInterval: configuration.heartbeatIntervalMs === 0 ? undefined : writeDuration(configuration.heartbeatIntervalMs),
    shipping: configuration.shipping === undefined ? WireShipping.UNSPECIFIED : shippingNames[configuration.shipping],
    redaction:
      redaction === undefined
        ? undefined
        : { ...redaction, rules: redaction.rules.map((rule) => ({ ...rule })), allow: [...redaction.allow] },
  };
}

export function writeSource(source: SourceConfiguration): WireSource {
  const { framing } = source;
  return {
    id: source.id,
    input: writeInput(source.input),
    service: source.service,
    framing:
      framing === undefined ? undefined : { ...framing, maxWait: framing.maxWaitMs === 0 ? undefined : writeDuration(framing.maxWaitMs) },
    labels: { ...source.labels },
    maxBytesPerSecond: source.maxBytesPerSecond,
    disabled: source.disabled,
  };
}

function writeInput(input: FileInput | JournalInput): NonNullable<WireSource['input']> {
  if (input.kind === 'journal') {
    const minimumSeverity = input.minimumSeverity === undefined ? WireSeverity.UNSPECIFIED : writeSeverity(input.minimumSeverity);
    return {
      $case: 'journal',
      value: { units: [...input.units], identifiers: [...input.identifiers], minimumSeverity, directory: input.directory },
    };
  }
  return {
    $case: 'file',
    value: {
      include: [...input.include],
      exclude: [...input.exclude],
      start: input.start === 'end' ? StartPosition.END : StartPosition.BEGINNING,
      readCompressed: input.readCompressed,
      encoding: input.encoding,
    },
  };
}

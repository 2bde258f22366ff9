// Translates positions, shipments, acknowledgements and commands between the wire and the agent's own types.
// Must never trust a message: what is missing or out of range becomes undefined or a default, never an exception later on.
import { crc32 } from 'node:zlib';
import {
  Codec,
  GapReason as WireGapReason,
  NackReason,
  type Command,
  type LogAck,
  type Position as WirePosition,
  type SourcePosition as WireSourcePosition,
  StreamLogsRequest,
  type Welcome,
} from '../../proto/index.ts';
import type { Chunk, Gap, GapReason, Position, Shipment, SourcePosition } from '../record.ts';
import { BatchMessage } from './batch-message.ts';
import type { Compressor } from './compressor.ts';
import type { Directive } from './directives.ts';
import type { SourceOrigin } from './shipment-feed.ts';

export interface Greeting {
  readonly coordinatorVersion: string;
  readonly positions: readonly SourcePosition[];
  readonly heartbeatIntervalMs: number;
  readonly maxBatchBytes: number;
  readonly creditBytes: number;
  /** The coordinator's clock in Unix milliseconds, or undefined if it didn't say. */
  readonly serverTimeMs: number | undefined;
}

/** Of the protocol (LogBatch); a coordinator may ask for less. */
const mostBatchBytes = 1024 * 1024;
const leastBatchBytes = 4096;
const defaultCreditBytes = 1024 * 1024;
const defaultHeartbeatMs = 10_000;

export function readWelcome(welcome: Welcome): Greeting {
  const heartbeatMs = durationMs(welcome.heartbeatInterval);
  return {
    coordinatorVersion: welcome.coordinatorVersion,
    positions: welcome.positions.flatMap((position) => readSourcePosition(position) ?? []),
    heartbeatIntervalMs: heartbeatMs > 0 ? clamp(heartbeatMs, 200, 600_000) : defaultHeartbeatMs,
    maxBatchBytes: welcome.maxBatchBytes > 0 ? clamp(welcome.maxBatchBytes, leastBatchBytes, mostBatchBytes) : mostBatchBytes,
    creditBytes: welcome.initialCreditBytes > 0 ? welcome.initialCreditBytes : defaultCreditBytes,
    serverTimeMs: welcome.serverTime?.getTime(),
  };
}

export function writePosition(position: Position): WirePosition {
  if (position.kind === 'journal') return { at: { $case: 'journalCursor', value: position.cursor } };
  const { identity, offset, path, isFinished } = position;
  return { at: { $case: 'file', value: { identity: { ...identity }, offset, path, finished: isFinished } } };
}

export function readPosition(position: WirePosition | undefined): Position | undefined {
  switch (position?.at?.$case) {
    case 'journalCursor':
      return { kind: 'journal', cursor: position.at.value };
    case 'file': {
      const { identity, offset, path, finished } = position.at.value;
      return identity === undefined ? undefined : { kind: 'file', identity, offset, path, isFinished: finished };
    }
    case undefined:
      return undefined;
  }
}

function readSourcePosition({ source, position }: WireSourcePosition): SourcePosition | undefined {
  const read = readPosition(position);
  return read === undefined ? undefined : { source, position: read };
}

/** The bytes of a StreamLogsRequest. */
export type EncodedRequest = Uint8Array;

/** What is sent of one shipment; the sequence is put in when it is known. */
export interface EncodedShipment {
  readonly request: (sequence: number) => EncodedRequest;
  /** What it costs of the credit. */
  readonly costBytes: number;
  /** Durable once it is acknowledged. */
  readonly settles: readonly SourcePosition[];
  readonly shipment: ShipmentSummary;
}

/** What is remembered of a shipment that is under way; its uncompressed bytes are not. */
export interface ShipmentSummary {
  readonly kind: 'chunk' | 'gap';
  readonly source: string;
  readonly from: Position;
  readonly to: Position;
  readonly bytes: number;
  readonly records: number;
}

export function encodeShipment(shipment: Shipment, epoch: number, origin: SourceOrigin, compressor: Compressor): EncodedShipment {
  return shipment.kind === 'chunk' ? encodeChunk(shipment, epoch, origin, compressor) : encodeGap(shipment, epoch);
}

/** Below this zstd's frame and set-up cost more than they save. */
const leastCompressedBytes = 256;

function encodeChunk(chunk: Chunk, epoch: number, { service, labels }: SourceOrigin, compressor: Compressor): EncodedShipment {
  const compressed = chunk.bytes.length < leastCompressedBytes ? undefined : compressor.compress(chunk.bytes);
  const isSmaller = compressed !== undefined && compressed.length < chunk.bytes.length;
  const payload = isSmaller ? compressed : chunk.bytes;
  const rest = {
    epoch,
    source: chunk.source,
    start: writePosition(chunk.start),
    end: writePosition(chunk.end),
    readAt: new Date(chunk.readAtMs),
    codec: isSmaller ? Codec.ZSTD : Codec.NONE,
    crc32: crc32(chunk.bytes),
    uncompressedLength: chunk.bytes.length,
    flags: (chunk.cut ? 1 : 0) | (chunk.redacted ? 2 : 0) | (chunk.journal ? 4 : 0) | (chunk.reduced === true ? 8 : 0),
    path: chunk.path,
    alsoSettled: chunk.alsoSettles.map(writePosition),
    service,
    labels: { ...labels },
  };
  // Copies the payload: a chunk's bytes are its source's own again as soon as the next one is asked for.
  const message = new BatchMessage(rest, payload, chunk.recordLengths);
  return {
    request: requestOf(message),
    costBytes: payload.length,
    settles: [chunk.end, ...chunk.alsoSettles].map((position) => ({ source: chunk.source, position })),
    shipment: {
      kind: 'chunk',
      source: chunk.source,
      from: chunk.start,
      to: chunk.end,
      bytes: chunk.bytes.length,
      records: chunk.recordLengths.length,
    },
  };
}

/** Apart, because a function made beside others keeps what any of them uses: the chunk would stay until it is acknowledged. */
function requestOf(message: BatchMessage): EncodedShipment['request'] {
  return (sequence) => message.withSequence(sequence);
}

const gapReasons: Readonly<Record<GapReason, WireGapReason>> = {
  'file-vanished': WireGapReason.FILE_VANISHED,
  truncated: WireGapReason.TRUNCATED,
  limit: WireGapReason.LIMIT,
  journal: WireGapReason.JOURNAL,
  'read-error': WireGapReason.READ_ERROR,
  rejected: WireGapReason.REJECTED,
};

function encodeGap(gap: Gap, epoch: number): EncodedShipment {
  const message = {
    epoch,
    source: gap.source,
    from: writePosition(gap.from),
    to: writePosition(gap.to),
    reason: gapReasons[gap.reason],
    bytes: gap.bytes,
    records: gap.records,
    detail: gap.detail,
  };
  return {
    request: (sequence) => StreamLogsRequest.encode({ message: { $case: 'gap', value: { ...message, sequence } } }).finish(),
    costBytes: 0,
    settles: [{ source: gap.source, position: gap.to }],
    shipment: { kind: 'gap', source: gap.source, from: gap.from, to: gap.to, bytes: gap.bytes, records: gap.records },
  };
}

/**
 * `resend`: from that sequence on, after a pause. `reject`: the same, with a gap in that one's place.
 * `restart`: the session begins anew, because both sides disagree about where a source stands.
 */
export type Refusal =
  | { readonly kind: 'resend'; readonly sequence: number; readonly retryAfterMs: number; readonly reason: string }
  | { readonly kind: 'reject'; readonly sequence: number; readonly reason: string }
  | { readonly kind: 'restart'; readonly reason: string };

export interface Acknowledgement {
  readonly epoch: number;
  readonly sequence: number;
  readonly creditBytes: number;
  readonly refusal: Refusal | undefined;
}

export function readAck(ack: LogAck): Acknowledgement {
  return { epoch: ack.epoch, sequence: ack.sequence, creditBytes: ack.creditBytes, refusal: readNack(ack) };
}

/** Without a `retry_after` an overloaded coordinator would be asked again at once. */
const defaultRetryAfterMs = 1000;

function readNack({ nack }: LogAck): Refusal | undefined {
  if (nack === undefined) return undefined;
  const { sequence, message } = nack;
  switch (nack.reason) {
    case NackReason.CORRUPT:
      return { kind: 'resend', sequence, retryAfterMs: durationMs(nack.retryAfter), reason: `it arrived damaged: ${message}` };
    case NackReason.INVALID:
      return { kind: 'reject', sequence, reason: message };
    case NackReason.OUT_OF_ORDER:
      return { kind: 'restart', reason: `a batch does not begin where the coordinator stands: ${message}` };
    default: {
      // A reason that this version doesn't know is treated as a passing one.
      const askedMs = durationMs(nack.retryAfter);
      return { kind: 'resend', sequence, retryAfterMs: askedMs > 0 ? clamp(askedMs, 0, 60_000) : defaultRetryAfterMs, reason: message };
    }
  }
}

/** Undefined for a command that this version doesn't know. */
export function readCommand(command: Command): Directive | undefined {
  switch (command.command?.$case) {
    case 'collectContext':
      return { kind: 'collect-context', source: command.command.value.source, lines: command.command.value.lines };
    case 'rescan':
      return { kind: 'rescan' };
    case 'rotateCertificate':
      return { kind: 'rotate-certificate' };
    case 'setLogLevel':
      return { kind: 'set-log-level', level: command.command.value.level };
    case undefined:
      return undefined;
  }
}

function durationMs(duration: { readonly seconds: number; readonly nanos: number } | undefined): number {
  return duration === undefined ? 0 : Math.max(0, duration.seconds * 1000 + Math.round(duration.nanos / 1e6));
}

function clamp(value: number, least: number, most: number): number {
  return Math.min(most, Math.max(least, value));
}

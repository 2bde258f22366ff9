// Translates shipments, positions and log entries between the wire and log processing's types.
// Must never trust a message: what is missing becomes undefined, and ingest refuses it.
import {
  Codec,
  GapReason as WireGapReason,
  NackReason,
  type LogAck,
  type LogEntryData,
  type LogFilter as WireFilter,
  type Position as WirePosition,
  type StreamLogsRequest,
  type SourcePosition as WireSourcePosition,
  type TraceData,
} from '../../proto/index.ts';
import type { FieldValue } from '../../analysis/entry.ts';
import type { Trace } from '../../analysis/trace.ts';
import type { LogEntry, LogFilter } from '../logs/entry.ts';
import type { Acknowledgement, GapReason, Position, RefusalReason, Shipment, SourcePosition } from '../logs/log-batch.ts';
import { keyOf, readSeverity, readTime, writeDuration, writeSeverity, writeTime } from './wire-values.ts';

const journalFlag = 4;
const reducedFlag = 8;

const gapReasons: Readonly<Record<GapReason, WireGapReason>> = {
  'file-vanished': WireGapReason.FILE_VANISHED,
  truncated: WireGapReason.TRUNCATED,
  limit: WireGapReason.LIMIT,
  journal: WireGapReason.JOURNAL,
  'read-error': WireGapReason.READ_ERROR,
  rejected: WireGapReason.REJECTED,
  unknown: WireGapReason.UNSPECIFIED,
};

const refusalReasons: Readonly<Record<RefusalReason, NackReason>> = {
  overloaded: NackReason.OVERLOADED,
  'store-unavailable': NackReason.STORE_UNAVAILABLE,
  corrupt: NackReason.CORRUPT,
  invalid: NackReason.INVALID,
  'out-of-order': NackReason.OUT_OF_ORDER,
};

/** Undefined for a message that holds nothing we know. */
export function readShipment(request: StreamLogsRequest): Shipment | undefined {
  switch (request.message?.$case) {
    case 'batch': {
      const batch = request.message.value;
      return {
        kind: 'batch',
        epoch: batch.epoch,
        sequence: batch.sequence,
        source: batch.source,
        start: readPosition(batch.start),
        end: readPosition(batch.end),
        alsoSettled: batch.alsoSettled.flatMap((position) => readPosition(position) ?? []),
        payload: asBuffer(batch.payload),
        recordLengths: batch.recordLengths,
        readAtMs: readTime(batch.readAt),
        codec: batch.codec === Codec.ZSTD ? 'zstd' : batch.codec === Codec.NONE ? 'none' : undefined,
        crc32: batch.crc32,
        uncompressedLength: batch.uncompressedLength,
        journal: (batch.flags & journalFlag) !== 0,
        reduced: (batch.flags & reducedFlag) !== 0,
        path: batch.path,
        service: batch.service,
        labels: batch.labels,
      };
    }
    case 'gap': {
      const { from, to, reason, ...rest } = request.message.value;
      return { kind: 'gap', ...rest, from: readPosition(from), to: readPosition(to), reason: keyOf(gapReasons, reason) ?? 'unknown' };
    }
    case undefined:
      return undefined;
  }
}

function readPosition(position: WirePosition | undefined): Position | undefined {
  switch (position?.at?.$case) {
    case 'journalCursor':
      return { kind: 'journal', cursor: position.at.value };
    case 'file': {
      const { identity, offset, path, finished } = position.at.value;
      if (identity === undefined) return undefined;
      const fingerprint = asBuffer(identity.fingerprint).toString('hex');
      return { kind: 'file', identity: { ...identity, fingerprint }, offset, path, finished };
    }
    case undefined:
      return undefined;
  }
}

export function writeSourcePosition({ source, position }: SourcePosition): WireSourcePosition {
  if (position.kind === 'journal') return { source, position: { at: { $case: 'journalCursor', value: position.cursor } } };
  const identity = { ...position.identity, fingerprint: Buffer.from(position.identity.fingerprint, 'hex') };
  const { offset, path, finished } = position;
  return { source, position: { at: { $case: 'file', value: { identity, offset, path, finished } } } };
}

export function writeAcknowledgement(acknowledgement: Acknowledgement): LogAck {
  const { epoch, sequence, creditBytes, nack } = acknowledgement;
  return {
    epoch,
    sequence,
    creditBytes,
    nack:
      nack === undefined
        ? undefined
        : {
            sequence: nack.sequence,
            reason: refusalReasons[nack.reason],
            retryAfter: nack.retryAfterMs === 0 ? undefined : writeDuration(nack.retryAfterMs),
            message: nack.message,
          },
  };
}

/** @param incidentId empty if it belongs to none, or isn't known */
export function writeEntry(entry: LogEntry, incidentId = ''): LogEntryData {
  return {
    id: entry.id,
    nodeId: entry.nodeId,
    source: entry.source,
    time: writeTime(entry.timeMs),
    receivedAt: writeTime(entry.receivedAtMs),
    severity: writeSeverity(entry.severity),
    service: entry.service,
    message: entry.message,
    fields: writeFields(entry.fields),
    templateId: entry.templateId,
    fingerprint: entry.fingerprint?.value ?? '',
    incidentId,
    trace: entry.trace === undefined ? undefined : writeTrace(entry.trace),
    host: entry.host,
    labels: { ...entry.labels },
  };
}

export function writeFields(fields: Readonly<Record<string, FieldValue>>): Record<string, string> {
  return Object.fromEntries(Object.entries(fields).map(([key, value]) => [key, String(value)]));
}

export function writeTrace(trace: Trace): TraceData {
  return {
    language: trace.language,
    type: trace.type ?? '',
    message: trace.message,
    frames: trace.frames.map((frame) => ({
      function: frame.function ?? '',
      file: frame.file ?? '',
      line: frame.line ?? 0,
      column: frame.column ?? 0,
      module: frame.module ?? '',
      inApp: frame.inApp,
    })),
    cause: trace.cause === undefined ? undefined : writeTrace(trace.cause),
  };
}

export function readFilter(filter: WireFilter | undefined): LogFilter {
  return {
    nodeIds: filter?.nodeIds ?? [],
    services: filter?.services ?? [],
    sources: filter?.sources ?? [],
    labels: filter?.labels,
    minimumSeverity: filter === undefined ? undefined : readSeverity(filter.minimumSeverity),
    contains: filter?.contains ?? '',
    pattern: filter?.pattern ?? '',
  };
}

function asBuffer(bytes: Uint8Array): Buffer {
  return Buffer.isBuffer(bytes) ? bytes : Buffer.from(bytes.buffer, bytes.byteOffset, bytes.byteLength);
}

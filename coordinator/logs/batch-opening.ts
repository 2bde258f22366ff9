// Opens a batch: checks sizes and checksum, decompresses, and cuts the payload into records. Pure.
// Must never trust a length or a ratio that the sender states.
import { constants, crc32, zstdDecompressSync } from 'node:zlib';
import type { LogBatch, RefusalReason } from './log-batch.ts';
import { cutRecords } from './record-cutting.ts';

export interface BatchLimits {
  /** Of the payload as sent. */
  readonly maxPayloadBytes: number;
  /** Of the payload after decompression. */
  readonly maxUncompressedBytes: number;
}

/** Of the wire: at most 1 MiB of payload, and records that were read whole. */
export const defaultBatchLimits: BatchLimits = { maxPayloadBytes: 1_048_576 + 65_536, maxUncompressedBytes: 4 * 1_048_576 };

export type OpenedBatch =
  | {
      readonly kind: 'opened';
      /** Uncompressed, line ends included. */
      readonly bytes: Buffer;
      /** Without their last line end. Bytes that are no UTF-8 become U+FFFD; `bytes` still has them. */
      readonly records: readonly string[];
    }
  | { readonly kind: 'refused'; readonly reason: RefusalReason; readonly message: string };

export function openBatch(batch: LogBatch, limits: BatchLimits): OpenedBatch {
  if (batch.payload.length > limits.maxPayloadBytes)
    return invalid(`the payload has ${batch.payload.length} bytes, more than ${limits.maxPayloadBytes}`);
  if (batch.uncompressedLength > limits.maxUncompressedBytes) {
    return invalid(`the payload grows to ${batch.uncompressedLength} bytes, more than ${limits.maxUncompressedBytes}`);
  }
  if (batch.codec === undefined) return invalid('the codec is unknown');
  const bytes = batch.codec === 'zstd' ? decompress(batch.payload, batch.uncompressedLength) : batch.payload;
  if (bytes === undefined) return { kind: 'refused', reason: 'corrupt', message: 'the payload is no zstd frame of the stated length' };
  if (bytes.length !== batch.uncompressedLength)
    return { kind: 'refused', reason: 'corrupt', message: 'the payload has another length than stated' };
  if (crc32(bytes) !== batch.crc32) return { kind: 'refused', reason: 'corrupt', message: 'the checksum of the payload is wrong' };
  let end = 0;
  for (const length of batch.recordLengths) end += length;
  if (end !== bytes.length) return invalid(`the record lengths add up to ${end}, the payload has ${bytes.length} bytes`);
  return { kind: 'opened', bytes, records: cutRecords(bytes, batch.recordLengths) };
}

function decompress(payload: Buffer, expectedBytes: number): Buffer | undefined {
  try {
    // The stated length bounds the output, so that a bomb stops at what was checked above. At least 1: zlib takes no 0.
    return zstdDecompressSync(payload, {
      maxOutputLength: Math.max(1, expectedBytes),
      params: { [constants.ZSTD_d_windowLogMax]: 27 },
    });
  } catch {
    // Damaged, or longer than stated; the caller refuses it either way.
    return undefined;
  }
}

function invalid(message: string): OpenedBatch {
  return { kind: 'refused', reason: 'invalid', message };
}

// Writes a batch as the bytes of its StreamLogsRequest, once: copying and converting thousands of lengths for each batch costs more than sending it.
// Must never write what the generated code wouldn't read as the same message; a test holds the two together.
import { LogBatch } from '../../proto/index.ts';

/** Field and wire type of protobuf (protobuf.dev/programming-guides/encoding): 3 bits of type, 2 for bytes, 0 for a number. */
const batchTag = (1 << 3) | 2;
const sequenceTag = 2 << 3;
const payloadTag = (6 << 3) | 2;
const recordLengthsTag = (7 << 3) | 2;

/** Seven bits a byte; enough for every sequence that a number can hold. */
const sequenceBytes = 8;

export class BatchMessage {
  readonly #bytes: Buffer;

  /** @param rest all other fields */
  constructor(rest: Omit<LogBatch, 'sequence' | 'payload' | 'recordLengths'>, payload: Uint8Array, recordLengths: readonly number[]) {
    const head = LogBatch.encode({ ...rest, sequence: 0, payload: Buffer.alloc(0), recordLengths: [] }).finish();
    let packedBytes = 0;
    for (let i = 0; i < recordLengths.length; i += 1) {
      const length = recordLengths[i] as number;
      packedBytes += length < 0x4000 ? (length < 0x80 ? 1 : 2) : sizeOf(length);
    }
    const lengthsBytes = packedBytes === 0 ? 0 : 1 + sizeOf(packedBytes) + packedBytes;
    const payloadBytes = payload.length === 0 ? 0 : 1 + sizeOf(payload.length) + payload.length;
    const batchBytes = head.length + payloadBytes + lengthsBytes + 1 + sequenceBytes;
    const bytes = Buffer.allocUnsafeSlow(1 + sizeOf(batchBytes) + batchBytes);
    let at = write(bytes, write(bytes, 0, batchTag), batchBytes);
    bytes.set(head, at);
    at += head.length;
    if (payloadBytes > 0) {
      at = write(bytes, write(bytes, at, payloadTag), payload.length);
      bytes.set(payload, at);
      at += payload.length;
    }
    if (lengthsBytes > 0) {
      at = write(bytes, write(bytes, at, recordLengthsTag), packedBytes);
      for (let i = 0; i < recordLengths.length; i += 1) {
        const length = recordLengths[i] as number;
        if (length < 0x80) {
          bytes[at++] = length;
        } else if (length < 0x4000) {
          bytes[at++] = (length & 0x7f) | 0x80;
          bytes[at++] = length >>> 7;
        } else {
          at = write(bytes, at, length);
        }
      }
    }
    bytes[at] = sequenceTag;
    this.#bytes = bytes;
  }

  /** The whole message. A batch keeps its sequence, however often it is sent. */
  withSequence(sequence: number): Buffer {
    const bytes = this.#bytes;
    let rest = sequence;
    // With leading zeroes, so that its place is known before it is.
    for (let at = bytes.length - sequenceBytes; at < bytes.length; at += 1) {
      bytes[at] = (rest % 128) | (at < bytes.length - 1 ? 0x80 : 0);
      rest = Math.floor(rest / 128);
    }
    return bytes;
  }
}

/** How many bytes a number takes, below 2³². */
function sizeOf(value: number): number {
  return value < 0x80 ? 1 : value < 0x4000 ? 2 : value < 0x20_0000 ? 3 : value < 0x1000_0000 ? 4 : 5;
}

/** @returns where the next byte goes */
function write(bytes: Buffer, at: number, value: number): number {
  let next = at;
  let rest = value;
  while (rest > 0x7f) {
    bytes[next++] = (rest & 0x7f) | 0x80;
    rest >>>= 7;
  }
  bytes[next++] = rest;
  return next;
}

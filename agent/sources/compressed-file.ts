// What can be known of a compressed file without reading it whole: its beginning.
// Must never write anything: compressed files are read as they lie there.
import { closeSync } from 'node:fs';
import { constants, gunzipSync } from 'node:zlib';
import { openFile } from './file-content.ts';
import { factsOfOpen, fileKey, mostFingerprintBytes, readBytes } from './file-identity.ts';
import type { FileFacts } from './file-identity.ts';

/** `app.log.1` of `app.log.1.gz`; undefined for what isn't compressed in a way that is read. */
export function uncompressedName(name: string): string | undefined {
  return name.length > 3 && name.endsWith('.gz') ? name.slice(0, -3) : undefined;
}

/** Deflate makes bytes that it can't compress longer by less than a thousandth (RFC 1951 section 3.2.4). */
const firstBytes = mostFingerprintBytes + 512;

/**
 * As many of its uncompressed first bytes as a fingerprint may cover.
 *
 * @returns undefined if the path is another file's by now. @throws the system's error, or zlib's for a file that is no gzip.
 */
export function readHead(path: string, facts: FileFacts): Buffer | undefined {
  const descriptor = openFile(path);
  try {
    if (fileKey(factsOfOpen(descriptor)) !== fileKey(facts)) return undefined;
    const bytes = readBytes(descriptor, 0, firstBytes);
    // What was cut off is of no interest.
    return Buffer.from(gunzipSync(bytes, { finishFlush: constants.Z_SYNC_FLUSH }).subarray(0, mostFingerprintBytes));
  } finally {
    closeSync(descriptor);
  }
}

/** How long it is uncompressed, modulo 2^32, as its last four bytes say (RFC 1952 section 2.3.1); undefined if that can't be read. */
export function uncompressedBytes(path: string): number | undefined {
  try {
    const descriptor = openFile(path);
    try {
      const trailer = readBytes(descriptor, factsOfOpen(descriptor).size - 4, 4);
      return trailer.length === 4 ? trailer.readUInt32LE() : undefined;
    } finally {
      closeSync(descriptor);
    }
  } catch {
    // Gone, or named otherwise by now: then nothing can be said of it.
    return undefined;
  }
}

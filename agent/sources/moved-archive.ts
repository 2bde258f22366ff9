// Opens a compressed file by what it is: rotations rename it between any two looks.
// Must never open another file in its stead, nor look beyond its folder.
import { closeSync } from 'node:fs';
import { dirname } from 'node:path';
import { constants, gunzipSync } from 'node:zlib';
import { errnoOf } from '../../base/errors.ts';
import { openFile } from './file-content.ts';
import { factsOfOpen, fileKey, mostFingerprintBytes, readBytes } from './file-identity.ts';
import { RotatedFiles } from './rotated-names.ts';
import type { RotatedFile } from './rotated-names.ts';

/** So often its folder is listed: it may be renamed again before it is opened. */
const mostAttempts = 5;

/** @returns undefined if no file of that folder is it any more. @throws the system's error if it may not be opened. */
export function openArchive({ path, facts }: RotatedFile): number | undefined {
  const key = fileKey(facts);
  let descriptor = openIf(path, key);
  for (let attempt = 0; descriptor === undefined && attempt < mostAttempts; attempt += 1) {
    const renamed = new RotatedFiles().compressedIn(dirname(path)).find((file) => fileKey(file.facts) === key);
    if (renamed === undefined) return undefined;
    descriptor = openIf(renamed.path, key);
  }
  return descriptor;
}

/** Deflate makes bytes that it can't compress longer by less than a thousandth (RFC 1951 section 3.2.4). */
const firstBytes = mostFingerprintBytes + 512;

/**
 * As many of its uncompressed first bytes as a fingerprint may cover.
 *
 * @returns undefined if it is gone. @throws the system's error, or zlib's for a file that is no gzip.
 */
export function readHead(file: RotatedFile): Buffer | undefined {
  const descriptor = openArchive(file);
  if (descriptor === undefined) return undefined;
  try {
    const bytes = readBytes(descriptor, 0, firstBytes);
    // What was cut off is of no interest.
    return Buffer.from(gunzipSync(bytes, { finishFlush: constants.Z_SYNC_FLUSH }).subarray(0, mostFingerprintBytes));
  } finally {
    closeSync(descriptor);
  }
}

/** How long it is uncompressed, modulo 2^32, as its last four bytes say (RFC 1952 section 2.3.1); undefined if that can't be read. */
export function uncompressedBytes(file: RotatedFile): number | undefined {
  try {
    const descriptor = openArchive(file);
    if (descriptor === undefined) return undefined;
    try {
      const trailer = readBytes(descriptor, factsOfOpen(descriptor).size - 4, 4);
      return trailer.length === 4 ? trailer.readUInt32LE() : undefined;
    } finally {
      closeSync(descriptor);
    }
  } catch {
    // Unreadable by now: then nothing can be said of it.
    return undefined;
  }
}

/** @returns undefined if the path is another file's or nobody's by now */
function openIf(path: string, key: string): number | undefined {
  let descriptor: number;
  try {
    descriptor = openFile(path);
  } catch (error) {
    if (errnoOf(error) === 'ENOENT') return undefined;
    throw error;
  }
  if (fileKey(factsOfOpen(descriptor)) === key) return descriptor;
  closeSync(descriptor);
  return undefined;
}

// Tells files apart: by device and inode, by the moment of birth, and by their first bytes.
// Must never trust a path; names move from file to file.
import { createHash } from 'node:crypto';
import { fstatSync, readSync } from 'node:fs';
import type { BigIntStats } from 'node:fs';
import type { FileIdentity } from '../record.ts';

/** How many of a file's first bytes count, at most. Log files often share a long heading; 16 KiB hash in some 15 µs. */
export const mostFingerprintBytes = 16 * 1024;

/** What the kernel says of a file. */
export interface FileFacts {
  readonly device: string;
  readonly inode: string;
  /** Nanoseconds; 0 where the file system doesn't record it. It tells a reused inode from the old file. */
  readonly birthNs: bigint;
  readonly size: number;
  /** Unix milliseconds. */
  readonly modifiedAtMs: number;
  /** How many names the file has; 0 once it is deleted. */
  readonly links: number;
}

export function factsOf(stats: BigIntStats): FileFacts {
  return {
    device: stats.dev.toString(),
    inode: stats.ino.toString(),
    birthNs: stats.birthtimeNs,
    size: Number(stats.size),
    modifiedAtMs: Number(stats.mtimeMs),
    links: Number(stats.nlink),
  };
}

/** Names a file among those that exist now. */
export function fileKey(file: { readonly device: string; readonly inode: string }): string {
  return `${file.device}:${file.inode}`;
}

/** Names a file among all that ever were, as far as the file system records births: an inode is used again. */
export function birthKey(file: { readonly device: string; readonly inode: string; readonly birthNs: bigint }): string {
  return `${fileKey(file)}:${file.birthNs}`;
}

/** @throws the system's error. */
export function factsOfOpen(descriptor: number): FileFacts {
  return factsOf(fstatSync(descriptor, { bigint: true }));
}

/** The fingerprint over as many first bytes as count when `offset` of them are known. Reads the file's head. */
export function fingerprint(descriptor: number, offset: number): Pick<FileIdentity, 'fingerprint' | 'fingerprintLength'> {
  const head = readBytes(descriptor, 0, Math.min(offset, mostFingerprintBytes));
  const print = head.length > 0 ? fingerprintOf(head) : birthFingerprint(descriptor);
  return { fingerprint: print, fingerprintLength: head.length };
}

/** True if `identity` already covers all the bytes that count at this offset. */
export function isFingerprintComplete(identity: FileIdentity, offset: number): boolean {
  return identity.fingerprintLength >= Math.min(offset, mostFingerprintBytes);
}

/** True if the open file begins with the bytes that the identity was made of, or was born when it was. */
export function hasFingerprint(descriptor: number, identity: FileIdentity): boolean {
  if (identity.fingerprintLength === 0)
    return identity.fingerprint.equals(nothingKnown) || identity.fingerprint.equals(birthFingerprint(descriptor));
  const head = readBytes(descriptor, 0, identity.fingerprintLength);
  return head.length === identity.fingerprintLength && fingerprintOf(head).equals(identity.fingerprint);
}

/** Up to `length` bytes from `offset`; fewer at the end of the file. @throws the system's error. */
export function readBytes(descriptor: number, offset: number, length: number): Buffer {
  const bytes = Buffer.allocUnsafe(length);
  let filled = 0;
  while (filled < length) {
    const count = readSync(descriptor, bytes, filled, length - filled, offset + filled);
    if (count === 0) break;
    filled += count;
  }
  return bytes.subarray(0, filled);
}

/** The fingerprint of these bytes. */
export function fingerprintOf(bytes: Buffer | string): Buffer {
  return createHash('sha256').update(bytes).digest().subarray(0, 16);
}

const nothingKnown = fingerprintOf('');

/** An empty file has nothing else to be known by: the next file may get its inode at once. */
function birthFingerprint(descriptor: number): Buffer {
  const { birthNs } = factsOfOpen(descriptor);
  return birthNs === 0n ? nothingKnown : fingerprintOf(`born ${birthNs}`);
}

/** Fingerprints of one head by the lengths that were asked for; most positions cover equally much. */
export type HeadPrints = Map<number, Buffer>;

/** Nothing is known by nothing: an empty fingerprint fits no content. @param prints shared by all questions about this head */
export function beginsWith(head: Buffer, identity: FileIdentity, prints: HeadPrints = new Map()): boolean {
  const { fingerprint: known, fingerprintLength: length } = identity;
  if (length === 0 || head.length < length) return false;
  const print = prints.get(length) ?? fingerprintOf(head.subarray(0, length));
  prints.set(length, print);
  return print.equals(known);
}

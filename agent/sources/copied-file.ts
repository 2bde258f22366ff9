// Copies that a rotation makes before it truncates a file (logrotate's copytruncate): the rest of the old content is in them.
// Must never take two logs that merely begin alike for copies: name and content must both agree.
import { basename, dirname, join } from 'node:path';
import { closeSync } from 'node:fs';
import { openFile } from './file-content.ts';
import type { FileFollower } from './file-follower.ts';
import { readBytes } from './file-identity.ts';
import { isRotatedName, originalNames } from './rotated-names.ts';
import { namesakesElsewhere } from './rotation-folders.ts';
import type { KeptListing, RotatedFile } from './rotated-names.ts';

/** How many bytes of two files are compared. */
const comparedBytes = 16 * 1024;

/** True if the file may be a copy, finished or in the making, of one of the others: named like its rotation, with its content. */
export function mayBeCopy(follower: FileFollower, others: Iterable<FileFollower>): boolean {
  const descriptor = follower.descriptor;
  if (descriptor === undefined) return false;
  // Most names are no rotation's at all, and then thousands of others needn't be looked at.
  const originals = new Set(originalNames(basename(follower.path)).map((name) => join(dirname(follower.path), name)));
  if (originals.size === 0) return false;
  for (const other of others) {
    if (other === follower || other.descriptor === undefined || !originals.has(other.path)) continue;
    const head = readBytes(descriptor, 0, Math.min(follower.size, comparedBytes));
    if (head.length > 0 && readBytes(other.descriptor, 0, head.length).equals(head)) return true;
  }
  return false;
}

/** Where copies of a log may lie that are known by their content: beside it first, then where `olddir` may have them. */
export function* copyPlaces({ path, copiesBeside = path }: FileFollower): Generator<string> {
  yield copiesBeside;
  if (copiesBeside !== path) yield path;
  for (const namesake of namesakesElsewhere(path)) if (namesake !== copiesBeside) yield namesake;
}

/** The copy of a file that was truncated: one that is followed and wasn't begun yet, or one that lies beside it. Newest first. */
export function findCopy(
  truncated: FileFollower,
  others: Iterable<FileFollower>,
  listing: KeptListing,
): FileFollower | RotatedFile | undefined {
  // Without a byte that was read there is nothing to know a copy by; it is then read whole if it matches the patterns.
  if (truncated.offset === 0) return undefined;
  const followed = new Map([...others].filter((other) => !other.hasEnded).map((other) => [other.key, other]));
  for (const namesake of copyPlaces(truncated)) {
    for (const rotated of listing.beside(namesake).toReversed()) {
      if (rotated.facts.size < truncated.offset) continue;
      const known = followed.get(`${rotated.facts.device}:${rotated.facts.inode}`);
      if (known !== undefined && (known.offset > 0 || known.predecessor !== undefined)) continue;
      if (holdsContentOf(truncated, known?.descriptor, rotated.path)) return known ?? rotated;
    }
  }
  return undefined;
}

/**
 * Files beside a truncated one that were made by rotations after that moment, oldest first: copies of what came and went unseen.
 * One that begins as the file does now may still be in the making, and is not among them.
 */
export function findMissedCopies(truncated: FileFollower, bornAfterNs: bigint, listing: KeptListing): readonly RotatedFile[] {
  const { descriptor, path, copiesBeside = path } = truncated;
  if (descriptor === undefined) return [];
  const before = readBytes(descriptor, 0, comparedBytes);
  const candidates = listing.beside(copiesBeside).filter(({ facts }) => facts.birthNs >= bornAfterNs && facts.size > 0);
  if (candidates.length === 0) return [];
  const after = readBytes(descriptor, 0, comparedBytes);
  return candidates.filter(({ path: candidate }) => {
    const head = readHeadOf(candidate);
    return head !== undefined && !beginAlike(head, before) && !beginAlike(head, after);
  });
}

function beginAlike(one: Buffer, other: Buffer): boolean {
  const length = Math.min(one.length, other.length);
  return length > 0 && one.subarray(0, length).equals(other.subarray(0, length));
}

function readHeadOf(path: string): Buffer | undefined {
  let descriptor: number | undefined;
  try {
    descriptor = openFile(path);
    return readBytes(descriptor, 0, comparedBytes);
  } catch {
    // Renamed or deleted meanwhile, or unreadable: the next look finds what there is then.
    return undefined;
  } finally {
    if (descriptor !== undefined) closeSync(descriptor);
  }
}

/** True if `path` is named like a rotation of `original`, beside it. */
export function isRotationOf(path: string, original: string): boolean {
  return dirname(path) === dirname(original) && isRotatedName(basename(original), basename(path));
}

function holdsContentOf(truncated: FileFollower, open: number | undefined, path: string): boolean {
  if (open !== undefined) return truncated.isContainedIn(open);
  let descriptor: number | undefined;
  try {
    descriptor = openFile(path);
    return truncated.isContainedIn(descriptor);
  } catch {
    // Deleted meanwhile or unreadable: then it can't serve as a copy.
    return false;
  } finally {
    if (descriptor !== undefined) closeSync(descriptor);
  }
}

// The positions of a source as the coordinator keeps them, each good for one file.
// Must never give a position to a file whose beginning isn't what was read at that position.
import { closeSync } from 'node:fs';
import type { FilePosition, Position } from '../record.ts';
import { openFile } from './file-content.ts';
import { beginsWith, factsOfOpen, fileKey, hasFingerprint } from './file-identity.ts';
import type { FileFacts, HeadPrints } from './file-identity.ts';
import type { FileFollower } from './file-follower.ts';
import type { Beginning } from './generation-order.ts';
import type { RotatedFile } from './rotated-names.ts';

/** Stands for a source that began to be read when it had no files. No file has inode 0. */
const beginningIdentity = { device: '0', inode: '0', fingerprint: Buffer.alloc(0), fingerprintLength: 0, generation: 0 };

/** Settles that the source was begun. */
export const beginning: Position = { kind: 'file', identity: beginningIdentity, offset: 0, path: '' };

export class Claims {
  /** Every generation of every file. */
  readonly #all: readonly FilePosition[];
  readonly #newest = new Map<string, FilePosition>();
  readonly #unclaimed = new Set<FilePosition>();

  constructor(positions: readonly Position[]) {
    this.#all = positions.filter((position) => position.kind === 'file');
    for (const position of this.#all) {
      const key = fileKey(position.identity);
      const known = this.#newest.get(key);
      if (known === undefined || known.identity.generation < position.identity.generation) this.#newest.set(key, position);
    }
    for (const position of this.#newest.values())
      if (position.identity.inode !== beginningIdentity.inode && position.isFinished !== true) this.#unclaimed.add(position);
  }

  get isEmpty(): boolean {
    return this.#newest.size === 0;
  }

  newest(): Iterable<FilePosition> {
    return this.#newest.values();
  }

  committed({ key, generation }: Pick<FileFollower, 'key' | 'generation'>): number | undefined {
    const position = this.#newest.get(key);
    return position?.identity.generation === generation ? position.offset : undefined;
  }

  /** The position of this file, if the inode still is the file that it was. */
  claim(facts: FileFacts, descriptor: number): Beginning | undefined {
    const position = this.#newest.get(fileKey(facts));
    if (position === undefined || !fits(position, facts, descriptor)) return undefined;
    this.#unclaimed.delete(position);
    return { generation: position.identity.generation, offset: position.offset, isFinished: position.isFinished };
  }

  /** A later generation of this file is known. */
  hasLater({ identity }: FilePosition): boolean {
    return (this.#newest.get(fileKey(identity))?.identity.generation ?? identity.generation) > identity.generation;
  }

  /** The position of this very file if it was finished there and is as it was. */
  finished(path: string, facts: FileFacts): FilePosition | undefined {
    const position = this.#newest.get(fileKey(facts));
    if (position?.isFinished !== true || facts.size !== position.offset) return undefined;
    return this.fitsContentOf(path, facts) ? position : undefined;
  }

  /** The position of a file at `path` that this one is a copy of, made before the original was truncated. */
  claimCopy(path: string, facts: FileFacts, descriptor: number): number | undefined {
    for (const position of this.#unclaimed) {
      if (position.path !== path || position.identity.fingerprintLength === 0 || !fits(position, facts, descriptor)) continue;
      this.#unclaimed.delete(position);
      return position.offset;
    }
    return undefined;
  }

  /** The position of this compressed file itself: `head` is what it begins with, uncompressed. */
  claimArchive(facts: FileFacts, head: Buffer): FilePosition | undefined {
    const position = this.#newest.get(fileKey(facts));
    if (position === undefined || !beginsWith(head, position.identity)) return undefined;
    this.#unclaimed.delete(position);
    return position;
  }

  /** The position, of whichever generation or copy, up to which most was read of what a compressed file holds. */
  bestFor(head: Buffer): FilePosition | undefined {
    const prints: HeadPrints = new Map();
    let best: FilePosition | undefined;
    for (const position of this.#all) {
      if (position.offset > (best?.offset ?? -1) && beginsWith(head, position.identity, prints)) best = position;
    }
    return best;
  }

  unclaimed(): readonly FilePosition[] {
    return [...this.#unclaimed];
  }

  isUnclaimed(position: FilePosition): boolean {
    return this.#unclaimed.has(position);
  }

  take(position: FilePosition): void {
    this.#unclaimed.delete(position);
  }

  /** Where files were last, finished or not. */
  paths(): ReadonlySet<string> {
    return new Set([...this.#newest.values()].map((position) => position.path));
  }

  at(path: string): readonly FilePosition[] {
    return [...this.#newest.values()].filter((position) => position.path === path);
  }

  /** True if this file, which is not followed, is the one of a position, finished or not, that covers some of its content. */
  fitsContentOf(path: string, facts: FileFacts): boolean {
    const position = this.#newest.get(fileKey(facts));
    if (position === undefined || position.identity.fingerprintLength === 0) return false;
    try {
      const descriptor = openFile(path);
      try {
        return fileKey(factsOfOpen(descriptor)) === fileKey(facts) && fits(position, facts, descriptor);
      } finally {
        closeSync(descriptor);
      }
    } catch {
      // Gone or unreadable by now: then nothing can be said of it.
      return false;
    }
  }

  /** Positions at `path` of originals that this finished copy of them stands for. */
  coveredBy(path: string, copyPath: string, copy: FilePosition): readonly FilePosition[] {
    const candidates = this.unclaimedAt(path).filter(({ identity, offset }) => identity.fingerprintLength > 0 && offset <= copy.offset);
    if (candidates.length === 0) return [];
    try {
      const descriptor = openFile(copyPath);
      try {
        return candidates.filter(({ identity }) => hasFingerprint(descriptor, identity));
      } finally {
        closeSync(descriptor);
      }
    } catch {
      // Gone or unreadable by now: then nothing can be said of it.
      return [];
    }
  }

  hasInode(facts: FileFacts): boolean {
    return this.#newest.has(fileKey(facts));
  }

  /** True if one of these files is, by device and inode, that of a position at `path`. */
  hasFileAmong(path: string, files: readonly RotatedFile[]): boolean {
    return files.some(({ facts }) => this.#newest.get(fileKey(facts))?.path === path);
  }

  unclaimedAt(path: string): readonly FilePosition[] {
    return [...this.#unclaimed].filter((position) => position.path === path);
  }

  unclaimedPaths(): ReadonlySet<string> {
    return new Set([...this.#unclaimed].map((position) => position.path));
  }
}

/** True if the open file can be the one that was read up to this position. */
export function fits(position: FilePosition, facts: { readonly size: number }, descriptor: number): boolean {
  return facts.size >= position.offset && hasFingerprint(descriptor, position.identity);
}

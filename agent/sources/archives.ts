// The compressed files of a source that are to be read: what was rotated and compressed unread, and all others where that is configured.
// Must never read what was read before it was compressed: content decides, not names.
import { statSync } from 'node:fs';
import type { Logger } from '../../base/logger.ts';
import type { FilePosition, FramerChoice, Position, Shipment } from '../record.ts';
import { ArchiveReader } from './archive-reader.ts';
import type { FileFollower } from './file-follower.ts';
import { birthKey, beginsWith, factsOfOpen, fileKey, readBytes } from './file-identity.ts';
import type { FileFacts, HeadPrints } from './file-identity.ts';
import type { FileRoster } from './file-roster.ts';
import { readHead, uncompressedBytes } from './moved-archive.ts';
import type { RotatedFile } from './rotated-names.ts';
import { settlement } from './settlement.ts';

export interface ArchivesOptions {
  readonly source: string;
  readonly framer: FramerChoice;
  readonly roster: FileRoster;
  readonly logger: Logger;
}

/** Positions of files that are long gone are forgotten, the oldest first, beyond this many. */
const mostKnown = 20_000;

export class Archives {
  readonly #options: ArchivesOptions;
  /** Oldest content first. */
  #readers: ArchiveReader[] = [];
  /** What was decided of, by device, inode and birth. */
  readonly #decided = new Set<string>();
  /** Sizes of those that may still be written. */
  readonly #sizes = new Map<string, number>();
  /** Up to where which content was read, by device, inode and generation; the newest last. */
  readonly #known = new Map<string, FilePosition>();
  #readingAll = false;

  constructor(options: ArchivesOptions) {
    this.#options = options;
  }

  get files(): number {
    return this.#readers.length;
  }

  /** Compressed bytes that were not read yet. */
  get unread(): number {
    return this.#readers.reduce((sum, reader) => sum + reader.unread, 0);
  }

  get hasUnread(): boolean {
    return this.#readers.some((reader) => !reader.isOver);
  }

  /** @returns undefined if there is nothing (more). */
  async pull(maxBytes: number, nowMs: number): Promise<Shipment | undefined> {
    return await this.#readers.find((reader) => !reader.isOver)?.pull(maxBytes, nowMs);
  }

  /** The source was opened at these positions. `readsAll`: compressed files are read whether or not their content was begun. */
  begin(positions: readonly Position[], readsAll: boolean): void {
    this.#readingAll = readsAll;
    for (const position of positions) this.#know(position);
  }

  acknowledge(position: FilePosition): void {
    this.#know(position);
    for (const reader of this.#readers) {
      if (reader.key === fileKey(position.identity) && reader.generation === position.identity.generation) reader.settle(position.offset);
    }
    for (const reader of this.#readers.filter(({ isSettled }) => isSettled)) this.#drop(reader);
  }

  /** A new session: what isn't committed is read again. */
  rewind(positions: readonly Position[]): void {
    for (const position of positions) this.#know(position);
    for (const reader of this.#readers) {
      const committed = this.#known.get(nameOf(reader.position()));
      reader.rewind(committed?.offset);
    }
  }

  /** Reads this one from `offset` of its content on. */
  add({ path, facts }: RotatedFile, head: Buffer, offset: number, generation = this.#nextGeneration(facts)): ArchiveReader {
    const { source, framer, logger } = this.#options;
    this.#decided.add(birthKey(facts));
    const reader = new ArchiveReader({ source, path, facts, head, generation, framer: framer(head), offset });
    this.#readers.push(reader);
    logger.info('reading a compressed file', { path, offset });
    return reader;
  }

  /** Reads on in a copy, where its original was left. */
  takeOver(copy: RotatedFile, head: Buffer, offset: number): ArchiveReader {
    const reader = this.add(copy, head, offset);
    reader.inherit(offset);
    return reader;
  }

  /** Nobody asks about it again. */
  pass(facts: FileFacts): void {
    this.#decided.add(birthKey(facts));
  }

  /** These lie here from before our time, or are known: what comes later is told from them. */
  passOld(candidates: readonly RotatedFile[]): void {
    if (!this.#readingAll) for (const { facts } of candidates) this.pass(facts);
  }

  /** It is being read, or waits for its turn. */
  reads(facts: FileFacts): boolean {
    return this.#readers.some(({ key }) => key === fileKey(facts));
  }

  isDecided(facts: FileFacts): boolean {
    return this.#decided.has(birthKey(facts));
  }

  /**
   * Takes what was not read in another form, the oldest first; where reading begins at the end, they are passed over for good.
   *
   * @param isComplete nobody is writing them any more; otherwise they are taken when they stopped growing.
   */
  consider(candidates: readonly RotatedFile[], nowMs: number, isComplete = false, skips = false): void {
    if (!this.#readingAll) return;
    for (const candidate of candidates) {
      const { path, facts } = candidate;
      if (this.isDecided(facts) || !(this.#hasSettled(facts) || isComplete) || isBeingMade(path)) continue;
      const head = this.head(candidate);
      if (head === undefined || head.length === 0 || this.#wasRead(head)) this.pass(facts);
      else if (skips) this.#skip(this.add(candidate, head, 0), nowMs);
      else this.add(candidate, head, 0);
    }
  }

  /** Takes, from their beginning, those whose content nobody read: generations that were rotated and compressed between two looks. */
  takeUnread(candidates: readonly RotatedFile[]): void {
    for (const candidate of candidates) {
      if (this.isDecided(candidate.facts) || isBeingMade(candidate.path)) continue;
      const head = this.head(candidate);
      if (head === undefined || head.length === 0 || this.#wasRead(head)) this.pass(candidate.facts);
      else this.add(candidate, head, 0);
    }
  }

  /** True if it was made of a file that is followed, and was deleted then: that one is read to its end by its descriptor. */
  isHeld(file: RotatedFile, head: Buffer): boolean {
    for (const follower of this.#options.roster.followers) {
      const { descriptor } = follower;
      if (descriptor === undefined || !holds(follower, head)) continue;
      const { links, size } = factsOfOpen(descriptor);
      const madeOfBytes = links === 0 ? uncompressedBytes(file) : undefined;
      if (madeOfBytes !== undefined && madeOfBytes <= size) return true;
    }
    return false;
  }

  /** @returns what it begins with, uncompressed; undefined, and told, if that can't be read. */
  head(file: RotatedFile): Buffer | undefined {
    try {
      return readHead(file);
    } catch (error) {
      this.#options.logger.warn('compressed file cannot be read', { path: file.path, err: error });
      return undefined;
    }
  }

  close(): void {
    for (const reader of this.#readers) reader.end();
    this.#readers = [];
    this.#decided.clear();
  }

  #drop(reader: ArchiveReader): void {
    reader.end();
    this.#readers = this.#readers.filter((other) => other !== reader);
  }

  #skip(reader: ArchiveReader, nowMs: number): void {
    this.#drop(reader);
    const { roster, source } = this.#options;
    roster.announcements.add(settlement(source, nowMs, { ...reader.position(), isFinished: true }));
  }

  #nextGeneration(facts: FileFacts): number {
    return this.#options.roster.nextGeneration(fileKey(facts));
  }

  #know(position: Position): void {
    if (position.kind !== 'file') return;
    const name = nameOf(position);
    this.#known.delete(name);
    this.#known.set(name, position);
    for (const oldest of this.#known.keys()) {
      if (this.#known.size <= mostKnown) break;
      this.#known.delete(oldest);
    }
  }

  #hasSettled(facts: FileFacts): boolean {
    const name = birthKey(facts);
    const isSame = this.#sizes.get(name) === facts.size;
    if (isSame) this.#sizes.delete(name);
    else this.#sizes.set(name, facts.size);
    return isSame;
  }

  /** True if a file that is followed has this content, or a position is known of it. */
  #wasRead(head: Buffer): boolean {
    for (const follower of this.#options.roster.followers) if (holds(follower, head)) return true;
    const prints: HeadPrints = new Map();
    for (const position of this.#known.values()) {
      const wasBegun = position.offset > 0 || position.isFinished === true;
      if (wasBegun && beginsWith(head, position.identity, prints)) return true;
    }
    return false;
  }
}

function holds(follower: FileFollower, head: Buffer): boolean {
  if (follower.descriptor === undefined) return follower.size > 0 && beginsWith(head, follower.position().identity);
  // It may have been empty when it was looked at last.
  const begins = readBytes(follower.descriptor, 0, head.length);
  return begins.length > 0 && begins.equals(head.subarray(0, begins.length));
}

/** What is being compressed lies beside the result until that is complete (gzip(1)). */
export function isBeingMade(path: string): boolean {
  return statSync(path.replace(/\.gz$/, ''), { throwIfNoEntry: false }) !== undefined;
}

function nameOf({ identity }: FilePosition): string {
  return `${fileKey(identity)}:${identity.generation}`;
}

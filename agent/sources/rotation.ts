// Keeps a source's roster true to the disk: new files, renamed ones, deleted ones, truncated ones.
// Must never read log bytes; it decides who follows which file, and in which order generations are read.
import { closeSync, existsSync, statSync } from 'node:fs';
import { basename, dirname, join } from 'node:path';
import type { Archives } from './archives.ts';
import { CompressedCopies } from './compressed-copies.ts';
import { isRotationOf, mayBeCopy } from './copied-file.ts';
import type { FileFinder, Findings } from './file-finder.ts';
import type { FileFollower } from './file-follower.ts';
import { factsOf, fileKey } from './file-identity.ts';
import type { FileFacts } from './file-identity.ts';
import type { FileRoster } from './file-roster.ts';
import { putAfter } from './generation-order.ts';
import { PlainCopies } from './plain-copies.ts';
import { inOrderOfAge, KeptListing, RotatedFiles } from './rotated-names.ts';
import type { RotatedFile } from './rotated-names.ts';
import { foldersAround } from './rotation-folders.ts';
import { settlement } from './settlement.ts';

export interface RotationOptions {
  readonly source: string;
  /** A file that may be a rotation's copy is left alone for so long while nothing tells. */
  readonly doubtMs: number;
}

/** Leaves the follower alone that is being read at the moment. */
export class Rotation {
  readonly #roster: FileRoster;
  readonly #finder: FileFinder;
  readonly #archives: Archives;
  readonly #copies: PlainCopies;
  readonly #compressed: CompressedCopies;
  readonly #options: RotationOptions;

  constructor(roster: FileRoster, finder: FileFinder, archives: Archives, options: RotationOptions) {
    this.#roster = roster;
    this.#finder = finder;
    this.#archives = archives;
    const listing = new KeptListing();
    this.#copies = new PlainCopies(roster, finder, listing);
    this.#compressed = new CompressedCopies(archives, listing);
    this.#options = options;
  }

  /** Looks for new, renamed, deleted and changed files. */
  scan(nowMs: number): Findings {
    const findings = this.#finder.find();
    for (const follower of this.#roster.followers) follower.isListed = false;
    const fresh: RotatedFile[] = [];
    const rotated = new RotatedFiles();
    for (const { path, facts } of inOrderOfAge(findings.files)) {
      const known = this.#roster.find(facts);
      if (known === undefined) fresh.push({ path, facts });
      else this.#listAgain(known, path, facts, nowMs);
    }
    for (const { path, facts } of fresh) if (this.#roster.find(facts) === undefined) this.#take(path, facts, nowMs, rotated);
    this.#takeUnopened(findings, rotated, nowMs);
    for (const follower of this.#roster.followers) {
      if (follower === this.#roster.busy) continue;
      // A listed file was seen by the scan already; only what changed is worth a look through its descriptor.
      if (follower.isListed && !follower.isDoubtful) continue;
      if (follower.isListed) this.#roster.unpark(follower);
      else this.#readOn(follower, rotated);
      if (follower.isOpen) this.#lookInside(follower, nowMs);
    }
    this.#roster.tidy(nowMs);
    return findings;
  }

  /** Looks at one open file. @returns true if its path is another file's, so that a scan is due. */
  look(follower: FileFollower, nowMs: number): boolean {
    this.#lookInside(follower, nowMs);
    if (!follower.isListed || follower.isAbandoned) return false;
    try {
      const stats = statSync(follower.path, { bigint: true, throwIfNoEntry: false });
      return stats === undefined || fileKey(factsOf(stats)) !== follower.key;
    } catch (error) {
      this.#roster.report(follower.path, error);
      return false;
    }
  }

  #lookInside(follower: FileFollower, nowMs: number): void {
    try {
      const seen = follower.look(nowMs);
      if (seen === 'rewritten') this.rewritten(follower, nowMs);
      // What was written, copied and truncated meanwhile doesn't wait for the next line, which may never come.
      else if (seen === 'emptied') this.#readMissedFirst(follower, nowMs);
    } catch (error) {
      this.#roster.report(follower.path, error);
    }
  }

  /** The file was truncated and perhaps written anew: its old content is looked for in copies, and the new one is followed. */
  rewritten(follower: FileFollower, nowMs: number): void {
    // A copy may be made over the one before it; that has to be known before it is looked for.
    for (const other of this.#roster.followers) {
      if (isRotationOf(other.path, follower.path) && !other.hasEnded && other.offset > 0) this.look(other, nowMs);
    }
    const copy = this.#copies.followRest(follower, nowMs);
    const { path, isListed } = follower;
    const rest = copy === undefined ? this.#compressed.takeRest(follower) : undefined;
    const found = copy ?? rest;
    if (found !== undefined) follower.copiesBeside = join(dirname(found.path), basename(path));
    const missed = this.#copies.followMissed(follower, copy, nowMs);
    this.#compressed.takeMissed(follower);
    const descriptor = follower.release();
    const oldest = missed[0] ?? this.#copies.begunCopyOf(follower);
    if (rest !== undefined) {
      follower.bequeath(rest);
      this.#roster.announcements.add(settlement(this.#options.source, nowMs, rest.position()));
    } else if (copy === undefined && follower.offset === 0 && oldest !== undefined) {
      // Nothing was read by which the copy could be known; it is read whole.
      follower.bequeath(oldest);
    } else if (copy === undefined) {
      follower.end('truncated', `${path} was truncated before it was read to its end`);
      follower.isOver = missed.length === 0;
      // A process that is killed now would look for the old content, and could only say that it might miss some.
      if (follower.isOver) this.#roster.finish(follower, nowMs);
    } else {
      copy.doubtedSinceMs = undefined;
      copy.isExamined = true;
      copy.inherit(follower.offset);
      putAfter(copy, follower);
      follower.bequeath(copy);
      // Settles that the copy's beginning was read in the original, also where nothing is left to be read in it.
      this.#roster.announcements.add(settlement(this.#options.source, nowMs, copy.position()));
    }
    if (descriptor === undefined) return;
    if (!isListed) {
      // Only its old content was ours: it lay beside a file that is followed.
      closeSync(descriptor);
      return;
    }
    const next = this.#roster.adopt(path, descriptor, nowMs);
    putAfter(next, missed.at(-1) ?? copy ?? follower);
    next.copiesBornAfterNs = (missed.at(-1) ?? copy)?.birthNs ?? follower.copiesBornAfterNs;
    next.copiesBeside = follower.copiesBeside;
    next.mayHaveCopies = true;
  }

  /** False while an older file comes first, or while the file may be a copy that a rotation is making of another one. */
  mayRead(follower: FileFollower, nowMs: number): boolean {
    const { predecessor } = follower;
    if (predecessor !== undefined) {
      if (isUnfinished(predecessor, follower, nowMs)) return false;
      // Until all of it is settled a new session may have it read again.
      if (predecessor.unread === 0 && predecessor.progress.settled >= predecessor.offset) follower.predecessor = undefined;
    }
    if (follower.isExamined) return true;
    if (follower.doubtedSinceMs === undefined) {
      if (follower.offset === 0 && mayBeCopy(follower, this.#roster.followers)) {
        follower.doubtedSinceMs = nowMs;
        return false;
      }
    } else if (nowMs - Math.max(follower.doubtedSinceMs, follower.grewAtMs) < this.#options.doubtMs) {
      return false;
    }
    follower.isExamined = true;
    follower.doubtedSinceMs = undefined;
    if (follower.offset > 0 || !follower.mayHaveCopies) return true;
    // What it got since it was empty or truncated may have been copied and truncated again, and this is what came then;
    // what was seen of it before that is known to be gone.
    this.#lookInside(follower, nowMs);
    return !follower.hasEnded && !this.#readMissedFirst(follower, nowMs);
  }

  /** @returns whether there are copies of what a file that wasn't begun held before; they come first. */
  #readMissedFirst(follower: FileFollower, nowMs: number): boolean {
    if (!follower.mayHaveCopies) return false;
    const missed = this.#copies.followMissed(follower, undefined, nowMs);
    // In this order: what is compressed between the two looks is in the second, and no later copy moves the bound before that.
    this.#compressed.takeMissed(follower);
    const [first] = missed;
    const last = missed.at(-1);
    if (first === undefined || last === undefined) return false;
    // What came before this file came before its copies, too.
    if (follower.predecessor !== undefined) putAfter(first, follower.predecessor);
    putAfter(follower, last);
    follower.copiesBornAfterNs = last.birthNs;
    return true;
  }

  #listAgain(follower: FileFollower, path: string, facts: FileFacts, nowMs: number): void {
    // Several names may lead to one file; the first that the patterns find is used.
    if (!follower.isListed && follower.path !== path) this.#roster.rename(follower, path);
    follower.isListed = true;
    follower.noteFacts(facts, nowMs);
  }

  #take(path: string, facts: FileFacts, nowMs: number, rotated: RotatedFiles): void {
    const former = this.#roster.ofInode(fileKey(facts));
    if (former?.isOpen === false && !former.hasEnded)
      this.#roster.lose(former, `${former.path} was deleted while it was closed to spare descriptors`);
    const before = this.#roster.atPath(path);
    const moved = before ?? this.#roster.movedFrom(path);
    if (moved !== undefined && moved !== former) this.#takeCompressed(rotated, moved, path);
    const predecessor = before === undefined || before === former ? before : this.#takeMissed(rotated, before, path, facts, nowMs);
    const follower = this.#roster.follow(path, facts, nowMs);
    if (follower !== undefined && predecessor !== undefined) putAfter(follower, predecessor);
  }

  /** Files that couldn't be opened and were rotated meanwhile. */
  #takeUnopened({ files }: Findings, rotated: RotatedFiles, nowMs: number): void {
    for (const { path, facts } of this.#roster.unopened.missingIn(files)) {
      const isSame = (other: FileFacts): boolean => fileKey(other) === fileKey(facts) && other.birthNs === facts.birthNs;
      const renamed = rotated.beside(path).find((file) => isSame(file.facts));
      const follower = renamed === undefined ? undefined : this.#roster.follow(renamed.path, renamed.facts, nowMs);
      if (follower === undefined) continue;
      follower.isListed = false;
      follower.isAbandoned = true;
      const current = this.#roster.atPath(path);
      if (current !== undefined && current.offset === 0) putAfter(current, follower);
    }
  }

  /** Generations that came and were rotated away between two scans. @returns the last one before the current file. */
  #takeMissed(rotated: RotatedFiles, before: FileFollower, path: string, current: FileFacts, nowMs: number): FileFollower {
    before.isAbandoned = true;
    let last = before;
    const namesake = this.#whereRotated(rotated, before, path);
    for (const { path: rotatedPath, facts } of rotated.beside(namesake)) {
      const known = this.#roster.find(facts);
      if (known === undefined ? this.#isNone(rotatedPath, facts, before, current) : known.foundAtMs < nowMs || known === before) continue;
      const follower = known ?? this.#roster.follow(rotatedPath, facts, nowMs);
      if (follower === undefined) continue;
      // One that matches the patterns too was found in this very scan, and only its order was open.
      if (known === undefined) follower.isListed = false;
      follower.isAbandoned = true;
      putAfter(follower, last);
      last = follower;
    }
    return last;
  }

  /** Generations that were compressed, too, before anybody looked. */
  #takeCompressed(rotated: RotatedFiles, before: FileFollower, path: string): void {
    const compressed = rotated.compressedBeside(this.#whereRotated(rotated, before, path));
    this.#archives.takeUnread(compressed.filter(({ facts }) => facts.birthNs >= before.birthNs));
  }

  /** Rotations may move files to another folder: then what came after this one is there, too. @returns the path in that folder */
  #whereRotated(rotated: RotatedFiles, before: FileFollower, path: string): string {
    const isThere = (namesake: string): boolean => rotated.beside(namesake).some(({ facts }) => this.#roster.find(facts) === before);
    if (before.isDeleted || isThere(path)) return path;
    return (
      foldersAround(dirname(path))
        .map((folder) => join(folder, basename(path)))
        .find((namesake) => !existsSync(namesake) && isThere(namesake)) ?? path
    );
  }

  /** True for a file beside ours that is no generation between these two. */
  #isNone(path: string, facts: FileFacts, before: FileFollower, current: FileFacts): boolean {
    if (this.#roster.isStranger(facts) || fileKey(facts) === fileKey(current)) return true;
    // Files that are born within one tick of the kernel's clock can't be told apart by that.
    const isOlder = facts.birthNs < before.birthNs || (facts.birthNs === before.birthNs && this.#roster.knowsInode(fileKey(facts)));
    return isOlder || this.#finder.isExcluded(path);
  }

  /** Its name went to another file or to none: it is read on through its descriptor. */
  #readOn(follower: FileFollower, rotated: RotatedFiles): void {
    follower.isAbandoned = true;
    if (!follower.isOpen && !follower.hasEnded) {
      // Closed to spare descriptors and then rotated: the way back is its new name.
      const renamed = rotated.beside(follower.path).find(({ facts }) => this.#roster.find(facts) === follower);
      if (renamed !== undefined) follower.path = renamed.path;
    }
    if (!follower.isOpen && !follower.hasEnded) this.#roster.unpark(follower);
  }
}

/** After this time a file that is still being written no longer keeps its successor waiting, once all but its last lines are read. */
const mostPatienceMs = 5000;

/** A line without its end doesn't keep the next file waiting: nobody may ever end it. */
function isUnfinished(follower: FileFollower, successor: FileFollower, nowMs: number): boolean {
  if (follower.unread === 0 || follower.holds === 'line') return false;
  return follower.isReady(nowMs) || nowMs - successor.foundAtMs < mostPatienceMs;
}

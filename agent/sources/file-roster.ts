// The files that a source follows at present, and their descriptors.
// Must never drop a file with bytes that were neither settled nor reported as a gap.
import { closeSync } from 'node:fs';
import { errnoOf, HephaestusError } from '../../base/errors.ts';
import type { Logger } from '../../base/logger.ts';
import type { FilePosition, FramerChoice } from '../record.ts';
import { Announcements } from './announcements.ts';
import { openFile } from './file-content.ts';
import { FileFollower } from './file-follower.ts';
import type { FollowTiming } from './follow-timing.ts';
import { birthKey, factsOfOpen, fileKey } from './file-identity.ts';
import type { FileFacts } from './file-identity.ts';
import { FinishedFiles } from './finished-files.ts';
import { lossOf, settlement } from './settlement.ts';
import type { Beginning } from './generation-order.ts';
import { UnopenedFiles } from './unopened-files.ts';

export interface RosterOptions {
  readonly source: string;
  readonly framer: FramerChoice;
  readonly timing: FollowTiming;
  /** Descriptors beyond this are closed and opened again when their files grow. */
  readonly maxOpenFiles: () => number;
  /** Told at once, before anybody else is, where a file is finished that was settled up to there. */
  readonly onFinished?: ((position: FilePosition) => void) | undefined;
  readonly logger: Logger;
}

/** Followers by file and by path. All calls are synchronous. */
export class FileRoster {
  readonly #options: RosterOptions;
  readonly #followers = new Set<FileFollower>();
  readonly #byKey = new Map<string, FileFollower>();
  readonly #byPath = new Map<string, FileFollower>();
  readonly #movedFrom = new Map<string, FileFollower>();
  /** Highest generation known of a device and inode. */
  readonly #generations = new Map<string, number>();
  /** Files beside ours that aren't read: from before our time, or read to the end. */
  readonly #strangers = new Set<string>();
  /** Those with a descriptor, longest unused first (some may have given theirs up meanwhile). */
  readonly #open = new Set<FileFollower>();
  /** Being read: its descriptor stays. */
  #busy: FileFollower | undefined;
  readonly #finished: FinishedFiles;
  #met = 0;
  readonly #problems = new Map<string, string>();
  readonly announcements = new Announcements();
  /** They are followed from where they would have been, once they can be opened. */
  readonly unopened = new UnopenedFiles();

  constructor(options: RosterOptions) {
    this.#options = options;
    const { finishMs } = options.timing;
    this.#finished = new FinishedFiles({ finishMs, isFollowed: (path) => this.#byPath.has(path) });
  }

  /** In the order in which they were found. */
  get followers(): ReadonlySet<FileFollower> {
    return this.#followers;
  }

  /** How many files were ever met. */
  get met(): number {
    return this.#met;
  }

  /** Files that can't be opened or read, with the system's error name. */
  get problems(): ReadonlyMap<string, string> {
    return this.#problems;
  }

  /** The follower of this very file; an inode's earlier file is not it. */
  find(facts: FileFacts): FileFollower | undefined {
    const follower = this.#byKey.get(fileKey(facts));
    return follower !== undefined && follower.birthNs === facts.birthNs ? follower : undefined;
  }

  /** The follower of the newest generation of this device and inode, whichever file that was. */
  ofInode(key: string): FileFollower | undefined {
    return this.#byKey.get(key);
  }

  /** Thousands of files are acknowledged one by one: the newest is found at once, and seldom an earlier one is meant. */
  ofGeneration(key: string, generation: number): FileFollower | undefined {
    const newest = this.#byKey.get(key);
    if (newest?.generation === generation) return newest;
    for (const follower of this.#followers) if (follower.key === key && follower.generation === generation) return follower;
    return undefined;
  }

  /** Who had this path last. */
  atPath(path: string): FileFollower | undefined {
    return this.#byPath.get(path);
  }

  /** Who had this path last and goes by another one now. */
  movedFrom(path: string): FileFollower | undefined {
    return this.#movedFrom.get(path);
  }

  /** The file goes by this path now. */
  rename(follower: FileFollower, path: string): void {
    if (this.#byPath.get(follower.path) === follower) this.#byPath.delete(follower.path);
    this.#movedFrom.set(follower.path, follower);
    follower.wasRenamed = true;
    follower.path = path;
    this.#byPath.set(path, follower);
  }

  /** Some file of this device and inode was read before. */
  knowsInode(key: string): boolean {
    return this.#generations.has(key);
  }

  knowGeneration(key: string, generation: number): void {
    this.#generations.set(key, Math.max(generation, this.#generations.get(key) ?? 0));
  }

  /** Of a file that wasn't met before. */
  nextGeneration(key: string): number {
    const known = this.#generations.get(key);
    const next = known === undefined ? 0 : known + 1;
    this.knowGeneration(key, next);
    return next;
  }

  /** Opens the file and follows it. @returns undefined if that isn't possible (see `problems`) or the path is another's now. */
  follow(path: string, facts: FileFacts, nowMs: number, decide = this.unopened.decisionFor(facts)): FileFollower | undefined {
    try {
      const descriptor = openFile(path);
      try {
        const opened = factsOfOpen(descriptor);
        if (fileKey(opened) === fileKey(facts)) {
          this.#problems.delete(path);
          this.unopened.forget(facts);
          return this.adopt(path, descriptor, nowMs, decide?.(descriptor));
        }
      } catch (error) {
        closeSync(descriptor);
        throw error;
      }
      closeSync(descriptor);
    } catch (error) {
      this.report(path, error);
      if (errnoOf(error) !== 'ENOENT') this.unopened.note(path, facts, decide);
    }
    return undefined;
  }

  /** Follows an open file; from its start, as a new generation, unless told otherwise. */
  adopt(path: string, descriptor: number, nowMs: number, beginning?: Beginning): FileFollower {
    const facts = factsOfOpen(descriptor);
    const key = fileKey(facts);
    const generation = beginning?.generation ?? this.nextGeneration(key);
    this.knowGeneration(key, generation);
    const { source, framer, timing } = this.#options;
    const follower = new FileFollower({ source, path, facts, generation, framer, timing }, descriptor, nowMs);
    if (beginning !== undefined) follower.seek(beginning.offset);
    if (beginning?.isFinished === true && follower.unread === 0) follower.progress.finish();
    follower.isAnnounced = beginning !== undefined;
    follower.mayHaveCopies = beginning?.offset === 0;
    this.#met += 1;
    this.#followers.add(follower);
    this.#byKey.set(key, follower);
    this.#byPath.set(path, follower);
    this.#noteOpen(follower);
    this.#options.logger.debug('following file', { path, offset: follower.offset, generation });
    return follower;
  }

  isStranger(facts: FileFacts): boolean {
    return this.#strangers.has(birthKey(facts));
  }

  makeStranger(facts: { readonly device: string; readonly inode: string; readonly birthNs: bigint }): void {
    this.#strangers.add(birthKey(facts));
  }

  /** The follower that is being read, or none. */
  setBusy(follower: FileFollower | undefined): void {
    this.#busy = follower;
  }

  get busy(): FileFollower | undefined {
    return this.#busy;
  }

  /** Sees to it that the file can be read. @returns false if it can't now; if it is gone, its unread bytes became a gap. */
  unpark(follower: FileFollower): boolean {
    if (follower.hasEnded) return true;
    try {
      if (follower.unpark()) this.#noteOpen(follower);
      else this.lose(follower, `${follower.path} was renamed or deleted while it was closed to spare descriptors`);
      return true;
    } catch (error) {
      if (errnoOf(error) === 'ENOENT') {
        this.lose(follower, `${follower.path} was deleted while it was closed to spare descriptors`);
        return true;
      }
      this.report(follower.path, error);
      return false;
    }
  }

  /** It is out of reach. What is known to be unread becomes a gap by itself; what nobody saw is told by one without bytes. */
  lose(follower: FileFollower, what: string): void {
    const reason = 'file-vanished';
    follower.end(reason, what);
    if (follower.unread > 0) return;
    const detail = `${what}: what it got after this position, if anything, is lost`;
    this.announcements.add(lossOf(this.#options.source, follower.position(), reason, detail));
  }

  /** Closes descriptors above the limit, those first that weren't used for longest. Files without a name stay open: they have no way back. */
  #noteOpen(follower: FileFollower): void {
    this.#open.delete(follower);
    this.#open.add(follower);
    this.#closeExcess(follower);
  }

  #closeExcess(used?: FileFollower): void {
    const most = this.#options.maxOpenFiles();
    for (const each of this.#open) {
      if (this.#open.size <= most) return;
      if (each === used || each === this.#busy) continue;
      if (each.isOpen && (!each.isListed || each.isDeleted)) continue;
      each.park();
      this.#open.delete(each);
    }
  }

  /** Finishes what is rotated away, read to its end and settled, and lets go of it once it was nameless for long. */
  tidy(nowMs: number): void {
    const settled: FileFollower[] = [];
    this.#tellBegun(nowMs);
    // The limit falls when other sources are added.
    this.#closeExcess();
    for (const follower of this.#followers) {
      if (follower === this.#busy || !follower.isSettled) continue;
      if (!follower.hasEnded) {
        settled.push(follower);
        continue;
      }
      if (follower.isOver) this.finish(follower, nowMs);
      this.#drop(follower);
    }
    for (const follower of this.#finished.among(settled, nowMs)) this.finish(follower, nowMs);
    for (const follower of settled) if (this.#finished.mayBeDropped(follower, nowMs)) this.#drop(follower);
  }

  /** No more will come of it, and nothing is unread: that is told, so that nobody misses the file when a rotation removes it. */
  finish(follower: FileFollower, nowMs: number): void {
    if (follower.isFinished || !follower.isSettled) return;
    follower.progress.finish();
    const position = follower.position();
    if (follower.isOver) this.#options.onFinished?.(position);
    this.announcements.add(settlement(this.#options.source, nowMs, position));
  }

  /** A file of which nothing was read when it is rotated away while the agent is down is missed only if it is known that there was one. */
  #tellBegun(nowMs: number): void {
    const begun = [...this.#followers].filter(
      (follower) => follower !== this.#busy && follower.isNew && !this.#finished.isNamedRotated(follower),
    );
    for (const follower of begun) follower.meet();
    const [first, ...others] = begun.map((follower) => follower.position());
    if (first !== undefined) this.announcements.add(settlement(this.#options.source, nowMs, first, ...others));
  }

  report(path: string, error: unknown): void {
    const { code, message } = HephaestusError.from(error);
    const problem = errnoOf(error) ?? code;
    if (problem === 'ENOENT') return;
    if (this.#problems.get(path) !== problem) this.#options.logger.warn('file cannot be read', { path, problem, message });
    this.#problems.set(path, problem);
  }

  close(): void {
    for (const follower of this.#followers) follower.park();
    this.#followers.clear();
    this.#open.clear();
    this.#byKey.clear();
    this.#byPath.clear();
    this.#movedFrom.clear();
    this.#strangers.clear();
    this.announcements.clear();
    this.unopened.clear();
  }

  /** Lets go of a file that turned out to be none of ours. */
  dismiss(follower: FileFollower): void {
    this.#drop(follower);
  }

  #drop(follower: FileFollower): void {
    follower.park();
    this.#open.delete(follower);
    this.#followers.delete(follower);
    if (this.#byPath.get(follower.path) === follower) this.#byPath.delete(follower.path);
    if (this.#byKey.get(follower.key) !== follower) return;
    this.#byKey.delete(follower.key);
    const [device = '', inode = ''] = follower.key.split(':');
    this.makeStranger({ device, inode, birthNs: follower.birthNs });
    this.#options.logger.debug('file is finished', { path: follower.path, offset: follower.offset });
  }
}

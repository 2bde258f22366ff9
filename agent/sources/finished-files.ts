// Which files are finished: rotated away, quiet, and written by no process.
// Must never finish a log that goes on; a service that opens its log for each line has no descriptor to be seen.
import { basename, dirname, join } from 'node:path';
import type { FileFollower } from './file-follower.ts';
import { findWriters } from './file-writers.ts';
import { originalNames } from './rotated-names.ts';

export interface FinishedFilesOptions {
  /** After so long without growth a file that was renamed or deleted counts as finished. */
  readonly finishMs: number;
  /** Some file that is followed has or had this path. */
  readonly isFollowed: (path: string) => boolean;
}

/** So many times the usual quiet time a file is waited for where other users' processes can't be looked into. */
const unseenWriterPatience = 12;
/** Looking for writers may take this share of the time. */
const mostCheckShare = 0.005;
/** What wasn't used of that for so long may be used at once. */
const burstMs = 60_000;
const mostNames = 10_000;

export class FinishedFiles {
  readonly #options: FinishedFilesOptions;
  /** What paths may be rotations of. */
  readonly #originals = new Map<string, readonly string[]>();
  #nextCheckMs = 0;
  /** Until when the checks so far have used up their share. */
  #paidUntilMs = 0;

  constructor(options: FinishedFilesOptions) {
    this.#options = options;
  }

  /** @param settled read to their end and settled. @returns those of them that are finished */
  among(settled: readonly FileFollower[], nowMs: number): readonly FileFollower[] {
    const { finishMs } = this.#options;
    if (nowMs < Math.max(this.#nextCheckMs, this.#paidUntilMs)) return [];
    const quiet = settled.filter((follower) => this.#mayBeFinished(follower, nowMs));
    if (quiet.length === 0) return [];
    const before = process.threadCpuUsage();
    const { written, isComplete } = findWriters(new Set(quiet.map(({ key }) => key)));
    const { user, system } = process.threadCpuUsage(before);
    this.#nextCheckMs = nowMs + finishMs / 4;
    this.#paidUntilMs = Math.max(this.#paidUntilMs, nowMs - burstMs) + (user + system) / 1000 / mostCheckShare;
    return quiet.filter(({ key, grewAtMs }) => {
      // A writer that nobody may see gets more time; one that is seen gets all of it.
      return !written.has(key) && (isComplete || nowMs - grewAtMs >= unseenWriterPatience * finishMs);
    });
  }

  /** It is finished, nothing but its descriptor leads to it, and it was quiet for so long that nobody will open it again. */
  mayBeDropped({ grewAtMs, isDeleted, isFinished, isListed }: FileFollower, nowMs: number): boolean {
    return isFinished && (!isListed || isDeleted) && nowMs - grewAtMs >= 2 * this.#options.finishMs;
  }

  /** It is named like a rotation of another one that is followed: perhaps a copy, whose beginning was read in the original. */
  isNamedRotated({ path }: FileFollower): boolean {
    let originals = this.#originals.get(path);
    if (originals === undefined) {
      originals = originalNames(basename(path)).map((name) => join(dirname(path), name));
      // Asked at each look of thousands of files whose names stay the same.
      if (this.#originals.size >= mostNames) this.#originals.clear();
      this.#originals.set(path, originals);
    }
    return originals.some(this.#options.isFollowed);
  }

  /** It was seen to be rotated, or is named as if it had been and wasn't written to for longer. */
  #mayBeFinished(follower: FileFollower, nowMs: number): boolean {
    const { finishMs } = this.#options;
    const { grewAtMs, isAbandoned, isFinished, wasRenamed } = follower;
    const quietMs = nowMs - grewAtMs;
    if (isFinished || quietMs < finishMs / 10) return false;
    return isAbandoned || ((wasRenamed || quietMs >= 2 * finishMs) && this.isNamedRotated(follower));
  }
}

// Copies that a rotation made and left as they are (logrotate's copytruncate): the rest of a truncated log, and what came and went unseen.
// Must never follow a file for its name alone where its content can tell.
import { findCopy, findMissedCopies, isRotationOf } from './copied-file.ts';
import type { FileFinder } from './file-finder.ts';
import { FileFollower } from './file-follower.ts';
import type { FileRoster } from './file-roster.ts';
import { comesBefore, putAfter } from './generation-order.ts';
import type { KeptListing } from './rotated-names.ts';

export class PlainCopies {
  readonly #roster: FileRoster;
  readonly #finder: FileFinder;
  readonly #listing: KeptListing;

  constructor(roster: FileRoster, finder: FileFinder, listing: KeptListing) {
    this.#roster = roster;
    this.#finder = finder;
    this.#listing = listing;
  }

  /** Copies of what was written and truncated again before anybody looked, in their order behind the copy that is known. */
  followMissed(truncated: FileFollower, copy: FileFollower | undefined, nowMs: number): readonly FileFollower[] {
    if (!truncated.isListed) return [];
    const missed: FileFollower[] = [];
    let last = copy;
    for (const { path, facts } of findMissedCopies(truncated, copy?.birthNs ?? truncated.copiesBornAfterNs, this.#listing)) {
      const known = this.#roster.find(facts);
      if (known !== undefined && (known === copy || comesBefore(known, truncated))) continue;
      if (known === undefined ? this.#roster.isStranger(facts) || this.#finder.isExcluded(path) : hasBegun(known)) continue;
      const follower = known ?? this.#roster.follow(path, facts, nowMs);
      if (follower === undefined) continue;
      if (known === undefined) follower.isListed = false;
      follower.isAbandoned = true;
      follower.isExamined = true;
      follower.doubtedSinceMs = undefined;
      if (last !== undefined) putAfter(follower, last);
      missed.push(follower);
      last = follower;
    }
    return missed;
  }

  /** A copy of what was seen and not read, that matches the patterns itself and was read before the truncation was seen. */
  begunCopyOf(truncated: FileFollower): FileFollower | undefined {
    const { copiesBornAfterNs, path } = truncated;
    for (const other of this.#roster.followers) {
      if (!isRotationOf(other.path, path) || other.hasEnded || other.birthNs < copiesBornAfterNs) continue;
      if (other.descriptor !== undefined && truncated.beganAs(other.descriptor)) return other;
    }
    return undefined;
  }

  /** The copy of what was read of it, followed from now on. */
  followRest(truncated: FileFollower, nowMs: number): FileFollower | undefined {
    const found = findCopy(truncated, this.#roster.followers, this.#listing);
    if (found === undefined || found instanceof FileFollower) return found;
    const copy = this.#roster.follow(found.path, found.facts, nowMs);
    if (copy === undefined) return undefined;
    copy.isListed = false;
    copy.isAbandoned = true;
    return copy;
  }
}

function hasBegun(follower: FileFollower): boolean {
  return follower.hasEnded || follower.offset > 0 || follower.predecessor !== undefined;
}

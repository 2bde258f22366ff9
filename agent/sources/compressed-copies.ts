// Copies that a rotation compressed at once (logrotate's copytruncate with compress): the rest of a truncated log, and what came and went unseen.
// Must never take a file for a copy on its name alone: what was read of the log, or seen of it, must be what the copy begins with.
import type { ArchiveReader } from './archive-reader.ts';
import type { Archives } from './archives.ts';
import { isBeingMade } from './archives.ts';
import { copyPlaces } from './copied-file.ts';
import type { FileFollower } from './file-follower.ts';
import { uncompressedBytes } from './moved-archive.ts';
import type { KeptListing, RotatedFile } from './rotated-names.ts';

export class CompressedCopies {
  readonly #archives: Archives;
  readonly #listing: KeptListing;

  constructor(archives: Archives, listing: KeptListing) {
    this.#archives = archives;
    this.#listing = listing;
  }

  /** The newest copy of what was read or seen of a file that was truncated; it is read on where the file was left. */
  takeRest(truncated: FileFollower): ArchiveReader | undefined {
    for (const namesake of copyPlaces(truncated)) {
      for (const copy of this.#madeSince(truncated, namesake).toReversed()) {
        if (this.#archives.reads(copy.facts) || (uncompressedBytes(copy) ?? 0) < truncated.offset) continue;
        const head = this.#archives.head(copy);
        if (head !== undefined && truncated.beganWith(head)) return this.#archives.takeOver(copy, head, truncated.offset);
      }
    }
    return undefined;
  }

  /** Copies of what was written and truncated again before anybody looked. */
  takeMissed(truncated: FileFollower): void {
    const { path, copiesBeside = path } = truncated;
    if (truncated.isListed) this.#archives.takeUnread(this.#madeSince(truncated, copiesBeside));
  }

  #madeSince({ copiesBornAfterNs }: FileFollower, namesake: string): readonly RotatedFile[] {
    return this.#listing.compressedBeside(namesake).filter((copy) => copy.facts.birthNs >= copiesBornAfterNs && !isBeingMade(copy.path));
  }
}

// Finds again what was rotated while the agent was away: renamed, copied, moved to another folder, or compressed.
// Must never read a file that is not provably a generation of one that is followed.
import { existsSync, readdirSync, statSync } from 'node:fs';
import { basename, dirname, join } from 'node:path';
import type { FilePosition } from '../record.ts';
import { isBeingMade } from './archives.ts';
import type { Archives } from './archives.ts';
import { beginsWith } from './claims.ts';
import type { Claims } from './claims.ts';
import { uncompressedName } from './compressed-file.ts';
import type { FileFinder } from './file-finder.ts';
import type { FileFollower } from './file-follower.ts';
import type { FileFacts } from './file-identity.ts';
import { fileKey, hasFingerprint } from './file-identity.ts';
import type { FileRoster } from './file-roster.ts';
import { byAge } from './rotated-names.ts';
import type { RotatedFile, RotatedFiles } from './rotated-names.ts';
import { lossOf, settlement } from './settlement.ts';

export interface RecoveryOptions {
  readonly source: string;
  readonly roster: FileRoster;
  readonly archives: Archives;
  readonly finder: FileFinder;
  readonly claims: Claims;
  readonly rotated: RotatedFiles;
  readonly nowMs: number;
}

const vanished = 'was replaced while the agent was away, and the old file is gone: what it got after this position, if anything, is lost';

/** Folders that a rotation may move files into: below the log's own and beside it. */
const mostFolders = 64;

export class Recovery {
  readonly #options: RecoveryOptions;

  constructor(options: RecoveryOptions) {
    this.#options = options;
  }

  /** For every position whose file isn't where it was. What is found nowhere becomes a gap. */
  run(): void {
    const { claims, roster, source } = this.#options;
    for (const path of claims.unclaimedPaths()) if (uncompressedName(path) !== undefined) this.#resumeArchive(path);
    for (const path of claims.unclaimedPaths()) {
      this.#recover(path, [dirname(path)]);
      const missing = claims.unclaimedAt(path);
      const elsewhere = missing.length === 0 ? [] : foldersAround(dirname(path)).filter((folder) => this.#holdsAny(folder, path, missing));
      if (elsewhere.length > 0) this.#recover(path, elsewhere);
      // Where nothing has its name either, nobody may write to it any more; it is kept in mind.
      for (const lost of roster.atPath(path) === undefined ? [] : claims.unclaimedAt(path)) {
        claims.take(lost);
        roster.announce(lossOf(source, lost, 'file-vanished', `${path} ${vanished}`));
      }
    }
    for (const follower of [...roster.followers]) if (follower.isListed && claims.committed(follower) === 0) this.#recoverCopies(follower);
  }

  /** Nothing was read of the present file: what was copied and truncated meanwhile lies behind the last copy that is known. */
  #recoverCopies(current: FileFollower): void {
    const { claims, finder, roster, rotated } = this.#options;
    let last: FileFollower | undefined;
    let isKnown = false;
    for (const { path, facts } of rotated.beside(current.path).toSorted(byAge)) {
      const known = roster.find(facts);
      if (known === current || finder.isExcluded(path)) continue;
      isKnown ||= known !== undefined || claims.hasInode(facts);
      if (!isKnown || (known === undefined && claims.hasInode(facts))) continue;
      const follower = known ?? this.#followBeside(path, facts, current.path, true);
      if (follower === undefined) continue;
      follower.predecessor ??= last;
      last = follower;
    }
    current.predecessor ??= last;
  }

  #recover(path: string, folders: readonly string[]): void {
    const { claims, finder, nowMs, roster, rotated, source } = this.#options;
    const isKnown = this.#recoverArchives(path, folders);
    const files = folders.flatMap((folder) => rotated.beside(join(folder, basename(path)))).toSorted(byAge);
    const current = roster.atPath(path);
    let last: FileFollower | undefined;
    for (const { path: rotatedPath, facts } of files) {
      const known = roster.find(facts);
      if (known === current || finder.isExcluded(rotatedPath)) continue;
      if (known !== undefined && known.offset > 0) {
        this.#cover(path, known);
        last = known;
        continue;
      }
      // What lies here from before the newest known generation was read long ago, or was never ours.
      const mayBeMissed = last !== undefined || isKnown || !claims.hasFileAmong(path, files);
      const follower = known ?? this.#followBeside(rotatedPath, facts, path, mayBeMissed);
      if (follower === undefined) continue;
      const copied = known?.descriptor === undefined ? undefined : claims.claimCopy(path, facts, known.descriptor);
      if (copied !== undefined) follower.seek(copied);
      if (follower.offset > 0) roster.announce(settlement(source, nowMs, follower.position()));
      this.#cover(path, follower);
      follower.isExamined = true;
      follower.predecessor = last;
      last = follower;
    }
    if (last !== undefined && current !== undefined) current.predecessor = last;
  }

  /** A copy that is read on by itself stands for the original that was truncated. */
  #cover(path: string, copy: FileFollower): void {
    const { claims } = this.#options;
    const { descriptor, offset } = copy;
    if (descriptor === undefined) return;
    for (const position of claims.unclaimedAt(path)) {
      const { fingerprintLength } = position.identity;
      if (fingerprintLength > 0 && position.offset <= offset && hasFingerprint(descriptor, position.identity)) this.#finish(position);
    }
  }

  #finish(position: FilePosition): void {
    const { claims, nowMs, roster, source } = this.#options;
    claims.take(position);
    roster.announce(settlement(source, nowMs, { ...position, isFinished: true }));
  }

  #followBeside(rotatedPath: string, facts: FileFacts, path: string, mayBeMissed: boolean): FileFollower | undefined {
    const { claims, nowMs, roster } = this.#options;
    let isOurs = mayBeMissed;
    const follower = roster.follow(rotatedPath, facts, nowMs, (descriptor) => {
      const claimed = claims.claim(facts, descriptor);
      const copied = claimed === undefined ? claims.claimCopy(path, facts, descriptor) : undefined;
      isOurs ||= claimed !== undefined || copied !== undefined;
      return claimed ?? (copied === undefined ? undefined : { generation: 0, offset: copied });
    });
    if (follower === undefined) return undefined;
    follower.isListed = false;
    follower.isAbandoned = true;
    if (isOurs) return follower;
    roster.dismiss(follower);
    return undefined;
  }

  /** A compressed file that was being read; it may have been renamed since. */
  #resumeArchive(path: string): void {
    const { archives, claims, rotated } = this.#options;
    for (const candidate of rotated.compressedIn(dirname(path))) {
      const head = this.#mayBeClaimed(candidate) ? archives.head(candidate) : undefined;
      const position = head === undefined ? undefined : claims.claimArchive(candidate.facts, head);
      if (head !== undefined && position !== undefined) archives.add(candidate, head, position.offset, position.identity.generation);
    }
  }

  #mayBeClaimed({ facts }: RotatedFile): boolean {
    const key = fileKey(facts);
    return [...this.#options.claims.newest()].some((position) => fileKey(position.identity) === key && position.isFinished !== true);
  }

  /**
   * What is compressed: the rest of a generation whose beginning was read, and those that came after it.
   *
   * @returns true if one of them is a generation that was known.
   */
  #recoverArchives(path: string, folders: readonly string[]): boolean {
    const { archives, claims, nowMs, roster, rotated, source } = this.#options;
    const candidates = folders
      .flatMap((folder) => rotated.compressedBeside(join(folder, basename(path))))
      .filter(({ path: compressed, facts }) => !archives.isDecided(facts) && !isBeingMade(compressed))
      .flatMap((file) => {
        const head = archives.head(file);
        return head === undefined || head.length === 0 ? [] : [{ file, head, position: claims.bestFor(head) }];
      });
    let isKnown = false;
    for (const { file, head, position } of candidates) {
      const own = claims.claimArchive(file.facts, head);
      for (const other of own === undefined ? [] : claims.unclaimedAt(path))
        if (beginsWith(head, other.identity) && own !== undefined && other.offset <= own.offset) this.#finish(other);
      // Several may begin alike: the rest of what was being read is in the newest.
      const isNewest = position !== undefined && candidates.findLast((other) => other.position === position)?.file === file;
      if (position === undefined) {
        if (isKnown) archives.add(file, head, 0);
        continue;
      }
      isKnown = true;
      if (!isNewest || !claims.isUnclaimed(position)) continue;
      claims.take(position);
      const reader = archives.add(file, head, position.offset);
      roster.announce(settlement(source, nowMs, reader.position(), { ...position, isFinished: true }));
    }
    return isKnown;
  }

  /** True if a file there is one of these, by device and inode or by what it holds compressed. */
  #holdsAny(folder: string, path: string, missing: readonly FilePosition[]): boolean {
    const { archives, claims, rotated } = this.#options;
    const namesake = join(folder, basename(path));
    // The home of another log of that name; what was rotated there is that one's.
    if (existsSync(namesake)) return false;
    const keys = new Set(missing.map(({ identity }) => fileKey(identity)));
    if (rotated.beside(namesake).some(({ facts }) => keys.has(fileKey(facts)))) return true;
    return rotated.compressedBeside(namesake).some((file) => {
      const head = archives.head(file);
      const position = head === undefined ? undefined : claims.bestFor(head);
      return position !== undefined && missing.includes(position);
    });
  }
}

function foldersAround(folder: string): readonly string[] {
  const parent = dirname(folder);
  // Where everybody may put files, what lies there proves nothing.
  const around = parent === '/' || parent === folder || isForAll(parent) ? [] : [parent, ...foldersIn(parent)];
  return [...foldersIn(folder), ...around.filter((other) => other !== folder)].slice(0, mostFolders);
}

function isForAll(folder: string): boolean {
  return ((statSync(folder, { throwIfNoEntry: false })?.mode ?? 0) & 0o002) !== 0;
}

function foldersIn(folder: string): readonly string[] {
  try {
    return readdirSync(folder, { withFileTypes: true }).flatMap((entry) => (entry.isDirectory() ? [join(folder, entry.name)] : []));
  } catch {
    // May not be looked into: then nothing is found there.
    return [];
  }
}

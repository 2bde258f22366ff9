// Finds again what was rotated while the agent was away: renamed, copied, moved to another folder, or compressed.
// Must never read a file that is not provably a generation of one that is followed.
import { existsSync } from 'node:fs';
import { basename, dirname, join } from 'node:path';
import type { FilePosition } from '../record.ts';
import { isBeingMade } from './archives.ts';
import type { Archives } from './archives.ts';
import type { Claims } from './claims.ts';
import { uncompressedName } from './compressed-name.ts';
import type { FileFinder } from './file-finder.ts';
import type { FileFollower } from './file-follower.ts';
import type { FileFacts } from './file-identity.ts';
import { beginsWith, fileKey, hasFingerprint } from './file-identity.ts';
import type { FileRoster } from './file-roster.ts';
import { putAfter } from './generation-order.ts';
import { byAge, byChange, originalNames } from './rotated-names.ts';
import type { RotatedFile, RotatedFiles } from './rotated-names.ts';
import { foldersAround } from './rotation-folders.ts';
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

/** So often a folder is listed again that changes while it is looked through. */
const mostAttempts = 10;

const vanished =
  'was replaced or truncated while the agent was away, and the old content lies nowhere: what it got after this position, if anything, is lost';

export class Recovery {
  readonly #options: RecoveryOptions;
  /** Told behind everything that they lead to, so that a restart in between finds that, too. */
  readonly #finished: FilePosition[] = [];
  /** Logs whose compressed generations are read on: others may have come after those. */
  readonly #ofResumed = new Set<string>();

  constructor(options: RecoveryOptions) {
    this.#options = options;
  }

  /** For every position whose file isn't where it was. What is found nowhere becomes a gap. */
  run(): void {
    const { claims, nowMs, roster, rotated, source } = this.#options;
    // Where nothing has its name either, it may come back, and is kept in mind; a rotated one that is gone doesn't.
    const isGone = ({ path }: FilePosition): boolean =>
      roster.atPath(path) !== undefined || this.#isRotated(uncompressedName(path) ?? path);
    // A rotation may be going on: what was listed under one name has another when it is opened.
    for (let attempt = 1; attempt <= mostAttempts; attempt += 1) {
      this.#search();
      const isMissing = claims.unclaimed().some(isGone);
      if (!rotated.refresh() && (attempt > 1 || !isMissing)) break;
    }
    for (const lost of claims.unclaimed().filter(isGone)) {
      claims.take(lost);
      roster.announcements.add(lossOf(source, lost, 'file-vanished', `${lost.path} ${vanished}`));
    }
    for (const position of this.#finished) roster.announcements.add(settlement(source, nowMs, { ...position, isFinished: true }));
  }

  #search(): void {
    const { claims, roster } = this.#options;
    for (const path of claims.unclaimedPaths()) if (uncompressedName(path) !== undefined) this.#resumeArchive(path);
    for (const path of claims.unclaimedPaths()) {
      this.#recover(path, [dirname(path)]);
      const missing = claims.unclaimedAt(path);
      const elsewhere = missing.length === 0 ? [] : this.#elsewhere(path, missing);
      if (elsewhere.length > 0) this.#recover(path, elsewhere);
    }
    for (const path of this.#ofResumed) this.#recover(path, [dirname(path)]);
    for (const path of this.#replaced()) this.#recover(path, [dirname(path), ...this.#elsewhere(path, claims.at(path))]);
    const unread = [...roster.followers].filter((follower) => follower.isListed && claims.committed(follower) === 0);
    for (const follower of unread) this.#recoverCopies(follower);
  }

  /** Folders that a rotation moved one of these to. */
  #elsewhere(path: string, known: readonly FilePosition[]): readonly string[] {
    return foldersAround(dirname(path)).filter((folder) => this.#holdsAny(folder, path, known));
  }

  /**
   * Logs that are other files now than those that are known, all of which were found or finished: others may have come in between.
   */
  #replaced(): readonly string[] {
    const { claims, roster } = this.#options;
    return [...claims.paths()].filter((path) => {
      const current = roster.atPath(path);
      const isOther = current === undefined || (current.isListed && claims.committed(current) === undefined);
      return isOther && path !== '' && !this.#isRotated(path);
    });
  }

  /** It is named like a rotation of another one that is followed. */
  #isRotated(path: string): boolean {
    return originalNames(basename(path)).some((name) => this.#options.roster.atPath(join(dirname(path), name)) !== undefined);
  }

  /** Nothing was read of the present file: what was copied and truncated meanwhile lies behind the last copy that is known. */
  #recoverCopies(current: FileFollower): void {
    const { claims, finder, nowMs, roster, rotated, source } = this.#options;
    let last: FileFollower | undefined;
    let isKnown = false;
    for (const { path, facts } of rotated.beside(current.path).toSorted(byAge)) {
      const known = roster.find(facts);
      if (known === current || finder.isExcluded(path)) continue;
      isKnown ||= known !== undefined || claims.hasInode(facts);
      if (!isKnown || (known === undefined && claims.hasInode(facts))) continue;
      const follower = known ?? this.#followBeside(path, facts, current.path, true);
      if (follower === undefined) continue;
      if (known === undefined) roster.announcements.add(settlement(source, nowMs, follower.position()));
      if (last !== undefined && follower.predecessor === undefined) putAfter(follower, last);
      last = follower;
    }
    if (last !== undefined && current.predecessor === undefined) putAfter(current, last);
  }

  #recover(path: string, folders: readonly string[]): void {
    const { claims, finder, nowMs, roster, rotated, source } = this.#options;
    const isMissing = claims.unclaimedAt(path).length > 0;
    const { knownAtMs, missed } = this.#recoverArchives(path, folders);
    let countMissed = missed;
    const own = new Set(folders.map((folder) => join(folder, basename(path))));
    const found = namesakes(path, folders).flatMap((namesake) =>
      rotated.beside(namesake).map((file) => ({ ...file, isOwn: own.has(namesake) })),
    );
    const files = [...new Map(found.toReversed().map((file) => [file.path, file])).values()].toSorted(byAge);
    // The youngest of them, unless a rotation has left another one where it was.
    const holder = roster.atPath(path);
    const current = holder !== undefined && files.some(({ facts }) => roster.find(facts) === holder) ? undefined : holder;
    let last: FileFollower | undefined;
    let isAfterFinished = false;
    for (const { path: rotatedPath, facts, isOwn } of files) {
      const known = roster.find(facts);
      if (finder.isExcluded(rotatedPath)) continue;
      const finished = known === undefined ? claims.finished(rotatedPath, facts) : undefined;
      if (finished !== undefined) {
        for (const covered of claims.coveredBy(path, rotatedPath, finished)) this.#finish(covered);
        isAfterFinished = true;
        continue;
      }
      if (known !== undefined && known.offset > 0) {
        this.#cover(path, known);
        last = known;
        continue;
      }
      // What lies here from before the newest known generation was read long ago, or was never ours.
      const isAfterKnown = isAfterFinished || last !== undefined || facts.modifiedAtMs >= (knownAtMs ?? Number.POSITIVE_INFINITY);
      const mayBeMissed = isAfterKnown || (isMissing && isOwn && holder !== undefined && !claims.hasFileAmong(path, files));
      const follower = known ?? this.#followBeside(rotatedPath, facts, path, mayBeMissed);
      if (follower === undefined) continue;
      const copied = known?.descriptor === undefined ? undefined : claims.claimCopy(path, facts, known.descriptor);
      if (copied !== undefined) follower.seek(copied);
      roster.announcements.add(settlement(source, nowMs, follower.position()));
      if (follower.offset === 0) countMissed += 1;
      this.#cover(path, follower);
      follower.isExamined = true;
      if (last !== undefined) putAfter(follower, last);
      last = follower;
    }
    if (last !== undefined && current !== undefined) putAfter(current, last);
    // A file that was empty is known by nothing; one of those that were missed is what became of it.
    if (countMissed === 0) return;
    for (const position of claims.unclaimedAt(path)) if (position.identity.fingerprintLength === 0) this.#finish(position);
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
    this.#options.claims.take(position);
    this.#finished.push(position);
  }

  #followBeside(rotatedPath: string, facts: FileFacts, path: string, mayBeMissed: boolean): FileFollower | undefined {
    const { claims, nowMs, roster } = this.#options;
    let isOurs = mayBeMissed;
    const follower = roster.follow(rotatedPath, facts, nowMs, (descriptor) => {
      const claimed = claims.claim(facts, descriptor);
      const copied = claimed === undefined ? claims.claimCopy(path, facts, descriptor) : undefined;
      isOurs ||= claimed !== undefined || copied !== undefined;
      if (claimed !== undefined || copied === undefined) return claimed;
      // Another file may have had the inode before.
      return { generation: roster.nextGeneration(fileKey(facts)), offset: copied };
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
    const { archives, claims, roster, rotated } = this.#options;
    for (const candidate of rotated.compressedIn(dirname(path))) {
      const head = this.#mayBeClaimed(candidate) && !archives.isDecided(candidate.facts) ? archives.head(candidate) : undefined;
      const position = head === undefined ? undefined : claims.claimArchive(candidate.facts, head);
      if (head === undefined || position === undefined) continue;
      archives.add(candidate, head, position.offset, position.identity.generation);
      const name = basename(uncompressedName(candidate.path) ?? candidate.path);
      for (const log of [name, ...originalNames(name)].map((each) => join(dirname(path), each)))
        if (roster.atPath(log) !== undefined) this.#ofResumed.add(log);
      // It stands for what it was made of.
      for (const other of claims.unclaimed()) if (beginsWith(head, other.identity) && other.offset <= position.offset) this.#finish(other);
    }
  }

  #mayBeClaimed({ facts }: RotatedFile): boolean {
    const key = fileKey(facts);
    return [...this.#options.claims.newest()].some((position) => fileKey(position.identity) === key && position.isFinished !== true);
  }

  /**
   * What is compressed: the rest of a generation whose beginning was read, and those that came after it.
   *
   * @returns when the last one that is known was written, and how many were not known or are being read
   */
  #recoverArchives(path: string, folders: readonly string[]): { readonly knownAtMs: number | undefined; readonly missed: number } {
    const { archives, claims, nowMs, roster, rotated, source } = this.#options;
    let missed = 0;
    const candidates = unique(namesakes(path, folders).flatMap((namesake) => rotated.compressedBeside(namesake)))
      .toSorted(byChange)
      .filter(({ path: compressed }) => !isBeingMade(compressed))
      .flatMap((file) => {
        const head = archives.head(file);
        if (head?.length === 0) missed += 1;
        return head === undefined || head.length === 0 ? [] : [{ file, head, position: claims.bestFor(head) }];
      });
    const plainAtMs = this.#plainAtMs(path, folders);
    let knownAtMs: number | undefined;
    for (const { file, head, position } of candidates) {
      if (claims.hasInode(file.facts)) missed += 1;
      if (archives.isDecided(file.facts)) {
        knownAtMs = file.facts.modifiedAtMs;
        continue;
      }
      const own = claims.claimArchive(file.facts, head);
      for (const other of own === undefined ? [] : claims.unclaimedAt(path))
        if (beginsWith(head, other.identity) && own !== undefined && other.offset <= own.offset) this.#finish(other);
      // Several may begin alike: the rest of what was being read is in the newest.
      const isNewest = position !== undefined && candidates.findLast((other) => other.position === position)?.file === file;
      if (position === undefined) {
        if (archives.isHeld(file, head)) {
          archives.pass(file.facts);
          knownAtMs = file.facts.modifiedAtMs;
          continue;
        }
        if (knownAtMs === undefined && file.facts.modifiedAtMs < plainAtMs) continue;
        roster.announcements.add(settlement(source, nowMs, archives.add(file, head, 0).position()));
        missed += 1;
        continue;
      }
      knownAtMs = file.facts.modifiedAtMs;
      if (!isNewest || !claims.isUnclaimed(position)) continue;
      roster.announcements.add(settlement(source, nowMs, archives.add(file, head, position.offset).position()));
      for (const other of claims.unclaimed()) if (beginsWith(head, other.identity)) this.#finish(other);
    }
    return { knownAtMs, missed };
  }

  /** When the last of the generations that are known by their content and were not compressed was written; infinity if there is none. */
  #plainAtMs(path: string, folders: readonly string[]): number {
    const { claims, roster, rotated } = this.#options;
    const known = namesakes(path, folders)
      .flatMap((namesake) => rotated.beside(namesake))
      .filter(({ path: candidate, facts }) => {
        const follower = roster.find(facts);
        return follower === undefined ? claims.fitsContentOf(candidate, facts) : follower.offset > 0;
      });
    return known.length === 0 ? Number.POSITIVE_INFINITY : Math.max(...known.map(({ facts }) => facts.modifiedAtMs));
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

/** What `path` may be a rotation of, too: `app.log.1` becomes `app.log.2.gz`. */
function namesakes(path: string, folders: readonly string[]): readonly string[] {
  const names = [basename(path), ...originalNames(basename(path))];
  return folders.flatMap((folder) => names.map((name) => join(folder, name)));
}

function unique(files: readonly RotatedFile[]): readonly RotatedFile[] {
  return [...new Map(files.map((file) => [file.path, file])).values()];
}

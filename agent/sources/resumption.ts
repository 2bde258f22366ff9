// Begins where the coordinator says that each file stands: after a restart of the agent, and on every new session.
// Must never skip bytes on a guess: a position counts only for the file that its fingerprint fits.
import type { Chunk, FileIdentity, Gap, Position } from '../record.ts';
import type { FileFinder, Findings } from './file-finder.ts';
import type { FileFollower } from './file-follower.ts';
import { fileKey, hasFingerprint } from './file-identity.ts';
import type { FileFacts } from './file-identity.ts';
import type { Beginning, FileRoster } from './file-roster.ts';
import { RotatedFiles } from './rotated-names.ts';
import type { RotatedFile } from './rotated-names.ts';
import { inOrderOfAge, settleOnly } from './rotation.ts';

type FilePosition = Extract<Position, { kind: 'file' }>;

export interface ResumptionOptions {
  readonly source: string;
  /** Where reading begins in files that exist when a source is opened without any position. */
  readonly start: 'beginning' | 'end';
}

/** Fills an empty roster. */
export function resume(
  roster: FileRoster,
  finder: FileFinder,
  positions: readonly Position[],
  nowMs: number,
  options: ResumptionOptions,
): Findings {
  const claims = new Claims(positions);
  for (const { identity } of claims.all()) roster.knowGeneration(fileKey(identity), identity.generation);
  const findings = finder.find();
  const atEnd: FileFollower[] = [];
  for (const { path, facts } of inOrderOfAge(findings)) {
    if (roster.find(facts) !== undefined) continue;
    const follower = roster.follow(path, facts, nowMs, (descriptor) => claims.claim(facts, descriptor));
    if (follower === undefined || !claims.isEmpty || options.start === 'beginning') continue;
    follower.seek(follower.size);
    atEnd.push(follower);
  }
  const [first, ...others] = atEnd;
  // Files without a position are read from their beginning after a restart; so these get one.
  if (first !== undefined) roster.announce(settleOnly(options.source, first, nowMs, others));
  // And where there is no file yet, that is remembered too: one that appears while the agent is down is new.
  else if (claims.isEmpty && options.start === 'end') roster.announce(begun(options.source, nowMs));
  const rotated = new RotatedFiles();
  for (const path of claims.unclaimedPaths()) recover(path, rotated.beside(path), roster, finder, claims, nowMs, options.source);
  for (const path of findings.files.keys()) {
    for (const { facts } of rotated.beside(path)) if (roster.find(facts) === undefined) roster.makeStranger(facts);
  }
  return findings;
}

/** A new session: whatever was read and isn't committed is read again. */
export function rewind(roster: FileRoster, positions: readonly Position[]): void {
  roster.clearAnnouncements();
  const claims = new Claims(positions);
  for (const follower of roster.followers) {
    const committed = claims.committed(follower);
    if (committed === undefined) follower.rewind();
    else follower.seek(Math.min(committed, follower.size));
  }
  for (const { heir, settled, offset } of roster.followers) {
    // What the truncated file had shipped in vain is still in its copy.
    if (heir !== undefined && claims.committed(heir) === undefined && settled < offset) heir.seek(settled);
  }
}

/**
 * A file isn't where it was when its position was committed. Looks beside its old path for the file itself, for a copy of it,
 * and for generations that came and were rotated away while nobody looked.
 */
function recover(
  path: string,
  rotated: readonly RotatedFile[],
  roster: FileRoster,
  finder: FileFinder,
  claims: Claims,
  nowMs: number,
  source: string,
): void {
  const current = roster.atPath(path);
  let last: FileFollower | undefined;
  for (const { path: rotatedPath, facts } of rotated) {
    const known = roster.find(facts);
    if (known === current || finder.isExcluded(rotatedPath)) continue;
    if (known !== undefined && known.offset > 0) {
      last = known;
      continue;
    }
    // What lies here from before the newest known generation was read long ago, or was never ours.
    const mayBeMissed = last !== undefined || !claims.hasFileAmong(path, rotated);
    const follower = known ?? followBeside(rotatedPath, facts, path, mayBeMissed, roster, claims, nowMs);
    if (follower === undefined) continue;
    const copied = known?.descriptor === undefined ? undefined : claims.claimCopy(path, facts, known.descriptor);
    if (copied !== undefined) follower.seek(copied);
    if (follower.offset > 0) roster.announce(settleOnly(source, follower, nowMs));
    follower.isExamined = true;
    follower.predecessor = last;
    last = follower;
  }
  if (last !== undefined && current !== undefined) current.predecessor = last;
  const lost = last === undefined && current !== undefined ? claims.takeUnclaimed(path) : undefined;
  if (lost !== undefined) roster.announce(vanished(source, lost));
}

function followBeside(
  rotatedPath: string,
  facts: FileFacts,
  path: string,
  mayBeMissed: boolean,
  roster: FileRoster,
  claims: Claims,
  nowMs: number,
): FileFollower | undefined {
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

function vanished(source: string, position: FilePosition): Gap {
  return {
    kind: 'gap',
    source,
    from: position,
    to: position,
    reason: 'file-vanished',
    bytes: 0,
    records: 0,
    detail: `${position.path} was replaced while the agent was away, and the old file is gone: what it got after this position, if anything, is lost`,
  };
}

/** Stands for a source that began to be read when it had no files. No file has inode 0. */
const beginningIdentity = { device: '0', inode: '0', fingerprint: Buffer.alloc(0), fingerprintLength: 0, generation: 0 };

/** A chunk without records that settles that the source was begun. */
function begun(source: string, nowMs: number): Chunk {
  const position: Position = { kind: 'file', identity: beginningIdentity, offset: 0, path: '' };
  return {
    kind: 'chunk',
    source,
    path: '',
    bytes: Buffer.alloc(0),
    recordLengths: [],
    start: position,
    end: position,
    alsoSettles: [],
    readAtMs: nowMs,
    cut: false,
    redacted: false,
    journal: false,
  };
}

/** The positions of a source, each good for one file. */
class Claims {
  readonly #newest = new Map<string, FilePosition>();
  readonly #unclaimed = new Set<FilePosition>();

  constructor(positions: readonly Position[]) {
    for (const position of positions) {
      if (position.kind !== 'file') continue;
      const key = fileKey(position.identity);
      const known = this.#newest.get(key);
      if (known === undefined || known.identity.generation < position.identity.generation) this.#newest.set(key, position);
    }
    for (const position of this.#newest.values()) if (position.identity.inode !== beginningIdentity.inode) this.#unclaimed.add(position);
  }

  get isEmpty(): boolean {
    return this.#newest.size === 0;
  }

  all(): Iterable<FilePosition> {
    return this.#newest.values();
  }

  committed(follower: FileFollower): number | undefined {
    const position = this.#newest.get(follower.key);
    return position?.identity.generation === follower.generation ? position.offset : undefined;
  }

  /** The position of this file, if the inode still is the file that it was. */
  claim(facts: FileFacts, descriptor: number): Beginning | undefined {
    const position = this.#newest.get(fileKey(facts));
    if (position === undefined || !fits(position, facts, descriptor)) return undefined;
    this.#unclaimed.delete(position);
    return { generation: position.identity.generation, offset: position.offset };
  }

  /** The position of a file at `path` that this one is a copy of, made before the original was truncated. */
  claimCopy(path: string, facts: FileFacts, descriptor: number): number | undefined {
    for (const position of this.#unclaimed) {
      if (position.path !== path || position.offset === 0 || !fits(position, facts, descriptor)) continue;
      this.#unclaimed.delete(position);
      return position.offset;
    }
    return undefined;
  }

  /** True if one of these files is, by device and inode, that of a position at `path`. */
  hasFileAmong(path: string, files: readonly RotatedFile[]): boolean {
    return files.some(({ facts }) => this.#newest.get(fileKey(facts))?.path === path);
  }

  takeUnclaimed(path: string): FilePosition | undefined {
    for (const position of this.#unclaimed) {
      if (position.path !== path) continue;
      this.#unclaimed.delete(position);
      return position;
    }
    return undefined;
  }

  unclaimedPaths(): ReadonlySet<string> {
    return new Set([...this.#unclaimed].map((position) => position.path));
  }
}

function fits(position: FilePosition, facts: FileFacts, descriptor: number): boolean {
  const identity: FileIdentity = position.identity;
  return facts.size >= position.offset && hasFingerprint(descriptor, identity);
}

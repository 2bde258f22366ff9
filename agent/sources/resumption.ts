// Begins where the coordinator says that each file stands: after a restart of the agent, and on every new session.
// Must never skip bytes on a guess: a position counts only for the file that its fingerprint fits.
import type { FilePosition, Position } from '../record.ts';
import type { Archives } from './archives.ts';
import { beginning, Claims, fits } from './claims.ts';
import type { FileFinder, Findings } from './file-finder.ts';
import type { FileFollower } from './file-follower.ts';
import { fileKey } from './file-identity.ts';
import type { FileRoster } from './file-roster.ts';
import { Recovery } from './recovery.ts';
import { renumber } from './renumbered-devices.ts';
import { byChange, inOrderOfAge, RotatedFiles } from './rotated-names.ts';
import type { RotatedFile } from './rotated-names.ts';
import { settlement } from './settlement.ts';

export interface ResumptionOptions {
  readonly source: string;
  /** Where reading begins in files that exist when a source is opened without any position. */
  readonly start: 'beginning' | 'end';
  readonly readsCompressed: boolean;
}

/** Fills an empty roster. */
export function resume(
  roster: FileRoster,
  archives: Archives,
  finder: FileFinder,
  positions: readonly Position[],
  nowMs: number,
  options: ResumptionOptions,
): Findings {
  const findings = finder.find();
  const rotated = new RotatedFiles();
  const { positions: current, moved } = renumber(positions, findings, rotated);
  const claims = new Claims(current);
  for (const { identity } of claims.newest()) roster.knowGeneration(fileKey(identity), identity.generation);
  const atEnd: FileFollower[] = [];
  for (const { path, facts } of inOrderOfAge(findings.files)) {
    if (roster.find(facts) !== undefined) continue;
    let isLate = false;
    const follower = roster.follow(path, facts, nowMs, (descriptor) => {
      const claimed = claims.claim(facts, descriptor);
      if (claimed !== undefined || !isLate || !claims.isEmpty || options.start === 'beginning') return claimed;
      return { generation: roster.nextGeneration(fileKey(facts)), offset: facts.size };
    });
    // Where it can't be opened now, it is asked again once it can be.
    isLate = true;
    if (follower === undefined || !claims.isEmpty || options.start === 'beginning') continue;
    follower.seek(follower.size);
    atEnd.push(follower);
  }
  const [first, ...others] = atEnd;
  // Files without a position are read from their beginning after a restart; so these get one.
  if (first !== undefined)
    roster.announcements.add(settlement(options.source, nowMs, first.position(), ...others.map((other) => other.position())));
  // And where there is no file yet, that is remembered too: one that appears while the agent is down is new.
  else if (claims.isEmpty && options.start === 'end') roster.announcements.add(settlement(options.source, nowMs, beginning));
  announceAll(
    roster,
    options.source,
    nowMs,
    moved.map(({ now }) => now),
  );
  archives.begin(current, options.readsCompressed);
  new Recovery({ source: options.source, roster, archives, finder, claims, rotated, nowMs }).run();
  announceAll(
    roster,
    options.source,
    nowMs,
    moved.map(({ before }) => ({ ...before, isFinished: true })),
  );
  archives.consider(compressedOf(findings, rotated), nowMs, true, claims.isEmpty && options.start === 'end');
  for (const path of findings.files.keys()) {
    archives.passOld(rotated.compressedBeside(path));
    for (const { facts } of rotated.beside(path)) if (roster.find(facts) === undefined) roster.makeStranger(facts);
  }
  return findings;
}

function announceAll(roster: FileRoster, source: string, nowMs: number, [first, ...others]: readonly FilePosition[]): void {
  if (first !== undefined) roster.announcements.add(settlement(source, nowMs, first, ...others));
}

/** The compressed files that match, and those beside the files that do, the oldest first. */
export function compressedOf(findings: Findings, rotated: RotatedFiles): readonly RotatedFile[] {
  const found = new Map([...findings.compressed].map(([path, facts]) => [path, { path, facts }]));
  for (const path of findings.files.keys()) for (const file of rotated.compressedBeside(path)) found.set(file.path, file);
  return [...found.values()].toSorted(byChange);
}

/** A new session: whatever was read and isn't committed is read again. */
export function rewind(roster: FileRoster, positions: readonly Position[], source: string, nowMs: number): void {
  for (const position of positions) if (position.kind === 'file') roster.announcements.noteSettled(position);
  const claims = new Claims(positions);
  // What came after it is known: nobody lost sight of it.
  roster.announcements.withdrawLosses((from) => claims.hasLater(from));
  for (const follower of roster.followers) {
    const committed = claims.committed(follower);
    if (committed === undefined) follower.rewind();
    else follower.seek(Math.min(committed, follower.size));
  }
  for (const follower of roster.followers) {
    const { heir, progress } = follower;
    if (heir === undefined) continue;
    // What the truncated file had shipped in vain is still in its copy, and is read there; what was settled of it isn't read again.
    const committed = claims.committed(heir);
    const from = Math.max(progress.settled, committed ?? 0);
    if (from !== heir.offset) {
      heir.inherit(from);
      roster.announcements.add(settlement(source, nowMs, heir.position()));
    }
    follower.bequeath(heir);
  }
  roster.announcements.repeat();
}

/**
 * True if a source that was opened at `ours`, before the coordinator could be asked, would have begun otherwise at `theirs`. Files that
 * are followed can be moved to where they stand; what was made of a position of a file that is gone can't.
 */
export function beganAmiss(roster: FileRoster, ours: readonly Position[], theirs: readonly Position[]): boolean {
  const known = new Set(ours.flatMap((position) => (position.kind === 'file' ? [nameOf(position)] : [])));
  return theirs.some((position) => {
    if (position.kind !== 'file' || known.has(nameOf(position))) return false;
    const follower = roster.ofInode(fileKey(position.identity));
    if (follower === undefined || follower.generation !== position.identity.generation || !follower.isListed) return true;
    // What was counted as the next generation here may be the one after that.
    return follower.descriptor !== undefined && !fits(position, follower, follower.descriptor);
  });
}

function nameOf({ identity, offset }: FilePosition): string {
  return `${fileKey(identity)}:${identity.generation}:${offset}`;
}

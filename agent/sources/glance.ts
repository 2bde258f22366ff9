// Tells at little cost whether anything changed on the disk since the last look, so that nothing is scanned in vain.
// Must never be the only look: what it can't see (a file system that records no times of change) is left to a scan every now and then.
import { fstatSync, statSync } from 'node:fs';
import { nameIsNoText } from './file-finder.ts';
import type { Findings } from './file-finder.ts';
import type { FileRoster } from './file-roster.ts';

/** Of each path: device, inode, size and time of change. */
const fields = 4;

/**
 * File systems record times in steps, of 2 s at worst (FAT): what changed so lately may change again without its time showing it.
 * Git calls such entries racy and looks at them again, too.
 */
const racyMs = 2000;

/** A scan is due after so long in any case. */
const thoroughMs = 10_000;

/** Waiting for somebody to change permissions or a name; that shows. Whatever else is in the way may end unseen. */
const lasting: ReadonlySet<string> = new Set(['EACCES', 'EPERM', nameIsNoText]);

/** What a glance has to know of the files that are followed. */
export type GlanceRoster = Pick<FileRoster, 'followers' | 'problems' | 'atPath'>;

/** Remembers what the kernel said of the files and folders that the last scan came by. */
export class Glance {
  #paths: readonly string[] = [];
  #seen = new Float64Array(0);
  /** What is remembered was taken before the last scan, and can't have changed since without showing it. */
  #isSure = false;
  #hasPassingProblems = false;
  #scannedAtMs = Number.NEGATIVE_INFINITY;

  /** A scan found this. */
  aim({ files, compressed, searched, problems }: Findings): void {
    this.#hasPassingProblems = hasPassing(problems);
    const paths = [...searched, ...files.keys(), ...compressed.keys()];
    if (paths.length === this.#paths.length && paths.every((path, index) => path === this.#paths[index])) return;
    this.#paths = paths;
    this.#seen = new Float64Array(paths.length * fields);
    this.#isSure = false;
  }

  /**
   * @returns true if a scan would find what the last one did and have nothing to do. Otherwise one has to follow at once: what
   *   changes after this look shows in the next.
   */
  suffices(roster: GlanceRoster, nowMs: number, monotonicMs: number): boolean {
    const isSame = this.#paths.length > 0 && this.#isUnchanged(roster, nowMs);
    if (isSame && !this.#hasPassingProblems && monotonicMs - this.#scannedAtMs < thoroughMs && isCalm(roster)) return true;
    this.#scannedAtMs = monotonicMs;
    return false;
  }

  #isUnchanged(roster: GlanceRoster, nowMs: number): boolean {
    const seen = this.#seen;
    let isSame = this.#isSure;
    this.#isSure = true;
    let at = 0;
    for (const path of this.#paths) {
      // Through a descriptor it costs half; another file at its path shows in the folder, and in the time of change of the one that left.
      const descriptor = roster.atPath(path)?.descriptor;
      const stats = descriptor === undefined ? lookAt(path) : fstatSync(descriptor);
      const changedAtMs = stats?.ctimeMs ?? 0;
      isSame &&= seen[at] === (stats?.dev ?? 0) && seen[at + 1] === (stats?.ino ?? 0);
      isSame &&= seen[at + 2] === (stats?.size ?? 0) && seen[at + 3] === changedAtMs;
      if (Math.abs(nowMs - changedAtMs) < racyMs) this.#isSure = false;
      seen[at] = stats?.dev ?? 0;
      seen[at + 1] = stats?.ino ?? 0;
      seen[at + 2] = stats?.size ?? 0;
      seen[at + 3] = changedAtMs;
      at += fields;
    }
    return isSame;
  }
}

/** No file waits for a scan to look after it. */
function isCalm({ followers, problems }: GlanceRoster): boolean {
  if (hasPassing(problems)) return false;
  for (const { isListed, isDoubtful, hasEnded, isDeleted } of followers) {
    if (!isListed || isDoubtful || hasEnded || isDeleted) return false;
  }
  return true;
}

function hasPassing(problems: ReadonlyMap<string, string>): boolean {
  return problems.values().some((problem) => !lasting.has(problem));
}

function lookAt(path: string) {
  try {
    return statSync(path, { throwIfNoEntry: false });
  } catch {
    // As good as absent; the scan says why, and once that changes, what it is shows.
    return undefined;
  }
}

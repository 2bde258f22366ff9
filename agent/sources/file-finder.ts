// Finds the files that match a source's patterns.
// Must never open a file, nor fail because of a folder that can't be read: that is reported beside what was found.
import { lstatSync, readdirSync, statSync } from 'node:fs';
import { join } from 'node:path';
import { errnoOf } from '../../base/errors.ts';
import { uncompressedName } from './compressed-name.ts';
import { factsOf } from './file-identity.ts';
import type { FileFacts } from './file-identity.ts';
import { matchesGlob, matchesStep, parseGlob } from './glob.ts';
import type { Glob, GlobStep } from './glob.ts';

export interface Findings {
  /** By path; a path leads through symbolic links. */
  readonly files: ReadonlyMap<string, FileFacts>;
  /** Those that match and are compressed. */
  readonly compressed: ReadonlyMap<string, FileFacts>;
  /** Folders that were read or that a pattern waits for, to be watched. */
  readonly folders: ReadonlySet<string>;
  /** Folders that were looked into, and paths where nothing was: unless one of them or of the files changes, all is as found. */
  readonly searched: ReadonlySet<string>;
  /** Paths that can't be looked at, and the system's error name. */
  readonly problems: ReadonlyMap<string, string>;
}

/** In place of an error's name: the file can't be opened by what its folder says it is called. */
export const nameIsNoText = 'its name is not UTF-8';

/** What isn't UTF-8 in a name was replaced when its folder was listed. To be asked of a path where nothing is. */
export function isNoText(path: string): boolean {
  return path.includes('\ufffd');
}

const compressedName = /\.(?:gz|xz|bz2|zst|lz4|zip|Z)$/;

/** Deeper than this no pattern goes; it ends symbolic links that lead in circles. */
const mostDepth = 32;

/** Looks for files by patterns (see glob.ts). The calls are synchronous: they take microseconds on a local disk. */
export class FileFinder {
  readonly #include: readonly Glob[];
  readonly #exclude: readonly Glob[];

  /** @throws HephaestusError `glob.invalid`. */
  constructor(include: readonly string[], exclude: readonly string[]) {
    this.#include = include.map(parseGlob);
    this.#exclude = exclude.map(parseGlob);
  }

  find(): Findings {
    const walk = new Walk((path) => this.#isUnwanted(path));
    for (const glob of this.#include) for (const steps of glob) walk.descend('/', steps, 0, 0);
    return walk;
  }

  isExcluded(path: string): boolean {
    // `app.log*` means the generations that were not compressed yet; the others are no lines.
    return compressedName.test(path) || this.#isUnwanted(path);
  }

  #isUnwanted(path: string): boolean {
    return this.#exclude.some((glob) => matchesGlob(glob, path));
  }
}

class Walk implements Findings {
  readonly files = new Map<string, FileFacts>();
  readonly compressed = new Map<string, FileFacts>();
  readonly folders = new Set<string>();
  readonly searched = new Set<string>();
  readonly problems = new Map<string, string>();
  readonly #isUnwanted: (path: string) => boolean;
  /** One listing serves several patterns. */
  readonly #listings = new Map<string, readonly string[]>();

  constructor(isUnwanted: (path: string) => boolean) {
    this.#isUnwanted = isUnwanted;
  }

  descend(folder: string, steps: readonly GlobStep[], index: number, depth: number): void {
    const step = steps[index];
    if (step === undefined || depth > mostDepth) return;
    const isLast = index === steps.length - 1;
    if (step.kind === 'literal') {
      if (isLast) {
        this.folders.add(folder);
        this.searched.add(folder);
      }
      this.#enter(join(folder, step.name), steps, index + 1, isLast, depth, true);
      return;
    }
    // `**` stands for no folder at all, too.
    if (step.kind === 'any' && !isLast) this.descend(folder, steps, index + 1, depth);
    for (const name of this.#list(folder)) {
      if (!matchesStep(step, name)) continue;
      const path = join(folder, name);
      if (step.kind === 'any') this.#enter(path, steps, index, false, depth, false, isLast);
      else this.#enter(path, steps, index + 1, isLast, depth, true);
    }
  }

  /** Takes the path for a file that matches, or goes into it. `**` doesn't follow links to folders. */
  #enter(
    path: string,
    steps: readonly GlobStep[],
    next: number,
    isFile: boolean,
    depth: number,
    followsLinks: boolean,
    mayBeFile = isFile,
  ): void {
    if (!mayBeFile && followsLinks) {
      this.descend(path, steps, next, depth + 1);
      return;
    }
    const stats = this.#stat(path, followsLinks);
    if (stats === undefined) {
      this.searched.add(path);
      if (isNoText(path)) this.problems.set(path, nameIsNoText);
      return;
    }
    if (stats.isDirectory() && !isFile) this.descend(path, steps, next, depth + 1);
    else if (mayBeFile && stats.isFile() && !this.#isUnwanted(path)) this.#take(path, factsOf(stats));
  }

  #take(path: string, facts: FileFacts): void {
    if (!compressedName.test(path)) this.files.set(path, facts);
    else if (uncompressedName(path) !== undefined) this.compressed.set(path, facts);
  }

  #stat(path: string, followsLinks: boolean): ReturnType<typeof lookAt> {
    try {
      return lookAt(path, followsLinks);
    } catch (error) {
      this.#note(path, error);
      return undefined;
    }
  }

  #list(folder: string): readonly string[] {
    const known = this.#listings.get(folder);
    if (known !== undefined) return known;
    let names: readonly string[] = [];
    this.searched.add(folder);
    try {
      names = readdirSync(folder);
      this.folders.add(folder);
    } catch (error) {
      this.#note(folder, error);
    }
    this.#listings.set(folder, names);
    return names;
  }

  #note(path: string, error: unknown): void {
    const errno = errnoOf(error) ?? 'unknown error';
    if (errno !== 'ENOENT' && errno !== 'ENOTDIR') this.problems.set(path, errno);
  }
}

function lookAt(path: string, followsLinks: boolean) {
  const stats = statSync(path, { bigint: true, throwIfNoEntry: false });
  if (stats === undefined || followsLinks || !stats.isDirectory()) return stats;
  // Inside `**` a link to a folder would be walked twice, or for ever.
  return lstatSync(path, { bigint: true, throwIfNoEntry: false });
}

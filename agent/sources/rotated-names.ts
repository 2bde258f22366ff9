// Which names a log file gets when it is rotated, and which such files lie beside it.
// Must never take another program's log for a rotated one: the added part is a number, a date or a word for old.
import { readdirSync, statSync } from 'node:fs';
import { basename, dirname, extname, join } from 'node:path';
import { uncompressedName } from './compressed-name.ts';
import { factsOf } from './file-identity.ts';
import type { FileFacts } from './file-identity.ts';

export interface RotatedFile {
  readonly path: string;
  readonly facts: FileFacts;
}

/**
 * True if a rotation of `name` may be called `candidate`: `app.log` becomes `app.log.1`, `app.log-20261123`, `app.log.old`,
 * `app-20261123.log`, `app.1.log`.
 */
export function isRotatedName(name: string, candidate: string): boolean {
  if (candidate === name) return false;
  if (candidate.startsWith(name)) return isRotationPart(candidate.slice(name.length));
  const extension = extname(name);
  const stem = name.slice(0, name.length - extension.length);
  if (extension === '' || !candidate.startsWith(stem) || !candidate.endsWith(extension)) return false;
  return isRotationPart(candidate.slice(stem.length, candidate.length - extension.length));
}

/** The names of which `candidate` may be a rotation; the inverse of `isRotatedName`. */
export function originalNames(candidate: string): readonly string[] {
  const extension = extname(candidate);
  const names = new Set<string>();
  for (let end = 1; end < candidate.length; end += 1) {
    if (!'.-_~'.includes(candidate.charAt(end))) continue;
    names.add(candidate.slice(0, end));
    if (extension !== '' && end < candidate.length - extension.length) names.add(candidate.slice(0, end) + extension);
  }
  return [...names].filter((name) => isRotatedName(name, candidate));
}

/** FAT counts in two seconds; others are finer. */
const coarsestTimeMs = 2500;

/** Names of a folder's files by what they may be rotations of. */
interface FolderIndex {
  readonly plain: ReadonlyMap<string, readonly string[]>;
  readonly compressed: ReadonlyMap<string, readonly string[]>;
}

/** The same for many paths at one moment: each folder is listed once, however many logs are in it. */
export class RotatedFiles {
  readonly #folders = new Map<string, FolderIndex>();
  /** What was asked for before; thousands of old generations are looked at once only. */
  readonly #beside = new Map<string, readonly RotatedFile[]>();
  /** When each changed last before it was listed. */
  readonly #changedNs = new Map<string, bigint | undefined>();

  /** Rotated files beside `path`, oldest first. A folder that can't be read has none. */
  beside(path: string): readonly RotatedFile[] {
    const known = this.#beside.get(path);
    if (known !== undefined) return known;
    const found = plainBeside(path, this.#index(dirname(path)));
    this.#beside.set(path, found);
    return found;
  }

  /** Compressed ones beside `path`, oldest first. */
  compressedBeside(path: string): readonly RotatedFile[] {
    return compressedBeside(path, this.#index(dirname(path)));
  }

  /** All compressed files of a folder. */
  compressedIn(folder: string): readonly RotatedFile[] {
    return lookAt(folder, [...new Set([...this.#index(folder).compressed.values()].flat())]);
  }

  /** Folders are listed anew from now on. @returns whether one of them changed since it was listed */
  refresh(): boolean {
    const hasChanged = [...this.#changedNs].some(([folder, changedNs]) => changeOf(folder) !== changedNs);
    this.#folders.clear();
    this.#beside.clear();
    this.#changedNs.clear();
    return hasChanged;
  }

  #index(folder: string): FolderIndex {
    const known = this.#folders.get(folder);
    if (known !== undefined) return known;
    this.#changedNs.set(folder, changeOf(folder));
    const index = indexFolder(folder);
    this.#folders.set(folder, index);
    return index;
  }
}

/**
 * The same over time: a folder with thousands of logs is listed anew only once it changed. What is found is looked at each time. The last
 * folder is kept.
 */
export class KeptListing {
  #kept: { readonly folder: string; readonly changedNs: bigint; readonly index: FolderIndex } | undefined;

  /** Rotated files beside `path`, oldest first. */
  beside(path: string): readonly RotatedFile[] {
    return plainBeside(path, this.#index(dirname(path)));
  }

  /** Compressed ones beside `path`, oldest first. */
  compressedBeside(path: string): readonly RotatedFile[] {
    return compressedBeside(path, this.#index(dirname(path)));
  }

  #index(folder: string): FolderIndex {
    const changedNs = changeOf(folder);
    if (this.#kept?.folder === folder && this.#kept.changedNs === changedNs) return this.#kept.index;
    const index = indexFolder(folder);
    // What changes again within the file system's unit of time has the same time of change.
    const isSettled = changedNs !== undefined && Date.now() - Number(changedNs / 1_000_000n) > coarsestTimeMs;
    this.#kept = isSettled ? { folder, changedNs, index } : undefined;
    return index;
  }
}

/** Oldest first: by birth (by change where the file system records no birth), then by name. */
export function byAge(one: RotatedFile, other: RotatedFile): number {
  const born = one.facts.birthNs - other.facts.birthNs;
  if (born !== 0n) return born < 0n ? -1 : 1;
  const changed = one.facts.modifiedAtMs - other.facts.modifiedAtMs;
  return changed === 0 ? rank(other.path) - rank(one.path) : changed;
}

/** Oldest first, so that generations that are found together are read in their order. */
export function inOrderOfAge(files: ReadonlyMap<string, FileFacts>): readonly RotatedFile[] {
  return [...files].map(([path, facts]) => ({ path, facts })).toSorted(byAge);
}

/** Compressed files keep the time of change of what they were made of (gzip(1)). */
export function byChange(one: RotatedFile, other: RotatedFile): number {
  const changed = one.facts.modifiedAtMs - other.facts.modifiedAtMs;
  return changed === 0 ? rank(other.path.replace(/\.gz$/, '')) - rank(one.path.replace(/\.gz$/, '')) : changed;
}

function indexFolder(folder: string): FolderIndex {
  const index = { plain: new Map<string, string[]>(), compressed: new Map<string, string[]>() };
  for (const candidate of listNames(folder)) {
    for (const original of originalNames(candidate)) add(index.plain, original, candidate);
    const uncompressed = uncompressedName(candidate);
    if (uncompressed === undefined) continue;
    for (const original of [uncompressed, ...originalNames(uncompressed)]) add(index.compressed, original, candidate);
  }
  return index;
}

function plainBeside(path: string, { plain }: FolderIndex): readonly RotatedFile[] {
  return lookAt(dirname(path), plain.get(basename(path)) ?? []).toSorted(byAge);
}

function compressedBeside(path: string, { compressed }: FolderIndex): readonly RotatedFile[] {
  return lookAt(dirname(path), compressed.get(basename(path)) ?? []).toSorted(byChange);
}

function lookAt(folder: string, names: readonly string[]): RotatedFile[] {
  return names.flatMap((name) => {
    const path = join(folder, name);
    const stats = statSync(path, { bigint: true, throwIfNoEntry: false });
    return stats?.isFile() === true ? [{ path, facts: factsOf(stats) }] : [];
  });
}

function add(index: Map<string, string[]>, original: string, candidate: string): void {
  const candidates = index.get(original) ?? [];
  candidates.push(candidate);
  index.set(original, candidates);
}

/** `.3` is older than `.1`, and both are older than the file without a number. */
function rank(path: string): number {
  const extension = extname(path).slice(1);
  return /^[0-9]{1,6}$/.test(extension) ? Number(extension) : 0;
}

function changeOf(folder: string): bigint | undefined {
  return statSync(folder, { bigint: true, throwIfNoEntry: false })?.mtimeNs;
}

function listNames(folder: string): readonly string[] {
  try {
    return readdirSync(folder);
  } catch {
    // Unreadable or gone: the finder reports folders, here there is simply nothing to be found.
    return [];
  }
}

const oldWords = ['.old', '.bak', '.prev', '.previous', '.save', '-old', '~'];

/** `.1`, `-20261123`, `.2026-11-23_03`, `-20261123-1763868000`: a separator, then digits and separators. */
function isRotationPart(part: string): boolean {
  if (oldWords.includes(part)) return true;
  if (part.length < 2 || part.length > 40 || !/^[.\-_]/.test(part)) return false;
  return /^[-._:0-9TZ]+$/.test(part) && /[0-9]/.test(part);
}

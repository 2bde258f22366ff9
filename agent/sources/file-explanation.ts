// Says for every log file why it is or isn't tailed.
// Must never decide what is tailed: it asks the same patterns that the file source uses.
import { accessSync, closeSync, constants, readdirSync, statSync } from 'node:fs';
import { basename, dirname, join } from 'node:path';
import { errnoOf } from '../../base/errors.ts';
import { uncompressedName } from './compressed-name.ts';
import { readBytes } from './file-identity.ts';
import { openFile } from './file-content.ts';
import { FileFinder } from './file-finder.ts';
import { isRotatedName } from './rotated-names.ts';

export interface ExplainedSource {
  readonly id: string;
  readonly include: readonly string[];
  readonly exclude: readonly string[];
  readonly readsCompressed?: boolean | undefined;
  /** Set if the source isn't read at all. */
  readonly unusedBecause?: string | undefined;
}

export interface FileExplanation {
  readonly path: string;
  /** Sources that tail it. */
  readonly sources: readonly string[];
  /** One sentence, for people. */
  readonly reason: string;
  /** A source wants it and may not read it. */
  readonly isDenied: boolean;
}

const denied = 'may not be read by this user: add it to the group that owns the file (adm or systemd-journal)';
const mostFiles = 10_000;
const mostDepth = 6;

/** Explains all files below the folders, and all that the sources match. Sorted by path. */
export function explainFiles(sources: readonly ExplainedSource[], folders: readonly string[]): readonly FileExplanation[] {
  const judged = sources.map((source) => {
    const finder = new FileFinder(source.include, source.exclude);
    const { files, compressed } = new FileFinder(source.include, []).find();
    return { source, finder, all: files, compressed };
  });
  const paths = new Set(folders.flatMap((folder) => listFiles(folder, 0)).slice(0, mostFiles));
  for (const { all } of judged) for (const path of all.keys()) paths.add(path);
  return [...paths].toSorted().map((path) => {
    const matching = judged.filter(({ all }) => all.has(path));
    const tailing = matching.filter(({ source, finder }) => source.unusedBecause === undefined && !finder.isExcluded(path));
    const problem = findProblem(path);
    if (tailing.length > 0 && problem === undefined) {
      const names = tailing.map(({ source }) => source.id);
      return { path, sources: names, reason: `tailed by ${names.join(', ')}`, isDenied: false };
    }
    const isDenied = tailing.length > 0 && problem === denied;
    return { path, sources: [], reason: problem ?? whyNot(path, matching, judged), isDenied };
  });
}

interface Judged {
  readonly source: ExplainedSource;
  readonly finder: FileFinder;
  readonly all: ReadonlyMap<string, unknown>;
  readonly compressed: ReadonlyMap<string, unknown>;
}

function whyNot(path: string, matching: readonly Judged[], judged: readonly Judged[]): string {
  for (const { source, finder } of matching) {
    if (finder.isExcluded(path)) return `excluded by a pattern of source ${source.id}`;
    if (source.unusedBecause !== undefined) return `source ${source.id} is not read: ${source.unusedBecause}`;
  }
  const uncompressed = uncompressedName(path);
  const rotated = judged.find(({ all }) =>
    [...all.keys()].some(
      (followed) => dirname(followed) === dirname(path) && isRotatedName(basename(followed), basename(uncompressed ?? path)),
    ),
  );
  if (rotated !== undefined && uncompressed !== undefined)
    return rotated.source.readsCompressed === true
      ? `a compressed generation of a file that source ${rotated.source.id} tails; read once, unless it was read before it was compressed`
      : `a compressed generation of a file that source ${rotated.source.id} tails; read only if it was compressed while unread (readCompressed is off)`;
  if (rotated !== undefined)
    return `an older generation of a file that source ${rotated.source.id} tails; read only if it was rotated while unread`;
  const reader = judged.find(({ source, compressed }) => source.readsCompressed === true && compressed.has(path));
  if (reader !== undefined) return `compressed; source ${reader.source.id} reads it once`;
  if (/\.(?:gz|xz|bz2|zst|lz4|zip)$/.test(path)) return 'compressed';
  if (/\.journal~?$/.test(path)) return 'a journal file; the journal source reads it through journalctl';
  if (isBinary(path)) return 'not text';
  return 'no source matches it; add one to the configuration to tail it';
}

/** Why it can't be read, whatever matches it. */
function findProblem(path: string): string | undefined {
  try {
    if (!statSync(path).isFile()) return 'not a regular file';
    accessSync(path, constants.R_OK);
    return undefined;
  } catch (error) {
    const errno = errnoOf(error) ?? 'unknown error';
    if (errno === 'EACCES') return denied;
    return errno === 'ENOENT' ? 'its link leads nowhere' : `cannot be read: ${errno}`;
  }
}

/** NUL bytes near the beginning: wtmp, lastlog, databases. UTF-16 text would need a source of its own. */
function isBinary(path: string): boolean {
  try {
    const descriptor = openFile(path);
    try {
      return readBytes(descriptor, 0, 512).includes(0);
    } finally {
      closeSync(descriptor);
    }
  } catch {
    // It went away meanwhile; then there is nothing to explain.
    return false;
  }
}

function listFiles(folder: string, depth: number): string[] {
  if (depth > mostDepth) return [];
  try {
    return readdirSync(folder, { withFileTypes: true }).flatMap((entry) => {
      const path = join(folder, entry.name);
      if (entry.isDirectory()) return listFiles(path, depth + 1);
      return entry.isFile() || entry.isSymbolicLink() ? [path] : [];
    });
  } catch {
    // A folder that may not be read has nothing to show; its files are explained if a source names them.
    return [];
  }
}

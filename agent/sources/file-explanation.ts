// Says for every log file why it is or isn't tailed.
// Must never decide what is tailed: it asks the same patterns that the file source uses.
import { closeSync, readdirSync } from 'node:fs';
import { basename, dirname, join } from 'node:path';
import type { FileFacts } from './file-identity.ts';
import { fileKey, readBytes } from './file-identity.ts';
import { uncompressedName } from './compressed-name.ts';
import { openFile } from './file-content.ts';
import { findDenial } from './file-denial.ts';
import { FileFinder } from './file-finder.ts';
import { matchesGlob, parseGlob } from './glob.ts';
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
  /** One of systemd's; the journal source reads them all through journalctl. */
  readonly isJournal: boolean;
}

interface Judged {
  readonly source: ExplainedSource;
  readonly finder: FileFinder;
  readonly all: ReadonlyMap<string, FileFacts>;
  readonly compressed: ReadonlyMap<string, FileFacts>;
  /** The path by which each file is tailed, by device and inode: one file is tailed once, however many names it has. */
  readonly tailed: ReadonlyMap<string, string>;
}

const mostFiles = 10_000;
const mostDepth = 6;

/** Explains all files below the folders, and all that the sources match. Sorted by path. */
export function explainFiles(sources: readonly ExplainedSource[], folders: readonly string[]): readonly FileExplanation[] {
  const judged = sources.map(judge);
  const paths = new Set(folders.flatMap((folder) => listFiles(folder, 0)).slice(0, mostFiles));
  for (const { all } of judged) for (const path of all.keys()) paths.add(path);
  return [...paths].toSorted().map((path) => explain(path, judged));
}

function judge(source: ExplainedSource): Judged {
  const finder = new FileFinder(source.include, source.exclude);
  const { files: all, compressed } = new FileFinder(source.include, []).find();
  const tailed = new Map<string, string>();
  if (source.unusedBecause === undefined)
    for (const [path, facts] of all) if (!finder.isExcluded(path) && !tailed.has(fileKey(facts))) tailed.set(fileKey(facts), path);
  return { source, finder, all, compressed, tailed };
}

function explain(path: string, judged: readonly Judged[]): FileExplanation {
  const matching = judged.filter(({ all }) => all.has(path));
  const tailing = matching.filter(({ source, finder }) => source.unusedBecause === undefined && !finder.isExcluded(path));
  const isJournal = /\.journal~?$/.test(path);
  const denial = findDenial(path);
  if (tailing.length > 0 && denial === undefined) {
    const names = tailing.map(({ source }) => source.id);
    return { path, sources: names, reason: howTailed(path, tailing, names), isDenied: false, isJournal };
  }
  const isDenied = tailing.length > 0 && denial?.isDenied === true;
  const reason = denial !== undefined && (isDenied || !denial.isDenied) ? denial.reason : whyNot(path, matching, judged, isJournal);
  return { path, sources: [], reason, isDenied, isJournal };
}

function howTailed(path: string, tailing: readonly Judged[], names: readonly string[]): string {
  const [first] = tailing;
  const facts = first?.all.get(path);
  const name = facts === undefined ? path : (first?.tailed.get(fileKey(facts)) ?? path);
  const all = names.join(', ');
  const by = name === path ? `tailed by ${all}` : `the same file as ${name}, tailed once by ${all}`;
  const often = names.length > 1 ? `; each of the ${names.length} sends its lines: exclude it from all but one` : '';
  return isBinary(path) ? `${by}${often}, although it doesn't look like text` : `${by}${often}`;
}

function whyNot(path: string, matching: readonly Judged[], judged: readonly Judged[], isJournal: boolean): string {
  for (const { source, all } of matching) {
    const facts = all.get(path);
    const same = facts === undefined ? undefined : judged.find(({ tailed }) => tailed.has(fileKey(facts)));
    if (facts !== undefined && same !== undefined)
      return `the same file as ${same.tailed.get(fileKey(facts)) ?? ''}, which source ${same.source.id} tails`;
    const pattern = source.exclude.find((each) => matchesGlob(parseGlob(each), path));
    if (pattern !== undefined) return `excluded by the pattern ${pattern} of source ${source.id}`;
    if (source.unusedBecause !== undefined) return `not read: ${source.unusedBecause}`;
  }
  const uncompressed = uncompressedName(path);
  const rotated = judged.find(
    ({ source, all }) =>
      source.unusedBecause === undefined &&
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
  if (/\.(?:gz|xz|bz2|zst|lz4|zip)$/.test(path)) return 'compressed, and no source with readCompressed matches it';
  if (isJournal) return 'a journal source reads them through journalctl';
  if (isBinary(path)) return 'not text';
  return 'no source matches it; add one to the configuration to tail it';
}

/** NUL bytes near the beginning: wtmp, lastlog, databases. Text of UTF-16 tells itself by its byte order mark. */
function isBinary(path: string): boolean {
  try {
    const descriptor = openFile(path);
    try {
      const head = readBytes(descriptor, 0, 512);
      const mark = head.toString('latin1', 0, 2);
      return mark !== '\xff\xfe' && mark !== '\xfe\xff' && head.includes(0);
    } finally {
      closeSync(descriptor);
    }
  } catch {
    // It went away meanwhile, or may not be read; then there is nothing to say of its content.
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

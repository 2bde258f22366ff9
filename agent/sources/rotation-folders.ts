// Folders that a rotation may move files into.
// Must never name one where everybody may put files: what lies there proves nothing.
import { existsSync, readdirSync, statSync } from 'node:fs';
import { basename, dirname, join } from 'node:path';

/** So many are looked into. */
const mostFolders = 64;

/** Those below a log's own folder and beside it. */
export function foldersAround(folder: string): readonly string[] {
  const parent = dirname(folder);
  const around = parent === '/' || parent === folder || isForAll(parent) ? [] : [parent, ...foldersIn(parent)];
  return [...foldersIn(folder), ...around.filter((other) => other !== folder)].slice(0, mostFolders);
}

/** What a log's path would be in those folders, where no other log has that name there. */
export function namesakesElsewhere(path: string): readonly string[] {
  return foldersAround(dirname(path))
    .map((folder) => join(folder, basename(path)))
    .filter((namesake) => !existsSync(namesake));
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

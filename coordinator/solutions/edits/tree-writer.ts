// Writes a change into a work tree: never through a symbolic link, keeping each file's mode.
// Must never be called with paths that the path policy hasn't seen.
import { lstat, mkdir, rm, stat, writeFile } from 'node:fs/promises';
import { dirname, join } from 'node:path';
import { HephaestusError } from '../../../base/errors.ts';

/** @throws HephaestusError `edits.symlink` before anything is written if a path leads through a link. */
export async function writeToTree(directory: string, files: Readonly<Record<string, string | null>>): Promise<void> {
  for (const path of Object.keys(files)) await refuseLinks(directory, path);
  for (const [path, text] of Object.entries(files)) {
    const target = join(directory, path);
    if (text === null) {
      await rm(target, { force: true });
      continue;
    }
    await mkdir(dirname(target), { recursive: true });
    // Writing to an existing file keeps its mode, the executable bit included.
    await writeFile(target, text);
  }
}

async function refuseLinks(directory: string, path: string): Promise<void> {
  const parts = path.split('/');
  for (let count = 1; count <= parts.length; count += 1) {
    const part = parts.slice(0, count).join('/');
    const found = await lstat(join(directory, part)).catch(() => undefined);
    if (found === undefined) return;
    const isLast = count === parts.length;
    if (found.isSymbolicLink() || (isLast && !found.isFile()))
      throw new HephaestusError({
        code: 'edits.symlink',
        kind: 'validation',
        message: `${part} is a link or no regular file and is never edited`,
      });
  }
  // Also the root must be what it seems.
  await stat(directory);
}

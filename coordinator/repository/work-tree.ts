// Checkouts for one piece of work each: made, cleared of links that lead outside, and thrown away.
// Must never share objects or configuration with the mirror: what runs in a work tree may write there.
import { randomUUID } from 'node:crypto';
import { chmod, lstat, mkdir, readdir, readlink, realpath, rm, writeFile } from 'node:fs/promises';
import { dirname, isAbsolute, join, resolve, sep } from 'node:path';
import type { Git } from './git.ts';
import type { Mirror } from './mirror.ts';
import type { WorkTree } from './repository.ts';

export interface WorkTreesOptions {
  readonly git: Git;
  /** Holds the work trees of this process alone; what is in it at the start is left over. */
  readonly directory: string;
}

export class WorkTrees {
  readonly #options: WorkTreesOptions;
  readonly #inUse = new Set<string>();

  constructor(options: WorkTreesOptions) {
    this.#options = options;
  }

  /** Checks a commit out into a folder of its own: a repository with that one commit, no remote and no hooks. */
  async create(mirror: Mirror, commit: string): Promise<WorkTree> {
    if (this.#inUse.size === 0) await this.removeLeft();
    const name = randomUUID();
    const directory = join(this.#options.directory, name);
    this.#inUse.add(name);
    const remove = async (): Promise<void> => {
      await removeTree(directory);
      this.#inUse.delete(name);
    };
    try {
      await mkdir(directory, { recursive: true, mode: 0o700 });
      await fillPartialMirror(mirror, commit);
      const call = { directory };
      const { git } = this.#options;
      await git.run(['init', '--quiet', '--template=', '.'], call);
      // One commit only, copied: cheap for small repositories, bounded for old ones, and safe to break.
      await git.run(['fetch', '--quiet', '--no-tags', '--depth=1', '--', `file://${mirror.directory}`, commit], call);
      await git.run(['checkout', '--quiet', '--force', '--detach', commit], { ...call, timeoutMs: 600_000 });
      await this.#breakOutwardLinks(directory, commit);
    } catch (error) {
      await remove();
      throw error;
    }
    return { directory, baseCommit: commit, [Symbol.asyncDispose]: remove };
  }

  /** Removes what a process that was killed, or a removal that failed, left over. */
  async removeLeft(): Promise<void> {
    const entries = await readdir(this.#options.directory).catch(() => []);
    for (const entry of entries) if (!this.#inUse.has(entry)) await removeTree(join(this.#options.directory, entry));
  }

  /** A link that leads out of the tree becomes a file that holds where it led, as git writes it where there are no links. */
  async #breakOutwardLinks(directory: string, commit: string): Promise<void> {
    const listed = await this.#options.git.text(['ls-tree', '-r', '-z', '--full-tree', commit], { directory });
    const links = listed
      .split('\0')
      .filter((row) => row.startsWith('120000 '))
      .map((row) => join(directory, row.slice(row.indexOf('\t') + 1)));
    const root = await realpath(directory);
    // A link may lead outside through another one, so that it goes on until nothing changes.
    for (let broken = true; broken;) {
      broken = false;
      for (const path of links) {
        const target = await readlink(path).catch(() => undefined);
        if (target === undefined || (await staysInside(root, path, target))) continue;
        await rm(path);
        await writeFile(path, target);
        broken = true;
      }
    }
  }
}

async function staysInside(root: string, path: string, target: string): Promise<boolean> {
  if (isAbsolute(target)) return false;
  const inside = (place: string): boolean =>
    (place === root || place.startsWith(root + sep)) && place !== join(root, '.git') && !place.startsWith(join(root, '.git') + sep);
  const parent = await realpath(dirname(path)).catch(() => undefined);
  if (parent === undefined || !inside(parent) || !inside(resolve(parent, target))) return false;
  const end = await realpath(path).catch(() => undefined);
  if (end !== undefined) return inside(end);
  // It leads to nothing yet, and whoever writes to it would make it: its folder decides. The system resolves it, since
  // `..` behind another link is not what it looks like.
  const folder = await realpath(`${parent}${sep}${dirname(target)}`).catch(() => undefined);
  return folder === undefined ? !target.split('/').includes('..') : inside(folder);
}

/** Brings the contents of one commit's files into a partial mirror, in one request instead of one a file. */
async function fillPartialMirror(mirror: Mirror, commit: string): Promise<void> {
  const promisor = await mirror.text(['config', '--get', 'remote.origin.promisor'], { statuses: [0, 1] });
  if (promisor !== 'true') return;
  const listed = await mirror.text(['rev-list', '--objects', '--no-object-names', '--missing=print', `${commit}^{tree}`]);
  const missing = listed.split('\n').filter((line) => line.startsWith('?'));
  if (missing.length === 0) return;
  const input = `${missing.map((line) => line.slice(1)).join('\n')}\n`;
  await mirror.run(['fetch', '--quiet', '--no-tags', '--no-write-fetch-head', '--filter=blob:none', '--stdin', 'origin'], { input });
}

/** Also a tree whose folders were made read-only by what ran in it. */
async function removeTree(directory: string): Promise<void> {
  try {
    await rm(directory, { recursive: true, force: true, maxRetries: 3 });
  } catch {
    await makeWritable(directory);
    await rm(directory, { recursive: true, force: true, maxRetries: 3 });
  }
}

async function makeWritable(directory: string): Promise<void> {
  const status = await lstat(directory).catch(() => undefined);
  if (status?.isDirectory() !== true) return;
  await chmod(directory, 0o700);
  for (const entry of await readdir(directory)) await makeWritable(join(directory, entry));
}

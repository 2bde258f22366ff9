// Applies a change somewhere else: what leads from one revision to another, on top of a third, file by file as git merges.
// Must never leave a conflict in a file: one that can't be merged is named, and nothing is answered.
import { mkdtemp, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { readFileAt } from './history.ts';
import type { Mirror } from './mirror.ts';
import type { Applied, FileChange } from './repository.ts';

/** @param from @param to commits between which the change is; @param onto commit that gets it */
export async function applyElsewhere(mirror: Mirror, from: string, to: string, onto: string): Promise<Applied> {
  const listed = await mirror.text(['diff-tree', '-r', '--no-renames', '--name-only', '-z', from, to]);
  const paths = listed.split('\0').filter((path) => path !== '');
  const files: FileChange[] = [];
  const conflicts: string[] = [];
  for (const path of paths) {
    const [before, after, there] = await Promise.all([from, to, onto].map((commit) => readFileAt(mirror, commit, path)));
    if (same(after, there)) continue;
    if (same(before, there)) files.push({ path, content: after });
    else {
      const merged =
        before === undefined || after === undefined || there === undefined ? undefined : await merge(mirror, before, after, there);
      if (merged === undefined) conflicts.push(path);
      else if (!same(merged, there)) files.push({ path, content: merged });
    }
  }
  if (conflicts.length > 0) return { kind: 'conflict', paths: conflicts };
  return files.length === 0 ? { kind: 'nothing' } : { kind: 'applied', files };
}

function same(left: Buffer | undefined, right: Buffer | undefined): boolean {
  return left === undefined || right === undefined ? left === right : left.equals(right);
}

async function merge(mirror: Mirror, before: Buffer, after: Buffer, there: Buffer): Promise<Buffer | undefined> {
  const folder = await mkdtemp(join(tmpdir(), 'hephaestus-merge-'));
  try {
    const names = ['there', 'before', 'after'].map((name) => join(folder, name));
    for (const [index, content] of [there, before, after].entries()) await writeFile(names[index] ?? '', content);
    // Its exit status counts the conflicts; above 127 it failed (binary files, too).
    const answer = await mirror.run(['merge-file', '-p', '--quiet', ...names], {
      statuses: Array.from({ length: 256 }, (_, status) => status),
    });
    return answer.status === 0 ? answer.stdout : undefined;
  } finally {
    await rm(folder, { recursive: true, force: true });
  }
}

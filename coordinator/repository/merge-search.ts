// Whether a commit came into a history, in whatever shape: merged, squashed, rebased, picked; and whether it was taken back there.
// Must never change the mirror or ask the remote; it judges what was fetched.
import type { Mirror } from './mirror.ts';
import type { FixPresence } from './repository.ts';

/** The trailer by which a change of ours is known in any shape that keeps its message. */
export const solutionTrailer = 'Hephaestus-Solution';

const mostCommits = 5000;
const mostBytes = 32 * 1024 * 1024;

/** @param branch a full reference or a commit. @returns undefined if it isn't there, or no longer known */
export async function findMerge(mirror: Mirror, branch: string, commit: string): Promise<{ commit: string; atMs: number } | undefined> {
  if (!(await mirror.knows(commit))) return undefined;
  const found = (await isAncestor(mirror, commit, branch)) ? commit : await findCopy(mirror, branch, commit);
  if (found === undefined) return undefined;
  const seconds = Number(await mirror.text(['show', '-s', '--format=%ct', found]));
  return { commit: found, atMs: seconds * 1000 };
}

/** Whether a revision holds a fix: the commit or a copy of it, and whether a later commit took it back. */
export async function holdsFix(
  mirror: Mirror,
  revision: string,
  fix: { readonly commit: string; readonly solutionId: string },
): Promise<FixPresence> {
  const presence = async (commit: string): Promise<FixPresence> => ((await wasReverted(mirror, revision, commit)) ? 'taken-back' : 'held');
  if (await isAncestor(mirror, fix.commit, revision)) return presence(fix.commit);
  // A release branch that it was picked to.
  const copies = await mirror.text([
    'log',
    '--max-count=1',
    '--format=%H',
    '--fixed-strings',
    `--grep=${solutionTrailer}: ${fix.solutionId}`,
    revision,
  ]);
  return copies === '' ? 'missing' : presence(copies);
}

async function wasReverted(mirror: Mirror, revision: string, commit: string): Promise<boolean> {
  const grep = `--grep=This reverts commit ${commit}`;
  const reverts = await mirror.text(['log', '--format=%H', '--fixed-strings', grep, `${commit}..${revision}`]);
  // A revert of the revert brings it back.
  const count = reverts.split('\n').filter((line) => line !== '').length;
  if (count === 0) return false;
  for (const revert of reverts.split('\n')) {
    if (revert !== '' && !(await wasReverted(mirror, revision, revert))) return true;
  }
  return false;
}

export async function isAncestor(mirror: Mirror, commit: string, of: string): Promise<boolean> {
  if (!(await mirror.knows(commit))) return false;
  return (await mirror.run(['merge-base', '--is-ancestor', commit, of], { statuses: [0, 1] })).status === 0;
}

async function findCopy(mirror: Mirror, branch: string, commit: string): Promise<string | undefined> {
  const base = await mirror.text(['merge-base', commit, branch], { statuses: [0, 1] });
  if (base === '') return undefined;
  const since = [`--max-count=${String(mostCommits)}`, `${base}..${branch}`];
  const trailer = `--format=%(trailers:key=${solutionTrailer},valueonly,separator=%x2C)`;
  const ours = (await mirror.text(['show', '-s', trailer, commit])).trim();
  if (ours !== '') {
    const marked = await mirror.text(['log', '--format=%H', '--fixed-strings', `--grep=${solutionTrailer}: ${ours}`, ...since]);
    const [latest] = marked.split('\n');
    if (latest !== undefined && latest !== '') return latest;
  }
  // A squash whose message a person wrote anew: the same change has the same patch id.
  const wanted = await patchIds(mirror, ['diff-tree', '-p', base, commit], commit);
  const paths = (await mirror.text(['diff-tree', '-r', '--name-only', '-z', base, commit])).split('\0').filter((path) => path !== '');
  if (paths.length === 0) return undefined;
  const pathspecs = paths.map((path) => `:(literal)${path}`);
  const others = await patchIds(mirror, ['log', '-p', '--first-parent', '-m', '--format=%H', ...since, '--', ...pathspecs], undefined);
  const [id] = wanted.keys();
  return id === undefined ? undefined : others.get(id);
}

/** Patch ids with the commit of each; the first of equals is the newest. */
async function patchIds(mirror: Mirror, args: readonly string[], commit: string | undefined): Promise<ReadonlyMap<string, string>> {
  const { stdout } = await mirror.run(args, { maxBytes: mostBytes, truncate: true });
  const input = commit === undefined ? stdout : Buffer.concat([Buffer.from(`${commit}\n`), stdout]);
  const listed = await mirror.text(['patch-id', '--stable'], { input });
  const found = new Map<string, string>();
  for (const [, id = '', hash = ''] of listed.matchAll(/^([0-9a-f]{40}) ([0-9a-f]{40})$/gm)) if (!found.has(id)) found.set(id, hash);
  return found;
}

// What open change requests change, as the mirror's history shows it: from where they left the given revision to their heads.
// Must never take what a forge says of a change for what is in it; and never change anything.
import type { Mirror } from './mirror.ts';
import type { OpenChange } from './repository.ts';

/** As a forge lists it. */
export interface ListedChange {
  readonly number: string;
  readonly url: string;
  readonly branch: string;
  /** Where git finds its head at the remote. */
  readonly reference: string;
  readonly commit: string;
  readonly title: string;
  readonly body: string;
}

/** Change requests looked at, the latest by their heads' time. */
export const mostOpenChanges = 50;
/** One that touches more is no fix of one problem. */
const mostPaths = 200;
const mostDiffBytes = 128 * 1024;
const mostWords = 20_000;

/** @param fetch brings a head that the mirror lacks (of a fork) */
export async function readOpenChanges(
  mirror: Mirror,
  revision: string,
  listed: readonly ListedChange[],
  fetch: (reference: string) => Promise<void>,
): Promise<readonly OpenChange[]> {
  const present: ListedChange[] = [];
  for (const one of listed) {
    if (!(await mirror.knows(one.commit))) await fetch(one.reference).catch(() => undefined);
    // Gone meanwhile, or its fork is out of reach.
    if (await mirror.knows(one.commit)) present.push(one);
  }
  const times = await commitTimes(
    mirror,
    present.map(({ commit }) => commit),
  );
  const latest = present.toSorted((a, b) => (times.get(b.commit) ?? 0) - (times.get(a.commit) ?? 0)).slice(0, mostOpenChanges);
  const changes: OpenChange[] = [];
  for (const one of latest) {
    const change = await readChange(mirror, revision, one, times.get(one.commit) ?? 0);
    if (change !== undefined) changes.push(change);
  }
  return changes;
}

/** Undefined where it adds nothing to the revision, or has nothing to do with it. */
async function readChange(mirror: Mirror, revision: string, listed: ListedChange, atMs: number): Promise<OpenChange | undefined> {
  const { commit } = listed;
  const base = await mirror.text(['merge-base', revision, commit], { statuses: [0, 1] });
  if (base === '' || base === commit) return undefined;
  const names = await mirror.text(['diff-tree', '-r', '--no-renames', '--name-only', '-z', base, commit]);
  const paths = names.split('\0').filter((path) => path !== '');
  if (paths.length === 0 || paths.length > mostPaths) return undefined;
  const diff = await mirror.run(['diff', '--no-ext-diff', '--no-textconv', '--no-color', '--no-renames', '--unified=3', base, commit], {
    maxBytes: mostDiffBytes,
    truncate: true,
  });
  const messages = await mirror.text(['log', '--max-count=20', '--format=%B', `${base}..${commit}`]);
  const { number, url, branch, title, body } = listed;
  const words = [title, branch, body, messages].join('\n').slice(0, mostWords);
  const subject = messages.split('\n', 1)[0] ?? '';
  return { number, url, title: title === '' ? subject : title, commit, base, atMs, words, paths, diff: diff.stdout.toString('utf8') };
}

async function commitTimes(mirror: Mirror, commits: readonly string[]): Promise<ReadonlyMap<string, number>> {
  if (commits.length === 0) return new Map();
  const listed = await mirror.text(['log', '--no-walk=unsorted', '--stdin', '--format=%H %ct'], { input: `${commits.join('\n')}\n` });
  return new Map([...listed.matchAll(/^([0-9a-f]{40}) (\d+)$/gm)].map(([, hash = '', seconds]) => [hash, Number(seconds) * 1000]));
}

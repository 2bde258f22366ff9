// Frames in files that are called otherwise now, or lie elsewhere: the history says what became of them.
// Must never search the history for files of others, nor long: it is walked only where a frame leads nowhere.
import { isHephaestusError } from '../../base/errors.ts';
import { matchFrame } from './frame-match.ts';
import { readFramePath, readJavaPath } from './frame-path.ts';
import type { Mirror } from './mirror.ts';
import { PathIndex } from './path-index.ts';
import type { LocateQuery } from './repository.ts';

type QueryFrame = LocateQuery['frames'][number];

/** A frame that matches better than this is where it says. */
const goodMatch = 0.6;
/** What is found in the history has to match this well. */
const leastMatch = 0.6;
const mostNames = 3;
const mostHops = 3;
/** Walking a long history takes seconds; a hint isn't worth more. */
const searchTimeoutMs = 1_500;
/** Every repository has them; they don't tell it from others. */
const everywhere = new Set([
  'src',
  'lib',
  'app',
  'main',
  'java',
  'kotlin',
  'test',
  'tests',
  'dist',
  'build',
  'home',
  'usr',
  'opt',
  'srv',
  'var',
  'local',
  'index',
]);

/** The same query, its frames in files that were renamed told by their names now. */
export async function followRenames(
  mirror: Mirror,
  commit: string,
  index: PathIndex,
  query: LocateQuery,
  repositoryName: string,
): Promise<LocateQuery> {
  const weak = query.frames.filter(({ inApp, file }) => inApp && file !== undefined).slice(0, 12);
  const matched = weak.map((frame) => ({ frame, score: matchFrame(index, frame, repositoryName)[0]?.score ?? 0 }));
  // Where another frame leads home already, a search isn't worth its time.
  if (matched.some(({ score }) => score >= goodMatch) && (matched[0]?.score ?? 1) >= goodMatch) return query;
  const folders = new FolderNames(index);
  const lost = matched.filter(({ frame, score }) => score < goodMatch && folders.isOurs(frame, repositoryName));
  const wanted = new Map(lost.map(({ frame }) => [pathOf(frame).join('/'), frame]));
  const moved = new Map<string, { readonly from: string; readonly to: string }>();
  for (const path of [...wanted.keys()].slice(0, mostNames)) {
    const found = await findSuccessor(mirror, commit, index, path.split('/'));
    if (found !== undefined) moved.set(path, found);
  }
  if (moved.size === 0) return query;
  const frames = query.frames.map((frame): QueryFrame => {
    const found = moved.get(pathOf(frame).join('/'));
    return found === undefined ? frame : { ...frame, file: found.to, via: `${found.from} is ${found.to} now` };
  });
  return { ...query, frames };
}

/** What a file that is gone became, by the history; undefined where it was never here or was deleted for good. */
async function findSuccessor(
  mirror: Mirror,
  commit: string,
  index: PathIndex,
  segments: readonly string[],
): Promise<{ readonly from: string; readonly to: string } | undefined> {
  const name = segments.at(-1) ?? '';
  if (!/^[\w.@+-]{3,100}$/.test(name)) return undefined;
  const removals = await logOf(mirror, ['--diff-filter=D', '--no-renames', '--max-count=5', commit, '--', `:(glob)**/${name}`]);
  const gone = new PathIndex([...new Set(removals.flatMap(({ rows }) => rows.map(([, path = '']) => path)))]);
  const [best] = gone.match(segments);
  if (best === undefined || best.score < leastMatch) return undefined;
  let path = best.path;
  let hash = removals.find(({ rows }) => rows.some(([, one]) => one === path))?.hash;
  for (let hop = 0; hop < mostHops && hash !== undefined; hop += 1) {
    const [renaming] = await logOf(mirror, ['--diff-filter=R', '-M', '--max-count=1', '--first-parent', '-m', hash]);
    const next = renaming?.hash === hash ? newNameOf(path, renaming) : undefined;
    if (next === undefined) return undefined;
    if (index.has(next)) return { from: best.path, to: next };
    path = next;
    const literal = `:(literal)${path}`;
    [{ hash } = { hash: undefined }] = await logOf(mirror, ['--diff-filter=D', '--no-renames', '--max-count=1', commit, '--', literal]);
  }
  return undefined;
}

function newNameOf(path: string, { rows }: Entry): string | undefined {
  return rows.find(([, from]) => from === path)?.[2];
}

interface Entry {
  readonly hash: string;
  /** Status, path, and for renames the new path. */
  readonly rows: readonly (readonly string[])[];
}

async function logOf(mirror: Mirror, args: readonly string[]): Promise<readonly Entry[]> {
  try {
    const text = await mirror.text(['log', '--format=%x1e%H', '--name-status', '-z', ...args], { timeoutMs: searchTimeoutMs });
    return text.split('\u001e').flatMap((record) => {
      const [head = '', ...fields] = record.split('\0').map((field) => field.replace(/^\n/, ''));
      const hash = head.slice(0, 40);
      if (!/^[0-9a-f]{40}$/.test(hash)) return [];
      const rows: string[][] = [];
      const words = fields.filter((field) => field !== '');
      for (let at = 0; at < words.length;) {
        const size = /^[RC]\d*$/.test(words[at] ?? '') ? 3 : 2;
        rows.push(words.slice(at, at + size));
        at += size;
      }
      return [{ hash, rows }];
    });
  } catch (error) {
    if (isHephaestusError(error) && error.code === 'git.timeout') return [];
    throw error;
  }
}

function pathOf({ file = '', function: name }: QueryFrame): readonly string[] {
  const java = /^[^\\/]+\.(?:java|kt|scala|groovy)$/.test(file) ? readJavaPath(name, file) : undefined;
  const path = java === undefined ? readFramePath(file) : undefined;
  return java ?? (path === undefined || path.runtime ? [] : path.segments);
}

/** Folders by name, so that a stranger's frame costs no walk. */
class FolderNames {
  readonly #index: PathIndex;
  #names: Set<string> | undefined;

  constructor(index: PathIndex) {
    this.#index = index;
  }

  isOurs(frame: QueryFrame, repositoryName: string): boolean {
    const segments = pathOf(frame);
    if (segments.length < 2) return false;
    this.#names ??= new Set(this.#index.paths.flatMap((path) => path.split('/').slice(0, -1)));
    const names = this.#names;
    return segments.slice(0, -1).some((segment) => !everywhere.has(segment) && (names.has(segment) || segment === repositoryName));
  }
}

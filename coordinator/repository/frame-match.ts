// Which files of a repository a frame may be in: by its path, its package or its Java class.
// Must never rank frames against each other; locator.ts does.
import { readFramePath, readJavaPath, type FramePath } from './frame-path.ts';
import type { PathIndex, PathMatch } from './path-index.ts';
import type { LocateQuery } from './repository.ts';

/** Files that a frame may be in, the likeliest first. */
export function matchFrame(index: PathIndex, frame: LocateQuery['frames'][number], repositoryName: string): readonly PathMatch[] {
  const { file } = frame;
  const java = readJavaPath(frame.function, file);
  if (java !== undefined && file !== undefined && /^[^\\/]+\.(?:java|kt|scala|groovy)$/.test(file)) return matchJava(index, java);
  if (file === undefined) return [];
  const path = readFramePath(file);
  if (path === undefined || path.runtime) return [];
  const matches = index.match(path.segments);
  if (path.package === undefined) return matches;
  return matches.flatMap((match) => judgePackage(match, path, repositoryName));
}

/** Only a file that has its package's folders too: `Util.java` alone says nothing. */
function matchJava(index: PathIndex, wanted: readonly string[]): readonly PathMatch[] {
  const folders = wanted.slice(0, -1).join('/');
  return index.match(wanted).flatMap((match) => {
    const own = `/${match.path.split('/').slice(0, -1).join('/')}`;
    if (folders === '' || own.endsWith(`/${folders}`)) return [{ ...match, score: Math.max(match.score, 0.95) }];
    // Kotlin may leave out the folders that all its packages share.
    return /\.(?:kt|scala)$/.test(match.path) && match.score > 0.3 ? [match] : [];
  });
}

/** An installed package is the repository itself if it is called so, or if its folder is in the repository. */
function judgePackage(match: PathMatch, path: FramePath, repositoryName: string): readonly PathMatch[] {
  const name = path.package ?? '';
  const same = nameKey(name) === nameKey(repositoryName);
  const segments = match.path.split('/');
  if (segments.some((segment) => nameKey(segment) === nameKey(name))) {
    return [{ ...match, score: Math.min(1, match.score * (same ? 1.12 : 1)), reason: `${match.reason}, in the package ${name}` }];
  }
  // `node_modules/shop/lib/a.js` and `shop@v1.2.0/lib/a.go` are lib/a of the repository called shop; nothing may be left of either path.
  const inside = path.segments.slice(-path.inPackage);
  if (!same || inside.length === 0) return [];
  const score = inside.join('/') === match.path ? 0.97 : match.score * 0.9;
  return [{ ...match, score, reason: `${match.reason}; ${repositoryName} is the package` }];
}

function nameKey(name: string): string {
  return name
    .toLowerCase()
    .replace(/^(?:node|python|py|go)-|(?:\.js|-js|\.py|-py)$/g, '')
    .replace(/[^a-z0-9]/g, '');
}

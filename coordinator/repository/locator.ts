// From frames and messages to files of a repository, ranked with reasons; it works on a list of paths alone.
// Must never read a repository: what a search found is handed in, so that the ranking can be measured without one.
import type { CodeLocation, LocateQuery } from './repository.ts';
import { readFramePath, readJavaPath, type FramePath } from './frame-path.ts';
import { mentionedFiles } from './message-search.ts';
import type { PathIndex, PathMatch } from './path-index.ts';

/** A line that the repository's search found for a part of the message. */
export interface SearchFinding {
  readonly path: string;
  readonly line: number;
  /** 0 to 1: how telling the part is and how few other lines hold it. */
  readonly score: number;
  readonly reason: string;
}

export interface LocateOptions {
  /** The repository's own name, which installed packages and module paths show (`site-packages/NAME`). */
  readonly repositoryName: string;
  readonly findings: readonly SearchFinding[];
}

/** Most places answered. */
const mostLocations = 30;

type QueryFrame = LocateQuery['frames'][number];

interface Candidate {
  readonly path: string;
  readonly line: number | undefined;
  readonly function: string | undefined;
  score: number;
  readonly reasons: string[];
}

/** The likeliest place first. Each path and line appears once. */
export function locate(index: PathIndex, query: LocateQuery, options: LocateOptions): readonly CodeLocation[] {
  const candidates = new Map<string, Candidate>();
  const add = (found: Omit<Candidate, 'reasons'>, reason: string): void => {
    const key = `${found.path}\0${String(found.line ?? '')}`;
    const known = candidates.get(key);
    if (known === undefined) candidates.set(key, { ...found, reasons: [reason] });
    else {
      known.score = Math.max(known.score, found.score) + Math.min(known.score, found.score) * 0.15;
      if (known.reasons.length < 4 && !known.reasons.includes(reason)) known.reasons.push(reason);
    }
  };
  addFrames(index, query, options, add);
  for (const finding of options.findings) {
    add(
      { path: finding.path, line: finding.line, function: undefined, score: 0.75 * finding.score * placeWeight(finding.path) },
      finding.reason,
    );
  }
  addMentioned(index, query, add);
  return [...candidates.values()]
    .toSorted((a, b) => b.score - a.score || (a.path < b.path ? -1 : 1))
    .slice(0, mostLocations)
    .map((candidate) => ({ ...candidate, score: Math.round(Math.min(1, candidate.score) * 1000) / 1000 }));
}

type Add = (found: Omit<Candidate, 'reasons'>, reason: string) => void;

function addFrames(index: PathIndex, query: LocateQuery, options: LocateOptions, add: Add): void {
  let depth = 0;
  for (const frame of query.frames) {
    const matches = matchFrame(index, frame, options.repositoryName);
    const [best] = matches;
    if (best === undefined) continue;
    for (const match of matches.slice(0, 4)) {
      // The nearer to where it failed, the likelier; a frame of somebody else's package only if nothing else is left.
      const score = match.score * 0.88 ** depth * placeWeight(match.path);
      add({ path: match.path, line: frame.line, function: frame.function, score }, `${ordinal(depth)} frame: ${match.reason}`);
    }
    if (best.score >= 0.4 && placeWeight(best.path) === 1) depth++;
  }
}

/** Files that a frame may be in, the likeliest first. */
export function matchFrame(index: PathIndex, frame: QueryFrame, repositoryName: string): readonly PathMatch[] {
  const java = readJavaPath(frame.function, frame.file);
  if (
    java !== undefined &&
    (frame.file === undefined || /\.(?:java|kt|scala|groovy)$/.test(frame.file)) &&
    !/[\\/]/.test(frame.file ?? '')
  ) {
    return matchJava(index, java);
  }
  if (frame.file === undefined) return [];
  const path = readFramePath(frame.file);
  if (path === undefined || path.runtime) return [];
  const matches = index.match(path.segments);
  if (path.package === undefined) return matches;
  return matches.flatMap((match) => judgePackage(match, path, repositoryName));
}

/** Only a file that has its package's folders too: `Util.java` alone says nothing. */
function matchJava(index: PathIndex, wanted: readonly string[]): readonly PathMatch[] {
  const packageFolders = wanted.slice(0, -1).join('/');
  return index.match(wanted).flatMap((match) => {
    const folders = `/${match.path.split('/').slice(0, -1).join('/')}`;
    if (packageFolders === '' || folders.endsWith(`/${packageFolders}`)) return [{ ...match, score: Math.max(match.score, 0.95) }];
    // Kotlin may leave out the folders that all its packages share.
    return /\.(?:kt|scala)$/.test(match.path) && match.score > 0.3 ? [match] : [];
  });
}

/** An installed package is the repository itself if it is called so, or if its folder is in the repository. */
function judgePackage(match: PathMatch, path: FramePath, repositoryName: string): readonly PathMatch[] {
  const same = nameKey(path.package ?? '') === nameKey(repositoryName);
  if (match.path.split('/').some((segment) => nameKey(segment) === nameKey(path.package ?? ''))) {
    return [
      { ...match, score: Math.max(match.score, same ? 0.9 : match.score), reason: `${match.reason}, in the package ${path.package ?? ''}` },
    ];
  }
  const segments = match.path.split('/');
  const wholeInside = path.segments.slice(-path.inPackage).join('/').endsWith(match.path) || segments.length >= path.inPackage;
  if (same && wholeInside)
    return [{ ...match, score: Math.max(match.score, 0.75), reason: `${match.reason}; ${repositoryName} is the package` }];
  return [];
}

function nameKey(name: string): string {
  return name
    .toLowerCase()
    .replace(/^(?:node|python|py|go)-|(?:\.js|-js|\.py|-py)$/g, '')
    .replace(/[^a-z0-9]/g, '');
}

function addMentioned(index: PathIndex, query: LocateQuery, add: Add): void {
  for (const { file, line } of mentionedFiles(query.message)) {
    const path = readFramePath(file);
    if (path === undefined || path.runtime) continue;
    const [best] = index.match(path.segments);
    if (best === undefined || best.score < 0.3) continue;
    add({ path: best.path, line, function: undefined, score: best.score * 0.5 * placeWeight(best.path) }, 'the message names the file');
  }
}

/** Tests, documentation and generated code show problems, and seldom have them. */
function placeWeight(path: string): number {
  if (
    /(?:^|\/)(?:tests?|__tests__|spec|specs|testing|e2e)\/|(?:^|\/)(?:test_[^/]*|conftest)\.py$|[._-](?:test|tests|spec)\.\w+$|(?:Test|Tests|IT|TestCase)\.(?:java|kt|scala|cs)$/.test(
      path,
    )
  )
    return 0.35;
  if (
    /(?:^|\/)(?:docs?|examples?|samples?|benchmarks?|fixtures?|testdata|vendor|third_party|node_modules)\/|\.(?:md|rst|txt|lock|min\.js|map|po|svg)$|(?:^|\/)CHANGE/i.test(
      path,
    )
  )
    return 0.3;
  return 1;
}

function ordinal(depth: number): string {
  return depth === 0 ? 'innermost' : `${String(depth + 1)}.`;
}

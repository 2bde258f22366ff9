// Locates a problem in a mirror: by frames and names first, by searching for the message's words where those are weak.
// Must never search where a frame is certain: it costs a walk over the repository.
import { searchMessage } from './code-search.ts';
import { readFilesAt } from './history.ts';
import { locate } from './locator.ts';
import type { Mirror } from './mirror.ts';
import type { PathIndex } from './path-index.ts';
import type { CodeLocation, LocateQuery } from './repository.ts';

/** A good frame needs no search; in a third of crashes the fault is elsewhere, so that a weak one gets it. */
const certain = 0.9;
/** Larger files are generated; their lines aren't counted. */
const mostFileBytes = 8 * 1024 * 1024;

/** @param repositoryName what packages and module paths call it */
export async function locateInMirror(
  mirror: Mirror,
  commit: string,
  index: PathIndex,
  query: LocateQuery,
  repositoryName: string,
): Promise<readonly CodeLocation[]> {
  const fromFrames = locate(index, query, { repositoryName, findings: [] });
  const findings = (fromFrames[0]?.score ?? 0) >= certain ? [] : await searchMessage(mirror, commit, query);
  const locations = findings.length === 0 ? fromFrames : locate(index, query, { repositoryName, findings });
  return withoutStrangeLines(mirror, commit, locations);
}

/** A line beyond the file's end belongs to another revision or to compiled output: the file stays, the line goes. */
async function withoutStrangeLines(mirror: Mirror, commit: string, locations: readonly CodeLocation[]): Promise<readonly CodeLocation[]> {
  const paths = [...new Set(locations.flatMap(({ path, line }) => (line === undefined ? [] : [path])))];
  const files = await readFilesAt(mirror, commit, paths, mostFileBytes);
  const lengths = new Map([...files].map(([path, content]) => [path, content.toString('latin1').split('\n').length]));
  return locations.map((location) => {
    const { path, line } = location;
    const length = lengths.get(path);
    if (line === undefined || length === undefined || line <= length) return location;
    return { ...location, line: undefined, reasons: [...location.reasons, `line ${String(line)} is beyond its end`] };
  });
}

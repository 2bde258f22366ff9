// Locates a problem in a mirror: by frames and names first, by searching for the message's words where those are weak.
// Must never search where a frame is certain: it costs a walk over the repository.
import { searchMessage } from './code-search.ts';
import { resolveCompiledFrames } from './compiled-frames.ts';
import { readFilesAt } from './history.ts';
import { locate, type CodeClue } from './locator.ts';
import type { Mirror } from './mirror.ts';
import type { PathIndex } from './path-index.ts';
import { isTest } from './plausibility.ts';
import { followRenames } from './renamed-files.ts';
import type { CodeLocation, LocateQuery } from './repository.ts';

/** A good frame needs no search; in a third of crashes the fault is elsewhere, so that a weak one gets it. */
const certain = 0.9;
const mostTestPlaces = 4;
const mostParents = 4;
/** Files whose code is looked through for what it uses. */
const mostUsers = 4;
const mostUserText = 30_000;
const mostSourceBytes = 512 * 1024;
/** What a test does stands mostly above the assertion that fails. */
const linesBefore = 25;
const linesAfter = 6;
/** Larger files are generated; their lines aren't counted. */
const mostFileBytes = 8 * 1024 * 1024;

/** @param repositoryName what packages and module paths call it */
export async function locateInMirror(
  mirror: Mirror,
  commit: string,
  index: PathIndex,
  asked: LocateQuery,
  repositoryName: string,
): Promise<readonly CodeLocation[]> {
  const ofSources = await resolveCompiledFrames(mirror, commit, index, asked);
  const query = await followRenames(mirror, commit, index, ofSources, repositoryName);
  const fromFrames = locate(index, query, { repositoryName, findings: [] });
  const isCertain = (fromFrames[0]?.score ?? 0) >= certain;
  const findings = isCertain ? [] : await searchMessage(mirror, commit, query);
  if (isCertain) return withoutStrangeLines(mirror, commit, fromFrames);
  const clues: CodeClue[] = [];
  const again = (): readonly CodeLocation[] => locate(index, query, { repositoryName, findings, clues });
  const test = await readTestCode(mirror, commit, fromFrames);
  if (test !== '') clues.push({ code: test, reason: 'the failing test uses', worth: 1 });
  let locations = again();
  const parents = await readParents(mirror, commit, locations);
  if (parents !== '') {
    clues.push({ code: parents, reason: 'what is located builds upon', worth: 0.8 });
    locations = again();
  }
  const uses = await readUses(mirror, commit, locations);
  if (uses !== '') {
    clues.push({ code: uses, reason: 'what is located uses', worth: 0.45 });
    locations = again();
  }
  return withoutStrangeLines(mirror, commit, locations);
}

/** The code of what is located: around its lines, or all of a file of which no line is known. */
async function readUses(mirror: Mirror, commit: string, locations: readonly CodeLocation[]): Promise<string> {
  const own = locations.filter(({ path }) => !isTest(path));
  const paths = [...new Set(own.map(({ path }) => path))].slice(0, mostUsers);
  const files = await readFilesAt(mirror, commit, paths, mostSourceBytes);
  return [...files]
    .map(([path, content]) => {
      const lines = content.toString('utf8').split('\n');
      const known = own.flatMap((one) => (one.path === path && one.line !== undefined ? [one.line] : []));
      if (known.length === 0) return lines.join('\n').slice(0, mostUserText);
      return known.map((line) => lines.slice(Math.max(0, line - 1 - linesBefore), line + linesBefore).join('\n')).join('\n');
    })
    .join('\n');
}

/** The lines of tests that are on the stack, where they lead: an assertion that fails shows nothing but them. */
async function readTestCode(mirror: Mirror, commit: string, locations: readonly CodeLocation[]): Promise<string> {
  const tests = locations.filter(({ path, line }) => line !== undefined && isTest(path)).slice(0, mostTestPlaces);
  const files = await readFilesAt(mirror, commit, [...new Set(tests.map(({ path }) => path))], mostFileBytes);
  return tests
    .map(({ path, line = 1 }) => {
      const lines = files.get(path)?.toString('utf8').split('\n') ?? [];
      return lines.slice(Math.max(0, line - 1 - linesBefore), line + linesAfter).join('\n');
    })
    .join('\n');
}

/** The lines that say what classes build upon: much of what they do stands there. */
async function readParents(mirror: Mirror, commit: string, locations: readonly CodeLocation[]): Promise<string> {
  const paths = [...new Set(locations.map(({ path }) => path))].filter((path) => !isTest(path)).slice(0, mostParents);
  const files = await readFilesAt(mirror, commit, paths, mostSourceBytes);
  return [...files.values()]
    .flatMap((content) =>
      content
        .toString('utf8')
        .split('\n')
        .filter((line) => line.length < 400 && /\b(?:extends|implements)\s+[A-Z]|^\s{0,8}class \w+\(\w/.test(line)),
    )
    .join('\n');
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

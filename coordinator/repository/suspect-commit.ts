// Which commits may have caused a problem: blame and history of the located lines, weighed with time, size and place.
// Must never say that a commit is guilty; it ranks, with reasons.
import { isHephaestusError } from '../../base/errors.ts';
import {
  blame,
  readDiff,
  readFilesAt,
  readHistory,
  readLineHistory,
  readSizedCommits,
  type BlamedLine,
  type SizedCommit,
} from './history.ts';
import type { Mirror } from './mirror.ts';
import type { CodeLocation, SuspectCommit } from './repository.ts';

const dayMs = 86_400_000;
/** Locations looked at; blame costs some 10 ms to seconds each. */
const mostLocations = 6;
const mostSuspects = 5;
/** Locations that git is asked about at once, three processes each. */
const atOnce = 2;
/** Larger files are generated; who changed their lines says nothing. */
const mostFileBytes = 16 * 1024 * 1024;
/** Lines around the located one that count as its neighbourhood. */
const neighbourhood = 8;

interface Trail {
  weight: number;
  readonly reasons: string[];
}

/** The likeliest first; at most five. */
export async function findSuspectCommits(
  mirror: Mirror,
  commit: string,
  locations: readonly CodeLocation[],
  firstSeenAtMs: number,
): Promise<readonly SuspectCommit[]> {
  const trails = new Map<string, Trail>();
  const looked = locations.slice(0, mostLocations);
  const sizes = await lineCounts(mirror, commit, looked);
  for (let at = 0; at < looked.length; at += atOnce) {
    const some = looked.slice(at, at + atOnce);
    const signs = await Promise.all(some.map((location) => follow(mirror, commit, location, sizes.get(location.path) ?? 0)));
    for (const sign of signs.flat()) addSign(trails, sign);
  }
  const sized = await readSizedCommits(mirror, [...trails.keys()]);
  const ranked = sized
    .flatMap((one) => {
      const trail = trails.get(one.commit.hash);
      return trail === undefined ? [] : [weigh(one, trail, firstSeenAtMs)];
    })
    .toSorted((a, b) => b.score - a.score || b.commit.committedAtMs - a.commit.committedAtMs)
    .slice(0, mostSuspects);
  const paths = [...new Set(locations.map(({ path }) => path))];
  const best = ranked[0]?.score ?? 1;
  const diffs = await Promise.all(ranked.map(({ commit: { hash } }) => readDiff(mirror, hash, paths)));
  return ranked.map((suspect, index) => {
    // 1 would be certainty; how far the first is ahead of the others is in the ratio.
    const score = Math.round(Math.min(0.95, suspect.score / Math.max(best, 1)) * 1000) / 1000;
    return { ...suspect, score, diff: diffs[index] ?? '' };
  });
}

/** One sign that a commit has to do with a location. */
interface Sign {
  readonly hash: string;
  readonly weight: number;
  readonly reason: string;
}

function addSign(trails: Map<string, Trail>, { hash, weight, reason }: Sign): void {
  const trail = trails.get(hash) ?? { weight: 0, reasons: [] };
  // A second location strengthens, but many frames through one old line don't outweigh the line that failed.
  trail.weight = Math.max(trail.weight, weight) + Math.min(trail.weight, weight) * 0.25;
  if (trail.reasons.length < 4 && !trail.reasons.includes(reason)) trail.reasons.push(reason);
  trails.set(hash, trail);
}

/** Git is asked all at once: in a repository of 100,000 files each answer takes some 200 ms. @param size lines of the file */
async function follow(mirror: Mirror, commit: string, { path, line, score }: CodeLocation, size: number): Promise<readonly Sign[]> {
  const history = readHistory(mirror, commit, path, 5);
  const around = line === undefined || line > size ? undefined : readAround(mirror, commit, path, line, size);
  const [touched, near] = await Promise.all([history, around]);
  const signs = touched.map(({ hash }, index): Sign => ({ hash, weight: score * 0.3 * 0.8 ** index, reason: `changed ${path}` }));
  if (line === undefined || near === undefined) return signs;
  for (const blamed of near.blamed) {
    const distance = Math.abs(blamed.line - line);
    const reason = distance === 0 ? `last changed ${path}:${String(line)}` : `last changed lines near ${path}:${String(line)}`;
    signs.push({ hash: blamed.hash, weight: score * (distance === 0 ? 1 : 0.55 * (1 - distance / (neighbourhood * 2))), reason });
  }
  const reason = `edited around ${path}:${String(line)}`;
  signs.push(...near.edits.map((hash, index): Sign => ({ hash, weight: score * 0.7 * 0.6 ** index, reason })));
  return signs;
}

async function readAround(
  mirror: Mirror,
  commit: string,
  path: string,
  line: number,
  size: number,
): Promise<{ readonly blamed: readonly BlamedLine[]; readonly edits: readonly string[] } | undefined> {
  const range = (lines: number): { start: number; end: number } => ({
    start: Math.max(1, line - lines),
    end: Math.min(size, line + lines),
  });
  try {
    const blamed = blame(mirror, commit, path, range(neighbourhood));
    const [lines, edits] = await Promise.all([blamed, readLineHistory(mirror, commit, path, range(3), 3)]);
    return { blamed: lines, edits };
  } catch (error) {
    // A huge file whose blame takes too long still has its history.
    if (!isHephaestusError(error) || error.code !== 'git.timeout') throw error;
    return undefined;
  }
}

async function lineCounts(mirror: Mirror, commit: string, locations: readonly CodeLocation[]): Promise<ReadonlyMap<string, number>> {
  const paths = [...new Set(locations.flatMap(({ path, line }) => (line === undefined ? [] : [path])))];
  const files = await readFilesAt(mirror, commit, paths, mostFileBytes);
  return new Map(
    [...files].map(([path, content]) => {
      const lines = content.toString('latin1').split('\n');
      return [path, lines.at(-1) === '' ? lines.length - 1 : lines.length];
    }),
  );
}

function weigh(one: SizedCommit, trail: Trail, firstSeenAtMs: number): Omit<SuspectCommit, 'diff'> {
  const reasons = [...trail.reasons];
  let score = trail.weight;
  const beforeMs = firstSeenAtMs - one.commit.committedAtMs;
  if (beforeMs < 0) {
    // A clock may be off, but what came after cannot be the cause.
    score *= 0.1;
    reasons.push('was committed after the problem first showed');
  } else {
    // What changed last before a problem began is its likeliest cause. A line that ran for a week without failing hardly broke
    // by itself: the edit beside it of this morning is likelier, also where it only took lines away, which blame can't show.
    score *= 0.15 + 0.85 / (1 + beforeMs / (3 * dayMs));
    reasons.push(`was committed ${ago(beforeMs)} before the problem first showed`);
  }
  if (one.parents === 0) {
    score *= 0.4;
    reasons.push('is the first commit of the repository');
  } else if (one.filesChanged > 30 || one.linesChanged > 2000) {
    score *= 0.6;
    reasons.push(`is large (${String(one.filesChanged)} files, ${String(one.linesChanged)} lines)`);
  } else if (one.filesChanged <= 3 && one.linesChanged <= 60) {
    score *= 1.15;
    reasons.push(`is small (${String(one.linesChanged)} lines)`);
  }
  return { commit: one.commit, score, reasons };
}

function ago(ms: number): string {
  const units: [number, string][] = [
    [dayMs, 'day'],
    [3_600_000, 'hour'],
    [60_000, 'minute'],
  ];
  for (const [size, name] of units) {
    const count = Math.floor(ms / size);
    if (count >= 1) return `${String(count)} ${name}${count === 1 ? '' : 's'}`;
  }
  return 'less than a minute';
}

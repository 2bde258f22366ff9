// Which commits may have caused a problem: blame and history of the located lines, weighed with time, size and place.
// Must never say that a commit is guilty; it ranks, with reasons.
import { isHephaestusError } from '../../base/errors.ts';
import { blame, readDiff, readHistory, readLineHistory, readSizedCommits, type SizedCommit } from './history.ts';
import type { Mirror } from './mirror.ts';
import type { CodeLocation, SuspectCommit } from './repository.ts';

const dayMs = 86_400_000;
/** Locations looked at; blame costs some 10 ms to seconds each. */
const mostLocations = 6;
const mostSuspects = 5;
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
  for (const location of locations.slice(0, mostLocations)) await follow(mirror, commit, location, trails);
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
  const suspects: SuspectCommit[] = [];
  for (const suspect of ranked) {
    // 1 would be certainty; how far the first is ahead of the others is in the ratio.
    const score = Math.round(Math.min(0.95, suspect.score / Math.max(best, 1)) * 1000) / 1000;
    suspects.push({ ...suspect, score, diff: await readDiff(mirror, suspect.commit.hash, paths) });
  }
  return suspects;
}

async function follow(mirror: Mirror, commit: string, location: CodeLocation, trails: Map<string, Trail>): Promise<void> {
  const add = (hash: string, weight: number, reason: string): void => {
    const trail = trails.get(hash) ?? { weight: 0, reasons: [] };
    // A second location strengthens, but many frames through one old line don't outweigh the line that failed.
    trail.weight = Math.max(trail.weight, weight) + Math.min(trail.weight, weight) * 0.25;
    if (trail.reasons.length < 4 && !trail.reasons.includes(reason)) trail.reasons.push(reason);
    trails.set(hash, trail);
  };
  const { path, line, score } = location;
  for (const [index, { hash }] of (await readHistory(mirror, commit, path, 5)).entries()) {
    add(hash, score * 0.3 * 0.8 ** index, `changed ${path}`);
  }
  if (line === undefined) return;
  try {
    const start = Math.max(1, line - neighbourhood);
    const size = await lineCount(mirror, commit, path);
    if (line > size) return;
    const end = Math.min(size, line + neighbourhood);
    for (const blamed of await blame(mirror, commit, path, { start, end })) {
      const distance = Math.abs(blamed.line - line);
      const reason = distance === 0 ? `last changed ${path}:${String(line)}` : `last changed lines near ${path}:${String(line)}`;
      add(blamed.hash, score * (distance === 0 ? 1 : 0.55 * (1 - distance / (neighbourhood * 2))), reason);
    }
    const recent = await readLineHistory(mirror, commit, path, { start: Math.max(1, line - 3), end: Math.min(size, line + 3) }, 3);
    for (const [index, hash] of recent.entries()) add(hash, score * 0.7 * 0.6 ** index, `edited around ${path}:${String(line)}`);
  } catch (error) {
    // A huge file whose blame takes too long still has its history.
    if (!isHephaestusError(error) || error.code !== 'git.timeout') throw error;
  }
}

async function lineCount(mirror: Mirror, commit: string, path: string): Promise<number> {
  const answer = await mirror.run(['cat-file', 'blob', `${commit}:${path}`]);
  let lines = 0;
  for (const byte of answer.stdout) if (byte === 10) lines++;
  return answer.stdout.at(-1) === 10 || answer.stdout.length === 0 ? lines : lines + 1;
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
  }
  if (one.filesChanged > 30 || one.linesChanged > 2000) {
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

// Takes back what the suspect commit did around the problem, also when the file has moved on since.
// Must never run git or guess: where the commit's lines are no longer there, there is no candidate.
import type { PatternCandidate, PatternProblem, PatternSuspect } from '../../pattern-engine.ts';
import { parseCommitDiff, type ChangeGroup, type FileDiff } from './commit-diff.ts';
import { pairLines, type LinePair } from './line-pairs.ts';

/** Lines between a change and the located line up to which the change counts as around it. */
const nearLines = 25;

/** Candidates, from the failing line alone to everything that the commit did; none for a file that the commit created. */
export function proposeReverts(problem: PatternProblem): readonly PatternCandidate[] {
  return problem.suspects.flatMap((suspect) => revertSuspect(problem, suspect));
}

function revertSuspect(problem: PatternProblem, suspect: PatternSuspect): readonly PatternCandidate[] {
  const diffs = parseCommitDiff(suspect.diff).filter((file) => file.kind === 'modified' && problem.files.has(file.path));
  const candidates: PatternCandidate[] = [];
  const add = (changed: ReadonlyMap<string, Undone>): void => {
    const files = new Map([...changed].map(([path, { text }]) => [path, text] as const));
    const size = [...changed.values()].reduce((sum, undone) => sum + undone.size, 0);
    const known = candidates.some(
      (one) => one.files.size === files.size && [...files].every(([path, text]) => one.files.get(path) === text),
    );
    const loses = [...changed.values()].reduce((sum, undone) => sum + undone.loses, 0);
    if (size > 0 && !known) candidates.push(describeRevert(suspect, files, { size, loses }));
  };

  const places = new Map(problem.places.map(({ path, line }) => [path, line] as const).toReversed());
  for (const [path, line] of [...places].toReversed()) {
    const diff = diffs.find((file) => file.path === path);
    const text = problem.files.get(path);
    if (diff === undefined || text === undefined) continue;
    const groups = diff.groups
      .map((group) => ({ group, found: findGroup(text, group, line) }))
      .filter(({ found }) => found !== undefined && Math.abs(found.line - line) <= nearLines)
      .toSorted((a, b) => Math.abs((a.found?.line ?? 0) - line) - Math.abs((b.found?.line ?? 0) - line));
    for (const { group, found } of groups.slice(0, 3)) {
      if (found !== undefined) for (const undone of undoLines(group, found, line)) add(new Map([[path, undone]]));
      add(undoAll([{ ...diff, groups: [group] }], problem));
    }
    add(undoAll([{ ...diff, groups: groups.map(({ group }) => group) }], problem));
    add(undoAll([diff], problem));
  }
  if (diffs.some((file) => places.has(file.path))) add(undoAll(diffs, problem));
  return candidates;
}

interface Undone {
  readonly text: string;
  readonly size: number;
  readonly loses: number;
}

/** Undoes what can be found; a file of which nothing is found stays out. */
function undoAll(diffs: readonly FileDiff[], problem: PatternProblem): ReadonlyMap<string, Undone> {
  const result = new Map<string, Undone>();
  for (const diff of diffs) {
    let text = problem.files.get(diff.path) ?? '';
    let size = 0;
    let loses = 0;
    // From the end, so that the lines of earlier groups keep their numbers.
    for (const group of diff.groups.toReversed()) {
      const found = findGroup(text, group, group.newStart);
      if (found === undefined) continue;
      text = found.replaceWith(group.removed);
      size += group.removed.length + group.added.length;
      loses += pairLines(group.removed, group.added)?.filter(({ kind }) => kind === 'added').length ?? group.added.length;
    }
    if (size > 0) result.set(diff.path, { text, size, loses });
  }
  return result;
}

/**
 * Parts of one group: the located line as it was before; lines that were taken away put back; both with every changed line. What the
 * commit added besides stays, so that nothing of it is lost.
 */
function undoLines(group: ChangeGroup, found: Found, line: number): readonly Undone[] {
  const pairs = pairLines(group.removed, group.added) ?? [];
  if (pairs.length < 2) return [];
  const located = pairs.filter(({ kind }) => kind !== 'removed')[line - found.line];
  const restore = (isMeant: (pair: LinePair) => boolean): Undone => {
    const meant = pairs.filter(isMeant);
    const lines = pairs.flatMap((pair) => {
      if (isMeant(pair)) return pair.kind === 'added' ? [] : [pair.removed];
      return pair.kind === 'removed' ? [] : [pair.added];
    });
    return { text: found.replaceWith(lines), size: meant.reduce((sum, { kind }) => sum + (kind === 'changed' ? 2 : 1), 0), loses: 0 };
  };
  return [
    restore((pair) => pair.kind === 'changed' && pair === located),
    restore(({ kind }) => kind === 'removed'),
    restore(({ kind }) => kind === 'changed'),
    restore(({ kind }) => kind !== 'added'),
  ].filter(({ size }) => size > 0);
}

/** Where a group's lines stand now. */
interface Found {
  /** 1-based. */
  readonly line: number;
  readonly replaceWith: (instead: readonly string[]) => string;
}

/** Finds what a group left behind, with as much of its context as still stands, nearest to `line`. */
function findGroup(text: string, group: ChangeGroup, line: number): Found | undefined {
  const newline = text.includes('\r\n') ? '\r\n' : '\n';
  const lines = text.split(/\r?\n/);
  for (let context = Math.max(group.before.length, group.after.length); context >= 0; context -= 1) {
    const before = context === 0 ? [] : group.before.slice(-context);
    const after = group.after.slice(0, context);
    const wanted = [...before, ...group.added, ...after];
    // A pure deletion without context could be undone anywhere, and a bare brace stands everywhere.
    if (wanted.join('').trim().length < 4) return undefined;
    const starts = findRuns(lines, wanted);
    if (context === 0 && starts.length > 1) return undefined;
    const start = starts.toSorted((a, b) => Math.abs(a + before.length + 1 - line) - Math.abs(b + before.length + 1 - line))[0];
    if (start === undefined) continue;
    const at = start + before.length;
    return {
      line: at + 1,
      replaceWith: (instead) => [...lines.slice(0, at), ...instead, ...lines.slice(at + group.added.length)].join(newline),
    };
  }
  return undefined;
}

/** 0-based starts of every run of lines that equals `wanted`. */
function findRuns(lines: readonly string[], wanted: readonly string[]): readonly number[] {
  const starts: number[] = [];
  for (let start = 0; start + wanted.length <= lines.length; start += 1) {
    if (wanted.every((line, offset) => lines[start + offset] === line)) starts.push(start);
  }
  return starts;
}

function describeRevert(
  suspect: PatternSuspect,
  files: ReadonlyMap<string, string>,
  cost: { readonly size: number; readonly loses: number },
): PatternCandidate {
  const short = suspect.hash.slice(0, 10);
  const where = [...files.keys()].join(', ');
  return {
    pattern: 'revert',
    title: `Take back ${short} in ${where}`.slice(0, 72),
    rootCause: `The problem began with commit ${short} ("${suspect.subject}"), which changed the failing lines in ${where}. Its change there is taken back.`,
    files,
    ...cost,
    reverts: suspect.hash,
  };
}

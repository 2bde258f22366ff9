// A commit's unified diff, read into files and groups of changed lines with their context.
// Must never be used on what a model wrote (solutions/edits reads those); git's own output is exact.

/** Neighbouring removed and added lines, with up to the hunk's context on both sides. */
export interface ChangeGroup {
  /** 1-based line where the added lines stand in the commit's version. */
  readonly newStart: number;
  readonly before: readonly string[];
  readonly removed: readonly string[];
  readonly added: readonly string[];
  readonly after: readonly string[];
}

export interface FileDiff {
  readonly path: string;
  readonly kind: 'modified' | 'created' | 'deleted';
  readonly groups: readonly ChangeGroup[];
}

/** Lines of context kept on each side of a group, as git's default. */
const contextLines = 3;

interface DiffLine {
  readonly mark: ' ' | '+' | '-';
  readonly text: string;
}

/** @param diff as `git diff` or `git show` writes it; a header before the first file is skipped. */
export function parseCommitDiff(diff: string): readonly FileDiff[] {
  const files: { path: string; kind: FileDiff['kind']; groups: ChangeGroup[] }[] = [];
  let oldPath = '';
  let hunk: DiffLine[] = [];
  let newStart = 0;
  let left = { old: 0, new: 0 };
  const closeHunk = (): void => {
    files.at(-1)?.groups.push(...groupHunk(hunk, newStart));
    hunk = [];
  };

  for (const raw of diff.split('\n')) {
    const line = raw.endsWith('\r') ? raw.slice(0, -1) : raw;
    const mark = line[0] ?? ' ';
    if ((left.old > 0 || left.new > 0) && (mark === ' ' || mark === '+' || mark === '-')) {
      hunk.push({ mark, text: line.slice(1) });
      if (mark !== '+') left.old -= 1;
      if (mark !== '-') left.new -= 1;
      if (left.old <= 0 && left.new <= 0) closeHunk();
      continue;
    }
    if (line.startsWith('--- ')) oldPath = stripPrefix(line.slice(4));
    else if (line.startsWith('+++ ')) {
      const newPath = stripPrefix(line.slice(4));
      const kind = oldPath === '/dev/null' ? 'created' : newPath === '/dev/null' ? 'deleted' : 'modified';
      files.push({ path: kind === 'deleted' ? oldPath : newPath, kind, groups: [] });
    } else {
      const header = /^@@ -\d+(?:,(\d+))? \+(\d+)(?:,(\d+))? @@/.exec(line);
      if (header === null) continue;
      left = { old: Number(header[1] ?? 1), new: Number(header[3] ?? 1) };
      newStart = Number(header[2]);
    }
  }
  return files;
}

function stripPrefix(path: string): string {
  const bare = path.split('\t')[0] ?? path;
  return bare.replace(/^"(.*)"$/, '$1').replace(/^[ab]\//, '');
}

function groupHunk(hunk: readonly DiffLine[], newStart: number): readonly ChangeGroup[] {
  const groups: ChangeGroup[] = [];
  let newLine = newStart;
  let index = 0;
  while (index < hunk.length) {
    if (hunk[index]?.mark === ' ') {
      newLine += 1;
      index += 1;
      continue;
    }
    const start = index;
    while (index < hunk.length && hunk[index]?.mark !== ' ') index += 1;
    const changed = hunk.slice(start, index);
    const added = changed.filter(({ mark }) => mark === '+').map(({ text }) => text);
    groups.push({
      newStart: newLine,
      before: newSide(hunk.slice(0, start)).slice(-contextLines),
      removed: changed.filter(({ mark }) => mark === '-').map(({ text }) => text),
      added,
      after: newSide(hunk.slice(index)).slice(0, contextLines),
    });
    newLine += added.length;
  }
  return groups;
}

function newSide(lines: readonly DiffLine[]): readonly string[] {
  return lines.filter(({ mark }) => mark !== '-').map(({ text }) => text);
}

// The difference of texts as a unified diff that git applies.
// Must never read files; texts come in, text goes out.

const contextLines = 3;

/** Above this product of line counts the middle is shown as replaced; an exact difference would take seconds. */
const mostCells = 4_000_000;

/** Unified diff of all changed paths, sorted; `undefined` before means created, `null` after means deleted. */
export function diffFiles(before: ReadonlyMap<string, string | undefined>, after: Readonly<Record<string, string | null>>): string {
  return Object.entries(after)
    .toSorted(([a], [b]) => (a < b ? -1 : 1))
    .map(([path, text]) => diffFile(path, before.get(path), text))
    .join('');
}

function diffFile(path: string, before: string | undefined, after: string | null): string {
  if (before === (after ?? undefined)) return '';
  const header =
    `diff --git a/${path} b/${path}\n` +
    (before === undefined ? 'new file mode 100644\n' : after === null ? 'deleted file mode 100644\n' : '') +
    `--- ${before === undefined ? '/dev/null' : `a/${path}`}\n+++ ${after === null ? '/dev/null' : `b/${path}`}\n`;
  return header + hunks(splitLines(before ?? ''), splitLines(after ?? ''));
}

/** Lines with their newline, so that a missing one at the end is a difference. */
function splitLines(text: string): readonly string[] {
  const lines = text.split('\n').map((line) => `${line}\n`);
  const last = (lines.pop() ?? '\n').slice(0, -1);
  return last === '' ? lines : [...lines, last];
}

type Step = readonly [' ' | '-' | '+', string];

function hunks(before: readonly string[], after: readonly string[]): string {
  const steps = compareLines(before, after);
  const changed = steps.flatMap(([mark], index) => (mark === ' ' ? [] : [index]));
  const groups: [number, number][] = [];
  for (const index of changed) {
    const last = groups.at(-1);
    if (last !== undefined && index - last[1] <= contextLines * 2) last[1] = index;
    else groups.push([index, index]);
  }
  return groups
    .map(([first, last]) => {
      const from = Math.max(0, first - contextLines);
      const part = steps.slice(from, last + contextLines + 1);
      const start = (mark: '-' | '+'): number => steps.slice(0, from).filter(([other]) => other === ' ' || other === mark).length + 1;
      const count = (mark: '-' | '+'): number => part.filter(([other]) => other === ' ' || other === mark).length;
      const range = (mark: '-' | '+'): string => `${count(mark) === 0 ? start(mark) - 1 : start(mark)},${count(mark)}`;
      const body = part
        .map(([mark, line]) => (line.endsWith('\n') ? `${mark}${line}` : `${mark}${line}\n\\ No newline at end of file\n`))
        .join('');
      return `@@ -${range('-')} +${range('+')} @@\n${body}`;
    })
    .join('');
}

/** Equal lines at both ends are cut off first, since edits are small; the middle is a longest common subsequence. */
function compareLines(before: readonly string[], after: readonly string[]): readonly Step[] {
  let start = 0;
  while (start < before.length && start < after.length && before[start] === after[start]) start += 1;
  let end = 0;
  while (end < before.length - start && end < after.length - start && before[before.length - 1 - end] === after[after.length - 1 - end])
    end += 1;
  const same = (line: string): Step => [' ', line];
  return [
    ...before.slice(0, start).map(same),
    ...compareMiddle(before.slice(start, before.length - end), after.slice(start, after.length - end)),
    ...before.slice(before.length - end).map(same),
  ];
}

function compareMiddle(before: readonly string[], after: readonly string[]): readonly Step[] {
  if (before.length * after.length > mostCells || before.length === 0 || after.length === 0)
    return [...before.map((line): Step => ['-', line]), ...after.map((line): Step => ['+', line])];
  const width = after.length + 1;
  const lengths = new Uint32Array((before.length + 1) * width);
  for (let i = before.length - 1; i >= 0; i -= 1) {
    for (let j = after.length - 1; j >= 0; j -= 1) {
      lengths[i * width + j] =
        before[i] === after[j]
          ? (lengths[(i + 1) * width + j + 1] ?? 0) + 1
          : Math.max(lengths[(i + 1) * width + j] ?? 0, lengths[i * width + j + 1] ?? 0);
    }
  }
  const steps: Step[] = [];
  let i = 0;
  let j = 0;
  while (i < before.length || j < after.length) {
    const old = before[i];
    const fresh = after[j];
    if (old !== undefined && old === fresh) {
      steps.push([' ', old]);
      i += 1;
      j += 1;
    } else if (old !== undefined && (fresh === undefined || (lengths[(i + 1) * width + j] ?? 0) >= (lengths[i * width + j + 1] ?? 0))) {
      steps.push(['-', old]);
      i += 1;
    } else if (fresh !== undefined) {
      steps.push(['+', fresh]);
      j += 1;
    }
  }
  return steps;
}

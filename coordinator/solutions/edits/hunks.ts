// Reads the hunks of a unified diff as git writes it.
// Must never read a model's diff: diff-reader.ts is for those.

export interface Hunk {
  /** After the change; of a deleted file before it. */
  readonly path: string;
  /** 1-based, in the file before the change. */
  readonly start: number;
  /** Lines before the change: context and what is taken away. */
  readonly before: readonly string[];
}

export function readHunks(diff: string): readonly Hunk[] {
  const hunks: { path: string; start: number; before: string[] }[] = [];
  let path = '';
  let left = 0;
  let added = 0;
  for (const line of diff.split('\n')) {
    const current = hunks.at(-1);
    if (current !== undefined && (left > 0 || added > 0)) {
      // Counted, so that a line that looks like a header is none.
      if (line.startsWith('-') || line.startsWith(' ')) {
        current.before.push(line.slice(1));
        left -= 1;
      }
      if (line.startsWith('+') || line.startsWith(' ')) added -= 1;
      continue;
    }
    const file = /^(?:---|\+\+\+) "?[ab]\/(.+?)"?\t?$/.exec(line)?.[1];
    if (file !== undefined) path = file;
    const header = /^@@ -(\d+)(?:,(\d+))? \+\d+(?:,(\d+))? @@/.exec(line);
    if (header === null) continue;
    left = Number(header[2] ?? '1');
    added = Number(header[3] ?? '1');
    hunks.push({ path, start: Number(header[1]), before: [] });
  }
  return hunks;
}

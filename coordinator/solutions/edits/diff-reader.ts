// Unified diffs as models write them: wrong counts, no line numbers, context that lost its first blank; and patches between `***` lines.
// Must never trust a line number further than as a hint.
import type { Edit } from './edit.ts';
import { pathAbove, pathInFence } from './path-line.ts';

interface OpenFile {
  oldPath: string;
  newPath: string;
}

/** Edits of a text that holds a diff; undefined if it holds none. */
export function readDiff(text: string): readonly Edit[] | undefined {
  const lines = text.replaceAll('\r\n', '\n').split('\n');
  const edits: Edit[] = [];
  let file: OpenFile | undefined;
  let renameFrom: string | undefined;
  let hunk: { lines: string[]; hint: number | undefined } | undefined;
  const close = (): void => {
    if (hunk !== undefined && file !== undefined) edits.push(...readHunk(file, hunk.lines, hunk.hint));
    hunk = undefined;
  };

  for (const [index, line] of lines.entries()) {
    const next = lines[index + 1] ?? '';
    if (line.startsWith('diff --git ')) {
      close();
      file = undefined;
    } else if (/^\*\*\* (?:Begin|End) (?:Patch|of File)/.test(line)) {
      close();
    } else if (/^\*\*\* (?:Update|Add|Delete) File: /.test(line)) {
      close();
      const [, kind = '', path = ''] = /^\*\*\* (Update|Add|Delete) File: (.*)$/.exec(line) ?? [];
      file = { oldPath: kind === 'Add' ? '' : path.trim(), newPath: kind === 'Delete' ? '' : path.trim() };
      if (kind === 'Delete') edits.push({ op: 'delete', path: file.oldPath });
      else hunk = { lines: [], hint: undefined };
    } else if (line.startsWith('rename from ')) renameFrom = line.slice(12).trim();
    else if (line.startsWith('rename to ') && renameFrom !== undefined) {
      edits.push({ op: 'rename', path: renameFrom, newPath: line.slice(10).trim() });
    } else if (line.startsWith('--- ') && next.startsWith('+++ ')) {
      close();
      file = { oldPath: pathOf(line), newPath: pathOf(next) };
      // Some leave the hunk's header out.
      hunk = { lines: [], hint: undefined };
    } else if (line.startsWith('+++ ') && (lines[index - 1] ?? '').startsWith('--- ')) {
      continue;
    } else if (line.startsWith('@@')) {
      close();
      const start = /^@@ -(\d+)/.exec(line)?.[1];
      hunk = { lines: [], hint: start === undefined ? undefined : Number(start) };
    } else if (line.startsWith('```')) {
      close();
      // Without file headers the path stands above the fence, as above any other.
      const above = /^`{3,}\s*(?:diff|patch)\b/i.test(line) ? (pathInFence(line) ?? pathAbove(lines, index, () => false)) : undefined;
      if (above !== undefined && /^(?:[-+ ]|@@)/.test(next) && !next.startsWith('--- ')) {
        file = { oldPath: above, newPath: above };
        hunk = { lines: [], hint: undefined };
      } else if (/^`{3,}\s*\S/.test(line)) file = undefined;
    } else if (hunk !== undefined) hunk.lines.push(line);
  }
  close();
  if (file === undefined || edits.length === 0) return undefined;
  return edits;
}

function pathOf(line: string): string {
  const path = (line.slice(4).split('\t')[0] ?? '').trim().replace(/^"(.*)"$/, '$1');
  return path === '/dev/null' ? '' : path.replace(/^[ab]\//, '');
}

function readHunk(file: OpenFile, raw: readonly string[], hint: number | undefined): readonly Edit[] {
  // A blank line at the end is the text's, not the hunk's.
  const lines = raw.filter((line) => !line.startsWith('\\ No newline'));
  while (lines.at(-1)?.trim() === '') lines.pop();
  if (lines.length === 0) return [];
  const added = lines.filter((line) => line.startsWith('+')).map((line) => line.slice(1));
  if (file.oldPath === '') return [{ op: 'create', path: file.newPath, content: `${added.join('\n')}\n` }];
  if (file.newPath === '') return [{ op: 'delete', path: file.oldPath }];
  const [first, ...others] = [stripBlank, keepBlank].map((context) => sidesOf(lines, context));
  if (first === undefined) return [];
  return [{ op: 'replace', path: file.newPath, ...first, lineHint: hint, otherReadings: others }];
}

const stripBlank = (line: string): string => (line.startsWith(' ') ? line.slice(1) : line);
const keepBlank = (line: string): string => line;

function sidesOf(lines: readonly string[], context: (line: string) => string): { search: string; replace: string } {
  const search = lines.filter((line) => !line.startsWith('+')).map((line) => (line.startsWith('-') ? line.slice(1) : context(line)));
  const replace = lines.filter((line) => !line.startsWith('-')).map((line) => (line.startsWith('+') ? line.slice(1) : context(line)));
  return { search: `${search.join('\n')}\n`, replace: `${replace.join('\n')}\n` };
}

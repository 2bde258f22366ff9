// SEARCH/REPLACE blocks, whole files and whole functions in plain text, as models write them: with prose around, fences, missing paths.
// Must never complete a block that was cut off.
import type { Edit } from './edit.ts';

export type BlockReading =
  | { readonly kind: 'edits'; readonly edits: readonly Edit[] }
  | { readonly kind: 'broken'; readonly why: string }
  | undefined;

const searchMark = /^\s*<{5,9}\s*(?:SEARCH|ORIGINAL|OLD|FIND|HEAD)?\s*:?\s*(.*)$/i;
const middleMark = /^\s*={5,9}\s*$/;
const replaceMark = /^\s*>{5,9}\s*(?:REPLACE|UPDATED|NEW|END)?\b.*$/i;

/** Undefined if there is no block at all. */
export function readSearchBlocks(text: string): BlockReading {
  const lines = text.replaceAll('\r\n', '\n').split('\n');
  const edits: Edit[] = [];
  let path: string | undefined;
  let index = 0;
  while (index < lines.length) {
    const line = lines[index] ?? '';
    const mark = /^\s*<{5,9}\s*(?:SEARCH|ORIGINAL|OLD|FIND)\b/i.test(line) ? searchMark.exec(line) : null;
    if (mark === null) {
      index += 1;
      continue;
    }
    path = pathIn(mark[1] ?? '') ?? pathAbove(lines, index) ?? path;
    const middle = findLine(lines, index + 1, middleMark);
    const end = middle === undefined ? undefined : findLine(lines, middle + 1, replaceMark);
    if (middle === undefined || end === undefined)
      return {
        kind: 'broken',
        why: 'a SEARCH/REPLACE block is not finished: it needs <<<<<<< SEARCH, =======, >>>>>>> REPLACE, each on its own line',
      };
    if (path === undefined)
      return { kind: 'broken', why: 'a SEARCH/REPLACE block has no path: write the file’s path on the line before it' };
    const search = joined(lines.slice(index + 1, middle));
    const replace = joined(lines.slice(middle + 1, end));
    edits.push({ op: 'replace', path, search, replace });
    index = end + 1;
  }
  return edits.length === 0 ? undefined : { kind: 'edits', edits };
}

/** `FILE: path` or `FUNCTION: name in path`, each followed by a fenced block that holds all of it. */
export function readWholeBlocks(text: string): BlockReading {
  const lines = text.replaceAll('\r\n', '\n').split('\n');
  const edits: Edit[] = [];
  let index = 0;
  while (index < lines.length) {
    const fence = /^\s*(`{3,}|~{3,})\s*([^`]*)$/.exec(lines[index] ?? '');
    if (fence?.[1] === undefined) {
      index += 1;
      continue;
    }
    const heading = headingAbove(lines, index) ?? headingOf(`FILE: ${fence[2]?.split(/[\s:]+/).find((word) => /[./]/.test(word)) ?? ''}`);
    const closing = new RegExp(`^\\s*${fence[1]}\\s*$`);
    // A fence inside the file is deeper or balanced; the last closing fence before the next heading is meant.
    const end = findLine(lines, index + 1, closing);
    if (end === undefined)
      return heading === undefined ? undefined : { kind: 'broken', why: 'a code block is not finished: its closing fence is missing' };
    const content = joined(lines.slice(index + 1, end));
    if (heading?.name !== undefined) edits.push({ op: 'replace_function', path: heading.path, name: heading.name, content });
    else if (heading !== undefined) edits.push({ op: 'replace_file', path: heading.path, content, mayBePart: true });
    index = end + 1;
  }
  return edits.length === 0 ? undefined : { kind: 'edits', edits };
}

function joined(lines: readonly string[]): string {
  return lines.length === 0 ? '' : `${lines.join('\n')}\n`;
}

function findLine(lines: readonly string[], from: number, pattern: RegExp): number | undefined {
  for (let index = from; index < lines.length; index += 1) {
    if (pattern.test(lines[index] ?? '')) return index;
    // A new block begins: the one before it was never finished.
    if (pattern !== middleMark && pattern !== replaceMark) continue;
    if (/^\s*<{5,9}\s*(?:SEARCH|ORIGINAL)\b/i.test(lines[index] ?? '')) return undefined;
  }
  return undefined;
}

/** The path on one of the lines before a block, past fences and blank lines. */
function pathAbove(lines: readonly string[], index: number): string | undefined {
  for (let back = 1; back <= 4; back += 1) {
    const line = lines[index - back];
    if (line === undefined || replaceMark.test(line)) return undefined;
    const inFence = /^\s*(?:`{3,}|~{3,})\s*\S*?[:\s]([\w./-]+\.[\w]+)\s*$/.exec(line);
    if (inFence?.[1] !== undefined) return inFence[1];
    if (line.trim() === '' || /^\s*(?:`{3,}|~{3,})/.test(line)) continue;
    return pathIn(line);
  }
  return undefined;
}

/** A line that is a path with decoration: `**src/a.js**`, `### src/a.js`, `File: src/a.js`. */
function pathIn(line: string): string | undefined {
  const bare = line
    .trim()
    .replace(/^(?:#+|[-*]|\d+[.)])\s+/, '')
    .replace(/^(?:\/\/|#|--|<!--)\s*/, '')
    .replace(/^(?:in\s+)?(?:the\s+)?(?:file(?:name|path)?|path)\s*[:=]?\s+/i, '')
    .replaceAll(/^[`*"'[(]+|[`*"':,\])]+$/g, '')
    .replace(/\s*(?:-->)?$/, '');
  return bare !== '' &&
    !/\s/.test(bare) &&
    (/[./]/.test(bare) || /^[A-Z]\w+file$/.test(bare)) &&
    !/^https?:/.test(bare) &&
    !/[<>|;{}()=]/.test(bare)
    ? bare
    : undefined;
}

interface Heading {
  readonly path: string;
  readonly name: string | undefined;
}

function headingAbove(lines: readonly string[], index: number): Heading | undefined {
  for (let back = 1; back <= 2; back += 1) {
    const line = lines[index - back];
    if (line === undefined) return undefined;
    if (line.trim() === '') continue;
    return headingOf(line);
  }
  return undefined;
}

function headingOf(line: string): Heading | undefined {
  const named = /^\W*FUNCTION\W+([\w$.:#]+)\W*\s+(?:in|of)\s+\W*?([\w./@-]+\.\w+)\W*$/i.exec(line);
  if (named?.[1] !== undefined && named[2] !== undefined) return { path: named[2], name: named[1] };
  const path = pathIn(line.replace(/^\W*(?:whole\s+)?FILE\W*:\W*/i, ''));
  return path === undefined ? undefined : { path, name: undefined };
}

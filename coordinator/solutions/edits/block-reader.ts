// SEARCH/REPLACE blocks, whole files and whole functions in plain text, as models write them: with prose around, fences, missing paths.
// Must never complete a block that was cut off.
import type { Edit } from './edit.ts';
import { pathAbove, pathIn, pathInFence } from './path-line.ts';

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
    path = pathIn(mark[1] ?? '') ?? pathAbove(lines, index, (one) => replaceMark.test(one)) ?? path;
    const middle = findLine(lines, index + 1, middleMark);
    const end = middle === undefined ? undefined : findLine(lines, middle + 1, replaceMark);
    if (middle === undefined || end === undefined)
      return {
        kind: 'broken',
        why: 'a SEARCH/REPLACE block is not finished: it needs <<<<<<< SEARCH, =======, >>>>>>> REPLACE, each on its own line',
      };
    if (path === undefined)
      return { kind: 'broken', why: 'a SEARCH/REPLACE block has no path: write the file’s path on the line before it' };
    const [first, ...otherReadings] = readHalves(lines, index, end);
    if (first !== undefined) edits.push({ op: 'replace', path, ...first, otherReadings });
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
    const named = headingAbove(lines, index) ?? headingOf(`FILE: ${pathInFence(lines[index] ?? '') ?? ''}`);
    const end = endOfFence(lines, index, fence[1], named?.path ?? '', fence[2] ?? '');
    if (end === undefined)
      return named === undefined ? undefined : { kind: 'broken', why: 'a code block is not finished: its closing fence is missing' };
    const body = lines.slice(index + 1, end);
    const commented = named === undefined ? pathInComment(body[0] ?? '') : undefined;
    const heading = named ?? (commented === undefined ? undefined : { path: commented, name: undefined });
    const content = joined(commented === undefined ? body : body.slice(1));
    if (heading?.name !== undefined) edits.push({ op: 'replace_function', path: heading.path, name: heading.name, content });
    else if (heading !== undefined)
      edits.push({
        op: 'replace_file',
        path: heading.path,
        content,
        mayBePart: true,
        pathLine: commented === undefined ? undefined : body[0],
      });
    index = end + 1;
  }
  return edits.length === 0 ? undefined : { kind: 'edits', edits };
}

/** Text about code holds fences of its own: one with a language opens, a bare one closes the innermost. */
function endOfFence(lines: readonly string[], start: number, mark: string, path: string, info: string): number | undefined {
  const isText = /\.(?:md|mdx|markdown|rst|adoc)$/i.test(path) || /^(?:md|markdown)\b/i.test(info);
  let depth = 0;
  for (let at = start + 1; at < lines.length; at += 1) {
    const [, own = '', rest = ''] = /^\s*(`{3,}|~{3,})\s*(.*)$/.exec(lines[at] ?? '') ?? [];
    if (own === '' || own[0] !== mark[0] || own.length < mark.length) continue;
    if (rest.trim() !== '') depth += isText ? 1 : 0;
    else if (depth === 0) return at;
    else depth -= 1;
  }
  return undefined;
}

/** `// src/a.js` alone on the first line. */
function pathInComment(line: string): string | undefined {
  const path = /^\s*(?:\/\/|#|--|<!--|\/\*)/.test(line) ? pathIn(line) : undefined;
  return path !== undefined && /\.\w+$/.test(path) ? path : undefined;
}

/** Where the text itself has lines of equal signs, any of them may be the middle: likeliest the one that leaves as many on both sides. */
function readHalves(lines: readonly string[], start: number, end: number): readonly { search: string; replace: string }[] {
  const middles: number[] = [];
  for (let at = start + 1; at < end; at += 1) if (middleMark.test(lines[at] ?? '')) middles.push(at);
  const centre = (middles.length - 1) / 2;
  return middles
    .map((at, rank) => ({ at, off: Math.abs(rank - centre) }))
    .toSorted((a, b) => a.off - b.off)
    .slice(0, 5)
    .map(({ at }) => ({ search: joined(lines.slice(start + 1, at)), replace: joined(lines.slice(at + 1, end)) }));
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

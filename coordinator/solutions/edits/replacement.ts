// Turns one search and replacement into splices of a file's lines, or says why it can't.
// Must never pick one of several places without being told which.
import { refuse, type Refusal, type TextReplacement } from './edit.ts';
import { findMatches, likeness, type LineMatch } from './line-match.ts';
import { foldTypography, otherReadings, stripFence, type Reading } from './readings.ts';
import { plainLines, type Line, type TextLines } from './text-lines.ts';

/** Lines from `start`, `count` of them, become `lines`. */
export interface LineSplice {
  readonly start: number;
  readonly count: number;
  readonly lines: readonly Line[];
}

export type Placement = { readonly kind: 'placed'; readonly splices: readonly LineSplice[] } | Refusal;

export function placeReplacement(file: TextLines, edit: TextReplacement): Placement {
  const words: Reading = {
    search: edit.search.replaceAll('\r\n', '\n').replace(/^\uFEFF/, ''),
    replace: edit.replace.replaceAll('\r\n', '\n'),
  };
  if (stripFence(words.search).trim() === '')
    return refuse('empty_search', edit.path, 'the search is empty; give the lines that are to be replaced');
  if (words.search === words.replace) return refuse('no_change', edit.path, 'search and replacement are the same');
  const texts = file.lines.map(({ text }) => text);
  const readings = [words, ...(edit.otherReadings ?? []), ...otherReadings(words)];
  for (const reading of readings) {
    const placed = placeReading(file, texts, reading, edit) ?? placeFolded(file, texts, reading, edit);
    if (placed !== undefined) return placed;
  }
  for (const reading of readings) {
    const placed = placeEllipses(file, texts, reading, edit);
    if (placed !== undefined) return placed;
  }
  return refuse('no_match', edit.path, `the search was not found in the file. ${nearest(texts, plainLines(words.search))}`);
}

function placeReading(file: TextLines, texts: readonly string[], reading: Reading, edit: TextReplacement): Placement | undefined {
  const search = plainLines(reading.search);
  const replace = plainLines(reading.replace);
  const inLine = findInsideLines(texts, reading, edit);
  const matches = inLine === undefined ? findMatches(texts, search) : [];
  if (inLine !== undefined)
    return inLine === 'ambiguous' ? ambiguous(edit, []) : { kind: 'placed', splices: spliceInside(file, inLine, reading) };
  if (matches.length === 0) return undefined;
  const chosen = choose(matches, edit);
  if ('kind' in chosen) return chosen;
  return {
    kind: 'placed',
    splices: chosen.map((match) => {
      if (match.how !== 'inner-blanks')
        return spliceMatch(file, match, trimToMatch(search, match.count), replaceFor(search, replace, match));
      const there = texts.slice(match.start, match.start + match.count);
      return spliceMatch(file, match, there, withBlanks(there, replace));
    }),
  };
}

/** The replacement with the blank lines that the file has behind lines that stay. */
function withBlanks(there: readonly string[], replace: readonly string[]): readonly string[] {
  const first = replace.findIndex((line) => line.trim() !== '');
  const shown = first < 0 ? [] : replace.slice(first, replace.findLastIndex((line) => line.trim() !== '') + 1);
  const kept = alignKept(
    there.map((line) => line.trimEnd()),
    shown.map((line) => line.trimEnd()),
  );
  return shown.flatMap((line, index) => {
    const from = kept[index];
    const own = from === undefined ? line : (there[from] ?? line);
    // Written out already, or nothing to be kept.
    if (from === undefined || line.trim() === '' || index === shown.length - 1 || shown[index + 1]?.trim() === '') return [own];
    const blanks = there.slice(from + 1).findIndex((one) => one.trim() !== '');
    return [own, ...there.slice(from + 1, from + 1 + Math.max(0, blanks))];
  });
}

/** Compared without typography; what is written is the replacement as it stands. */
function placeFolded(file: TextLines, texts: readonly string[], reading: Reading, edit: TextReplacement): Placement | undefined {
  const search = foldTypography(reading.search);
  const folded = texts.map(foldTypography);
  const isPlain = search === reading.search && folded.every((line, index) => line === texts[index]);
  return isPlain ? undefined : placeReading(file, folded, { search, replace: reading.replace.normalize('NFC') }, edit);
}

/** Lines by which a number may be off without being doubted. */
const nearEnough = 2;

/** Where several places match: the one at the hint, or all if their number was foretold. */
function choose(matches: readonly LineMatch[], edit: TextReplacement): readonly LineMatch[] | Refusal {
  const { expectedCount, lineHint, path } = edit;
  if (expectedCount !== undefined && expectedCount !== matches.length)
    return refuse('count_mismatch', path, `the search was expected ${expectedCount} time(s) and stands there ${matches.length} time(s)`);
  if (matches.length === 1 || expectedCount !== undefined) return matches;
  if (lineHint !== undefined) {
    const distance = ({ start, count }: LineMatch): number => {
      if (lineHint - 1 >= start && lineHint - 1 < start + count) return 0;
      return Math.min(Math.abs(lineHint - 1 - start), Math.abs(lineHint - start - count));
    };
    const [best, next] = matches.toSorted((a, b) => distance(a) - distance(b));
    // Line numbers of models drift: the nearest place counts only where the others are clearly further away.
    if (best !== undefined && next !== undefined && isClearlyNearer(distance(best), distance(next))) return [best];
  }
  return ambiguous(edit, matches);
}

function isClearlyNearer(near: number, far: number): boolean {
  return near <= nearEnough ? near < far : near * 3 <= far;
}

function ambiguous(edit: TextReplacement, matches: readonly LineMatch[]): Refusal {
  const lines = matches.slice(0, 5).map(({ start }) => start + 1);
  const where = lines.length === 0 ? 'at several places' : `at lines ${lines.join(', ')}`;
  return refuse('ambiguous_match', edit.path, `the search stands ${where}; add lines around it until it is unique`);
}

interface InsideMatch {
  readonly offset: number;
  readonly text: string;
}

/** A part of a line (or of several) is meant where the search is no whole line. */
function findInsideLines(
  texts: readonly string[],
  { search, replace }: Reading,
  edit: TextReplacement,
): InsideMatch | 'ambiguous' | undefined {
  const bare = search.replace(/\n$/, '');
  if (bare.trim() === '' || replace.replace(/\n$/, '').includes('\n') !== bare.includes('\n')) {
    if (bare.includes('\n')) return undefined;
  }
  const text = texts.join('\n');
  const offsets: number[] = [];
  for (let at = text.indexOf(bare); at >= 0 && offsets.length < 3; at = text.indexOf(bare, at + 1)) offsets.push(at);
  if (offsets.length === 0) return undefined;
  const isWhole = (at: number): boolean => {
    const lineStart = text.lastIndexOf('\n', at - 1) + 1;
    const lineEnd = text.indexOf('\n', at + bare.length);
    const rest = text.slice(at + bare.length, lineEnd < 0 ? text.length : lineEnd);
    return text.slice(lineStart, at).trim() === '' && rest.trim() === '';
  };
  // Whole lines are the business of line matching, which also minds the indentation.
  if (offsets.some(isWhole) || search.endsWith('\n')) return undefined;
  const [first, second] = offsets;
  if (first === undefined || (second !== undefined && edit.lineHint === undefined)) return first === undefined ? undefined : 'ambiguous';
  if (second === undefined) return { offset: first, text };
  const lineOf = (at: number): number => text.slice(0, at).split('\n').length;
  const atHint = offsets.filter((at) => lineOf(at) === edit.lineHint);
  return atHint[0] === undefined || atHint.length > 1 ? 'ambiguous' : { offset: atHint[0], text };
}

function spliceInside(file: TextLines, { offset, text }: InsideMatch, { search, replace }: Reading): readonly LineSplice[] {
  const end = offset + search.length;
  const start = text.slice(0, offset).split('\n').length - 1;
  const count = text.slice(offset, end).split('\n').length;
  const lineStart = text.lastIndexOf('\n', offset - 1) + 1;
  const lineEnd = text.indexOf('\n', end);
  // What stands before and after in the line is the file's own text.
  const before = (file.lines[start]?.text ?? '').slice(0, offset - lineStart);
  const after = text.slice(end, lineEnd < 0 ? text.length : lineEnd);
  const lines = `${before}${replace}${after}`.split('\n');
  const last = file.lines[start + count - 1]?.end ?? '';
  return [{ start, count, lines: lines.map((line, index) => ({ text: line, end: index === lines.length - 1 ? last : file.newline })) }];
}

/** A match without the search's blank edges covers fewer lines; its replacement loses the same edges. */
function trimToMatch(search: readonly string[], count: number): readonly string[] {
  if (search.length === count) return search;
  const first = search.findIndex((line) => line.trim() !== '');
  return search.slice(first, first + count);
}

function replaceFor(search: readonly string[], replace: readonly string[], match: LineMatch): readonly string[] {
  if (search.length === match.count) return replace;
  const head = search.findIndex((line) => line.trim() !== '');
  const tail = search.length - head - match.count;
  const first = replace.findIndex((line) => line.trim() !== '');
  if (first < 0) return [];
  const last = replace.findLastIndex((line) => line.trim() !== '');
  return replace.slice(Math.min(head, first), Math.max(last + 1, replace.length - tail));
}

/** Lines that the replacement keeps are the file's own; new ones take its indentation and newline. */
function spliceMatch(file: TextLines, match: LineMatch, search: readonly string[], replace: readonly string[]): LineSplice {
  const there = file.lines.slice(match.start, match.start + match.count);
  const kept = alignKept(search, replace);
  const lines = replace.map((line, index): Line => {
    const from = kept[index];
    const own = from === undefined ? undefined : there[from];
    return own ?? { text: match.indent(line), end: file.newline };
  });
  return { start: match.start, count: match.count, lines: closeLines(lines, there.at(-1)?.end ?? file.newline, file.newline) };
}

/** Only the text's last line may lack its newline. */
function closeLines(lines: readonly Line[], lastEnd: string, newline: string): readonly Line[] {
  return lines.map((line, index) => {
    const isLast = index === lines.length - 1;
    if (isLast) return { text: line.text, end: lastEnd };
    return line.end === '' ? { text: line.text, end: newline } : line;
  });
}

/** For each line of the replacement the index of the equal search line, along a longest common subsequence. */
function alignKept(search: readonly string[], replace: readonly string[]): readonly (number | undefined)[] {
  const width = replace.length + 1;
  if (search.length * width > 4_000_000) return replace.map(() => undefined);
  const lengths = new Uint32Array((search.length + 1) * width);
  const at = (i: number, j: number): number => lengths[i * width + j] ?? 0;
  for (let i = search.length - 1; i >= 0; i -= 1) {
    for (let j = replace.length - 1; j >= 0; j -= 1)
      lengths[i * width + j] = search[i] === replace[j] ? at(i + 1, j + 1) + 1 : Math.max(at(i + 1, j), at(i, j + 1));
  }
  const kept: (number | undefined)[] = replace.map(() => undefined);
  for (let i = 0, j = 0; i < search.length && j < replace.length;) {
    if (search[i] === replace[j]) kept[j++] = i++;
    else if (at(i + 1, j) >= at(i, j + 1)) i += 1;
    else j += 1;
  }
  return kept;
}

const ellipsisLine =
  /^\s*(?:#|\/\/|--|\/\*|<!--|;)?\s*(?:\.{3}|…)(?:\s*(?:\(?(?:rest|existing|unchanged|same|remaining|other)\b.{0,80})?)?\s*(?:\*\/|-->)?\s*$/i;

/** `...` stands for lines that stay; it must stand in both, and the parts between are placed in order. */
function placeEllipses(
  file: TextLines,
  texts: readonly string[],
  { search, replace }: Reading,
  edit: TextReplacement,
): Placement | undefined {
  const wanted = splitAtEllipses(plainLines(search));
  const given = splitAtEllipses(plainLines(replace));
  if (wanted.length === 1) return undefined;
  if (wanted.length !== given.length)
    return refuse(
      'unpaired_ellipsis',
      edit.path,
      `"..." stands ${wanted.length - 1} time(s) in the search and ${given.length - 1} time(s) in the replacement; write the lines out instead`,
    );
  const splices: LineSplice[] = [];
  let from = 0;
  for (const [index, part] of wanted.entries()) {
    const replacement = given[index] ?? [];
    if (part.length === 0) {
      if (replacement.length > 0)
        return refuse('no_match', edit.path, 'lines next to "..." have no counterpart in the search; write the lines out instead');
      continue;
    }
    const matches = matchesFrom(texts, part, from);
    const match = matches[0];
    if (match === undefined) return undefined;
    if (index === 0 && matches.length > 1 && edit.lineHint === undefined) return ambiguous(edit, matches);
    if (part.join('\n') !== replacement.join('\n'))
      splices.push(spliceMatch(file, match, trimToMatch(part, match.count), replaceFor(part, replacement, match)));
    from = match.start + match.count;
  }
  return splices.length === 0 ? refuse('no_change', edit.path, 'search and replacement are the same') : { kind: 'placed', splices };
}

function matchesFrom(texts: readonly string[], part: readonly string[], from: number): readonly LineMatch[] {
  return findMatches(texts, part).filter(({ start }) => start >= from);
}

function splitAtEllipses(lines: readonly string[]): readonly (readonly string[])[] {
  const parts: string[][] = [[]];
  for (const line of lines) {
    if (ellipsisLine.test(line)) parts.push([]);
    else parts.at(-1)?.push(line);
  }
  return parts;
}

/** Shows the author what the file has instead. */
function nearest(texts: readonly string[], search: readonly string[]): string {
  const key = search.find((line) => line.trim() !== '')?.trim() ?? '';
  const scored = texts.slice(0, 20_000).map((text, index) => ({ index, value: likeness(text.trim(), key) }));
  const best = scored.reduce<{ index: number; value: number }>((top, one) => (one.value > top.value ? one : top), { index: 0, value: 0 });
  const from = Math.max(0, best.index - 1);
  const shown = texts.slice(from, best.index + Math.max(2, Math.min(search.length, 8)));
  return `The nearest lines there are:\n${shown.map((text, index) => `${from + index + 1} | ${text}`).join('\n')}`;
}

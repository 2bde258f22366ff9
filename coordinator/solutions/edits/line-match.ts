// Finds the place that a search means: exactly, or by a difference that can be explained, and never by mere likeness of a few words.
// Must never choose between places; apply.ts does, or refuses.

export interface LineMatch {
  /** 0-based line where it begins, and how many lines it covers. */
  readonly start: number;
  readonly count: number;
  /** Turns a line of the replacement into the file's indentation. */
  readonly indent: (line: string) => string;
  readonly how: MatchKind;
}

/** From exact to tolerant; each is tried only if none before it found anything. */
export type MatchKind = 'exact' | 'trailing-space' | 'indentation' | 'first-line' | 'tabs' | 'blank-lines' | 'inner-blanks' | 'similar';

/** @returns all places of the first kind that finds any */
export function findMatches(file: readonly string[], search: readonly string[]): readonly LineMatch[] {
  if (search.length === 0) return [];
  const finders = [
    findExact,
    findTrailing,
    findIndented,
    findFirstUnindented,
    findByTabs,
    findWithoutBlankEdges,
    findAcrossBlanks,
    findSimilar,
  ];
  for (const find of finders) {
    const found = find(file, search);
    if (found.length > 0) return found;
  }
  return [];
}

const same = (line: string): string => line;

function scan(file: readonly string[], count: number, accept: (start: number) => LineMatch | undefined): readonly LineMatch[] {
  const found: LineMatch[] = [];
  for (let start = 0; start + count <= file.length; start += 1) {
    const match = accept(start);
    if (match !== undefined) found.push(match);
  }
  return found;
}

function findExact(file: readonly string[], search: readonly string[]): readonly LineMatch[] {
  return scan(file, search.length, (start) =>
    search.every((line, offset) => file[start + offset] === line) ? { start, count: search.length, indent: same, how: 'exact' } : undefined,
  );
}

function findTrailing(file: readonly string[], search: readonly string[]): readonly LineMatch[] {
  const wanted = search.map((line) => line.trimEnd());
  if (wanted.every((line) => line === '')) return [];
  return scan(file, search.length, (start) =>
    wanted.every((line, offset) => file[start + offset]?.trimEnd() === line)
      ? { start, count: search.length, indent: same, how: 'trailing-space' }
      : undefined,
  );
}

/** All lines are shifted by the same white space. */
function findIndented(file: readonly string[], search: readonly string[]): readonly LineMatch[] {
  const wanted = search.map((line) => line.trim());
  const first = wanted.findIndex((line) => line !== '');
  if (first < 0) return [];
  return scan(file, search.length, (start) => {
    if (!wanted.every((line, offset) => file[start + offset]?.trim() === line)) return undefined;
    const shift = shiftBetween(leading(search[first] ?? ''), leading(file[start + first] ?? ''));
    if (shift === undefined) return undefined;
    const isUniform = search.every((line, offset) => line.trim() === '' || shift(leading(line)) === leading(file[start + offset] ?? ''));
    return isUniform ? { start, count: search.length, indent: (line) => shiftLine(line, shift), how: 'indentation' } : undefined;
  });
}

/** Only the first line lost its white space, as where a block was copied from its first word on. */
function findFirstUnindented(file: readonly string[], search: readonly string[]): readonly LineMatch[] {
  const [first = '', ...others] = search;
  const isOnly = leading(first) === '' && others.every((line) => line.trim() === '' || leading(line) !== '');
  if (!isOnly || first.trim() === '' || others.every((line) => line.trim() === '')) return [];
  return scan(file, search.length, (start) => {
    const there = file[start] ?? '';
    if (there.trim() !== first.trim() || leading(there) === '') return undefined;
    if (!others.every((line, offset) => file[start + 1 + offset]?.trimEnd() === line.trimEnd())) return undefined;
    const indent = (line: string): string => (line.trim() !== '' && leading(line) === '' ? leading(there) + line : line);
    return { start, count: search.length, indent, how: 'first-line' };
  });
}

/** Blank lines between were left out or put in; all others stand there as they are. */
function findAcrossBlanks(file: readonly string[], search: readonly string[]): readonly LineMatch[] {
  const wanted = search.map((line) => line.trimEnd()).filter((line) => line !== '');
  if (wanted.length < 2) return [];
  const shown = file.flatMap((line, at) => (line.trim() === '' ? [] : [{ text: line.trimEnd(), at }]));
  const found: LineMatch[] = [];
  for (let from = 0; from + wanted.length <= shown.length; from += 1) {
    if (wanted.some((line, offset) => shown[from + offset]?.text !== line)) continue;
    const start = shown[from]?.at ?? 0;
    found.push({ start, count: (shown[from + wanted.length - 1]?.at ?? start) - start + 1, indent: same, how: 'inner-blanks' });
  }
  return found;
}

type Shift = (indent: string) => string | undefined;

function shiftBetween(from: string, to: string): Shift | undefined {
  if (to.endsWith(from)) {
    const added = to.slice(0, to.length - from.length);
    return (indent) => added + indent;
  }
  if (from.endsWith(to)) {
    const removed = from.slice(0, from.length - to.length);
    return (indent) => (indent.startsWith(removed) ? indent.slice(removed.length) : undefined);
  }
  return undefined;
}

function shiftLine(line: string, shift: Shift): string {
  if (line.trim() === '') return line.trim();
  // A line that is indented less than what is taken away stands at the margin.
  return (shift(leading(line)) ?? '') + line.trimStart();
}

/** Spaces for tabs or tabs for spaces: levels are compared, and the replacement gets the file's way. */
function findByTabs(file: readonly string[], search: readonly string[]): readonly LineMatch[] {
  const wanted = search.map((line) => line.trim());
  if (wanted.every((line) => line === '')) return [];
  const unit = unitOf(search);
  return scan(file, search.length, (start) => {
    const there = file.slice(start, start + search.length);
    if (!wanted.every((line, offset) => there[offset]?.trim() === line)) return undefined;
    const usesTabs = there.some((line) => line.startsWith('\t'));
    if (usesTabs === search.some((line) => line.startsWith('\t'))) return undefined;
    const fileUnit = usesTabs ? '\t' : ' '.repeat(unitOf(there));
    const shown = search.findIndex((line) => line.trim() !== '');
    const difference =
      levelOf(there[shown] ?? '', fileUnit.length === 1 && usesTabs ? 1 : fileUnit.length) - levelOf(search[shown] ?? '', unit);
    const place = (line: string): string => {
      if (line.trim() === '') return '';
      return fileUnit.repeat(Math.max(0, levelOf(line, unit) + difference)) + line.trimStart();
    };
    const isUniform = search.every((line, offset) => line.trim() === '' || leading(place(line)) === leading(there[offset] ?? ''));
    return isUniform ? { start, count: search.length, indent: place, how: 'tabs' } : undefined;
  });
}

/** Characters of white space for one level: the smallest step seen. */
function unitOf(lines: readonly string[]): number {
  const widths = lines.filter((line) => line.trim() !== '').map((line) => leading(line));
  if (widths.some((white) => white.includes('\t'))) return 1;
  const steps = widths.map((white) => white.length).filter((width) => width > 0);
  const differences = steps.flatMap((width) => steps.map((other) => Math.abs(width - other))).filter((step) => step > 0);
  return Math.min(...steps, ...differences, 8) === Infinity ? 4 : Math.min(...steps, ...differences, 8);
}

function levelOf(line: string, unit: number): number {
  return Math.round(leading(line).length / Math.max(1, unit));
}

/** Blank lines around or inside differ in number. */
function findWithoutBlankEdges(file: readonly string[], search: readonly string[]): readonly LineMatch[] {
  const first = search.findIndex((line) => line.trim() !== '');
  const last = search.findLastIndex((line) => line.trim() !== '');
  if (first < 0 || (first === 0 && last === search.length - 1)) return [];
  const inner = search.slice(first, last + 1);
  for (const find of [findExact, findTrailing, findIndented, findByTabs]) {
    const found = find(file, inner);
    if (found.length > 0) return found.map((match) => ({ ...match, how: 'blank-lines' as const }));
  }
  return [];
}

/** Lines that a likeness needs, so that it rests on more than chance. */
const leastSimilarLines = 3;
/** Mean and least likeness of lines, and the lead over the next place. */
const meanLikeness = 0.93;
const leastLikeness = 0.7;
const lead = 0.1;
/** A file with more lines is matched by explainable differences only. */
const mostSimilarLines = 20_000;

/** A few characters differ, as where a model copied a long block from memory; only one place may come near. */
function findSimilar(file: readonly string[], search: readonly string[]): readonly LineMatch[] {
  if (search.filter((line) => line.trim() !== '').length < leastSimilarLines || file.length > mostSimilarLines) return [];
  const anchors = new Set(search.map((line) => line.trim()).filter((line) => line.length >= 8));
  const scored = scan(file, search.length, (start) => {
    const there = file.slice(start, start + search.length);
    // Most lines must be the same; likeness explains only the rest.
    if (there.filter((line) => anchors.has(line.trim())).length * 2 < search.length) return undefined;
    return { start, count: search.length, indent: same, how: 'similar' as const };
  }).map((match) => {
    const values = search.map((line, offset) => likeness(line.trim(), file[match.start + offset]?.trim() ?? ''));
    return { match, mean: values.reduce((sum, value) => sum + value, 0) / values.length, least: Math.min(...values) };
  });
  const [best, next] = scored.toSorted((a, b) => b.mean - a.mean);
  if (best === undefined || best.mean < meanLikeness || best.least < leastLikeness) return [];
  if (next !== undefined && best.mean - next.mean < lead) return [];
  const at = search.findIndex((line) => line.trim() !== '');
  const shift = shiftBetween(leading(search[at] ?? ''), leading(file[best.match.start + at] ?? ''));
  return shift === undefined ? [] : [{ ...best.match, indent: (line) => shiftLine(line, shift) }];
}

/** 1 for equal lines, 0 for lines that share nothing: twice the common subsequence over both lengths. */
export function likeness(a: string, b: string): number {
  if (a === b) return 1;
  if (a.length === 0 || b.length === 0 || a.length > 400 || b.length > 400) return 0;
  let row = new Uint16Array(b.length + 1);
  for (let i = 1; i <= a.length; i += 1) {
    const next = new Uint16Array(b.length + 1);
    for (let j = 1; j <= b.length; j += 1) {
      next[j] = a[i - 1] === b[j - 1] ? (row[j - 1] ?? 0) + 1 : Math.max(row[j] ?? 0, next[j - 1] ?? 0);
    }
    row = next;
  }
  return (2 * (row[b.length] ?? 0)) / (a.length + b.length);
}

export function leading(line: string): string {
  return /^[ \t]*/.exec(line)?.[0] ?? '';
}

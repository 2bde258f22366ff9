// Applies all edits of an answer to a set of files, or none of them.
// Must never write to disk: it answers with the new texts.
import type { SyntaxTrees } from '../../../base/syntax-tree.ts';
import { refuse, type Edit, type FileSet, type Refusal } from './edit.ts';
import { placeFunction } from './function-place.ts';
import { resolveExisting, resolveNew } from './path-resolution.ts';
import { stripFence } from './readings.ts';
import { placeReplacement, type LineSplice } from './replacement.ts';
import { readLines, writeLines, type TextLines } from './text-lines.ts';

export interface ApplyOptions {
  readonly allowedPaths: readonly string[];
  readonly trees: SyntaxTrees;
}

export type ApplyOutcome =
  /** Texts by path; `null` deletes. */
  { readonly kind: 'applied'; readonly files: Readonly<Record<string, string | null>> } | Refusal;

/** A fix is small; what is larger is a rewrite that nobody can review. */
const mostChangedLines = 1_500;
const mostBytes = 512 * 1024;

export async function applyEdits(files: FileSet, edits: readonly Edit[], options: ApplyOptions): Promise<ApplyOutcome> {
  if (edits.length === 0) return refuse('no_edits', undefined, 'the answer has no edits');
  const work = new Workbench(files, options);
  for (const edit of edits) {
    const refused = await work.take(edit);
    if (refused !== undefined) return refused;
  }
  const outcome = work.finish();
  if (outcome.kind === 'refused') return outcome;
  return (await findDamage(files, outcome.files, options.trees)) ?? outcome;
}

/** What one answer does to each file, collected before anything counts. */
class Workbench {
  readonly #files: FileSet;
  readonly #options: ApplyOptions;
  readonly #texts = new Map<string, string | null>();
  readonly #splices = new Map<string, { readonly file: TextLines; readonly splices: LineSplice[] }>();
  readonly #said = new Set<string>();
  /** Replacements that fit only after others were made. */
  readonly #later: Extract<Edit, { op: 'replace' }>[] = [];

  constructor(files: FileSet, options: ApplyOptions) {
    this.#files = files;
    this.#options = options;
  }

  async take(edit: Edit): Promise<Refusal | undefined> {
    const { allowedPaths } = this.#options;
    if (edit.op === 'create') return this.#create(edit.path, edit.content);
    const target = resolveExisting(edit.path, this.#files, allowedPaths);
    if (target.kind === 'refused') {
      // An empty search in a file that isn't there is how one way of writing edits makes a file.
      const makes = edit.op === 'replace' && edit.search.trim() === '' && target.reason === 'file_missing';
      if (makes) return this.#create(edit.path, edit.replace);
      return edit.op === 'replace_file' && target.reason === 'file_missing' ? this.#create(edit.path, edit.content) : target;
    }
    const { path } = target;
    const content = this.#files.read(path);
    if (edit.op === 'delete') return this.#put(path, null);
    const text = content === undefined ? undefined : decodeText(content);
    if (text === undefined) return refuse('binary_file', path, `${path} is no text in UTF-8 and can't be edited`);
    switch (edit.op) {
      case 'replace':
        return this.#replace({ ...edit, path }, text);
      case 'replace_file':
        if (isElided(edit.content, text)) return refuseElision(path);
        if (edit.mayBePart === true) {
          const parts = await this.#partsOf(path, stripFence(edit.content), text);
          if (parts !== undefined) return this.#replaceFunctions(path, parts, text);
        }
        return this.#put(path, fitWholeFile(withPathLine(edit, text), text, edit.mayBePart === true));
      case 'replace_function':
        return this.#replaceFunction(path, edit.name, edit.content, text);
      case 'rename':
        return this.#rename(path, edit.newPath, text);
    }
  }

  finish(): ApplyOutcome {
    for (const [path, { file, splices }] of this.#splices) {
      const sorted = splices.toSorted((a, b) => a.start - b.start);
      const overlap = sorted.find(
        (splice, index) => index > 0 && splice.start < (sorted[index - 1]?.start ?? 0) + (sorted[index - 1]?.count ?? 0),
      );
      if (overlap !== undefined) return refuse('overlapping_edits', path, `two edits change line ${overlap.start + 1}; join them into one`);
      if (this.#texts.has(path)) return refuse('overlapping_edits', path, 'the file is replaced as a whole and in parts; do one of them');
      const lines = [...file.lines];
      for (const { start, count, lines: fresh } of sorted.toReversed()) lines.splice(start, count, ...fresh);
      this.#texts.set(path, writeLines({ lines, mark: file.mark }));
    }
    for (const edit of this.#later) {
      const placed = placeReplacement(readLines(this.#texts.get(edit.path) ?? ''), edit);
      if (placed.kind === 'refused') return placed;
      const file = readLines(this.#texts.get(edit.path) ?? '');
      const lines = [...file.lines];
      for (const { start, count, lines: fresh } of placed.splices.toSorted((a, b) => b.start - a.start))
        lines.splice(start, count, ...fresh);
      this.#texts.set(edit.path, writeLines({ lines, mark: file.mark }));
    }
    const changed = [...this.#texts].filter(([path, text]) => text === null || !this.#isSame(path, text));
    if (changed.length === 0) return refuse('no_change', undefined, 'the edits change nothing');
    return { kind: 'applied', files: Object.fromEntries(changed) };
  }

  #isSame(path: string, text: string): boolean {
    const before = this.#files.read(path);
    return before !== undefined && decodeText(before) === text;
  }

  #replace(edit: Extract<Edit, { op: 'replace' }>, text: string): Refusal | undefined {
    // Who says the same twice means it once.
    const words = JSON.stringify([edit.path, edit.search, edit.replace, edit.lineHint]);
    if (this.#said.has(words)) return undefined;
    this.#said.add(words);
    const known = this.#splices.get(edit.path) ?? { file: readLines(text), splices: [] };
    const placed = placeReplacement(known.file, edit);
    if (placed.kind === 'refused') {
      // Perhaps it builds on an edit before it; that is settled once those are made.
      if (placed.reason !== 'no_match' || known.splices.length === 0) return placed;
      this.#later.push(edit);
      return undefined;
    }
    this.#splices.set(edit.path, { file: known.file, splices: [...known.splices, ...placed.splices] });
    return undefined;
  }

  /** The functions that a text consists of, if it holds nothing else and lacks others that the file has; undefined for a whole file. */
  async #partsOf(path: string, content: string, text: string): Promise<readonly { name: string; content: string }[] | undefined> {
    const { trees } = this.#options;
    const before = await trees.listFunctions(path, text);
    const all = await trees.listFunctions(path, content);
    const after = all.filter(
      (one) => !all.some((other) => other !== one && other.startLine <= one.startLine && one.endLine <= other.endLine),
    );
    const names = new Set(all.map(({ name }) => name));
    const lines = content.split('\n');
    const isOutside = (line: number): boolean => after.every(({ startLine, endLine }) => line < startLine || line > endLine);
    const holdsMore = lines.some((line, index) => isOutside(index + 1) && !/^\s*(?:#.*|\/\/.*)?$/.test(line));
    const isPart = after.every(({ name }) => before.some((one) => one.name === name)) && before.some(({ name }) => !names.has(name));
    if (after.length === 0 || holdsMore || !isPart) return undefined;
    return after.map(({ name, startLine, endLine }) => ({ name, content: lines.slice(startLine - 1, endLine).join('\n') }));
  }

  async #replaceFunctions(path: string, parts: readonly { name: string; content: string }[], text: string): Promise<Refusal | undefined> {
    for (const { name, content } of parts) {
      const refused = await this.#replaceFunction(path, name, content, text);
      // One that stays as it was was only shown around the others.
      if (refused !== undefined && (refused.reason !== 'no_change' || parts.length === 1)) return refused;
    }
    return undefined;
  }

  async #replaceFunction(path: string, name: string, content: string, text: string): Promise<Refusal | undefined> {
    const bare = name.split(/[.:#]/).at(-1) ?? name;
    const found = (await this.#options.trees.listFunctions(path, text)).filter((one) => one.name === name || one.name === bare);
    const [only, second] = found;
    if (only === undefined) return refuse('function_missing', path, `there is no function ${name} in ${path}`);
    if (second !== undefined)
      return refuse('ambiguous_match', path, `there are ${found.length} functions ${name} in ${path}; use a search block instead`);
    const lines = readLines(text).lines.map((line) => line.text);
    const place = placeFunction(lines, only.startLine - 1, only.endLine, stripFence(content).replace(/\n+$/, ''));
    const search = lines.slice(place.start, place.end).join('\n');
    if (isElided(place.content, search)) return refuseElision(path);
    const fresh = reindent(place.content, /^[ \t]*/.exec(search)?.[0] ?? '');
    return this.#replace({ op: 'replace', path, search: `${search}\n`, replace: `${fresh}\n`, lineHint: place.start + 1 }, text);
  }

  #create(given: string, content: string): Refusal | undefined {
    const target = resolveNew(given, this.#files, this.#options.allowedPaths);
    if (target.kind === 'refused') return target;
    const { path } = target;
    if (this.#files.paths.has(path) || this.#texts.has(path))
      return refuse('file_exists', path, `${path} exists already; replace lines of it instead`);
    const isBelowFile = path.split('/').some((_, index, parts) => index > 0 && this.#files.paths.has(parts.slice(0, index).join('/')));
    if (isBelowFile) return refuse('bad_path', path, `${path} would lie below a file`);
    const text = stripFence(content);
    return this.#put(path, text === '' || text.endsWith('\n') ? text : `${text}\n`);
  }

  #rename(path: string, newPath: string, text: string): Refusal | undefined {
    const target = resolveNew(newPath, this.#files, this.#options.allowedPaths);
    if (target.kind === 'refused') return target;
    if (this.#files.paths.has(target.path) || this.#texts.has(target.path))
      return refuse('target_exists', target.path, `${target.path} exists already`);
    return this.#put(path, null) ?? this.#put(target.path, text);
  }

  #put(path: string, text: string | null): Refusal | undefined {
    if (this.#texts.has(path)) return refuse('overlapping_edits', path, `${path} is changed twice as a whole`);
    this.#texts.set(path, text);
    return undefined;
  }
}

/** "... rest of the file": a whole text that isn't whole would delete what it leaves out. */
function isElided(content: string, before: string): boolean {
  const elision =
    /^[ \t]*(?:#|\/\/|\/\*|<!--|--|;)?[ \t]*(?:\.{3}|…)[ \t]*(?:\(?(?:rest|existing|unchanged|same|remaining|other|omitted)\b.{0,80})?[ \t]*(?:\*\/|-->)?[ \t]*$/im;
  return elision.test(content) && !elision.test(before);
}

function refuseElision(path: string): Refusal {
  return refuse('unpaired_ellipsis', path, 'the new text leaves parts out with "..."; write it out in full, or use a search block');
}

/** What no edit may bring in. */
async function findDamage(
  files: FileSet,
  changed: Readonly<Record<string, string | null>>,
  trees: SyntaxTrees,
): Promise<Refusal | undefined> {
  let changedLines = 0;
  for (const [path, text] of Object.entries(changed)) {
    if (text === null) continue;
    const problemOf = async (version: string) => (path.endsWith('.json') ? findJsonProblem(version) : trees.findProblem(path, version));
    const content = files.read(path);
    const before = content === undefined ? '' : (decodeText(content) ?? '');
    changedLines += countChanged(before, text);
    if (Buffer.byteLength(text) > Math.max(mostBytes, Buffer.byteLength(before) * 2) || changedLines > mostChangedLines)
      return refuse(
        'too_large',
        path,
        `the change is larger than ${mostChangedLines} lines or ${mostBytes} bytes; change only what the problem needs`,
      );
    if (hasConflictMarkers(text) && !hasConflictMarkers(before))
      return refuse('conflict_markers', path, 'the new text has conflict markers (<<<<<<<, >>>>>>>) in it');
    if (direction.test(text) && !direction.test(before))
      return refuse('bidi_control', path, 'the new text has invisible characters, which hide code from reviewers');
    // A file that didn't parse before is judged by its own tools, later.
    if (before !== '' && (await problemOf(before)) !== undefined) continue;
    const problem = await problemOf(text);
    if (problem !== undefined)
      return refuse('syntax_error', path, `after the edit ${path} doesn't parse: line ${problem.line}: ${problem.message}`);
  }
  return undefined;
}

/** Direction marks, zero width characters and tags: Trojan Source (CVE-2021-42574) and what smuggles text to models. */
const direction = /[\u202a-\u202e\u2066-\u2069\u200b-\u200f\u2060-\u2064\ufeff]|[\u{e0000}-\u{e007f}]/u;

function hasConflictMarkers(text: string): boolean {
  return /^(?:<{7}|>{7})(?: |$)/m.test(text);
}

/** Lines that only one of the texts has, by count. */
function countChanged(before: string, after: string): number {
  const counts = new Map<string, number>();
  for (const line of before.split('\n')) counts.set(line, (counts.get(line) ?? 0) + 1);
  let added = 0;
  for (const line of after.split('\n')) {
    const left = counts.get(line) ?? 0;
    if (left > 0) counts.set(line, left - 1);
    else added += 1;
  }
  return added + [...counts.values()].reduce((sum, count) => sum + count, 0);
}

function findJsonProblem(text: string): { line: number; message: string } | undefined {
  try {
    JSON.parse(text);
    return undefined;
  } catch (error) {
    return { line: 1, message: error instanceof Error ? error.message : 'is no JSON' };
  }
}

/** UTF-8 text, or undefined. */
export function decodeText(content: string | Uint8Array): string | undefined {
  if (typeof content === 'string') return content.includes('\0') ? undefined : content;
  if (content.includes(0)) return undefined;
  try {
    return new TextDecoder('utf-8', { fatal: true, ignoreBOM: true }).decode(content);
  } catch {
    return undefined;
  }
}

/** The comment that named the path, where the file itself begins with it. */
function withPathLine({ content, pathLine }: Extract<Edit, { op: 'replace_file' }>, before: string): string {
  const isOwn = pathLine !== undefined && readLines(before).lines[0]?.text.trim() === pathLine.trim();
  return isOwn ? `${pathLine}\n${content}` : stripFence(content);
}

/** A whole file keeps its mark, its line endings and its last newline. @param isFenced a fence can't say that the last one is missing */
function fitWholeFile(content: string, before: string, isFenced: boolean): string {
  const old = readLines(before);
  const fresh = readLines(content);
  const lines = fresh.lines.map(({ text, end }) => ({ text, end: end === '' ? '' : old.newline }));
  const last = lines.at(-1);
  const closed =
    last !== undefined && last.end === '' && old.lines.at(-1)?.end !== ''
      ? [...lines.slice(0, -1), { text: last.text, end: old.newline }]
      : lines;
  const end = closed.at(-1);
  const isOpen = isFenced && end !== undefined && old.lines.at(-1)?.end === '';
  return writeLines({ lines: isOpen ? [...closed.slice(0, -1), { text: end.text, end: '' }] : closed, mark: old.mark });
}

function reindent(text: string, indent: string): string {
  const lines = text.split('\n');
  const own = /^[ \t]*/.exec(lines.find((line) => line.trim() !== '') ?? '')?.[0] ?? '';
  return lines.map((line) => (line.trim() === '' ? '' : line.startsWith(own) ? indent + line.slice(own.length) : line)).join('\n');
}

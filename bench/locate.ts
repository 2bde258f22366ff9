// Benchmark `locate`: from the text of a crash to the files and functions that its fix changed, on file lists alone.
// Must never look at the answer while it locates, nor tell projects apart by name.
import { existsSync, readdirSync, readFileSync } from 'node:fs';
import { basename, join } from 'node:path';
import { gunzipSync } from 'node:zlib';
import type { Trace } from '../analysis/trace.ts';
import { parseTrace } from '../analysis/traces/trace-reader.ts';
import { locate } from '../coordinator/repository/locator.ts';
import { PathIndex } from '../coordinator/repository/path-index.ts';
import type { CodeLocation, LocateQuery } from '../coordinator/repository/repository.ts';
import type { BenchmarkOptions, BenchmarkResult } from './main.ts';

interface Case {
  readonly id: string;
  readonly language: string;
  readonly kind: string;
  readonly mirror: string;
  readonly buggy_commit: string;
  readonly log_text: string;
  readonly fixed_files: readonly string[];
  readonly fixed_functions: readonly { readonly file: string; readonly start: number; readonly end: number; readonly name: string }[];
}

interface FileList {
  readonly mirror: string;
  readonly commit: string;
  readonly paths: readonly string[];
}

interface Outcome {
  readonly id: string;
  readonly group: string;
  readonly top1: boolean;
  readonly file5: boolean;
  readonly any10: boolean;
  /** Undefined where the fix touches no function. */
  readonly function5: boolean | undefined;
}

/**
 * `top1`, `file5`, `any10`: a fixed file is the first, among the first five, among the first ten distinct files. `function5`: one of the
 * first five distinct places lies in a fixed function (by its lines, or by its name in the right file), of the cases that fix one.
 * Behind the name, `a` or `b` chooses a half of the cases (by their id), and `misses` lists those whose first file is wrong.
 */
export async function run(options: BenchmarkOptions): Promise<BenchmarkResult> {
  const folder = [join(options.data, 'repair', 'localization'), join(options.data, 'localization'), options.data].find((path) =>
    existsSync(join(path, 'filelists.jsonl.gz')),
  );
  if (folder === undefined) throw new Error(`no localization/filelists.jsonl.gz below ${options.data}`);
  const lists = new Map<string, PathIndex>();
  for (const { mirror, commit, paths } of readLines(join(folder, 'filelists.jsonl.gz')) as readonly FileList[]) {
    lists.set(`${mirror}@${commit}`, new PathIndex(paths));
  }
  const files = readdirSync(folder).filter((name) => /^cases.*\.jsonl\.gz$/.test(name));
  const half = options.rest.find((word) => word === 'a' || word === 'b');
  const outcomes: Outcome[] = [];
  let skipped = 0;
  const started = performance.now();
  for (const file of files) {
    for (const one of readLines(join(folder, file)) as readonly Case[]) {
      const index = lists.get(`${one.mirror}@${one.buggy_commit}`);
      if (index === undefined) skipped++;
      else if (half === undefined || halfOf(one.id) === half) outcomes.push(judge(one, basename(file, '.jsonl.gz'), index));
    }
  }
  const elapsedMs = performance.now() - started;
  const rate = (hits: readonly boolean[]): number => (hits.length === 0 ? 0 : hits.filter(Boolean).length / hits.length);
  const groups = [...new Set(outcomes.map(({ group }) => group))].map((group) => {
    const own = outcomes.filter((outcome) => outcome.group === group);
    const shown = [own.map(({ top1 }) => top1), own.map(({ file5 }) => file5), own.map(({ any10 }) => any10), functionHits(own)];
    return `${group.padEnd(28)} ${String(own.length).padStart(4)} ${shown.map((hits) => rate(hits).toFixed(3)).join(' ')}`;
  });
  const misses = options.rest.includes('misses') ? outcomes.filter(({ top1 }) => !top1).map(({ id }) => `missed ${id}`) : [];
  return {
    figures: {
      top1: rate(outcomes.map(({ top1 }) => top1)),
      file5: rate(outcomes.map(({ file5 }) => file5)),
      any10: rate(outcomes.map(({ any10 }) => any10)),
      function5: rate(functionHits(outcomes)),
    },
    conditions: {
      cases: outcomes.length,
      withoutFileList: skipped,
      msPerCase: Number((elapsedMs / Math.max(1, outcomes.length)).toFixed(2)),
    },
    table: [...groups, ...misses],
  };
}

function judge(one: Case, group: string, index: PathIndex): Outcome {
  const repositoryName = one.mirror.replace(/\/.*$/, '').split('+').at(-1) ?? '';
  const locations = locate(index, queryOf(one.log_text), { repositoryName, findings: [] });
  const files = [...new Set(locations.map(({ path }) => path))];
  const fixed = new Set(one.fixed_files);
  const hit = (count: number): boolean => files.slice(0, count).some((file) => fixed.has(file));
  const functions = one.fixed_functions.filter(({ file }) => fixed.has(file));
  const places = distinctPlaces(locations).slice(0, 5);
  return {
    id: one.id,
    group: `${group.replace('cases_', '')} ${one.language}`,
    top1: hit(1),
    file5: hit(5),
    any10: hit(10),
    function5: functions.length === 0 ? undefined : places.some((place) => functions.some((wanted) => isIn(place, wanted))),
  };
}

/** As a problem is put to the locator: the frames of the deepest cause first. */
function queryOf(text: string): LocateQuery {
  const chain: Trace[] = [];
  for (let trace = parseTrace(text); trace !== undefined && chain.length < 16; trace = trace.cause) chain.push(trace);
  const frames = chain.toReversed().flatMap((trace) => trace.frames);
  return { frames, language: chain[0]?.language, message: text, template: '' };
}

function distinctPlaces(locations: readonly CodeLocation[]): readonly CodeLocation[] {
  const seen = new Set<string>();
  return locations.filter(({ path, line, function: name }) => {
    const key = `${path}\0${name ?? String(line)}`;
    if (seen.has(key)) return false;
    seen.add(key);
    return true;
  });
}

function isIn(place: CodeLocation, wanted: Case['fixed_functions'][number]): boolean {
  if (place.path !== wanted.file) return false;
  if (place.line !== undefined && place.line >= wanted.start && place.line <= wanted.end) return true;
  const last = (name: string): string =>
    name
      .replace(/\(.*$/, '')
      .split(/[.:#$ ]/)
      .at(-1) ?? '';
  return place.function !== undefined && last(place.function).length > 1 && last(place.function) === last(wanted.name);
}

function functionHits(outcomes: readonly Outcome[]): readonly boolean[] {
  return outcomes.flatMap(({ function5 }) => (function5 === undefined ? [] : [function5]));
}

function halfOf(id: string): 'a' | 'b' {
  let sum = 0;
  for (const character of id) sum = (sum * 31 + (character.codePointAt(0) ?? 0)) % 1_000_003;
  return sum % 2 === 0 ? 'a' : 'b';
}

function readLines(file: string): readonly unknown[] {
  const text = gunzipSync(readFileSync(file)).toString('utf8');
  return text.split('\n').flatMap((line) => (line === '' ? [] : [JSON.parse(line) as unknown]));
}

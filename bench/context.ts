// Benchmark `context`: how often the lines that a fix changed are inside what a model is shown, at 8,000 and 16,000 tokens.
// Needs clones: `-- context --repositories DIR`. Must never look at the answer while it chooses, nor tell projects apart by name.
import { existsSync, readdirSync, readFileSync, statSync } from 'node:fs';
import { join } from 'node:path';
import { gunzipSync } from 'node:zlib';
import { parseTrace } from '../analysis/traces/trace-reader.ts';
import { createSyntaxTrees } from '../base/syntax-tree.ts';
import { Git } from '../coordinator/repository/git.ts';
import { readFilesAt } from '../coordinator/repository/history.ts';
import { Mirror } from '../coordinator/repository/mirror.ts';
import { buildContext } from '../coordinator/solutions/context.ts';
import { layGroundwork, type Groundwork } from '../coordinator/solutions/groundwork.ts';
import { openClone } from '../test/support/clone-repository-service.ts';
import { sampleIncident, sampleOccurrence, sampleRepository } from '../test/support/solution-samples.ts';
import type { BenchmarkOptions, BenchmarkResult } from './main.ts';

interface Case {
  /** The file that it stands in: crashes of test runs, of the wild, and problems without a crash. */
  readonly set: string;
  readonly id: string;
  readonly language: string;
  readonly kind: string;
  readonly repo: string;
  readonly mirror: string;
  readonly buggy_commit: string;
  readonly log_text: string;
  readonly gold: readonly { readonly file: string; readonly kind: string; readonly ranges: readonly (readonly [number, number])[] }[];
}

interface Outcome {
  readonly group: string;
  readonly isCrash: boolean;
  readonly any8k: boolean;
  readonly all8k: boolean;
  readonly any16k: boolean;
  readonly all16k: boolean;
  readonly elapsedMs: number;
}

/**
 * `any8k`: one of the changed ranges is wholly inside the context of 8,000 tokens. `all16k`: all of them are inside that of 16,000.
 * Tokens are counted as the budget counts them (3.2 characters each). `p95Ms` is from the case to the larger of both contexts: listing,
 * locating, reading, choosing; suspect commits are left out, since the cases don't say when a problem began.
 * Behind the name: `half=a` or `half=b` by the case's id, `only=LANGUAGE`, `misses` lists what was not inside.
 */
export async function run(options: BenchmarkOptions): Promise<BenchmarkResult> {
  const folder = [join(options.data, 'repair', 'localization'), join(options.data, 'localization'), options.data].find(
    (path) => existsSync(path) && readdirSync(path).some((name) => /^cases.*\.jsonl\.gz$/.test(name)),
  );
  if (folder === undefined) throw new Error(`no localization/cases*.jsonl.gz below ${options.data}`);
  const root = options.repositories;
  if (root === undefined) throw new Error('give the folder that holds clones of the repositories: --repositories DIR');
  const trees = createSyntaxTrees();
  const git = new Git({ searchPath: process.env['PATH'] ?? '' });
  const outcomes: Outcome[] = [];
  const misses: string[] = [];
  let withoutClone = 0;
  let withoutRanges = 0;
  let ofAnotherTree = 0;
  const only = options.rest.find((word) => word.startsWith('only='))?.slice('only='.length);
  const half = options.rest.find((word) => word.startsWith('half='))?.slice('half='.length);
  for (const one of readCases(folder)) {
    if (only !== undefined && one.language !== only) continue;
    if (half !== undefined && halfOf(one.id) !== half) continue;
    const directory = findClone(root, one);
    const mirror = directory === undefined ? undefined : new Mirror({ git, directory, clone: 'full' });
    if (mirror === undefined || !(await mirror.knows(one.buggy_commit))) {
      withoutClone += 1;
      continue;
    }
    const ranges = one.gold.flatMap(({ file, ranges: own }) => own.map(([start, end]) => ({ file, start, end })));
    if (ranges.length === 0) {
      withoutRanges += 1;
      continue;
    }
    // Some cases name a commit that is not the one their line numbers are of.
    const present = await readFilesAt(mirror, one.buggy_commit, [...new Set(ranges.map(({ file }) => file))], 64 * 1024 * 1024);
    if (present.size === 0) {
      ofAnotherTree += 1;
      continue;
    }
    const startedAt = performance.now();
    const groundwork = await groundworkOf(one, mirror, trees);
    const shown8k = buildContext(groundwork, 8_000).shown;
    const shown16k = buildContext(groundwork, 16_000).shown;
    const elapsedMs = performance.now() - startedAt;
    const inside = (shown: typeof shown8k): readonly boolean[] =>
      ranges.map(({ file, start, end }) => (shown.get(file) ?? []).some((range) => range.start <= start && end <= range.end));
    const at8k = inside(shown8k);
    const at16k = inside(shown16k);
    outcomes.push({
      isCrash: one.set !== 'noncrash',
      group: `${one.set} ${one.language}`,
      any8k: at8k.some(Boolean),
      all8k: at8k.every(Boolean),
      any16k: at16k.some(Boolean),
      all16k: at16k.every(Boolean),
      elapsedMs,
    });
    if (!at8k.some(Boolean) || !at16k.every(Boolean))
      misses.push(
        `missed ${one.id} any8k=${String(at8k.some(Boolean))} all16k=${String(at16k.every(Boolean))} ${missOf(ranges, groundwork)}`,
      );
  }
  if (outcomes.length === 0) throw new Error(`no case could be tried: none of the repositories is in ${root} with its commit`);
  const ofCrashes = figuresOf(outcomes.filter(({ isCrash }) => isCrash));
  const groups = [...new Set(outcomes.map(({ group }) => group))].toSorted();
  return {
    figures: {
      ...figuresOf(outcomes),
      any8kOfCrashes: ofCrashes['any8k'] ?? 0,
      all16kOfCrashes: ofCrashes['all16k'] ?? 0,
      crashes: outcomes.filter(({ isCrash }) => isCrash).length,
    },
    conditions: { cases: outcomes.length, withoutClone, withoutRanges, ofAnotherTree },
    table: [
      ...groups.map((group) => {
        const own = outcomes.filter((outcome) => outcome.group === group);
        const figures = Object.entries(figuresOf(own)).map(([name, value]) => `${name} ${Number(value.toFixed(3))}`);
        return `${group.padEnd(32)} ${String(own.length).padStart(4)} ${figures.join(' ')}`;
      }),
      ...(options.rest.includes('misses') ? misses : []),
    ],
  };
}

function figuresOf(outcomes: readonly Outcome[]): Readonly<Record<string, number>> {
  const rate = (hits: readonly boolean[]): number => hits.filter(Boolean).length / Math.max(1, hits.length);
  const times = outcomes.map(({ elapsedMs }) => elapsedMs).toSorted((a, b) => a - b);
  return {
    any8k: rate(outcomes.map(({ any8k }) => any8k)),
    all16k: rate(outcomes.map(({ all16k }) => all16k)),
    all8k: rate(outcomes.map(({ all8k }) => all8k)),
    any16k: rate(outcomes.map(({ any16k }) => any16k)),
    p50Ms: times[Math.floor(times.length * 0.5)] ?? 0,
    p95Ms: times[Math.min(times.length - 1, Math.floor(times.length * 0.95))] ?? 0,
  };
}

async function groundworkOf(one: Case, mirror: Mirror, trees: ReturnType<typeof createSyntaxTrees>): Promise<Groundwork> {
  const trace = parseTrace(one.log_text);
  const firstLine = one.log_text.split('\n', 1)[0] ?? '';
  const incident = sampleIncident({ service: one.repo, title: firstLine.slice(0, 200) });
  const occurrence = sampleOccurrence(trace, { service: one.repo, raw: one.log_text, message: trace?.message ?? one.log_text });
  const repository = sampleRepository({
    name: one.repo.replaceAll('/', '-'),
    url: `https://git.example.com/${one.repo}.git`,
    services: [one.repo],
  });
  const service = openClone(mirror, one.buggy_commit, one.repo.split('/').at(-1) ?? '');
  return layGroundwork(
    { repositoryService: service, trees },
    repository,
    incident,
    [occurrence],
    () => undefined,
    new AbortController().signal,
  );
}

/** Where a clone may be: as the case names its mirror, as a forge names it, or by the name alone; bare or not. */
function findClone(root: string, { mirror, repo }: Case): string | undefined {
  const [owner = '', name = ''] = repo.split('/');
  const names = [mirror, mirror.replace(/\/repo$/, ''), repo, `${owner}+${name}`, `${owner}__${name}`, `${owner}-${name}`, name];
  for (const candidate of names.flatMap((one) => [one, `${one}.git`])) {
    const path = join(root, candidate);
    for (const directory of [join(path, '.git'), path]) {
      if (existsSync(join(directory, 'HEAD')) && existsSync(join(directory, 'objects')) && statSync(directory).isDirectory())
        return directory;
    }
  }
  return undefined;
}

/** Whether the file was located, read, or neither, for whoever mends the choice. */
function missOf(ranges: readonly { file: string; start: number; end: number }[], { locations, files }: Groundwork): string {
  const order = [...new Set(locations.map(({ path }) => path))];
  return ranges
    .slice(0, 4)
    .map(({ file, start, end }) => {
      const rank = order.indexOf(file);
      return `${file}:${start}-${end} ${rank < 0 ? 'not located' : `${rank + 1}. file`}${files.has(file) ? '' : ', not read'}`;
    })
    .join('; ');
}

function readCases(folder: string): readonly Case[] {
  return readdirSync(folder)
    .filter((name) => /^cases.*\.jsonl\.gz$/.test(name))
    .toSorted()
    .flatMap((name) =>
      gunzipSync(readFileSync(join(folder, name)))
        .toString('utf8')
        .split('\n')
        .filter((line) => line !== '')
        .map((line) => ({ ...(JSON.parse(line) as Omit<Case, 'set'>), set: name.replace(/^cases_?|\.jsonl\.gz$/g, '') })),
    );
}

function halfOf(id: string): 'a' | 'b' {
  let sum = 0;
  for (const character of id) sum = (sum * 31 + (character.codePointAt(0) ?? 0)) % 1_000_003;
  return sum % 2 === 0 ? 'a' : 'b';
}

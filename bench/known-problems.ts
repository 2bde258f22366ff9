// Benchmark `known-problems`: are the problems that rules describe found, and are lines that operators ignore left alone?
// Must never know a rule: a rule's test log goes through the analyzer like any other source.
import { existsSync, readdirSync, readFileSync, statSync } from 'node:fs';
import { join } from 'node:path';
import { Analyzer } from '../analysis/analyzer.ts';
import { knownProblemMatcher, knownProblems } from '../analysis/known-problems/catalogue.ts';
import { readIgnorePatterns } from './ignore-patterns.ts';
import type { BenchmarkOptions, BenchmarkResult } from './main.ts';

/** Measures `cre.recall` (files of which at least one record is a known problem) and `benign.alertRate` (benign lines that are). */
export async function run(options: BenchmarkOptions): Promise<BenchmarkResult> {
  const folder = findFolder(options.data);
  if (folder === undefined) throw new Error(`No known_problems folder below ${options.data}.`);
  const figures: Record<string, number> = {};
  const conditions: Record<string, number> = { problems: knownProblems.length };
  const table: string[] = [];
  const rules = positives(join(folder, 'cre'));
  if (rules.length > 0) {
    const found = rules.map(({ name, text }) => ({ name, problems: problemsIn(name, text) }));
    for (const { name, problems } of found)
      table.push(`${name}: ${[...problems].map(([id, lines]) => `${id} ×${lines}`).join(', ') || 'nothing'}`);
    const share = (list: typeof found): number => list.filter(({ problems }) => problems.size > 0).length / list.length;
    figures['cre.recall'] = share(found);
    conditions['rules'] = rules.length;
    conditions['recallFirstHalf'] = share(found.slice(0, found.length >> 1));
    conditions['recallSecondHalf'] = share(found.slice(found.length >> 1));
  }
  const lines = benignLines(join(folder, 'logcheck'), join(folder, '..'));
  if (lines.length > 0) {
    const alerted = new Map<string, string[]>();
    const analyzer = new Analyzer();
    for (const { source, line } of lines) {
      const problem = knownProblemMatcher.recognize(analyzer.analyze(source, line).record);
      if (problem !== undefined) alerted.set(problem.id, [...(alerted.get(problem.id) ?? []), line]);
    }
    const count = [...alerted.values()].reduce((sum, list) => sum + list.length, 0);
    figures['benign.alertRate'] = count / lines.length;
    conditions['benignLines'] = lines.length;
    for (const [id, list] of alerted) table.push(`benign, but ${id} ×${list.length}: ${list[0]?.slice(0, 160) ?? ''}`);
  }
  return { figures, conditions, table };
}

function findFolder(data: string): string | undefined {
  return [join(data, 'logs', 'known_problems'), join(data, 'known_problems'), data].find(
    (folder) => existsSync(join(folder, 'cre')) || existsSync(join(folder, 'logcheck')),
  );
}

function positives(folder: string): { readonly name: string; readonly text: string }[] {
  if (!existsSync(folder)) return [];
  return readdirSync(folder)
    .sort()
    .filter((name) => existsSync(join(folder, name, 'test.log')))
    .map((name) => ({ name, text: readFileSync(join(folder, name, 'test.log'), 'utf8') }));
}

function problemsIn(source: string, text: string): Map<string, number> {
  const analyzer = new Analyzer();
  const counts = new Map<string, number>();
  for (const line of text.split('\n')) {
    if (line.trim() === '') continue;
    const id = knownProblemMatcher.recognize(analyzer.analyze(source, line).record)?.id;
    if (id !== undefined) counts.set(id, (counts.get(id) ?? 0) + 1);
  }
  return counts;
}

/** Raw log lines that an ignore pattern calls benign. */
function benignLines(patternFolder: string, logs: string): { readonly source: string; readonly line: string }[] {
  if (!existsSync(patternFolder)) return [];
  const isIgnored = readIgnorePatterns(patternFolder);
  const benign: { source: string; line: string }[] = [];
  for (const path of rawLogs(logs)) {
    for (const line of readFileSync(path, 'utf8').split(/\r?\n/)) if (line !== '' && isIgnored(line)) benign.push({ source: path, line });
  }
  return benign;
}

/** Files called `*.log` and text without an extension's meaning, but for those that show problems on purpose. */
function rawLogs(folder: string): string[] {
  return readdirSync(folder)
    .filter((name) => name !== 'known_problems')
    .flatMap((name) => {
      const path = join(folder, name);
      if (statSync(path).isDirectory()) return rawLogs(path);
      return /\.(log|txt)$/.test(name) ? [path] : [];
    });
}

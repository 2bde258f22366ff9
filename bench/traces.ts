// Benchmark `traces`: are language, exception type and frames of known traces read right?
// Must never define what is right; trace-scores does. Data: a folder with generated/, gcp_detect_exceptions/ and clusterfuzz/.
import { readdir, readFile } from 'node:fs/promises';
import { join } from 'node:path';
import { significantFrames } from '../analysis/significant-frames.ts';
import { parseTrace } from '../analysis/traces/trace-reader.ts';
import type { BenchmarkOptions, BenchmarkResult } from './benchmark.ts';
import { hasStateFrames, judgeGenerated, judgeNamed, stateFrames } from './trace-scores.ts';
import type { GeneratedLabel } from './trace-scores.ts';

const DEFAULT_DATA = '../shared/data/logs/stacktraces';

interface CrashLabel {
  readonly file: string;
  readonly expected_state: string | null;
}

/** Measures `generated.correct`, `gcp.correct` and `clusterfuzz.top3`; a data set that isn't there is left out. */
export async function run(options: BenchmarkOptions): Promise<BenchmarkResult> {
  const data = options.data ?? DEFAULT_DATA;
  const figures: Record<string, number> = {};
  const conditions: Record<string, string | number> = { data };
  const details: string[] = [];
  const parts: readonly [string, string, (folder: string) => Promise<readonly CaseOutcome[] | undefined>][] = [
    ['generated', 'generated.correct', judgeGeneratedFolder],
    ['gcp_detect_exceptions', 'gcp.correct', judgeNamedFolder],
    ['clusterfuzz', 'clusterfuzz.top3', judgeCrashFolder],
  ];
  for (const [folder, figure, judge] of parts) {
    const outcomes = await judge(join(data, folder));
    if (outcomes === undefined || outcomes.length === 0) continue;
    figures[figure] = outcomes.filter(({ faults }) => faults.length === 0).length / outcomes.length;
    conditions[`${folder} cases`] = outcomes.length;
    for (const { name, faults } of outcomes) if (faults.length > 0) details.push(`${folder}/${name}: ${faults.join('; ')}`);
  }
  return { figures, conditions, details };
}

interface CaseOutcome {
  readonly name: string;
  /** Empty when the case is right. */
  readonly faults: readonly string[];
}

async function judgeGeneratedFolder(folder: string): Promise<readonly CaseOutcome[] | undefined> {
  const labels: readonly GeneratedLabel[] | undefined = await readJson(join(folder, 'manifest.json'));
  if (labels === undefined) return undefined;
  const outcomes: CaseOutcome[] = [];
  for (const label of labels) {
    const text = await readFile(join(folder, label.file), 'utf8');
    outcomes.push({ name: label.file, faults: judgeGenerated(label, parseTrace(text), text) });
  }
  return outcomes;
}

async function judgeNamedFolder(folder: string): Promise<readonly CaseOutcome[] | undefined> {
  const outcomes: CaseOutcome[] = [];
  for (const name of await listText(folder)) {
    const text = await readFile(join(folder, name), 'utf8');
    outcomes.push({ name, faults: judgeNamed(name, parseTrace(text), text) });
  }
  return outcomes;
}

async function judgeCrashFolder(folder: string): Promise<readonly CaseOutcome[] | undefined> {
  const labels: Readonly<Record<string, CrashLabel>> | undefined = await readJson(join(folder, 'expected.json'));
  if (labels === undefined) return undefined;
  const outcomes: CaseOutcome[] = [];
  for (const { file, expected_state: state } of Object.values(labels)) {
    if (state === null || state === undefined || state === '') continue;
    const text = await readFile(join(folder, file), 'utf8');
    const expected = stateFrames(state, text);
    // A state of messages only demands no frame, and says nothing of the stack.
    if (expected.length === 0 && !state.startsWith('NULL')) continue;
    const trace = parseTrace(text);
    const own = (trace === undefined ? [] : significantFrames(trace)).slice(0, 3);
    const fault = `${trace?.language} expected ${expected.join(' // ')} got ${own.map((frame) => frame.function).join(' // ')}`;
    outcomes.push({ name: file, faults: hasStateFrames(expected, trace) ? [] : [fault] });
  }
  return outcomes;
}

async function listText(folder: string): Promise<readonly string[]> {
  try {
    return (await readdir(folder)).filter((name) => name.endsWith('.txt')).toSorted();
  } catch (error) {
    if (isMissing(error)) return [];
    throw error;
  }
}

async function readJson<Shape>(file: string): Promise<Shape | undefined> {
  try {
    return JSON.parse(await readFile(file, 'utf8')) as Shape;
  } catch (error) {
    if (isMissing(error)) return undefined;
    throw error;
  }
}

function isMissing(error: unknown): boolean {
  return error instanceof Error && 'code' in error && error.code === 'ENOENT';
}

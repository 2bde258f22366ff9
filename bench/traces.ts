// Benchmark `traces`: are language, exception type and frames of known traces read right?
// Must never define what is right; trace-scores does.
import { join } from 'node:path';
import { significantFrames } from '../analysis/significant-frames.ts';
import { parseTrace } from '../analysis/traces/trace-reader.ts';
import { findCrashData, readCrashes, readGenerated, readTexts } from './crash-data.ts';
import type { BenchmarkOptions, BenchmarkResult } from './main.ts';
import { hasStateFrames, judgeGenerated, judgeNamed, stateFrames } from './trace-scores.ts';

/** Measures `generated.correct`, `gcp.correct` and `clusterfuzz.top3`; a data set that isn't there is left out. */
export async function run(options: BenchmarkOptions): Promise<BenchmarkResult> {
  const data = findCrashData(options.data);
  const started = performance.now();
  const sets: Readonly<Record<string, readonly CaseOutcome[]>> = {
    'generated.correct': readGenerated(data).map(({ label, text }) => ({
      name: label.file,
      faults: judgeGenerated(label, parseTrace(text), text),
    })),
    'gcp.correct': readTexts(join(data, 'gcp_detect_exceptions')).map(({ name, text }) => ({
      name,
      faults: judgeNamed(name, parseTrace(text), text),
    })),
    'clusterfuzz.top3': crashOutcomes(data),
  };
  const figures: Record<string, number> = {};
  const conditions: Record<string, number> = {};
  const table: string[] = [];
  for (const [figure, outcomes] of Object.entries(sets)) {
    if (outcomes.length === 0) continue;
    figures[figure] = outcomes.filter(({ faults }) => faults.length === 0).length / outcomes.length;
    conditions[`${figure.split('.', 1)[0]}Cases`] = outcomes.length;
    for (const { name, faults } of outcomes) if (faults.length > 0) table.push(`${figure} ${name}: ${faults.join('; ')}`);
  }
  return { figures, conditions: { ...conditions, elapsedMs: Math.round(performance.now() - started) }, table };
}

interface CaseOutcome {
  readonly name: string;
  /** Empty when the case is right. */
  readonly faults: readonly string[];
}

function crashOutcomes(data: string): readonly CaseOutcome[] {
  return readCrashes(data).flatMap(({ name, text, state }) => {
    const expected = stateFrames(state, text);
    // A state of messages only demands no frame and says nothing of the stack.
    if (expected.length === 0 && !state.startsWith('NULL')) return [];
    const trace = parseTrace(text);
    const own = (trace === undefined ? [] : significantFrames(trace)).slice(0, 3).map((frame) => frame.function);
    const fault = `${trace?.language} expected ${expected.join(' // ')} got ${own.join(' // ')}`;
    return { name, faults: hasStateFrames(expected, trace) ? [] : [fault] };
  });
}

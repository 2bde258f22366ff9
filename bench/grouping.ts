// Benchmark `grouping`: do fingerprints put together what labels say is one problem, and nothing else?
// Must never look at labels before the fingerprints are made. Pairs are defined in pair-scores.
import { fingerprintOf } from '../analysis/fingerprint.ts';
import { TemplateMiner } from '../analysis/templates/miner.ts';
import { parseTrace } from '../analysis/traces/trace-reader.ts';
import { findCrashData, readGenerated, readKernelReports } from './crash-data.ts';
import type { BenchmarkOptions, BenchmarkResult } from './main.ts';
import { scorePairs, wrongPairs } from './pair-scores.ts';
import type { LabelledCase } from './pair-scores.ts';

/** Measures `generated.f1` and `syzkaller.f1`; a data set that isn't there is left out. */
export async function run(options: BenchmarkOptions): Promise<BenchmarkResult> {
  const data = findCrashData(options.data);
  const miner = new TemplateMiner();
  const sets: Readonly<Record<string, readonly LabelledCase[]>> = {
    generated: readGenerated(data).map(({ label, text }) => ({ name: label.file, group: groupOf(text, miner), labels: [label.group] })),
    syzkaller: readKernelReports(data)
      .filter(({ corrupted }) => !corrupted)
      .map(({ name, text, titles }) => ({ name, group: groupOf(text, miner), labels: titles })),
  };
  const figures: Record<string, number> = {};
  const conditions: Record<string, number> = {};
  const table: string[] = [];
  for (const [set, cases] of Object.entries(sets)) {
    if (cases.length === 0) continue;
    const scores = scorePairs(cases);
    figures[`${set}.f1`] = scores.f1;
    conditions[`${set}Cases`] = cases.length;
    conditions[`${set}Precision`] = scores.precision;
    conditions[`${set}Recall`] = scores.recall;
    table.push(...wrongPairs(cases).map((line) => `${set} ${line}`));
  }
  return { figures, conditions, table };
}

/** The fingerprint of one problem as the coordinator would make it, but for the service, which the data doesn't tell. */
function groupOf(text: string, miner: TemplateMiner): string {
  const trace = parseTrace(text);
  const first =
    text
      .slice(0, 4000)
      .split('\n')
      .find((line) => line.trim() !== '') ?? '';
  return fingerprintOf({ trace, template: miner.match(first), service: undefined, severity: undefined, knownProblemId: undefined }).value;
}

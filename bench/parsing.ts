// Benchmark `parsing`: grouping and template accuracy on labelled logs, and growth of the template set on replay.
// Must never configure the analyzer for a data set: one analyzer with its defaults reads everything.
import { Analyzer } from '../analysis/analyzer.ts';
import type { BenchmarkOptions, BenchmarkResult } from './main.ts';
import { scoreGrouping, type Assignment, type GroupingScores } from './grouping-scores.ts';
import { findLoghub, readMixed, readSystems, type LabelledLine } from './loghub.ts';

export async function run(options: BenchmarkOptions): Promise<BenchmarkResult> {
  const folder = findLoghub(options.data);
  if (folder === undefined) throw new Error(`No labelled logs below ${options.data}; expected folders with *_structured_corrected.csv.`);
  const mixed = readMixed(folder);
  const systems = readSystems(folder);
  const analyzer = new Analyzer();
  const mixedScores = scoreGrouping(replay(analyzer, mixed, (line) => line.line));
  const table = [row('mixed', mixedScores)];
  // Three replays of the stream: a miner that converges makes no template in the last one.
  replay(analyzer, mixed, (line) => line.line);
  const before = analyzer.templateCount;
  let grown = 0;
  for (const line of mixed) if (analyzer.analyze(line.source, line.line).template.isNew) grown++;
  const content: GroupingScores[] = [];
  for (const system of systems) {
    const scores = scoreGrouping(replay(new Analyzer({ headers: false }), system.lines, (line) => line.content));
    content.push(scores);
    table.push(row(system.name, scores));
  }
  const mean = (key: 'ga' | 'fga' | 'pa' | 'fta'): number =>
    content.reduce((sum, scores) => sum + scores[key], 0) / Math.max(1, content.length);
  return {
    figures: {
      'mixed.ga': mixedScores.ga,
      'mixed.fga': mixedScores.fga,
      ...(content.length === 0
        ? {}
        : { 'content.ga': mean('ga'), 'content.fga': mean('fga'), 'content.pa': mean('pa'), 'content.fta': mean('fta') }),
      'growth.thirdReplay': Math.max(grown, analyzer.templateCount - before),
    },
    conditions: {
      mixedLines: mixed.length,
      systems: systems.map((system) => system.name).join(' '),
      scoring: 'groups and texts as they stand after the stream; merged templates count as what they became',
    },
    table,
  };
}

/** Feeds all lines and says where each stands in the end. */
function replay(analyzer: Analyzer, lines: readonly LabelledLine[], textOf: (line: LabelledLine) => string): Assignment[] {
  const ids = lines.map((line) => analyzer.analyze(line.source, textOf(line)).template.id);
  return lines.map((line, i) => {
    const group = analyzer.resolveTemplate(ids[i] ?? '');
    return { group, predicted: analyzer.templateText(group) ?? '', truth: line.template };
  });
}

function row(name: string, scores: GroupingScores): string {
  const figures = [scores.ga, scores.fga, scores.pa, scores.fta].map((figure) => figure.toFixed(3)).join('  ');
  return `${name.padEnd(14)} ${figures}   ${scores.predictedGroups} groups for ${scores.trueGroups}`;
}

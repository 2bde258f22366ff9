// Benchmark `styles`: grouping and template accuracy on made-up logs of many styles, half of which nobody looks at.
// Must never print a sealed style's templates or mistakes: what was looked at tells nothing about the unseen.
import { Analyzer } from '../analysis/analyzer.ts';
import { scoreGrouping, type Assignment, type GroupingScores } from './grouping-scores.ts';
import type { LabelledLine, LogSystem } from './loghub.ts';
import type { BenchmarkOptions, BenchmarkResult } from './main.ts';
import { linesOf } from './styles/log-style.ts';
import { openStyles } from './styles/open-styles.ts';
import { sealedStyles } from './styles/sealed-styles.ts';

const linesPerStyle = 2000;

/** Set apart so that no style draws the same values as another. */
const seeds = { open: 1000, sealed: 9000 } as const;

export async function run(options: BenchmarkOptions): Promise<BenchmarkResult> {
  const table: string[] = [];
  const figures: Record<string, number> = {};
  const groups = {
    open: openStyles.map((style, i) => linesOf(style, linesPerStyle, seeds.open + i)),
    sealed: sealedStyles.map((style, i) => linesOf(style, linesPerStyle, seeds.sealed + i)),
  };
  for (const [name, systems] of Object.entries(groups)) {
    const content = systems.map((system) => scoreGrouping(replay(new Analyzer({ headers: false }), system.lines, (line) => line.content)));
    const raw = scoreGrouping(replay(new Analyzer(), interleave(systems), (line) => line.line));
    for (const [i, system] of systems.entries()) {
      const alone = scoreGrouping(replay(new Analyzer(), system.lines, (line) => line.line));
      table.push(`${row(system.name, content[i])}   raw GA ${alone.ga.toFixed(3)} FGA ${alone.fga.toFixed(3)}`);
    }
    for (const key of ['ga', 'fga', 'pa', 'fta'] as const) {
      figures[`${name}.content.${key}`] = content.reduce((sum, scores) => sum + scores[key], 0) / content.length;
    }
    figures[`${name}.mixed.ga`] = raw.ga;
    figures[`${name}.mixed.fga`] = raw.fga;
  }
  if (options.rest[0] === 'mistakes') for (const system of groups.open) table.push(...mistakes(system, options.rest[1]));
  return {
    figures,
    conditions: {
      linesPerStyle,
      open: openStyles.map(({ name }) => name).join(' '),
      sealed: sealedStyles.map(({ name }) => name).join(' '),
      note: 'made-up lines; templates known by construction',
    },
    table,
  };
}

function replay(analyzer: Analyzer, lines: readonly LabelledLine[], textOf: (line: LabelledLine) => string): Assignment[] {
  const ids = lines.map((line) => analyzer.analyze(line.source, textOf(line)).template.id);
  return lines.map((line, i) => {
    const group = analyzer.resolveTemplate(ids[i] ?? '');
    return { group, predicted: analyzer.templateText(group) ?? '', truth: line.template };
  });
}

function interleave(systems: readonly LogSystem[]): LabelledLine[] {
  return Array.from({ length: linesPerStyle }, (_, i) => systems.map(({ lines }) => lines[i]))
    .flat()
    .filter((line) => line !== undefined);
}

/** Each true template whose lines don't make exactly one group, with the groups they are in. */
function mistakes(system: LogSystem, only: string | undefined): string[] {
  if (only !== undefined && only !== system.name) return [];
  const found: string[] = [`== ${system.name}`];
  const assignments = replay(new Analyzer({ headers: false }), system.lines, (line) => line.content);
  const byTruth = Map.groupBy(assignments, ({ truth }) => truth);
  const byGroup = Map.groupBy(assignments, ({ group }) => group);
  for (const [truth, lines] of byTruth) {
    const texts = new Map(lines.map(({ group, predicted }) => [group, predicted]));
    const shared = Array.from(texts.keys()).some((group) => byGroup.get(group)?.some((line) => line.truth !== truth));
    if (texts.size === 1 && !shared) continue;
    found.push(`${lines.length} lines, ${texts.size} groups${shared ? ', shared' : ''}: ${truth}`);
    for (const text of Array.from(texts.values()).slice(0, 12)) found.push(`      ${text}`);
  }
  return found;
}

function row(name: string, scores: GroupingScores | undefined): string {
  if (scores === undefined) return name;
  const figures = [scores.ga, scores.fga, scores.pa, scores.fta].map((figure) => figure.toFixed(3)).join('  ');
  return `${name.padEnd(20)} ${figures}   ${String(scores.predictedGroups).padStart(3)} groups for ${String(scores.trueGroups).padStart(3)}`;
}

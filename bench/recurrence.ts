// Benchmark `recurrence`: how often the verdict on a fix is wrong, and how long it takes, over simulated incidents.
// Must never let the estimator see what really ran, what was drawn, or anything later than now.
import { RevisionTimeline } from '../coordinator/incidents/deployment.ts';
import { learnRate } from '../coordinator/incidents/rate-model.ts';
import { RecurrenceTally, type Verdict } from '../coordinator/incidents/recurrence.ts';
import type { BenchmarkOptions, BenchmarkResult } from './main.ts';
import { drawWorld } from './recurrence-world.ts';

const minuteMs = 60_000;
const hourMs = 60 * minuteMs;
const horizonMs = 180 * 24 * hourMs;
const defaultIncidents = 10_000;

interface Outcome {
  readonly kind: string;
  readonly left: number;
  readonly verdict: Verdict;
  readonly hours: number;
  /** It really showed on the new revision before the horizon. */
  readonly showed: boolean;
}

/** `-- COUNT SEED` plays another number of incidents, or others. */
export async function run({ rest }: BenchmarkOptions): Promise<BenchmarkResult> {
  const incidents = Number(rest[0] ?? defaultIncidents);
  const seed = Number(rest[1] ?? 1);
  const outcomes = Array.from({ length: incidents }, (_, index) => play(seed * 1_000_003 + index));
  const fixed = outcomes.filter(({ left }) => left === 0);
  const broken = outcomes.filter(({ left }) => left > 0);
  const half = broken.filter(({ left }) => left < 1);
  const kinds = [...new Set(outcomes.map(({ kind }) => kind))].sort();
  return {
    figures: {
      falseRegressionRate: share(fixed, ({ verdict }) => verdict === 'not-fixed'),
      missedRate: share(broken, isMissed),
      medianVerdictHours: quantile(
        outcomes.map(({ hours }) => hours),
        0.5,
      ),
      halfFixedPassedRate: share(half, ({ verdict }) => verdict === 'fixed'),
      undecidedRate: share(outcomes, ({ verdict }) => verdict === 'not-exercised-yet'),
      medianFixedHours: quantile(
        fixed.map(({ hours }) => hours),
        0.5,
      ),
      medianNotFixedHours: quantile(
        broken.map(({ hours }) => hours),
        0.5,
      ),
    },
    conditions: { incidents, seed, horizonDays: horizonMs / (24 * hourMs) },
    table: [
      'kind        incidents  false regressions  missed  undecided',
      ...kinds.map((kind) => {
        const own = outcomes.filter((outcome) => outcome.kind === kind);
        const wrong = own.filter(({ left, verdict }) => left === 0 && verdict === 'not-fixed').length;
        const missed = own.filter((outcome) => outcome.left > 0 && isMissed(outcome)).length;
        const open = own.filter(({ verdict }) => verdict === 'not-exercised-yet').length;
        return `${kind.padEnd(12)}${String(own.length).padStart(9)}${String(wrong).padStart(19)}${String(missed).padStart(8)}${String(open).padStart(11)}`;
      }),
    ],
  };
}

/** Called fixed, or never called not fixed although it showed on the fix's revision. */
function isMissed({ verdict, showed }: Outcome): boolean {
  return verdict === 'fixed' || (verdict === 'not-exercised-yet' && showed);
}

function play(seed: number): Outcome {
  const world = drawWorld(seed);
  const model = learnRate(world.history);
  const timeline = new RevisionTimeline(world.deployments.map((deployment) => ({ service: 'shop', ...deployment })));
  const tally = new RecurrenceTally((revision) => revision === 'new');
  let showed = false;
  let startMs = world.fixedAtMs;
  while (startMs < world.fixedAtMs + horizonMs) {
    const endMs = startMs + Math.min(hourMs, Math.max(minuteMs, (startMs - world.fixedAtMs) / 10));
    for (const { nodeId, exposure, occurrences, stated, truth, ...times } of world.step(startMs, endMs)) {
      const attribution = timeline.attribute(nodeId, (startMs + endMs) / 2, stated);
      tally.add({ nodeId, ...times, exposure, occurrences, attribution });
      showed ||= truth === 'new' && occurrences > 0;
    }
    const { verdict } = tally.judge(model);
    const hours = (endMs - world.fixedAtMs) / hourMs;
    if (verdict !== 'not-exercised-yet') return { kind: world.kind, left: world.left, verdict, hours, showed };
    startMs = endMs;
  }
  return { kind: world.kind, left: world.left, verdict: 'not-exercised-yet', hours: Infinity, showed };
}

function share<Item>(items: readonly Item[], matches: (item: Item) => boolean): number {
  return items.length === 0 ? 0 : items.filter(matches).length / items.length;
}

function quantile(values: readonly number[], at: number): number {
  const sorted = values.toSorted((left, right) => left - right);
  return sorted[Math.floor(sorted.length * at)] ?? 0;
}

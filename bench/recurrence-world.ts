// The world that the recurrence benchmark plays: services with traffic, problems that show, rollouts and fixes, with what is recorded of them.
// Must never import the estimator, or share an assumption with it by code: what it draws is stated here and in docs/benchmarks.md.
import { RandomDraws } from './random-draws.ts';

export interface RecordedDeployment {
  readonly nodeId: string | undefined;
  readonly revision: string;
  readonly atMs: number;
}

/** What one node did in one step. */
export interface Glimpse {
  readonly nodeId: string;
  readonly startMs: number;
  readonly endMs: number;
  readonly exposure: number;
  readonly occurrences: number;
  /** The revision that its log names; undefined where it doesn't. */
  readonly stated: string | undefined;
  /** What really ran. */
  readonly truth: 'old' | 'new';
}

export interface World {
  readonly history: readonly { startMs: number; endMs: number; exposure: number; occurrences: number }[];
  readonly deployments: readonly RecordedDeployment[];
  readonly fixedAtMs: number;
  /** Share of the problem that remains on the new revision. */
  readonly left: number;
  /** What it was drawn as, for the table. */
  readonly kind: string;
  readonly ratePerSecond: number;
  /** One step of all nodes. */
  step(startMs: number, endMs: number): readonly Glimpse[];
}

const minuteMs = 60_000;
const hourMs = 60 * minuteMs;
const dayMs = 24 * hourMs;

interface Node {
  readonly id: string;
  readonly share: number;
  /** When the new revision really began and, after a rollback, ended. */
  readonly switchedAtMs: number;
  readonly backAtMs: number;
  readonly againAtMs: number;
}

export function drawWorld(seed: number): World {
  const draws = new RandomDraws(seed);
  const ratePerSecond = draws.logBetween(1 / (7 * 86_400), 100);
  const kind = draws.pick({ steady: 0.35, season: 0.2, bursts: 0.2, outages: 0.1, weekdays: 0.07, nightly: 0.08 });
  const spanMs = draws.logBetween(hourMs, 30 * dayMs);
  const beginMs = Date.UTC(2025, 0, 1) + draws.between(0, 365 * dayMs);
  const fixedAtMs = beginMs + spanMs;
  const trafficAt = drawTraffic(draws, fixedAtMs);
  const pattern = drawPattern(draws, kind, beginMs);
  const burst = kind === 'bursts' ? draws.logBetween(2, 50) : 1;
  const outcome = draws.pick({ fixed: 0.5, half: 0.25, useless: 0.25 });
  const left = outcome === 'fixed' ? 0 : outcome === 'useless' ? 1 : draws.between(0.25, 0.75);
  const statedShare = Number(draws.pick({ '0': 0.4, '0.5': 0.2, '1': 0.4 }));
  const { nodes, deployments } = drawRollout(draws, fixedAtMs, statedShare === 1);

  const occur = (mean: number): number => {
    let total = 0;
    const clusters = draws.poisson(mean / burst);
    if (burst === 1) return clusters;
    if (clusters > 200) return Math.max(0, Math.round(clusters * burst + burst * Math.sqrt(2 * clusters) * draws.normal()));
    for (let index = 0; index < clusters; index++) total += draws.geometric(burst);
    return total;
  };
  const noise = draws.between(0, 0.4);
  const look = (startMs: number, endMs: number, share: number, factor: number) => {
    const middleMs = (startMs + endMs) / 2;
    const exposure = trafficAt(middleMs) * share * ((endMs - startMs) / 1000) * Math.exp(noise * draws.normal());
    return { exposure, occurrences: occur(exposure * ratePerSecond * pattern(middleMs) * factor) };
  };

  const width = Math.min(hourMs, Math.max(minuteMs, spanMs / 400));
  const history = [];
  for (let atMs = beginMs; atMs < fixedAtMs; atMs += width) {
    const endMs = Math.min(atMs + width, fixedAtMs);
    const { exposure, occurrences } = look(atMs, endMs, 1, 1);
    // It is known since it first showed.
    history.push({ startMs: atMs, endMs, exposure, occurrences: occurrences + (atMs === beginMs ? 1 : 0) });
  }
  return {
    history,
    deployments,
    fixedAtMs,
    left,
    kind,
    ratePerSecond,
    step: (startMs, endMs) =>
      nodes.flatMap((node) => {
        const middleMs = (startMs + endMs) / 2;
        const isNew = middleMs >= node.switchedAtMs && !(middleMs >= node.backAtMs && middleMs < node.againAtMs);
        const truth = isNew ? ('new' as const) : ('old' as const);
        const parts = statedShare === 0.5 ? [true, false] : [statedShare === 1];
        return parts.map((isStated) => ({
          nodeId: node.id,
          startMs,
          endMs,
          ...look(startMs, endMs, node.share / parts.length, isNew ? left : 1),
          stated: isStated ? truth : undefined,
          truth,
        }));
      }),
  };
}

/** Days and weekends in the traffic; one in seven services loses most of it, or all for a while, about when the fix comes. */
function drawTraffic(draws: RandomDraws, fixedAtMs: number): (timeMs: number) => number {
  const swing = draws.between(0, 0.9);
  const weekend = draws.between(0.2, 1);
  const peakMs = draws.between(0, dayMs);
  const drops = draws.chance(0.15);
  const dropMs = fixedAtMs + draws.between(-hourMs, 6 * hourMs);
  const lastsMs = draws.logBetween(6 * hourMs, 30 * dayMs);
  const rest = draws.chance(0.3) ? 0 : draws.logBetween(0.01, 0.5);
  return (timeMs) => {
    const day = 1 + swing * Math.cos((2 * Math.PI * (timeMs - peakMs)) / dayMs);
    return day * (isWeekend(timeMs) ? weekend : 1) * (drops && timeMs >= dropMs && timeMs < dropMs + lastsMs ? rest : 1);
  };
}

/** The problem's own rhythm, beyond that of the traffic; 1 on the long average, about. */
function drawPattern(draws: RandomDraws, kind: string, beginMs: number): (timeMs: number) => number {
  const peakMs = draws.between(0, dayMs);
  const swing = draws.between(0.3, 1);
  switch (kind) {
    case 'season':
      return (timeMs) => 1 + swing * Math.cos((2 * Math.PI * (timeMs - peakMs)) / dayMs);
    case 'weekdays':
      return (timeMs) => (isWeekend(timeMs) ? 0 : 1.4);
    case 'nightly':
      // One hour in a day, the one in which it was first seen.
      return (timeMs) => ((((timeMs - beginMs) % dayMs) + dayMs) % dayMs < hourMs ? 24 : 0);
    case 'outages':
      return drawOutages(draws, beginMs);
    default:
      return () => 1;
  }
}

/** On and off, each for a time without memory. */
function drawOutages(draws: RandomDraws, beginMs: number): (timeMs: number) => number {
  const onMs = draws.logBetween(10 * minuteMs, 6 * hourMs);
  const offMs = onMs * draws.between(1, 10);
  const turns: number[] = [beginMs];
  let place = 0;
  return (timeMs) => {
    while ((turns.at(-1) ?? 0) <= timeMs) turns.push((turns.at(-1) ?? 0) + draws.exponential(turns.length % 2 === 1 ? onMs : offMs));
    while ((turns[place + 1] ?? Infinity) <= timeMs) place++;
    return place % 2 === 0 ? (onMs + offMs) / onMs : 0;
  };
}

/** @param stated every entry names its revision, so that what is recorded may be wrong altogether */
function drawRollout(draws: RandomDraws, fixedAtMs: number, stated: boolean): { nodes: Node[]; deployments: RecordedDeployment[] } {
  const count = draws.chance(0.3) ? 1 : Math.round(draws.logBetween(2, 20));
  const weights = Array.from({ length: count }, () => draws.logBetween(0.3, 3));
  const total = weights.reduce((sum, weight) => sum + weight, 0);
  const style = draws.pick({ atOnce: 0.25, rolling: 0.35, canary: 0.25, partial: 0.15 });
  // Only a rollout of minutes is recorded once for all its nodes; one in fifty such goes on for hours nevertheless.
  const isRecordedOnce = (style === 'atOnce' || style === 'rolling') && draws.chance(0.4);
  const rollingMs = isRecordedOnce
    ? draws.chance(0.02)
      ? draws.between(hourMs, 3 * hourMs)
      : draws.logBetween(minuteMs, 45 * minuteMs)
    : draws.logBetween(minuteMs, 12 * hourMs);
  const waitMs = draws.logBetween(hourMs, 3 * dayMs);
  const rollsBack = style === 'canary' && !isRecordedOnce && draws.chance(0.15);
  const deployments: RecordedDeployment[] = [{ nodeId: undefined, revision: 'old', atMs: 0 }];
  if (isRecordedOnce) deployments.push({ nodeId: undefined, revision: 'new', atMs: fixedAtMs });
  const nodes = weights.map((weight, index): Node => {
    const id = `node-${index}`;
    let plannedMs = fixedAtMs + (style === 'atOnce' ? 0 : (rollingMs * index) / count);
    if (style === 'canary' && index > 0) plannedMs += waitMs;
    if (style === 'partial' && index > 0 && draws.chance(0.5))
      plannedMs = draws.chance(0.5) ? Infinity : plannedMs + draws.between(dayMs, 30 * dayMs);
    // Restarts take a while; one node in a hundred keeps its old process for hours.
    const lagMs = draws.chance(0.01) ? draws.logBetween(30 * minuteMs, 10 * hourMs) : draws.exponential(2 * minuteMs);
    const backAtMs = rollsBack && index === 0 ? plannedMs + waitMs / 2 : Infinity;
    const againAtMs = backAtMs + waitMs;
    if (!isRecordedOnce && Number.isFinite(plannedMs) && (!stated || draws.chance(0.5))) {
      const record = (revision: string, atMs: number): void => {
        deployments.push({ nodeId: id, revision, atMs: atMs + draws.normal() * minuteMs });
      };
      record('new', plannedMs);
      if (Number.isFinite(backAtMs)) {
        record('old', backAtMs);
        record('new', againAtMs);
      }
    }
    return { id, share: weight / total, switchedAtMs: plannedMs + lagMs, backAtMs: backAtMs + lagMs, againAtMs: againAtMs + lagMs };
  });
  return { nodes, deployments };
}

function isWeekend(timeMs: number): boolean {
  const day = new Date(timeMs).getUTCDay();
  return day === 0 || day === 6;
}

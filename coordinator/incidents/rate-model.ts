// How often a problem showed before its fix, for a given exposure and time of the week, and how much that is worth.
// Must never look at what came after the fix.

/** Counts over some time, at most an hour, so that it belongs to one phase of the week. */
export interface ExposureBucket {
  readonly startMs: number;
  readonly endMs: number;
  /** Traffic in any unit, the same everywhere: entries of the service, requests, or milliseconds where nothing better is known. */
  readonly exposure: number;
  readonly occurrences: number;
}

export interface RateModel {
  readonly occurrences: number;
  readonly exposure: number;
  /** Occurrences per exposure by phase; undefined where the phase was never seen before the fix. */
  readonly rates: readonly (number | undefined)[];
  /** Variance over mean, at the scale at which it is largest; at least 1. */
  readonly dispersion: number;
  /** What the occurrences are worth as independent events: bursts count once. */
  readonly events: number;
}

const hourMs = 3_600_000;
const dayMs = 24 * hourMs;
const hoursOfPhase = 4;
const phasesOfDay = 24 / hoursOfPhase;

/** Four hours of a weekday, or of a weekend's day (UTC). */
const phases = 2 * phasesOfDay;

/** Before it saw this many days, a model can't tell a daily rhythm from a burst. */
const daysForRhythm = 3;
const fewestBlocks = 4;

export function phaseOf(timeMs: number): number {
  const day = Math.floor(timeMs / dayMs);
  // 1970-01-01 was a Thursday.
  const isWeekend = (day + 4) % 7 === 0 || (day + 4) % 7 === 6;
  return Math.floor((timeMs - day * dayMs) / (hoursOfPhase * hourMs)) + (isWeekend ? phasesOfDay : 0);
}

/**
 * Like is compared with like: traffic at an hour at which the problem never had a chance to show says nothing about the fix.
 * Rates of phases with little data are drawn towards the whole's, with the weight of one occurrence. The dispersion is Pearson's statistic
 * (quasi-Poisson; McCullagh & Nelder 1989, 4.5) of blocks of doubling length, the largest of them, so that bursts of any length count.
 * @param history from the first time that it was seen until the fix began to run, in order of time
 */
export function learnRate(history: readonly ExposureBucket[]): RateModel {
  const counts = noPhases();
  const exposures = noPhases();
  for (const bucket of history) {
    const phase = phaseOf((bucket.startMs + bucket.endMs) / 2);
    counts[phase] = (counts[phase] ?? 0) + bucket.occurrences;
    exposures[phase] = (exposures[phase] ?? 0) + bucket.exposure;
  }
  const occurrences = sum(counts);
  const exposure = sum(exposures);
  const rate = exposure === 0 ? 0 : occurrences / exposure;
  const rates = exposures.map((seen, phase) => (seen === 0 || rate === 0 ? undefined : ((counts[phase] ?? 0) + 1) / (seen + 1 / rate)));
  const spanMs = (history.at(-1)?.endMs ?? 0) - (history[0]?.startMs ?? 0);
  const knowsRhythm = spanMs >= daysForRhythm * dayMs;
  const blocks = history.map((bucket) => ({
    seen: bucket.occurrences,
    expected: bucket.exposure * (knowsRhythm ? (rates[phaseOf((bucket.startMs + bucket.endMs) / 2)] ?? rate) : rate),
  }));
  const dispersion = Math.max(1, Math.min(widestDispersion(blocks), burstByGap(blocks)));
  // The history begins with an occurrence by definition, so that the first one says nothing about the rate.
  return { occurrences, exposure, rates, dispersion, events: Math.max(0, occurrences - 1) / dispersion };
}

/** A figure for each phase, all zero. */
export function noPhases(): number[] {
  return Array.from({ length: phases }, () => 0);
}

/** Occurrences that the rate before lets expect, by phase of the exposure. */
export function expectOccurrences(model: RateModel, exposureByPhase: readonly number[]): number {
  return sum(exposureByPhase.map((exposure, phase) => exposure * (model.rates[phase] ?? 0)));
}

/**
 * How likely it is to see nothing although the share `left` of the problem remains: the negative binomial predictive
 * distribution at zero, which holds the uncertainty of the rate itself (Gamma posterior of `events` events).
 */
export function chanceOfSilence(model: RateModel, expected: number, left: number): number {
  if (model.events <= 0) return 1;
  return (1 + (left * expected) / model.dispersion / model.events) ** -model.events;
}

interface Block {
  readonly seen: number;
  readonly expected: number;
}

function widestDispersion(buckets: readonly Block[]): number {
  let widest = 1;
  for (let blocks = buckets; blocks.length >= fewestBlocks; blocks = pair(blocks)) {
    const filled = blocks.filter(({ expected }) => expected > 0);
    if (filled.length < fewestBlocks) break;
    const pearson = sum(filled.map(({ seen, expected }) => (seen - expected) ** 2 / expected));
    widest = Math.max(widest, pearson / (filled.length - 1));
  }
  return widest;
}

/**
 * The size of bursts that makes the longest silence of the history as long as it was: of m independent gaps the longest lasts about
 * ln m + .577 times their mean (Gumbel). Unlike a variance it isn't fooled by a rate that merely swings. Silence inside a bucket can't
 * be seen, so that the buckets on both sides count as silent.
 */
function burstByGap(buckets: readonly Block[]): number {
  const total = sum(buckets.map(({ seen }) => seen));
  let longest = 0;
  let silent = 0;
  let last = 0;
  for (const { seen, expected } of buckets) {
    silent += expected;
    longest = Math.max(longest, last + silent);
    if (seen > 0) {
      last = expected;
      silent = 0;
    }
  }
  let burst = longest;
  for (let round = 0; round < 20; round++) burst = longest / (Math.log(Math.max(1, total / burst)) + 0.577);
  return burst;
}

function pair(blocks: readonly Block[]): readonly Block[] {
  const paired: Block[] = [];
  for (let index = 0; index + 1 < blocks.length; index += 2) {
    const [left, right] = [blocks[index], blocks[index + 1]];
    if (left !== undefined && right !== undefined) paired.push({ seen: left.seen + right.seen, expected: left.expected + right.expected });
  }
  return paired;
}

function sum(list: readonly number[]): number {
  return list.reduce((total, value) => total + value, 0);
}

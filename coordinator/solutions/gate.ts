// What a ladder is worth: whether it passes the gate, how it compares with another, and how sure we may be.
// Must never ask a model; everything here is counted from rungs and evidence.
import { rungs, type CodeLocation, type Rung, type SuspectCommit } from '../repository/repository.ts';
import type { RungResult, ValidationReport } from './proposal.ts';

/** Passed if nothing failed and the demanded rung, or a higher one, passed: a project without a build is no worse for it. */
export function judgeGate(results: readonly RungResult[], gate: Rung, finishedAtMs: number): ValidationReport {
  const hasFailed = results.some(({ outcome }) => outcome === 'failed');
  const isHighEnough = results.some(({ rung, outcome }) => outcome === 'passed' && rungs.indexOf(rung) >= rungs.indexOf(gate));
  return { rungs: results, finishedAtMs, gate, gatePassed: !hasFailed && isHighEnough };
}

/** A climb that isn't over: what was climbed so far, and no gate passed before the last rung. */
export function reportSoFar(results: readonly RungResult[], gate: Rung): ValidationReport {
  return { rungs: results, finishedAtMs: undefined, gate, gatePassed: false };
}

/** A rung in words, for those who watch. */
export function tellRung({ rung, outcome }: RungResult): string {
  return `${rung}: ${outcome}`;
}

/** Higher is better: the highest rung passed, and far below it anything that failed. */
export function rankLadder(results: readonly RungResult[]): number {
  const height = Math.max(-1, ...results.filter(({ outcome }) => outcome === 'passed').map(({ rung }) => rungs.indexOf(rung)));
  const failures = results.filter(({ outcome }) => outcome === 'failed').length;
  return height - failures * 100;
}

/** What each passed rung adds. A reproduction says most: it shows the problem gone. */
const rungWeights: Readonly<Record<Rung, number>> = {
  parsed: 0.02,
  applied: 0.03,
  syntax: 0.05,
  builds: 0.05,
  tests: 0.2,
  reproduced: 0.45,
};

/** 0 to 0.95: no proof is complete. 0.02 with a failed rung. */
export function computeConfidence(facts: {
  readonly results: readonly RungResult[];
  readonly locations: readonly CodeLocation[];
  readonly suspects: readonly SuspectCommit[];
  /** Paths that the change touches. */
  readonly changedPaths: readonly string[];
  readonly changedLines: number;
}): number {
  if (facts.results.length === 0) return 0;
  if (facts.results.some(({ outcome }) => outcome === 'failed')) return 0.02;
  const climbed = facts.results.filter(({ outcome }) => outcome === 'passed').reduce((sum, { rung }) => sum + rungWeights[rung], 0);
  // Tests that failed before and pass now show the problem gone as a reproduction does; both together don't show it twice.
  const isReproduced = facts.results.some(({ rung, outcome }) => rung === 'reproduced' && outcome === 'passed');
  const turned = !isReproduced && facts.results.some(({ showsFix }) => showsFix === true) ? rungWeights.reproduced : 0;
  const located = facts.locations.find(({ path }) => facts.changedPaths.includes(path))?.score ?? 0;
  const suspected = facts.suspects[0]?.score ?? 0;
  const smallness = facts.changedLines <= 12 ? 1 : facts.changedLines <= 60 ? 0.5 : 0;
  const value = climbed + turned + located * 0.08 + suspected * 0.04 + smallness * 0.04;
  return Math.round(Math.min(0.95, value) * 100) / 100;
}

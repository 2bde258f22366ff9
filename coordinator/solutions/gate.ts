// What a ladder is worth: whether it passes the gate, how it compares with another, and how sure we may be.
// Must never ask a model; everything here is counted from rungs and evidence.
import { rungs, type CodeLocation, type Rung, type SuspectCommit } from '../repository/repository.ts';
import type { RungResult, ValidationReport } from './proposal.ts';

/** Passed if nothing failed and the demanded rung, or a higher one, passed: a project without a build is no worse for it. */
export function judgeGate(results: readonly RungResult[], gate: Rung, finishedAtMs: number): ValidationReport {
  const hasFailed = results.some(({ outcome }) => outcome === 'failed');
  // Made-up inputs show an error gone, not that what was asked for works: they don't open a gate that demands a reproduction.
  const isHighEnough = results.some(
    ({ rung, outcome, shownBy }) =>
      outcome === 'passed' && rungs.indexOf(rung) >= rungs.indexOf(gate) && !(shownBy === 'invented' && gate === 'reproduced'),
  );
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

/** True if something that showed the problem before doesn't any more. */
export function isShownGone(results: readonly RungResult[]): boolean {
  return results.some(({ rung, outcome, showsFix }) => showsFix === true || (rung === 'reproduced' && outcome === 'passed'));
}

/** What each passed rung adds as long as nothing shows the problem gone. Of such changes most are wrong (three of four, in published studies). */
const rungWeights: Readonly<Record<Rung, number>> = { parsed: 0.02, applied: 0.02, syntax: 0.04, builds: 0.04, tests: 0.12, reproduced: 0 };

/**
 * What a problem shown gone is worth, and what tests that held before and still do add to it. Measured by `bench -- calibration`: of changes
 * that pass one failing case, every third is wrong on cases that nobody tried; of those that other tests hold, too, every fifth.
 */
const shownGone = 0.68;
/** A call that ends without the error, whatever it answers: less than a test that says what is right, as a model's does. Chosen, not measured. */
const errorGone = { logged: 0.5, invented: 0.4, model: shownGone };
const testsBesides = 0.08;

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
  const passed = (wanted: Rung): boolean => facts.results.some(({ rung, outcome }) => rung === wanted && outcome === 'passed');
  const climbed = facts.results.filter(({ outcome }) => outcome === 'passed').reduce((sum, { rung }) => sum + rungWeights[rung], 0);
  // Tests that failed before and pass now show the problem gone as a reproduction does; both together don't show it twice.
  const reproduced = facts.results.find(({ rung, outcome }) => rung === 'reproduced' && outcome === 'passed');
  const besides = passed('tests') ? testsBesides : 0;
  const byReproduction = reproduced === undefined ? 0 : reproduced.shownBy === undefined ? shownGone : errorGone[reproduced.shownBy];
  const gone = facts.results.some(({ showsFix }) => showsFix === true) ? shownGone : byReproduction;
  const proof = gone > 0 ? gone + besides : climbed;
  const located = facts.locations.find(({ path }) => facts.changedPaths.includes(path))?.score ?? 0;
  const suspected = facts.suspects[0]?.score ?? 0;
  const smallness = facts.changedLines <= 12 ? 1 : facts.changedLines <= 60 ? 0.5 : 0;
  const value = proof + located * 0.08 + suspected * 0.04 + smallness * 0.04;
  return Math.round(Math.min(0.95, value) * 100) / 100;
}

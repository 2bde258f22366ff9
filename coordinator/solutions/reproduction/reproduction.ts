// A test that shows the incident's error before a change, and passes after it: what it is, and how it counts.
// Must never count one that failed for another reason.
import type { Check } from '../check.ts';
import type { ReasonVerdict } from '../same-reason.ts';
import type { SandboxRun } from '../sandbox.ts';

/**
 * - `logged`: the built-in engine, from values that were logged.
 * - `invented`: the built-in engine, from values that it made up (nothing, an empty list) until the same error came at the same line.
 * - `model`: a model wrote it.
 */
export type ReproductionOrigin = 'logged' | 'invented' | 'model';

export interface ReproductionTest {
  /** A new test file. */
  readonly path: string;
  readonly text: string;
  readonly origin: ReproductionOrigin;
  /** Runs it alone. */
  readonly check: Check;
}

/** With what it did on the base revision. */
export interface Reproduction {
  readonly test: ReproductionTest;
  readonly before: { readonly run: SandboxRun; readonly verdict: ReasonVerdict };
}

export const originWords: Readonly<Record<ReproductionOrigin, string>> = {
  logged: 'made from logged values',
  invented: 'made with values that were tried until the same error came at the same line',
  model: 'written by the model',
};

/** Why it shows nothing on the base revision, in words for its author; undefined if it shows the incident's error. */
export function explainUnfit({ test, before }: Reproduction): string | undefined {
  const { run, verdict } = before;
  if (run.exitStatus === 0) return `${test.path} passes without the change, so that it shows no problem`;
  if (run.stoppedBy !== undefined) return `${test.path} was killed (${run.stoppedBy}) without the change`;
  if (verdict !== 'same') return `${test.path} fails without the change, but not with the incident's error:\n${run.output.slice(-1_500)}`;
  return undefined;
}

// One possible fix, whoever proposed it, and what its proposer learns when it doesn't hold.
// Must never be published as it is; the ladder comes first.
import type { ModelChoice } from '../model/router.ts';
import type { Groundwork } from './groundwork.ts';
import type { TestRunner } from './test-runner.ts';
import type { Diagnosis, ModelUsage, RungResult } from './proposal.ts';

export interface Candidate {
  /** Imperative; the change request's title. */
  readonly title: string;
  readonly provider: string;
  readonly model: string;
  readonly diagnosis: Diagnosis;
  /** Files after the edit; `null` deletes. */
  readonly files: Readonly<Record<string, string | null>>;
  /** The rungs `parsed` and `applied`, which the proposer climbed. */
  readonly rungs: readonly RungResult[];
  /** A new test that the proposer wrote for a candidate that held: it is to fail without the change. */
  readonly test?: { readonly path: string; readonly text: string } | undefined;
}

/** What became of the last candidate; undefined asks for the first. */
export type Feedback =
  | {
      readonly results: readonly RungResult[];
      /** Set where it held and nothing shows the problem: the same candidate with a test of its own is asked for. */
      /** Set where it held: another change is asked for, to be compared with it. */
      readonly wantsOther?: boolean | undefined;
      readonly wantsTest?: { readonly runner: TestRunner; readonly complaint: string | undefined } | undefined;
    }
  | undefined;

/** Yields candidates, each after hearing how the last one did; returns the diagnosis without a fix, and why there is none. */
export type Candidates = AsyncGenerator<Candidate, Exhausted, Feedback>;

export interface Exhausted {
  readonly reason: string;
  readonly diagnosis: Diagnosis | undefined;
  readonly provider: string;
  readonly model: string;
}

/** Whoever answers a problem with candidates: a model, the built-in engine, or one after the other. */
export interface Proposer {
  propose(groundwork: Groundwork, onProgress: (event: string) => void, signal: AbortSignal): Candidates;
  /** What the proposal under way for an incident has cost so far. */
  usageOf(incidentId: string): ModelUsage;
  /** Which models were considered for it, and what became of each. */
  choicesOf(incidentId: string): readonly ModelChoice[];
}

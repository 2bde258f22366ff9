// Every detector, asked of each entry in turn: what it says by itself, what is new, what rules count, how services and sources behave.
// Must never do I/O; it is called on the ingest path, synchronously.
import { isAtLeast } from '../../analysis/severity.ts';
import type { BehaviourWatch } from './behaviour-watch.ts';
import { detectProblem, type Candidate, type Problem } from './detector.ts';
import type { NoveltyWatch } from './novelty-watch.ts';
import type { RuleCounters } from './rule-counters.ts';
import type { SilenceWatch } from './silence-watch.ts';

export interface DetectorParts {
  readonly behaviour: BehaviourWatch;
  readonly novelty: NoveltyWatch;
  readonly silence: SilenceWatch;
  readonly rules: RuleCounters;
}

export class Detectors {
  readonly #parts: DetectorParts;

  constructor(parts: DetectorParts) {
    this.#parts = parts;
  }

  /** Records of one template that a node counted; those that are problems by themselves come apart. */
  observeCounted(candidate: Candidate, count: number): readonly Problem[] {
    const { behaviour, novelty, silence, rules } = this.#parts;
    behaviour.observe(candidate, count);
    silence.observe(candidate);
    const news = novelty.observe(candidate, isAtLeast(candidate.severity, 'error'));
    const met = rules.observe(candidate, () => [], count);
    return news === undefined ? met : [news, ...met];
  }

  /** @param before the lines of the same source just before it */
  observe(candidate: Candidate, before: () => readonly string[]): readonly Problem[] {
    const { behaviour, novelty, silence, rules } = this.#parts;
    behaviour.observe(candidate);
    silence.observe(candidate);
    const problem = detectProblem(candidate, before);
    const news = novelty.observe(candidate, problem !== undefined);
    const met = rules.observe(candidate, before);
    // Nearly always: then the list of what was met, which is empty, is the answer.
    if (problem === undefined && news === undefined) return met;
    return [...(problem === undefined ? [] : [problem]), ...(news === undefined ? [] : [news]), ...met];
  }
}

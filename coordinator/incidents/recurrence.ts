// Did it work? The verdict on a fix from what was seen before it and what was seen since, by revision and by exposure.
// Must never do I/O, nor count what an old or unknown revision does as a regression.
import type { Attribution } from './deployment.ts';
import { chanceOfSilence, expectOccurrences, noPhases, phaseOf, type RateModel } from './rate-model.ts';

/** Some time on one node with one attribution, at most an hour. */
export interface Observation {
  readonly nodeId: string;
  readonly startMs: number;
  readonly endMs: number;
  readonly exposure: number;
  readonly occurrences: number;
  readonly attribution: Attribution;
}

/**
 * | verdict | when |
 * | --- | --- |
 * | not-fixed | it showed on a revision that contains the fix, and an old process can't explain it |
 * | fixed | it did not, although a fix that leaves `leastLeft` of it would have shown with a probability of at least 1 - `errorProbability` |
 * | not-exercised-yet | anything else: too little traffic on the fix's revision, or occurrences that may be an old process's |
 */
export type Verdict = 'fixed' | 'not-fixed' | 'not-exercised-yet';

export interface VerdictNumbers {
  /** Occurrences that the rate before lets expect of the traffic that the fix's revisions had since. */
  readonly expected: number;
  /** Seen on a revision that contains the fix. */
  readonly seen: number;
  /** Seen on revisions without the fix, since. */
  readonly seenOnOld: number;
  /** Seen where the revision isn't known or a rollout was under way. */
  readonly seenAmbiguous: number;
  /** How likely the silence would be if `leastLeft` of the problem remained; 1 where it wasn't silent. */
  readonly chanceOfSilence: number;
  readonly errorProbability: number;
  readonly leastLeft: number;
  /** See RateModel. */
  readonly dispersion: number;
  /** Nodes that are said to run the fix and seem not to. */
  readonly staleNodes: readonly string[];
}

export interface RecurrenceVerdict {
  readonly verdict: Verdict;
  readonly numbers: VerdictNumbers;
}

export interface RecurrenceOptions {
  /** Of calling a fix good that isn't. */
  readonly errorProbability: number;
  /** The smallest remaining share of a problem for which that holds: nothing finite can rule out a smaller and smaller rest. */
  readonly leastLeft: number;
  /** A process that outlived its deployment by this is no straggler of the rollout any more. */
  readonly longestStragglingMs: number;
}

export const defaultRecurrence: RecurrenceOptions = { errorProbability: 0.01, leastLeft: 0.25, longestStragglingMs: 12 * 3_600_000 };

/** Silence of the other nodes that is less likely than this sets a node apart from them. */
const contrast = 0.05;

interface NodeTally {
  /** By phase, on the fix's revisions, all of it and since the last occurrence there. */
  readonly exposure: number[];
  readonly quiet: number[];
  stated: number;
  recorded: number;
  /** Of these, so long after the deployment that no straggling process explains them. */
  late: number;
}

/** What was seen since the fix, added up; add in order of time for each node. */
export class RecurrenceTally {
  readonly #hasFix: (revision: string) => boolean;
  readonly #options: RecurrenceOptions;
  readonly #nodes = new Map<string, NodeTally>();
  #old = 0;
  #ambiguous = 0;

  /** @param hasFix whether a revision contains the fix */
  constructor(hasFix: (revision: string) => boolean, options: RecurrenceOptions = defaultRecurrence) {
    this.#hasFix = hasFix;
    this.#options = options;
  }

  add(observation: Observation): void {
    const { attribution, occurrences } = observation;
    const { revision, certainty } = attribution;
    if (revision === undefined || certainty === 'unsettled' || certainty === 'unknown') {
      this.#ambiguous += occurrences;
      return;
    }
    if (!this.#hasFix(revision)) {
      this.#old += occurrences;
      return;
    }
    const node = this.#node(observation.nodeId);
    const phase = phaseOf((observation.startMs + observation.endMs) / 2);
    node.exposure[phase] = (node.exposure[phase] ?? 0) + observation.exposure;
    if (occurrences === 0) {
      node.quiet[phase] = (node.quiet[phase] ?? 0) + observation.exposure;
      return;
    }
    node.quiet.fill(0);
    if (certainty === 'stated') node.stated += occurrences;
    else node.recorded += occurrences;
    if (certainty === 'recorded' && attribution.ageMs >= this.#options.longestStragglingMs) node.late += occurrences;
  }

  judge(model: RateModel): RecurrenceVerdict {
    const { errorProbability, leastLeft } = this.#options;
    const nodes = [...this.#nodes].map(([nodeId, tally]) => ({ nodeId, tally, expected: expectOccurrences(model, tally.exposure) }));
    const showing = nodes.filter(({ tally }) => tally.stated + tally.recorded > 0);
    const seen = showing.reduce((total, { tally }) => total + tally.stated + tally.recorded, 0);
    const expected = nodes.reduce((total, node) => total + node.expected, 0);
    const isStated = showing.some(({ tally }) => tally.stated > 0);
    const apart = showing.length > 0 && !isStated && this.#setsApart(model, nodes, showing);
    const quiet = nodes.reduce((total, { tally }) => total + expectOccurrences(model, tally.quiet), 0);
    // Where a node was stale, its own silence since has to convince: the others' says nothing about it.
    const silence =
      seen === 0
        ? chanceOfSilence(model, quiet, leastLeft)
        : isStated
          ? 1
          : Math.max(...showing.map(({ tally }) => chanceOfSilence(model, expectOccurrences(model, tally.quiet), leastLeft)));
    const isDecisive = isStated || (!apart && (showing.length > 1 || showing.some(({ tally }) => tally.late > 0)));
    const verdict: Verdict = isDecisive ? 'not-fixed' : silence <= errorProbability ? 'fixed' : 'not-exercised-yet';
    return {
      verdict,
      numbers: {
        expected,
        seen,
        seenOnOld: this.#old,
        seenAmbiguous: this.#ambiguous,
        chanceOfSilence: silence,
        errorProbability,
        leastLeft,
        dispersion: model.dispersion,
        staleNodes: seen > 0 && !isDecisive ? showing.map(({ nodeId }) => nodeId) : [],
      },
    };
  }

  /**
   * Whether the nodes that show it stand apart from the others: those are silent, which they would hardly be if the share that
   * remains were the same everywhere. Then these nodes more likely run something else than what is recorded.
   */
  #setsApart(
    model: RateModel,
    nodes: readonly { readonly expected: number }[],
    showing: readonly { readonly tally: NodeTally; readonly expected: number }[],
  ): boolean {
    if (showing.length * 3 > nodes.length) return false;
    const there = showing.reduce((total, { expected }) => total + expected, 0);
    const elsewhere = nodes.reduce((total, { expected }) => total + expected, 0) - there;
    const seen = showing.reduce((total, { tally }) => total + tally.recorded, 0);
    const left = Math.min(1, there + elsewhere === 0 ? 0 : seen / (there + elsewhere));
    return chanceOfSilence(model, elsewhere, left) < contrast;
  }

  #node(nodeId: string): NodeTally {
    let node = this.#nodes.get(nodeId);
    if (node === undefined) {
      node = { exposure: noPhases(), quiet: noPhases(), stated: 0, recorded: 0, late: 0 };
      this.#nodes.set(nodeId, node);
    }
    return node;
  }
}

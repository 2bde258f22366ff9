// Judges a grouping by pairs: precision, recall and F1 over all pairs of cases.
// Must never make the grouping, nor read a file.

/** Pairwise agreement of a grouping with the truth; each between 0 and 1. */
export interface PairScores {
  readonly precision: number;
  readonly recall: number;
  readonly f1: number;
}

/** One case: the group it was put into, and the labels it bears. Two cases belong together when they share a label. */
export interface LabelledCase {
  readonly name: string;
  readonly group: string;
  readonly labels: readonly string[];
}

/** Counts every pair of cases once. A side without any pair is perfect, as nothing was missed or wrong. */
export function scorePairs(cases: readonly LabelledCase[]): PairScores {
  let together = 0;
  let predicted = 0;
  let hits = 0;
  for (const [index, left] of cases.entries()) {
    for (const right of cases.slice(index + 1)) {
      const isSame = left.labels.some((label) => right.labels.includes(label));
      const isPredicted = left.group === right.group;
      if (isSame) together += 1;
      if (isPredicted) predicted += 1;
      if (isSame && isPredicted) hits += 1;
    }
  }
  const precision = predicted === 0 ? 1 : hits / predicted;
  const recall = together === 0 ? 1 : hits / together;
  return { precision, recall, f1: precision + recall === 0 ? 0 : (2 * precision * recall) / (precision + recall) };
}

/** Pairs that the grouping got wrong, for people: `missed a b`, `joined a b`. */
export function wrongPairs(cases: readonly LabelledCase[]): readonly string[] {
  const wrong: string[] = [];
  for (const [index, left] of cases.entries()) {
    for (const right of cases.slice(index + 1)) {
      const isSame = left.labels.some((label) => right.labels.includes(label));
      if (isSame === (left.group === right.group)) continue;
      wrong.push(`${isSame ? 'missed' : 'joined'} ${left.name} ${right.name}: ${left.labels[0]} | ${right.labels[0]}`);
    }
  }
  return wrong;
}

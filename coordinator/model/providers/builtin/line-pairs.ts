// Pairs the lines that a change removed with those it added: which line became which, and which have no counterpart.
// Must never pair across each other: lines keep their order.

/** What one group of changed lines did, in order. */
export type LinePair =
  | { readonly kind: 'changed'; readonly removed: string; readonly added: string }
  | { readonly kind: 'removed'; readonly removed: string }
  | { readonly kind: 'added'; readonly added: string };

/** Less alike than this, a line was not changed but replaced by another. */
const leastAlike = 0.5;
/** The work grows with the product of both sides. */
const mostLines = 80;

/** Undefined for a group that is too big to be read line by line. */
export function pairLines(removed: readonly string[], added: readonly string[]): readonly LinePair[] | undefined {
  if (removed.length > mostLines || added.length > mostLines) return undefined;
  // best[i][j]: the most likeness that removed lines from i and added lines from j reach together.
  const best = Array.from({ length: removed.length + 1 }, () => Array.from({ length: added.length + 1 }, () => 0));
  const at = (i: number, j: number): number => best[i]?.[j] ?? 0;
  const likeness = removed.map((before) => added.map((after) => likenessOf(before, after)));
  const alike = (i: number, j: number): number => likeness[i]?.[j] ?? 0;
  for (let i = removed.length - 1; i >= 0; i -= 1) {
    for (let j = added.length - 1; j >= 0; j -= 1) {
      const row = best[i];
      const paired = alike(i, j) >= leastAlike ? alike(i, j) + at(i + 1, j + 1) : 0;
      if (row !== undefined) row[j] = Math.max(paired, at(i + 1, j), at(i, j + 1));
    }
  }
  const pairs: LinePair[] = [];
  let i = 0;
  let j = 0;
  while (i < removed.length || j < added.length) {
    const before = removed[i];
    const after = added[j];
    const isPair = before !== undefined && after !== undefined && alike(i, j) >= leastAlike;
    if (isPair && at(i, j) === alike(i, j) + at(i + 1, j + 1)) {
      pairs.push({ kind: 'changed', removed: before, added: after });
      i += 1;
      j += 1;
    } else if (before !== undefined && (after === undefined || at(i, j) === at(i + 1, j))) {
      pairs.push({ kind: 'removed', removed: before });
      i += 1;
    } else if (after !== undefined) {
      pairs.push({ kind: 'added', added: after });
      j += 1;
    }
  }
  return pairs;
}

/** Dice's coefficient over words and signs, 0 to 1; indentation doesn't count. */
function likenessOf(before: string, after: string): number {
  const left = before.match(/\w+|[^\w\s]/g) ?? [];
  const right = after.match(/\w+|[^\w\s]/g) ?? [];
  if (left.length + right.length === 0) return 1;
  const counts = new Map<string, number>();
  for (const word of left) counts.set(word, (counts.get(word) ?? 0) + 1);
  let shared = 0;
  for (const word of right) {
    const count = counts.get(word) ?? 0;
    if (count === 0) continue;
    counts.set(word, count - 1);
    shared += 1;
  }
  return (2 * shared) / (left.length + right.length);
}

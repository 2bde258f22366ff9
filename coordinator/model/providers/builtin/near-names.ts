// How near two names are, and which one of many a misspelt one stands for.
// Must never choose between two that are equally near.

/** The one name that is nearest, at most two letters away (one for short names); undefined if there is none, or several. */
export function nearestOf(name: string, others: Iterable<string>): string | undefined {
  const most = name.length <= 4 ? 1 : 2;
  const near = [...new Set(others)]
    .filter((other) => other !== name)
    .map((other) => ({ other, distance: editDistance(name, other, most) }))
    .filter(({ distance }) => distance <= most)
    .toSorted((a, b) => a.distance - b.distance);
  const [best, second] = near;
  return best === undefined || second?.distance === best.distance ? undefined : best.other;
}

/** Letters put in, left out, changed or swapped with their neighbour; more than `most` is `most + 1`. */
function editDistance(a: string, b: string, most: number): number {
  if (Math.abs(a.length - b.length) > most) return most + 1;
  const rows = [Array.from({ length: b.length + 1 }, (_, index) => index)];
  for (let i = 1; i <= a.length; i += 1) {
    const row = [i];
    for (let j = 1; j <= b.length; j += 1) {
      const cost = a[i - 1] === b[j - 1] ? 0 : 1;
      let value = Math.min((rows[i - 1]?.[j] ?? 0) + 1, (row[j - 1] ?? 0) + 1, (rows[i - 1]?.[j - 1] ?? 0) + cost);
      if (i > 1 && j > 1 && a[i - 1] === b[j - 2] && a[i - 2] === b[j - 1]) value = Math.min(value, (rows[i - 2]?.[j - 2] ?? 0) + 1);
      row.push(value);
    }
    rows.push(row);
  }
  return Math.min(most + 1, rows[a.length]?.[b.length] ?? most + 1);
}

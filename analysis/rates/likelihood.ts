// How surprising a count is, given the counts before.
// Must never use a threshold; callers decide what is surprising enough.

/**
 * Log-likelihood ratio (in nats) of two shares being different rather than the same: `count` of `total` now, against `countBefore` of `totalBefore`.
 * It grows with the sample, so that few observations never surprise much (Dunning 1993).
 */
export function surprise(count: number, total: number, countBefore: number, totalBefore: number): number {
  if (total === 0 || totalBefore === 0) return 0;
  const common = (count + countBefore) / (total + totalBefore);
  return gain(count, total, common) + gain(countBefore, totalBefore, common);
}

function gain(count: number, total: number, common: number): number {
  return term(count, total, common) + term(total - count, total, 1 - common);
}

function term(count: number, total: number, common: number): number {
  return count === 0 ? 0 : count * Math.log(count / total / common);
}

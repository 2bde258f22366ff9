// How long to wait before the next attempt: exponential growth with full jitter.
// Must never sleep or count attempts by itself; the caller owns its loop and its clock.

export interface BackoffOptions {
  /** Ceiling of the first wait, in milliseconds. */
  readonly baseMs: number;
  /** Ceiling of every wait, in milliseconds. */
  readonly maxMs: number;
  /** No wait is shorter than this, so that a fleet that draws low doesn't hammer. Default 0. */
  readonly minMs?: number | undefined;
  /** Growth of the ceiling an attempt. Default 2. */
  readonly factor?: number | undefined;
  /** Uniform in [0, 1). Default Math.random. */
  readonly random?: (() => number) | undefined;
}

/**
 * Milliseconds to wait before attempt `attempt` (0 is the first retry): uniform between `minMs` and
 * `min(maxMs, baseMs × factor^attempt)`. "Full jitter" spreads a fleet that lost its coordinator at the same
 * moment best (Brooker, "Exponential Backoff And Jitter", AWS Architecture Blog, 2015).
 */
export function backoffMs(attempt: number, options: BackoffOptions): number {
  const random = options.random ?? Math.random;
  const growth = (options.factor ?? 2) ** Math.max(0, attempt);
  const ceilingMs = Math.min(options.maxMs, options.baseMs * growth);
  const floorMs = Math.min(options.minMs ?? 0, ceilingMs);
  return floorMs + random() * (ceilingMs - floorMs);
}

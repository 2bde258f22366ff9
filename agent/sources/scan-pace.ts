// How often folders are scanned, by what a scan costs.
// Must never let scanning cost more than its share, however many files there are.

/** Scanning may take this share of the time when something happened in a folder. */
const mostShare = 0.02;
/** And these without such a sign: few files are looked over often, many at least once in `idlePollMs`. */
const share = { quiet: 0.0015, busy: mostShare } as const;
const leastPauseMs = 500;
/** Looking after a rotation may take this share: while it is put off, the next one may remove what wasn't seen yet. */
const mostNewsShare = 0.1;

export class ScanPace {
  /** CPU time of the last scan that met no new file; looking after a rotation beside many old files costs more. */
  #usualMs: number | undefined;

  /** @param costMs CPU time of the last scan. @returns when the next may be at the earliest, and when it is due anyway, in milliseconds from now */
  pauses(
    costMs: number,
    pace: keyof typeof share,
    idlePollMs: number,
    hasMetFiles: boolean,
  ): { readonly leastMs: number; readonly dueMs: number } {
    if (!hasMetFiles) this.#usualMs = costMs;
    const usualMs = this.#usualMs ?? costMs;
    const leastMs = Math.max(usualMs / mostShare, costMs / mostNewsShare);
    return { leastMs, dueMs: Math.max(leastMs, Math.min(idlePollMs, Math.max(leastPauseMs, usualMs / share[pace]))) };
  }
}

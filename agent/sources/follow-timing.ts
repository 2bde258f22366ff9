// How long what could still grow is held back.
// Must never depend on anything but silence: the bytes themselves are the framer's.
import type { Flush } from '../record.ts';

export interface FollowTiming {
  /** A whole line at the end of a file is given out after so long without growth. */
  readonly settleMs: number;
  /** So long the rest of a stack trace is waited for. */
  readonly traceMs: number;
  /** After so long without growth a file that was renamed or deleted counts as finished. */
  readonly finishMs: number;
}

/** What is due after `quietMs` without growth. `isAbandoned`: nobody is expected to write to the file any more. */
export function flushAfter(quietMs: number, isAbandoned: boolean, { settleMs, traceMs, finishMs }: FollowTiming): Flush {
  if (isAbandoned && quietMs >= finishMs) return 'everything';
  if (quietMs >= traceMs) return 'traces';
  return quietMs >= settleMs ? 'records' : 'none';
}

// Removes old log entries: beyond an age, and beyond a size, in small steps.
// Must never hold the database for long; ingest goes on between the steps.
import type { Clock } from '../../base/clock.ts';
import type { Logger } from '../../base/logger.ts';
import type { LogReader } from './log-store.ts';

export interface RetentionPolicy {
  readonly maxAgeMs: number;
  readonly maxBytes: number;
}

const chunksAStep = 200;

/** Answers with how many chunks were removed. */
export async function enforceRetention(
  reader: LogReader,
  policy: RetentionPolicy,
  parts: { readonly clock: Clock; readonly logger: Logger },
  signal: AbortSignal,
): Promise<number> {
  await reader.pruneCounts(parts.clock.now() - policy.maxAgeMs);
  let removed = 0;
  while (!signal.aborted) {
    const step = await reader.prune(parts.clock.now() - policy.maxAgeMs, policy.maxBytes, chunksAStep);
    removed += step;
    if (step < chunksAStep) break;
  }
  if (removed > 0) parts.logger.info('old log entries removed', { chunks: removed });
  return removed;
}

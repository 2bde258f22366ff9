// What ingest counts, as the series it needs.
// Must never know how they are exposed.
import type { GapReason, RefusalReason } from './log-batch.ts';

export type BatchOutcome = 'taken' | 'repeated' | 'passed-over' | RefusalReason;

export interface IngestMetrics {
  recordBatch(outcome: BatchOutcome): void;
  /** @param payloadBytes as sent, compressed */
  recordEntries(entries: number, bytes: number, payloadBytes: number): void;
  recordGap(reason: GapReason, bytes: number, records: number): void;
  recordCommit(shipments: number, durationMs: number): void;
  recordCommitFailure(): void;
}

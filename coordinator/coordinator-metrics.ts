// The coordinator's own series.
// Must never use a label whose values grow with the log.
import type { Metrics } from '../base/metrics.ts';
import type { IngestMetrics } from './logs/ingest-metrics.ts';
import { gapReasons } from './logs/log-batch.ts';

/** Seconds of a commit: an fsync on a fast disk to a busy one. */
const commitBuckets = [0.001, 0.0025, 0.005, 0.01, 0.025, 0.05, 0.1, 0.25, 1, 5];

export interface IngestTotals {
  readonly entries: number;
  readonly batches: number;
}

export interface CoordinatorMetrics {
  readonly ingest: IngestMetrics;
  /** Since the start. */
  totals(): IngestTotals;
}

/** What is asked at each scrape. */
export interface Gauges {
  readonly nodesByStatus: () => ReadonlyMap<string, number>;
  readonly restartsByNode: () => ReadonlyMap<string, number>;
  readonly incidentsByState: () => ReadonlyMap<string, number>;
  readonly pendingBytes: () => number;
  readonly pendingJobs: () => number;
  readonly storedLogBytes: () => number;
  readonly templates: () => number;
}

export function createCoordinatorMetrics(metrics: Metrics, gauges: Gauges): CoordinatorMetrics {
  const batches = metrics.counter({
    name: 'log_batches_total',
    help: 'Log batches that arrived, by what became of them.',
    labels: ['outcome'],
  });
  const entries = metrics.counter({ name: 'log_entries_total', help: 'Log entries that were taken.' });
  const bytes = metrics.counter({ name: 'log_bytes_total', help: 'Bytes of log records, uncompressed.' });
  const wireBytes = metrics.counter({ name: 'log_wire_bytes_total', help: 'Bytes of log payload as sent.' });
  const gaps = metrics.counter({ name: 'log_gaps_total', help: 'Gaps that agents reported.', labels: ['reason'] });
  const gapBytes = metrics.counter({ name: 'log_gap_bytes_total', help: 'Bytes that were lost in gaps.', labels: ['reason'] });
  const gapRecords = metrics.counter({
    name: 'log_gap_records_total',
    help: 'Records that were lost in gaps, as far as it is known how many.',
    labels: ['reason'],
  });
  // A series that begins with its first loss shows no increase, and no alert.
  for (const reason of gapReasons) for (const counter of [gaps, gapBytes, gapRecords]) counter.add({ reason }, 0);
  const commits = metrics.histogram({ name: 'commit_seconds', help: 'How long group commits took.', buckets: commitBuckets });
  const acknowledged = metrics.counter({ name: 'log_shipments_acknowledged_total', help: 'Batches and gaps that were committed.' });
  const failures = metrics.counter({ name: 'commit_failures_total', help: 'Group commits that failed; their batches come again.' });
  const byKey = (name: string, help: string, label: string, counts: () => ReadonlyMap<string, number>): void => {
    metrics.gauge({
      name,
      help,
      labels: [label],
      collect: () => [...counts()].map(([key, value]) => ({ labels: { [label]: key }, value })),
    });
  };
  const single = (name: string, help: string, value: () => number): void => {
    metrics.gauge({ name, help, collect: () => [{ labels: {}, value: value() }] });
  };
  byKey('nodes', 'Nodes, by status.', 'status', gauges.nodesByStatus);
  byKey('node_agent_restarts', 'Starts of the agent after the first one, by node.', 'node', gauges.restartsByNode);
  byKey('incidents', 'Incidents, by state.', 'state', gauges.incidentsByState);
  single('log_pending_bytes', 'Uncompressed bytes that wait for a commit.', gauges.pendingBytes);
  single('jobs_pending', 'Jobs that wait or run.', gauges.pendingJobs);
  single('log_stored_bytes', 'Bytes of log entries that are kept, compressed.', gauges.storedLogBytes);
  single('log_templates', 'Templates of log messages that are known.', gauges.templates);
  let [entryCount, batchCount] = [0, 0];
  return {
    totals: () => ({ entries: entryCount, batches: batchCount }),
    ingest: {
      recordBatch(outcome) {
        batchCount++;
        batches.add({ outcome });
      },
      recordEntries(count, recordBytes, payloadBytes) {
        entryCount += count;
        entries.add({}, count);
        bytes.add({}, recordBytes);
        wireBytes.add({}, payloadBytes);
      },
      recordGap(reason, lostBytes, records) {
        gaps.add({ reason });
        gapBytes.add({ reason }, lostBytes);
        gapRecords.add({ reason }, records);
      },
      recordCommit(shipments, durationMs) {
        acknowledged.add({}, shipments);
        commits.observe(durationMs / 1000);
      },
      recordCommitFailure: () => failures.add(),
    },
  };
}

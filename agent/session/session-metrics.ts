// The session's own series: what was sent, what became durable, what is under way.
// Must never be the only place where a loss shows: gaps are logged and reported too.
import type { Counter, Histogram, Metrics } from '../../base/metrics.ts';

export interface SessionMetrics {
  readonly batchesSent: Counter;
  readonly bytesSent: Counter;
  readonly payloadBytesSent: Counter;
  readonly bytesAcknowledged: Counter;
  readonly recordsAcknowledged: Counter;
  readonly gaps: Counter;
  readonly gapBytes: Counter;
  readonly gapRecords: Counter;
  readonly refusals: Counter;
  readonly oddAcknowledgements: Counter;
  readonly connections: Counter;
  readonly acknowledgeSeconds: Histogram;
}

/** A series that begins with its first loss shows no increase, and no alert. */
export function beginGapSeries({ gaps, gapBytes, gapRecords }: SessionMetrics, sources: readonly { readonly id: string }[]): void {
  for (const { id: source } of sources) {
    for (const counter of [gapBytes, gapRecords]) counter.add({ source }, 0);
    for (const loss of ['known', 'possible']) gaps.add({ source, loss }, 0);
  }
}

export function createSessionMetrics(metrics: Metrics): SessionMetrics {
  const counter = (name: string, help: string, labels?: readonly string[]): Counter => metrics.counter({ name, help, labels });
  return {
    batchesSent: counter('batches_sent_total', 'Batches sent, those sent again included.'),
    bytesSent: counter('bytes_sent_total', 'Log bytes sent before compression, those sent again included.'),
    payloadBytesSent: counter('payload_bytes_sent_total', 'Log bytes sent after compression, those sent again included.'),
    bytesAcknowledged: counter('bytes_acknowledged_total', 'Log bytes that are durable at the coordinator.'),
    recordsAcknowledged: counter('records_acknowledged_total', 'Records that are durable at the coordinator.'),
    gaps: counter(
      'gaps_total',
      'Ranges of log that were never sent, as the coordinator was told: bytes or records that are known to be missing, or a place where some may be.',
      ['source', 'loss'],
    ),
    gapBytes: counter('gap_bytes_total', 'Log bytes that were never sent, as the coordinator was told.', ['source']),
    gapRecords: counter('gap_records_total', 'Records that were never sent, as far as it is known how many.', ['source']),
    refusals: counter('refusals_total', 'Batches that the coordinator did not take, by what follows.', ['outcome']),
    oddAcknowledgements: counter('odd_acknowledgements_total', 'Acknowledgements that were repeated, late or for nothing that was sent.'),
    connections: counter('connections_total', 'Attempts to connect to the coordinator, by outcome.', ['outcome']),
    acknowledgeSeconds: metrics.histogram({
      name: 'acknowledge_seconds',
      help: 'From sending a batch to its durable commit.',
      buckets: [0.005, 0.025, 0.1, 0.25, 0.5, 1, 2.5, 10, 60],
    }),
  };
}

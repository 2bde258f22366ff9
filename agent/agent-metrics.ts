// Series that are asked for at each scrape: what the sources and the session are doing right now.
// Must never keep state of its own.
import type { Metrics } from '../base/metrics.ts';
import type { SourceStatus } from './record.ts';
import type { SessionStatus } from './session/session.ts';

export interface AgentMetricsSources {
  readonly sources: () => readonly SourceStatus[];
  readonly session: () => SessionStatus;
  readonly restarts: () => number;
}

export function registerAgentMetrics(metrics: Metrics, { sources, session, restarts }: AgentMetricsSources): void {
  const ofSource = (name: string, help: string, value: (status: SourceStatus) => number): void => {
    metrics.gauge({
      name,
      help,
      labels: ['source'],
      collect: () => sources().map((status) => ({ labels: { source: status.source }, value: value(status) })),
    });
  };
  ofSource('source_lag_bytes', 'Bytes written and not yet read.', ({ lagBytes }) => lagBytes);
  ofSource('source_lag_seconds', 'Age of the oldest unread byte.', ({ lagMs }) => lagMs / 1000);
  ofSource('source_files', 'Files that the source reads.', ({ files }) => files);
  ofSource('source_read_bytes', 'Bytes read since the agent started.', ({ bytesRead }) => bytesRead);
  ofSource('source_read_records', 'Records read since the agent started.', ({ recordsRead }) => recordsRead);
  ofSource('source_gaps', 'Ranges of log that could not be read since the agent started.', ({ gaps }) => gaps);
  ofSource('source_failed', '1 while the source fails.', ({ condition }) => Number(condition === 'failed'));

  metrics.gauge({
    name: 'restarts',
    help: 'Starts of the agent after the first one on its state directory.',
    collect: () => [{ labels: {}, value: restarts() }],
  });

  const ofSession = (name: string, help: string, value: (status: SessionStatus) => number): void => {
    metrics.gauge({ name, help, collect: () => [{ labels: {}, value: value(session()) }] });
  };
  ofSession('connected', '1 while batches can be shipped.', ({ state }) => Number(state === 'shipping'));
  ofSession('in_flight_bytes', 'Bytes sent and not yet acknowledged, after compression.', ({ inFlightBytes }) => inFlightBytes);
  ofSession(
    'oldest_unacknowledged_seconds',
    'Age of the oldest batch that is not acknowledged.',
    (status) => status.oldestUnacknowledgedMs / 1000,
  );
}

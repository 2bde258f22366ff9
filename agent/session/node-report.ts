// What a heartbeat says of the node, and who is asked for it.
// Must never gather anything; agent/host and the pipeline do.
import type { HostFacts, HostVitals, RunningRevision, SourceStatus } from '../record.ts';

export type HealthStatus = 'ok' | 'degraded' | 'failed';

/** A component's health and its parts'. */
export interface HealthPart {
  readonly name: string;
  readonly status: HealthStatus;
  /** Empty when all is well. */
  readonly reason: string;
  readonly parts: readonly HealthPart[];
}

export interface NodeReporter {
  /** Never rejects; the last known facts while they are being read anew. */
  facts(): Promise<HostFacts>;
  vitals(): Promise<HostVitals>;
  health(): HealthPart;
  sources(): readonly SourceStatus[];
  revisions(): readonly RunningRevision[];
}

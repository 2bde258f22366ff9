// Translates what a heartbeat reports (facts, vitals, health, sources) to the wire.
// Must never gather or judge; it only renames.
import {
  HealthStatus as WireHealthStatus,
  type HealthNode,
  type NodeFacts,
  type NodeVitals,
  type RunningRevision as WireRevision,
  type SourceState,
} from '../../proto/index.ts';
import type { HostFacts, HostVitals, RunningRevision, SourceStatus } from '../record.ts';
import type { HealthPart, HealthStatus } from './node-report.ts';

export function writeFacts(facts: HostFacts): NodeFacts {
  const { bootedAtMs, addresses, ...rest } = facts;
  return { ...rest, addresses: [...addresses], bootedAt: bootedAtMs > 0 ? new Date(bootedAtMs) : undefined };
}

export function writeVitals(vitals: HostVitals): NodeVitals {
  const { sampledAtMs, uptimeMs, load1, load5, load15, disks, ...rest } = vitals;
  return {
    ...rest,
    load1,
    load5,
    load15,
    sampledAt: new Date(sampledAtMs),
    uptime: writeDuration(uptimeMs),
    disks: disks.map((disk) => ({ ...disk })),
  };
}

const healthStatuses: Readonly<Record<HealthStatus, WireHealthStatus>> = {
  ok: WireHealthStatus.OK,
  degraded: WireHealthStatus.DEGRADED,
  failed: WireHealthStatus.FAILED,
};

export function writeHealth(part: HealthPart): HealthNode {
  return { name: part.name, status: healthStatuses[part.status], reason: part.reason, parts: part.parts.map(writeHealth) };
}

export function writeSourceState(status: SourceStatus): SourceState {
  const { condition, lagMs, lastRecordAtMs, ...rest } = status;
  return {
    ...rest,
    state: condition,
    lag: writeDuration(lagMs),
    lastRecordAt: lastRecordAtMs === undefined ? undefined : new Date(lastRecordAtMs),
  };
}

export function writeRevision({ service, revision, sinceMs }: RunningRevision): WireRevision {
  return { service, revision, since: new Date(sinceMs) };
}

/** Milliseconds as google.protobuf.Duration. */
export function writeDuration(durationMs: number): { seconds: number; nanos: number } {
  const seconds = Math.trunc(durationMs / 1000);
  return { seconds, nanos: Math.round((durationMs - seconds * 1000) * 1e6) };
}

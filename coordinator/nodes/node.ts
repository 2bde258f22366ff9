// What a node is: a host that runs an agent, its status, facts and vitals.
// Must never know how it is kept (store) or spoken to (api).
import type { NodeConfiguration } from './node-configuration.ts';

/**
 * | from | event | to |
 * | --- | --- | --- |
 * | (announced) | register | initializing |
 * | any but removed | hello | operational |
 * | operational, degraded | health says degraded | degraded |
 * | any live | health says failed | error |
 * | degraded, error, inactive, processing | health says ok | operational |
 * | any live | three heartbeats missed | inactive |
 * | any | remove | removed |
 *
 * An operator may set `processing` (maintenance) by hand; the next change of health ends it.
 */
export const nodeStatuses = ['initializing', 'operational', 'processing', 'degraded', 'inactive', 'error', 'removed'] as const;

export type NodeStatus = (typeof nodeStatuses)[number];

export interface NodeFacts {
  readonly hostname: string;
  readonly os: string;
  readonly osVersion: string;
  readonly kernel: string;
  readonly architecture: string;
  readonly cpuModel: string;
  readonly cpuCores: number;
  readonly memoryBytes: number;
  readonly virtualization: string;
  /** Empty in what agents reported before they knew. */
  readonly manufacturer: string;
  readonly model: string;
  readonly machineId: string;
  readonly bootId: string;
  readonly bootedAtMs: number | undefined;
  readonly agentVersion: string;
  readonly timeZone: string;
  readonly addresses: readonly string[];
}

export interface DiskVitals {
  readonly mount: string;
  readonly sizeBytes: number;
  readonly availableBytes: number;
  /** 0 to 1. */
  readonly inodesUsedShare: number;
}

export interface NodeVitals {
  readonly sampledAtMs: number | undefined;
  /** Of all cores, 0 to 1. */
  readonly cpuShare: number;
  readonly load1: number;
  readonly load5: number;
  readonly load15: number;
  readonly memoryUsedBytes: number;
  readonly memoryAvailableBytes: number;
  readonly swapUsedBytes: number;
  readonly disks: readonly DiskVitals[];
  readonly uptimeMs: number;
  readonly agentMemoryBytes: number;
  readonly agentCpuShare: number;
  /** Starts of the agent after the first one. Absent in what agents reported before they counted. */
  readonly agentRestarts?: number | undefined;
}

/** Where one source of a node stands, as its agent reports it. */
export interface SourceState {
  readonly source: string;
  /** `reading`, `idle`, `waiting`, `failed`. */
  readonly state: string;
  readonly reason: string;
  readonly files: number;
  readonly bytesRead: number;
  readonly recordsRead: number;
  readonly lagBytes: number;
  readonly lagMs: number;
  readonly gaps: number;
  readonly lastRecordAtMs: number | undefined;
}

/** A component of the agent and its parts; the worst part decides. */
export interface HealthNode {
  readonly name: string;
  readonly status: 'ok' | 'degraded' | 'failed';
  readonly reason: string;
  readonly parts: readonly HealthNode[];
}

export interface Heartbeat {
  readonly sequence: number;
  readonly sentAtMs: number | undefined;
  readonly health: HealthNode | undefined;
  /** Only when something changed. */
  readonly facts: NodeFacts | undefined;
  readonly vitals: NodeVitals | undefined;
  readonly sources: readonly SourceState[];
  readonly oldestUnacknowledgedAgeMs: number;
  readonly gapsTotal: number;
}

/** Which configuration the node was offered, runs and refused; hashes are SHA-256 in hex. */
export interface ConfigurationState {
  readonly version: number;
  readonly offeredHash: string;
  readonly runningHash: string;
  readonly failedHash: string;
  readonly errors: readonly string[];
}

/** Which authorities, by the hash of their key, stand behind what a node holds. */
export interface CertificateTrust {
  readonly issuer: string;
  readonly trusts: readonly string[];
}

export interface Node {
  /** ULID; the last part of its SPIFFE id. */
  readonly id: string;
  /** Unique among the nodes that aren't removed; the host's name unless announced otherwise. */
  readonly name: string;
  readonly status: NodeStatus;
  readonly statusReason: string;
  readonly labels: Readonly<Record<string, string>>;
  readonly facts: NodeFacts | undefined;
  readonly vitals: NodeVitals | undefined;
  readonly sources: readonly SourceState[];
  /** Unix milliseconds. */
  readonly registeredAtMs: number;
  readonly lastSeenAtMs: number | undefined;
  readonly agentVersion: string;
  readonly configuration: NodeConfiguration;
  readonly configurationState: ConfigurationState;
  /** The certificates that count, newest first: the current one, and the one it replaced in case the answer was lost. Empty: never enrolled. */
  readonly certificateSerials: readonly string[];
  readonly certificateExpiresAtMs: number | undefined;
  /** Undefined for nodes that enrolled before it was kept. */
  readonly certificateTrust?: CertificateTrust | undefined;
  readonly oldestUnacknowledgedAgeMs: number;
  readonly gapsTotal: number;
}

/** What health makes of a status; undefined leaves it. */
export function statusAfterHealth(current: NodeStatus, health: HealthNode): { status: NodeStatus; reason: string } | undefined {
  if (current === 'removed') return undefined;
  const worst = worstPart(health);
  if (worst.status === 'failed') return { status: 'error', reason: describePart(worst) };
  if (worst.status === 'degraded') return { status: 'degraded', reason: describePart(worst) };
  // Set by an operator: kept until health changes.
  if (current === 'processing') return undefined;
  return { status: 'operational', reason: '' };
}

function describePart(part: HealthNode): string {
  return part.reason === '' ? part.name : `${part.name}: ${part.reason}`;
}

const badness = { ok: 0, degraded: 1, failed: 2 } as const;

/** The deepest part that is as bad as the worst, since it says why. */
function worstPart(health: HealthNode): HealthNode {
  let worst = health;
  for (const part of health.parts) {
    const candidate = worstPart(part);
    if (
      badness[candidate.status] > badness[worst.status] ||
      (candidate.status === worst.status && worst === health && worst.status !== 'ok')
    ) {
      worst = candidate;
    }
  }
  return worst;
}

/** Whose lines a source's are, as far as it is configured here; a node's own file may say more. */
export function sourceOrigins(find: (nodeId: string) => Node | undefined): {
  readonly serviceOf: (nodeId: string, source: string) => string;
  readonly labelsOf: (nodeId: string, source: string) => Readonly<Record<string, string>>;
} {
  const configured = (nodeId: string, source: string) => find(nodeId)?.configuration.sources.find(({ id }) => id === source);
  return {
    serviceOf: (nodeId, source) => configured(nodeId, source)?.service ?? '',
    labelsOf: (nodeId, source) => ({ ...find(nodeId)?.labels, ...configured(nodeId, source)?.labels }),
  };
}

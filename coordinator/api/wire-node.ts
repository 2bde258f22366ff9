// Translates nodes and what their agents report between the wire and the Node Manager's types.
// Must never decide anything; unknown values become the harmless ones.
import {
  HealthStatus,
  NodeStatus as WireStatus,
  type ControlResponse,
  type Heartbeat as WireHeartbeat,
  type HealthNode as WireHealthNode,
  type Hello as WireHello,
  type JoinToken as WireJoinToken,
  type NodeFacts as WireFacts,
  type NodeStatusResponse,
  type NodeVitals as WireVitals,
  type SourceState as WireSourceState,
} from '../../proto/index.ts';
import type { RunningRevision } from '../incidents/running-revisions.ts';
import type { HealthNode, Heartbeat, Node, NodeFacts, NodeStatus, NodeVitals, SourceState } from '../nodes/node.ts';
import type { JoinToken } from '../nodes/node-store.ts';
import type { ControlMessage, Hello, NodeCommand } from '../nodes/node-session.ts';
import { writeNodeConfiguration } from './wire-node-configuration.ts';
import { keyOf, readDuration, readTime, writeDuration, writeMode, writeTime } from './wire-values.ts';

const statusNames: Readonly<Record<NodeStatus, WireStatus>> = {
  initializing: WireStatus.INITIALIZING,
  operational: WireStatus.OPERATIONAL,
  processing: WireStatus.PROCESSING,
  degraded: WireStatus.DEGRADED,
  inactive: WireStatus.INACTIVE,
  error: WireStatus.ERROR,
  removed: WireStatus.REMOVED,
};

export const readNodeStatus = (status: WireStatus): NodeStatus | undefined => keyOf(statusNames, status);

export function readHello(hello: WireHello): Hello {
  return { ...hello, facts: hello.facts === undefined ? undefined : readFacts(hello.facts) };
}

export function readHeartbeat(heartbeat: WireHeartbeat): Heartbeat {
  return {
    sequence: heartbeat.sequence,
    sentAtMs: readTime(heartbeat.sentAt),
    health: heartbeat.health === undefined ? undefined : readHealth(heartbeat.health, 0),
    facts: heartbeat.facts === undefined ? undefined : readFacts(heartbeat.facts),
    vitals: heartbeat.vitals === undefined ? undefined : readVitals(heartbeat.vitals),
    sources: heartbeat.sources.map(readSourceState),
    oldestUnacknowledgedAgeMs: readDuration(heartbeat.oldestUnacknowledgedAge),
    gapsTotal: heartbeat.gapsTotal,
  };
}

/** As the agent says; whoever takes them checks them. */
export function readRevisions(heartbeat: WireHeartbeat): readonly RunningRevision[] {
  return heartbeat.revisions.map(({ service, revision, since }) => ({ service, revision, sinceMs: readTime(since) }));
}

/** A health tree is some levels deep; a deeper one is a mistake or an attack. */
const deepestHealth = 8;

function readHealth(health: WireHealthNode, depth: number): HealthNode {
  const status = health.status === HealthStatus.FAILED ? 'failed' : health.status === HealthStatus.DEGRADED ? 'degraded' : 'ok';
  const parts = depth >= deepestHealth ? [] : health.parts.map((part) => readHealth(part, depth + 1));
  return { name: health.name, status, reason: health.reason, parts };
}

/** What is stored may be from before manufacturer and model were known. */
function writeFacts(facts: NodeFacts): WireFacts {
  const stored: Partial<NodeFacts> = facts;
  const { manufacturer = '', model = '' } = stored;
  return { ...facts, manufacturer, model, bootedAt: writeTime(facts.bootedAtMs), addresses: [...facts.addresses] };
}

export function readFacts(facts: WireFacts): NodeFacts {
  const { bootedAt, ...rest } = facts;
  return { ...rest, bootedAtMs: readTime(bootedAt) };
}

function readVitals(vitals: WireVitals): NodeVitals {
  const { sampledAt, uptime, ...rest } = vitals;
  return { ...rest, sampledAtMs: readTime(sampledAt), uptimeMs: readDuration(uptime) };
}

function readSourceState(state: WireSourceState): SourceState {
  const { lag, lastRecordAt, ...rest } = state;
  return { ...rest, lagMs: readDuration(lag), lastRecordAtMs: readTime(lastRecordAt) };
}

export function writeSourceState(state: SourceState): WireSourceState {
  const { lagMs, lastRecordAtMs, ...rest } = state;
  return { ...rest, lag: writeDuration(lagMs), lastRecordAt: writeTime(lastRecordAtMs) };
}

export function writeNode(node: Node, connected: boolean): NodeStatusResponse {
  const { configurationState: configuration, facts, vitals } = node;
  return {
    id: node.id,
    name: node.name,
    status: statusNames[node.status],
    statusReason: node.statusReason,
    labels: { ...node.labels },
    operationalMode: writeMode(node.configuration.mode),
    facts: facts === undefined ? undefined : writeFacts(facts),
    vitals:
      vitals === undefined
        ? undefined
        : {
            ...vitals,
            sampledAt: writeTime(vitals.sampledAtMs),
            uptime: writeDuration(vitals.uptimeMs),
            disks: vitals.disks.map((disk) => ({ ...disk })),
            agentRestarts: vitals.agentRestarts ?? 0,
          },
    sources: node.sources.map(writeSourceState),
    registeredAt: writeTime(node.registeredAtMs),
    lastSeenAt: writeTime(node.lastSeenAtMs),
    agentVersion: node.agentVersion,
    configurationVersion: configuration.version,
    offeredConfigurationHash: configuration.offeredHash,
    runningConfigurationHash: configuration.runningHash,
    failedConfigurationHash: configuration.failedHash,
    configurationErrors: [...configuration.errors],
    certificateExpiresAt: writeTime(node.certificateExpiresAtMs),
    connected,
    oldestUnacknowledgedAge: writeDuration(node.oldestUnacknowledgedAgeMs),
    gapsTotal: node.gapsTotal,
  };
}

export function writeJoinToken(token: JoinToken): WireJoinToken {
  return {
    id: token.id,
    createdAt: writeTime(token.createdAtMs),
    expiresAt: writeTime(token.expiresAtMs),
    useLimit: token.useLimit,
    uses: token.uses,
    revoked: token.revoked,
    nodeName: token.nodeName,
    labels: { ...token.labels },
    createdBy: token.createdBy,
  };
}

export function writeControlMessage(nodeId: string, message: ControlMessage): ControlResponse {
  switch (message.kind) {
    case 'configuration': {
      const { version, hash } = message;
      return { message: { $case: 'configuration', value: { version, hash, body: writeNodeConfiguration(nodeId, message.body) } } };
    }
    case 'command':
      return { message: { $case: 'command', value: { id: message.id, command: writeCommand(message.command) } } };
    case 'report-full-state':
      return { message: { $case: 'reportFullState', value: {} } };
    case 'throttle': {
      const { maxBytesPerSecond, reason } = message;
      return { message: { $case: 'throttle', value: { maxBytesPerSecond, reason } } };
    }
  }
}

function writeCommand(command: NodeCommand) {
  switch (command.kind) {
    case 'collect-context':
      return { $case: 'collectContext', value: { source: command.source, lines: command.lines } } as const;
    case 'rescan':
      return { $case: 'rescan', value: {} } as const;
    case 'rotate-certificate':
      return { $case: 'rotateCertificate', value: {} } as const;
    case 'set-log-level':
      return { $case: 'setLogLevel', value: { level: command.level } } as const;
  }
}

// The Node Manager: which nodes there are, how they fare, and what they are told.
// Must never touch log data; it knows nodes only. One coordinator owns its nodes' live state and writes it through a store.
import type { Clock } from '../../base/clock.ts';
import { HephaestusError } from '../../base/errors.ts';
import type { Logger } from '../../base/logger.ts';
import { hashNodeConfiguration, type NodeConfiguration } from './node-configuration.ts';
import { createNode, requireValid } from './new-node.ts';
import { invalidNode, nodeNotFound, removedError, replacedError } from './node-errors.ts';
import type { NodeQuery, NodeStore } from './node-store.ts';
import { NodeSession, type ControlMessage, type Hello } from './node-session.ts';
import { statusAfterHealth, type CertificateTrust, type Heartbeat, type Node, type NodeFacts, type NodeStatus } from './node.ts';
import { NodeWatch } from './node-watch.ts';

export interface NodeManagerOptions {
  readonly store: NodeStore;
  readonly clock: Clock;
  readonly logger: Logger;
  /** What a new node is told unless it was announced with something else. */
  readonly defaultConfiguration: NodeConfiguration;
  /** Called with every change that is written at once: all but vitals and times. */
  readonly onChange?: ((before: Node, after: Node) => void) | undefined;
}

export interface NodeRegistration {
  readonly name: string;
  readonly labels: Readonly<Record<string, string>>;
  readonly configuration: NodeConfiguration | undefined;
}

const defaultHeartbeatMs = 10_000;
/** Heartbeats that may be missed before a node counts as inactive. */
const heartbeatsMissed = 3;
const namePattern = /^[A-Za-z0-9]([A-Za-z0-9._-]{0,251}[A-Za-z0-9])?$/;

export class NodeManager {
  readonly #options: NodeManagerOptions;
  readonly #nodes = new Map<string, Node>();
  readonly #sessions = new Map<string, NodeSession>();
  /** Changed by heartbeats only; written by flush, since a fleet would otherwise keep the disk busy. */
  readonly #unsaved = new Set<string>();
  readonly #watch = new NodeWatch();

  constructor(options: NodeManagerOptions) {
    this.#options = options;
  }

  /** Reads the nodes; call once before anything else. Nobody is connected yet, so live statuses wait for a heartbeat. */
  async load(): Promise<void> {
    for (const node of await this.#options.store.list(true)) this.#nodes.set(node.id, node);
  }

  /** Announces a node beforehand (RegisterNode). */
  async registerNode(registration: NodeRegistration): Promise<Node> {
    if (!namePattern.test(registration.name)) throw invalidNode('name', 'must be a host name: letters, digits, dots and dashes');
    if (this.findByName(registration.name) !== undefined) {
      throw new HephaestusError({ code: 'node.exists', kind: 'validation', message: `there is a node ${registration.name} already` });
    }
    const configuration = registration.configuration ?? this.#options.defaultConfiguration;
    requireValid(configuration);
    return this.#add(registration.name, registration.labels, configuration, undefined);
  }

  /** A node for a host that enrols: the announced one of that name, or a new one. See decisions on taking over names. */
  async admitNode(request: {
    readonly wantedName: string;
    /** The token names the node, so that an enrolled one may be taken over. */
    readonly bound: boolean;
    readonly labels: Readonly<Record<string, string>>;
    readonly facts: NodeFacts | undefined;
  }): Promise<Node> {
    const wanted = namePattern.test(request.wantedName) ? request.wantedName : 'node';
    const existing = this.findByName(wanted);
    if (existing !== undefined && (request.bound || awaits(existing, request.facts))) {
      const labels = { ...existing.labels, ...request.labels };
      return this.#change({ ...existing, labels, facts: request.facts ?? existing.facts });
    }
    let name = wanted;
    for (let suffix = 2; this.findByName(name) !== undefined; suffix++) name = `${wanted}-${suffix}`;
    return this.#add(name, request.labels, this.#options.defaultConfiguration, request.facts);
  }

  async recordCertificates(nodeId: string, serials: readonly string[], expiresAtMs: number, trust: CertificateTrust): Promise<void> {
    const node = this.getNode(nodeId);
    await this.#change({ ...node, certificateSerials: serials, certificateExpiresAtMs: expiresAtMs, certificateTrust: trust });
  }

  /** By id or name. @throws HephaestusError `node.not-found` */
  getNode(idOrName: string): Node {
    const node = this.#nodes.get(idOrName) ?? this.findByName(idOrName);
    if (node === undefined) throw nodeNotFound(idOrName);
    return node;
  }

  find(id: string): Node | undefined {
    return this.#nodes.get(id);
  }

  findByName(name: string): Node | undefined {
    for (const node of this.#nodes.values()) if (node.name === name && node.status !== 'removed') return node;
    return undefined;
  }

  /** By name, then id. Removed nodes only where their status is asked for. */
  listNodes(query: NodeQuery): readonly Node[] {
    const contained = query.nameContains.toLowerCase();
    return [...this.#nodes.values()]
      .filter((node) => (query.statuses.length === 0 ? node.status !== 'removed' : query.statuses.includes(node.status)))
      .filter((node) => node.name.toLowerCase().includes(contained))
      .filter((node) => Object.entries(query.labels).every(([key, value]) => node.labels[key] === value))
      .toSorted((left, right) => compare(left.name, right.name) || compare(left.id, right.id));
  }

  /** Every node, removed ones too, in no order. */
  all(): readonly Node[] {
    return [...this.#nodes.values()];
  }

  isConnected(nodeId: string): boolean {
    return this.#sessions.has(nodeId);
  }

  /** Sets a status by hand. @throws HephaestusError for `removed`, which only removeNode gives */
  async updateNodeStatus(nodeId: string, status: NodeStatus, reason: string): Promise<Node> {
    const node = this.getNode(nodeId);
    if (node.status === 'removed') throw removedError(node.id);
    if (status === 'removed') throw invalidNode('status', 'is not set by hand; remove the node instead');
    return this.#change({ ...node, status, statusReason: reason });
  }

  /** Ends its streams and refuses its certificate from now on; its history stays. */
  async removeNode(idOrName: string): Promise<void> {
    const node = this.getNode(idOrName);
    if (node.status === 'removed') return;
    await this.#change({ ...node, status: 'removed', statusReason: 'removed by an operator', certificateSerials: [] });
    this.#sessions.get(node.id)?.end(removedError(node.id));
    this.#sessions.delete(node.id);
    this.#options.logger.info('node removed', { nodeId: node.id, node: node.name });
  }

  /** @param expectedVersion refused unless it is the current one; 0 doesn't care */
  async updateNodeConfiguration(idOrName: string, configuration: NodeConfiguration, expectedVersion: number): Promise<Node> {
    const node = this.getNode(idOrName);
    if (node.status === 'removed') throw removedError(node.id);
    requireValid(configuration);
    const current = node.configurationState.version;
    if (expectedVersion !== 0 && expectedVersion !== current) {
      throw new HephaestusError({
        code: 'node.configuration-changed',
        kind: 'validation',
        message: `the configuration of ${node.name} is at version ${current}, not ${expectedVersion}; read it again`,
      });
    }
    const hash = hashNodeConfiguration(configuration);
    if (hash === node.configurationState.offeredHash) return node;
    const state = { ...node.configurationState, version: current + 1, offeredHash: hash };
    const changed = await this.#change({ ...node, configuration, configurationState: state });
    this.#sessions.get(node.id)?.push(configurationMessage(changed));
    return changed;
  }

  /** Whether a certificate of this node counts: it is known, not removed, and the serial is one of the last two. */
  accepts(nodeId: string, serial: string): boolean {
    const node = this.#nodes.get(nodeId);
    return node !== undefined && node.status !== 'removed' && node.certificateSerials.includes(serial);
  }

  /** An agent said hello: its session begins and replaces an older one. The configuration follows if it runs another. */
  async connect(hello: Hello): Promise<NodeSession> {
    const node = this.getNode(hello.nodeId);
    if (node.status === 'removed') throw removedError(node.id);
    this.#sessions.get(node.id)?.end(replacedError(node.id));
    const session = new NodeSession(node.id, hello.sessionEpoch);
    this.#sessions.set(node.id, session);
    const changed = await this.#change({
      ...node,
      status: node.status === 'processing' ? 'processing' : 'operational',
      statusReason: node.status === 'processing' ? node.statusReason : '',
      facts: hello.facts ?? node.facts,
      agentVersion: hello.version,
      lastSeenAtMs: this.#options.clock.now(),
      configurationState: { ...node.configurationState, runningHash: hello.configurationHash },
    });
    if (changed.configurationState.version > 0 && changed.configurationState.offeredHash !== hello.configurationHash) {
      session.push(configurationMessage(changed));
    }
    this.#options.logger.info('node connected', { nodeId: node.id, node: node.name, version: hello.version, epoch: hello.sessionEpoch });
    return session;
  }

  /** The control stream ended; the node turns inactive when its heartbeats stay away. */
  disconnect(session: NodeSession): void {
    if (this.#sessions.get(session.nodeId) !== session) return;
    this.#sessions.delete(session.nodeId);
    const node = this.#nodes.get(session.nodeId);
    if (node !== undefined) this.#watch.publish(node);
    this.#options.logger.info('node disconnected', { nodeId: session.nodeId, node: node?.name });
  }

  currentSession(nodeId: string): NodeSession | undefined {
    return this.#sessions.get(nodeId);
  }

  async heartbeat(session: NodeSession, heartbeat: Heartbeat): Promise<void> {
    const node = this.#nodes.get(session.nodeId);
    if (node === undefined || node.status === 'removed') return;
    const byHealth = heartbeat.health === undefined ? undefined : statusAfterHealth(node.status, heartbeat.health);
    // Back from being away, with nothing said about health.
    const status = byHealth ?? (node.status === 'inactive' ? { status: 'operational' as const, reason: '' } : undefined);
    const changed: Node = {
      ...node,
      status: status?.status ?? node.status,
      statusReason: status === undefined ? node.statusReason : status.reason,
      facts: heartbeat.facts ?? node.facts,
      vitals: heartbeat.vitals ?? node.vitals,
      sources: heartbeat.sources.length === 0 ? node.sources : heartbeat.sources,
      lastSeenAtMs: this.#options.clock.now(),
      oldestUnacknowledgedAgeMs: heartbeat.oldestUnacknowledgedAgeMs,
      gapsTotal: heartbeat.gapsTotal,
    };
    if (changed.status !== node.status || heartbeat.facts !== undefined) {
      await this.#change(changed);
      return;
    }
    this.#nodes.set(node.id, changed);
    this.#unsaved.add(node.id);
    this.#watch.publish(changed);
  }

  async configurationStatus(
    session: NodeSession,
    status: { readonly runningHash: string; readonly failedHash: string; readonly errors: readonly string[] },
  ): Promise<void> {
    const node = this.#nodes.get(session.nodeId);
    if (node === undefined) return;
    if (status.errors.length > 0) this.#options.logger.warn('node refused its configuration', { nodeId: node.id, reasons: status.errors });
    await this.#change({ ...node, configurationState: { ...node.configurationState, ...status } });
  }

  /** Every change from now on; the current state of each node comes first. */
  async *watchNodes(ids: readonly string[], signal: AbortSignal): AsyncGenerator<Node> {
    const wanted = new Set(ids.map((id) => this.getNode(id).id));
    const present = this.all().filter((node) => node.status !== 'removed');
    yield* this.#watch.follow(present, wanted, signal);
  }

  /** Marks nodes whose heartbeats stay away as inactive, and writes what heartbeats changed. Called every second or so. */
  async tick(): Promise<void> {
    const nowMs = this.#options.clock.now();
    for (const node of this.#nodes.values()) {
      if (node.lastSeenAtMs === undefined || node.status === 'removed' || node.status === 'inactive') continue;
      const intervalMs = node.configuration.heartbeatIntervalMs === 0 ? defaultHeartbeatMs : node.configuration.heartbeatIntervalMs;
      if (nowMs - node.lastSeenAtMs < intervalMs * heartbeatsMissed) continue;
      await this.#change({
        ...node,
        status: 'inactive',
        statusReason: `no heartbeat for ${Math.round((nowMs - node.lastSeenAtMs) / 1000)} s`,
      });
      this.#options.logger.warn('node is silent', { nodeId: node.id, node: node.name });
    }
  }

  /** Writes what heartbeats changed. */
  async flush(): Promise<void> {
    const nodes = [...this.#unsaved].flatMap((id) => this.#nodes.get(id) ?? []);
    this.#unsaved.clear();
    if (nodes.length > 0) await this.#options.store.saveAll(nodes);
  }

  /** Status to count, all statuses present. */
  countByStatus(): ReadonlyMap<NodeStatus, number> {
    const counts = new Map<NodeStatus, number>();
    for (const node of this.#nodes.values()) counts.set(node.status, (counts.get(node.status) ?? 0) + 1);
    return counts;
  }

  /** Ends every session; agents come back by themselves. */
  close(reason: HephaestusError): void {
    for (const session of this.#sessions.values()) session.end(reason);
    this.#sessions.clear();
  }

  async #add(
    name: string,
    labels: Readonly<Record<string, string>>,
    configuration: NodeConfiguration,
    facts: NodeFacts | undefined,
  ): Promise<Node> {
    return this.#change(createNode(name, labels, configuration, facts, this.#options.clock.now()));
  }

  async #change(node: Node): Promise<Node> {
    const before = this.#nodes.get(node.id);
    // In memory first: what arrives while the store writes must build on this.
    this.#nodes.set(node.id, node);
    if (before !== undefined) this.#options.onChange?.(before, node);
    this.#watch.publish(node);
    await this.#options.store.save(node);
    return node;
  }
}

/**
 * Whether a host with any token may become this node: it was announced and nobody enrolled as it yet, or the same host
 * enrolled, never came, and tries again because the answer was lost. A node that was seen is never taken over so.
 */
function awaits(node: Node, facts: NodeFacts | undefined): boolean {
  if (node.lastSeenAtMs !== undefined) return false;
  const machineId = facts?.machineId ?? '';
  return node.certificateSerials.length === 0 || (machineId !== '' && node.facts?.machineId === machineId);
}

function configurationMessage(node: Node): ControlMessage {
  const { version, offeredHash } = node.configurationState;
  return { kind: 'configuration', version, hash: offeredHash, body: node.configuration };
}

function compare(left: string, right: string): number {
  return left < right ? -1 : left > right ? 1 : 0;
}

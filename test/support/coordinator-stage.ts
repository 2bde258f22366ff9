// A real coordinator in this process, in a temporary folder on a free port, with its operators and scripted nodes.
// Must never replace a part of the coordinator; it is composed as in production.
import { mkdtemp, readFile, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { crc32, zstdCompressSync } from 'node:zlib';
import { silentLogger, type Logger } from '../../base/logger.ts';
import { createChannel } from '../../base/channel.ts';
import { systemClock, type Clock } from '../../base/clock.ts';
import { createCertificateRequest, generateNodeKey } from '../../agent/session/certificate-request.ts';
import { openConnection, type Connection } from '../../agent/session/connection.ts';
import { connectOperator, type OperatorConnection } from '../../coordinator/cli/client.ts';
import { compose, type Coordinator } from '../../coordinator/compose.ts';
import { coordinatorConfigurationSchema } from '../../coordinator/config.ts';
import { initializeState } from '../../coordinator/state-directory.ts';
import { StreamLogsRequest } from '../../proto/index.ts';
import type { ControlRequest, ControlResponse, LogAck, LogBatch, Position, Welcome } from '../../proto/index.ts';
import { Codec } from '../../proto/index.ts';

export interface CoordinatorStage extends AsyncDisposable {
  readonly directory: string;
  readonly caPem: string;
  readonly coordinator: Coordinator;
  readonly port: number;
  readonly operator: OperatorConnection;
  /** Enrols a fresh host by a new token and connects it. */
  joinNode(name?: string): Promise<ScriptedNode>;
  /** As joinNode, with a token of the test's. */
  enrol(joinToken: string, name: string): Promise<ScriptedNode>;
  /** @param authoritiesPem whom to trust instead of the authority that init made */
  connect(identity?: { keyPem: string; chainPem: string }, authoritiesPem?: string): Connection;
  /** Stops it without ceremony towards its agents, and starts it again on the same state; `meanwhile` is done in between. */
  restart(changes?: Record<string, unknown>, meanwhile?: () => Promise<void>): Promise<void>;
}

export async function stageCoordinator(
  settings: Record<string, unknown> = {},
  logger: Logger = silentLogger,
  clock: Clock = systemClock,
): Promise<CoordinatorStage> {
  const directory = await mkdtemp(join(tmpdir(), 'hephaestus-coordinator-'));
  const configure = (changes: Record<string, unknown>) => coordinatorConfigurationSchema.parse({ ...base, ...settings, ...changes });
  const base = {
    stateDirectory: directory,
    listen: '127.0.0.1:0',
    ops: { listen: '127.0.0.1:0' },
  };
  await initializeState(directory, systemClock);
  const caPem = await readFile(join(directory, 'ca.crt'), 'utf8');
  const token = (await readFile(join(directory, 'admin.token'), 'utf8')).trim();
  let coordinator = await compose(configure({}), { logger, clock });
  await coordinator.start();
  const openOperator = (): OperatorConnection =>
    connectOperator({ address: `127.0.0.1:${coordinator.api.port()}`, caPem: Buffer.from(caPem), token, timeoutMs: 10_000 });
  let operator = openOperator();
  const connections = new Set<Connection>();
  const connect: CoordinatorStage['connect'] = (identity, authoritiesPem = caPem) => {
    const connection = openConnection({
      address: { host: '127.0.0.1', port: coordinator.api.port() },
      authoritiesPem,
      identity,
    });
    connections.add(connection);
    return connection;
  };
  return {
    directory,
    caPem,
    connect,
    get coordinator() {
      return coordinator;
    },
    get port() {
      return coordinator.api.port();
    },
    get operator() {
      return operator;
    },
    enrol: (joinToken, name) => enrolNode(connect, joinToken, name),
    async joinNode(name = 'web-1') {
      const { secret } = await operator.nodes.createJoinToken({ useLimit: 1 });
      return enrolNode(connect, secret, name);
    },
    async restart(changes = {}, meanwhile = async () => undefined) {
      operator.close();
      await coordinator.stop();
      await meanwhile();
      coordinator = await compose(configure(changes), { logger, clock });
      await coordinator.start();
      operator = openOperator();
    },
    async [Symbol.asyncDispose]() {
      operator.close();
      for (const connection of connections) connection.close();
      await coordinator.stop();
      await rm(directory, { recursive: true, force: true });
    },
  };
}

export interface ScriptedNode {
  readonly nodeId: string;
  readonly identity: { readonly keyPem: string; readonly chainPem: string };
  readonly connection: Connection;
  /** Says hello on a new control stream; a fresh connection unless told otherwise. */
  hello(epoch: number, connection?: Connection): Promise<ScriptedSession>;
}

export interface ScriptedSession {
  readonly welcome: Welcome;
  readonly epoch: number;
  send(message: NonNullable<ControlRequest['message']>): void;
  /** The next message of the control stream; rejects when it ended with an error. */
  receive(): Promise<ControlResponse>;
  openLogStream(): ScriptedLogStream;
  end(): void;
}

export interface ScriptedLogStream {
  send(message: NonNullable<StreamLogsRequest['message']>): void;
  /** The next acknowledgement. */
  receive(): Promise<LogAck>;
  end(): void;
}

/** @param connect opens a connection as a node, or as a stranger */
export async function enrolNode(connect: CoordinatorStage['connect'], joinToken: string, hostname: string): Promise<ScriptedNode> {
  const keyPem = generateNodeKey();
  const anonymous = connect();
  const answer = await anonymous.enrollment.enroll({
    joinToken,
    certificateSigningRequest: createCertificateRequest(keyPem),
    facts: { hostname },
  });
  anonymous.close();
  const identity = { keyPem, chainPem: answer.certificateChain };
  const connection = connect(identity);
  const { nodeId } = answer;
  return { nodeId, identity, connection, hello: (epoch, other) => sayHello(other ?? connection, nodeId, epoch) };
}

async function sayHello(connection: Connection, nodeId: string, epoch: number): Promise<ScriptedSession> {
  const outgoing = createChannel<ControlRequest>(1000);
  const ending = new AbortController();
  const incoming = connection.agent.control(outgoing, { signal: ending.signal })[Symbol.asyncIterator]();
  const send: ScriptedSession['send'] = (message) => void outgoing.trySend({ message });
  send({
    $case: 'hello',
    value: { nodeId, bootId: 'b', sessionEpoch: epoch, version: 'test', capabilities: [], configurationHash: '', facts: undefined },
  });
  const receive = async (): Promise<ControlResponse> => {
    const next = await incoming.next();
    if (next.done === true) throw new Error('the control stream ended');
    return next.value;
  };
  const { message } = await receive();
  if (message?.$case !== 'welcome') throw new Error(`not welcomed: ${message?.$case}`);
  return {
    welcome: message.value,
    epoch,
    send,
    receive,
    openLogStream: () => openLogStream(connection),
    end: () => ending.abort(),
  };
}

function openLogStream(connection: Connection): ScriptedLogStream {
  const outgoing = createChannel<Uint8Array>(100_000);
  const incoming = connection.agent.streamLogs(outgoing)[Symbol.asyncIterator]();
  return {
    send: (message) => void outgoing.trySend(StreamLogsRequest.encode({ message }).finish()),
    async receive() {
      const next = await incoming.next();
      if (next.done === true) throw new Error('the log stream ended');
      if (next.value.ack === undefined) throw new Error('an answer without acknowledgement');
      return next.value.ack;
    },
    end: () => outgoing.close(),
  };
}

/**
 * Ships lines of one file in a session of its own, beginning at byte `start`, and waits until they are committed.
 * @returns where the file ends
 */
export async function shipLines(
  stage: Pick<CoordinatorStage, 'connect'>,
  node: ScriptedNode,
  epoch: number,
  start: number,
  lines: readonly string[],
  more: { readonly source?: string; readonly readAtMs?: number; readonly compress?: boolean } = {},
): Promise<number> {
  const session = await node.hello(epoch, stage.connect(node.identity));
  const stream = session.openLogStream();
  const batch = batchOf(lines, { epoch, sequence: 1, start, ...more });
  stream.send(batch);
  await stream.receive();
  session.end();
  return start + batch.value.uncompressedLength;
}

export function filePosition(offset: number, inode = '42', generation = 0): Position {
  const identity = { device: '1', inode, fingerprint: Buffer.alloc(16), fingerprintLength: 16, generation };
  return { at: { $case: 'file', value: { identity, offset, path: '/var/log/app.log' } } };
}

/** A batch of lines of one file, beginning at byte `start`. */
export function batchOf(
  lines: readonly string[],
  settings: {
    epoch: number;
    sequence: number;
    start: number;
    source?: string;
    inode?: string;
    compress?: boolean;
    readAtMs?: number;
    labels?: Record<string, string>;
  },
): { $case: 'batch'; value: LogBatch } {
  const records = lines.map((line) => Buffer.from(`${line}\n`));
  const bytes = Buffer.concat(records);
  const compress = settings.compress ?? false;
  return {
    $case: 'batch',
    value: {
      epoch: settings.epoch,
      sequence: settings.sequence,
      source: settings.source ?? 'app',
      start: filePosition(settings.start, settings.inode),
      end: filePosition(settings.start + bytes.length, settings.inode),
      payload: compress ? zstdCompressSync(bytes) : bytes,
      recordLengths: records.map((record) => record.length),
      readAt: new Date(settings.readAtMs ?? Date.now()),
      codec: compress ? Codec.ZSTD : Codec.NONE,
      crc32: crc32(bytes),
      uncompressedLength: bytes.length,
      flags: 0,
      path: '/var/log/app.log',
      alsoSettled: [],
      service: '',
      labels: settings.labels ?? {},
    },
  };
}

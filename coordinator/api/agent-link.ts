// AgentService: the control stream and the log stream of each node.
// Must never take a node's id from a message: it is the certificate's, and a message that says otherwise ends the stream.
import type { CallContext, ServerError } from 'nice-grpc';
import type { Clock } from '../../base/clock.ts';
import { HephaestusError } from '../../base/errors.ts';
import type { Logger } from '../../base/logger.ts';
import { version } from '../../base/version.ts';
import type {
  AgentServiceImplementation,
  ControlRequest,
  ControlResponse,
  StreamLogsRequest,
  StreamLogsResponse,
} from '../../proto/index.ts';
import type { RunningRevisions } from '../incidents/running-revisions.ts';
import type { Shipment, SourcePosition } from '../logs/log-batch.ts';
import type { IngestSession } from '../logs/ingest-session.ts';
import type { NodeManager } from '../nodes/node-manager.ts';
import type { NodeQuestions } from '../nodes/node-questions.ts';
import type { NodeSession } from '../nodes/node-session.ts';
import type { CallIdentity, NodeIdentity } from './call-identity.ts';
import { toServerError } from './errors.ts';
import { readShipment, writeAcknowledgement, writeSourcePosition } from './wire-log.ts';
import { readHeartbeat, readHello, readRevisions, writeControlMessage } from './wire-node.ts';
import { writeDuration } from './wire-values.ts';

/** What of ingest the link needs, whatever is observed there. */
export interface LogIntake {
  beginSession(nodeId: string, epoch: number): Promise<{ readonly session: IngestSession; readonly positions: readonly SourcePosition[] }>;
  currentSession(nodeId: string): IngestSession | undefined;
  endSession(session: IngestSession): void;
  accept(session: IngestSession, shipment: Shipment): Promise<void>;
  drain(): Promise<void>;
}

export interface AgentLinkOptions {
  readonly nodes: NodeManager;
  readonly intake: LogIntake;
  readonly revisions: Pick<RunningRevisions, 'report'>;
  readonly questions: Pick<NodeQuestions, 'answer'>;
  readonly clock: Clock;
  readonly logger: Logger;
  readonly heartbeatIntervalMs: number;
  readonly maxBatchBytes: number;
  readonly initialCreditBytes: number;
}

type Context = CallContext & { readonly identity: CallIdentity };

export function createAgentLink(options: AgentLinkOptions): AgentServiceImplementation<{ identity: CallIdentity }> {
  return {
    control: (request, context) => runControl(options, request, context),
    streamLogs: (request, context) => runLogStream(options, request, context),
  };
}

async function* runControl(
  options: AgentLinkOptions,
  request: AsyncIterable<ControlRequest>,
  context: Context,
): AsyncGenerator<ControlResponse> {
  const { nodes, intake, clock } = options;
  const identity = nodeIdentity(context);
  const messages = request[Symbol.asyncIterator]();
  const first = await messages.next();
  const hello = first.done === true ? undefined : first.value.message;
  if (hello?.$case !== 'hello') throw protocolError('the first message of a control stream is Hello');
  if (hello.value.nodeId !== identity.nodeId) throw impersonation(hello.value.nodeId, identity.nodeId);

  const session = await nodes.connect(readHello(hello.value));
  const stopExpiry = endAtExpiry(session, identity, clock);
  try {
    const { positions } = await intake.beginSession(identity.nodeId, session.epoch);
    const configuredMs = nodes.getNode(identity.nodeId).configuration.heartbeatIntervalMs;
    yield {
      message: {
        $case: 'welcome',
        value: {
          coordinatorVersion: version,
          positions: positions.map(writeSourcePosition),
          heartbeatInterval: writeDuration(configuredMs === 0 ? options.heartbeatIntervalMs : configuredMs),
          maxBatchBytes: options.maxBatchBytes,
          initialCreditBytes: options.initialCreditBytes,
          serverTime: new Date(clock.now()),
        },
      },
    };
    const reading = readControl(options, session, messages);
    // Its failure is what the session ends with; the generator below then stops.
    reading.then(
      () => session.end(endedByAgent()),
      (thrown: unknown) => session.end(HephaestusError.from(thrown)),
    );
    for await (const message of session.messages()) yield writeControlMessage(identity.nodeId, message);
    throwUnlessEndedByAgent(session);
  } finally {
    stopExpiry();
    session.end(endedByAgent());
    nodes.disconnect(session);
  }
}

async function readControl(options: AgentLinkOptions, session: NodeSession, messages: AsyncIterator<ControlRequest>): Promise<void> {
  const { nodes, logger } = options;
  for (let next = await messages.next(); next.done !== true; next = await messages.next()) {
    if (session.signal.aborted) return;
    const { message } = next.value;
    switch (message?.$case) {
      case 'heartbeat':
        await nodes.heartbeat(session, readHeartbeat(message.value));
        await options.revisions.report(session.nodeId, readRevisions(message.value));
        break;
      case 'configStatus': {
        const { runningHash, lastFailedHash, reasons } = message.value;
        await nodes.configurationStatus(session, { runningHash, failedHash: lastFailedHash, errors: reasons });
        break;
      }
      case 'commandResult': {
        const { commandId, ok, message: text, payload } = message.value;
        logger.info('command finished', { nodeId: session.nodeId, commandId, ok, result: text });
        options.questions.answer(session.nodeId, commandId, { ok, message: text, payload });
        break;
      }
      case 'hello':
        throw protocolError('Hello comes once, at the beginning of a control stream');
      case undefined:
        // Of a newer agent; it will do without an answer.
        break;
    }
  }
}

async function* runLogStream(
  options: AgentLinkOptions,
  request: AsyncIterable<StreamLogsRequest>,
  context: Context,
): AsyncGenerator<StreamLogsResponse> {
  const { nodes, intake } = options;
  const identity = nodeIdentity(context);
  const session = intake.currentSession(identity.nodeId);
  const control = nodes.currentSession(identity.nodeId);
  if (session === undefined || control === undefined || session.epoch !== control.epoch) {
    throw new HephaestusError({
      code: 'session.none',
      kind: 'operational',
      retry: 'safe',
      message: 'a log stream needs a control stream that was welcomed',
    });
  }
  const endWithControl = (): void => intake.endSession(session);
  control.signal.addEventListener('abort', endWithControl, { once: true });
  if (control.signal.aborted) endWithControl();
  let failure: ServerError | undefined;
  const reading = readShipments(intake, session, request);
  reading.then(
    () => intake.endSession(session),
    (thrown: unknown) => {
      failure = toServerError(thrown);
      intake.endSession(session);
    },
  );
  try {
    for await (const acknowledgement of session.acknowledgements()) yield { ack: writeAcknowledgement(acknowledgement) };
    if (failure !== undefined) throw failure;
    if (control.signal.aborted && control.signal.reason instanceof HephaestusError) throw control.signal.reason;
  } finally {
    control.signal.removeEventListener('abort', endWithControl);
    intake.endSession(session);
  }
}

async function readShipments(intake: LogIntake, session: IngestSession, request: AsyncIterable<StreamLogsRequest>): Promise<void> {
  for await (const message of request) {
    if (session.isEnded) return;
    const shipment = readShipment(message);
    if (shipment === undefined) throw protocolError('the log stream takes batches and gaps');
    if (shipment.epoch !== session.epoch) throw protocolError(`epoch ${shipment.epoch} is not the session's, ${session.epoch}`);
    await intake.accept(session, shipment);
  }
  // The agent is done sending; what is under way is acknowledged before the stream ends.
  await intake.drain();
}

/** A stream may not outlive the certificate that opened it; the agent comes back with a fresh one. */
function endAtExpiry(session: NodeSession, identity: NodeIdentity, clock: Clock): () => void {
  const controller = new AbortController();
  clock.sleep(identity.expiresAtMs - clock.now(), controller.signal).then(
    () =>
      session.end(
        new HephaestusError({
          code: 'session.certificate-expired',
          kind: 'operational',
          retry: 'safe',
          message: 'the certificate of this connection expired; renew it and connect again',
        }),
      ),
    () => undefined,
  );
  return () => controller.abort();
}

function nodeIdentity(context: Context): NodeIdentity {
  const { node } = context.identity;
  if (node === undefined)
    throw new HephaestusError({ code: 'node.unauthenticated', kind: 'validation', message: 'this needs the certificate of a node' });
  return node;
}

function endedByAgent(): HephaestusError {
  return new HephaestusError({ code: 'session.ended', kind: 'operational', retry: 'safe', message: 'the agent ended the stream' });
}

function throwUnlessEndedByAgent(session: NodeSession): void {
  const reason: unknown = session.signal.reason;
  if (reason instanceof HephaestusError && reason.code !== 'session.ended') throw reason;
}

function protocolError(message: string): HephaestusError {
  return new HephaestusError({ code: 'session.protocol', kind: 'validation', message });
}

function impersonation(claimed: string, actual: string): HephaestusError {
  return new HephaestusError({
    code: 'node.impersonation',
    kind: 'validation',
    message: `the message says node ${claimed}, the certificate says ${actual}`,
  });
}

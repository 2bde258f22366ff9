// A coordinator whose answers a test writes: real TLS and gRPC, a ledger instead of a database, faults on demand.
// Must never be gentler than the real one: what breaks the protocol is refused and lands in the ledger's breaches.
import { setTimeout as sleep } from 'node:timers/promises';
import { ServerCredentials } from '@grpc/grpc-js';
import { ServerError, Status, createServer, type Server } from 'nice-grpc';
import {
  AgentServiceDefinition,
  EnrollmentServiceDefinition,
  NackReason,
  type Command,
  type ControlRequest,
  type ControlResponse,
  type EnrollRequest,
  type Heartbeat,
  type Hello,
  type RenewRequest,
  type StreamLogsRequest,
} from '../../proto/index.ts';
import { createChannel, type Channel } from '../../base/channel.ts';
import { ShipmentLedger } from './shipment-ledger.ts';
import { createThrowawayAuthority, type Life, type ThrowawayAuthority } from './throwaway-authority.ts';

/** What a test changes while things run. */
export interface Behaviour {
  creditBytes: number;
  maxBatchBytes: number;
  heartbeatMs: number;
  /** Between commit and acknowledgement. */
  ackDelayMs: number;
  /** While true, nothing is read off log streams. */
  isDeaf: boolean;
  /** Between Hello and Welcome. */
  greetingDelayMs: number;
  /** Committed, and then never acknowledged. */
  swallowAcks: boolean;
  /** Each acknowledgement is sent again, and one for a sequence that was never sent, and one of the past. */
  oddAcks: boolean;
  /** Asked for each batch with records before it is committed; a refusal is answered instead. */
  refuse: ((sequence: number, source: string) => { readonly reason: NackReason; readonly retryAfterMs?: number } | undefined) | undefined;
  /** Life of the node certificates that are issued; undefined: an hour. */
  certificateLife: (() => Life) | undefined;
  /** Why tokens are refused; undefined: they are taken. */
  tokenRefusal: string | undefined;
  /** Why Hello is refused. */
  helloRefusal: { readonly status: Status; readonly message: string } | undefined;
}

export interface ScriptedCoordinatorOptions {
  readonly ledger?: ShipmentLedger;
  readonly authority?: ThrowawayAuthority;
  readonly behaviour?: Partial<Behaviour>;
  /** Names in the server's certificate. */
  readonly serverNames?: readonly string[];
}

const secret = 'throwaway-secret';
const mostMessageBytes = 8 * 1024 * 1024;

export class ScriptedCoordinator {
  readonly ledger: ShipmentLedger;
  readonly behaviour: Behaviour;
  readonly hellos: Hello[] = [];
  readonly heartbeats: Heartbeat[] = [];
  /** Everything else that came on control streams. */
  readonly controlMessages: NonNullable<ControlRequest['message']>[] = [];
  readonly enrolments: EnrollRequest[] = [];
  readonly renewals: RenewRequest[] = [];
  readonly authority: ThrowawayAuthority;
  readonly #serverNames: readonly string[] | undefined;
  #server: Server | undefined;
  #port = 0;
  #latestEpoch = 0;
  readonly #controls = new Set<Channel<ControlResponse>>();

  private constructor(authority: ThrowawayAuthority, options: ScriptedCoordinatorOptions) {
    this.authority = authority;
    this.ledger = options.ledger ?? new ShipmentLedger();
    this.#serverNames = options.serverNames;
    this.behaviour = {
      creditBytes: 4 * 1024 * 1024,
      maxBatchBytes: 0,
      heartbeatMs: 200,
      ackDelayMs: 0,
      isDeaf: false,
      greetingDelayMs: 0,
      swallowAcks: false,
      oddAcks: false,
      refuse: undefined,
      certificateLife: undefined,
      tokenRefusal: undefined,
      helloRefusal: undefined,
      ...options.behaviour,
    };
  }

  static async start(options: ScriptedCoordinatorOptions = {}): Promise<ScriptedCoordinator> {
    const coordinator = new ScriptedCoordinator(options.authority ?? (await createThrowawayAuthority()), options);
    await coordinator.listen();
    return coordinator;
  }

  get address(): string {
    return `127.0.0.1:${this.#port}`;
  }

  get port(): number {
    return this.#port;
  }

  get joinToken(): string {
    return `heph1.${this.authority.keyHash}.t1.${secret}`;
  }

  /** Listens (again), on the port that it had before. */
  async listen(): Promise<void> {
    const { keyPem, chainPem } = await this.authority.issueServer(this.#serverNames);
    const server = createServer({ 'grpc.max_receive_message_length': mostMessageBytes });
    server.add(EnrollmentServiceDefinition, {
      enroll: (request) => this.#enroll(request),
      renew: (request) => this.#renew(request),
    });
    server.add(AgentServiceDefinition, {
      control: (requests, { signal }) => this.#control(requests, signal),
      streamLogs: (requests, { signal }) => this.#streamLogs(requests, signal),
    });
    const credentials = ServerCredentials.createSsl(Buffer.from(this.authority.pem), [
      { private_key: Buffer.from(keyPem), cert_chain: Buffer.from(chainPem) },
    ]);
    this.#port = await server.listen(`127.0.0.1:${this.#port}`, credentials);
    this.#server = server;
  }

  /** Breaks every connection and listens no more, as a killed process would. */
  kill(): void {
    this.#server?.forceShutdown();
    this.#server = undefined;
  }

  /** Sends GOAWAY and waits until the streams end, those over dead connections for so long only. */
  async goAway(limitMs = 10_000): Promise<void> {
    const server = this.#server;
    this.#server = undefined;
    const over = new AbortController();
    const limit = sleep(limitMs, undefined, { signal: over.signal }).then(
      () => server?.forceShutdown(),
      () => undefined,
    );
    await Promise.race([server?.shutdown(), limit]);
    over.abort();
  }

  /** Says something on every control stream. */
  say(message: NonNullable<ControlResponse['message']>): void {
    for (const control of this.#controls) control.trySend({ message });
  }

  /** Asks for something on every control stream. */
  command(command: NonNullable<Command['command']>): void {
    this.say({ $case: 'command', value: { id: 'c1', command } });
  }

  async #enroll(request: EnrollRequest) {
    this.enrolments.push(request);
    const { tokenRefusal } = this.behaviour;
    if (request.joinToken !== this.joinToken) throw new ServerError(Status.UNAUTHENTICATED, 'the join token is not known');
    if (tokenRefusal !== undefined) throw new ServerError(Status.UNAUTHENTICATED, tokenRefusal);
    const nodeId = request.facts?.hostname ?? 'node';
    return { nodeId, certificateChain: await this.#issue(nodeId, request.certificateSigningRequest), caBundle: this.authority.pem };
  }

  async #renew(request: RenewRequest) {
    this.renewals.push(request);
    return { certificateChain: await this.#issue('renewed', request.certificateSigningRequest), caBundle: this.authority.pem };
  }

  #issue(nodeId: string, request: Uint8Array): Promise<string> {
    return this.authority.issueNode(nodeId, request, this.behaviour.certificateLife?.());
  }

  async *#control(requests: AsyncIterable<ControlRequest>, signal: AbortSignal): AsyncGenerator<ControlResponse> {
    const outgoing = createChannel<ControlResponse>(64);
    this.#controls.add(outgoing);
    signal.addEventListener('abort', () => outgoing.close(), { once: true });
    void this.#readControl(requests, outgoing);
    try {
      yield* outgoing;
    } finally {
      this.#controls.delete(outgoing);
    }
  }

  async #readControl(requests: AsyncIterable<ControlRequest>, outgoing: Channel<ControlResponse>): Promise<void> {
    try {
      for await (const { message } of requests) {
        if (message?.$case === 'hello') await this.#greet(message.value, outgoing);
        else if (message?.$case === 'heartbeat') this.heartbeats.push(message.value);
        else if (message !== undefined) this.controlMessages.push(message);
      }
      outgoing.close();
    } catch (error) {
      outgoing.close(error instanceof Error ? error : new Error(String(error)));
    }
  }

  async #greet(hello: Hello, outgoing: Channel<ControlResponse>): Promise<void> {
    const { helloRefusal, greetingDelayMs, creditBytes, maxBatchBytes, heartbeatMs } = this.behaviour;
    if (hello.sessionEpoch <= this.#latestEpoch) this.ledger.breaches.push(`epoch ${hello.sessionEpoch} does not rise`);
    this.#latestEpoch = hello.sessionEpoch;
    this.hellos.push(hello);
    if (helloRefusal !== undefined) throw new ServerError(helloRefusal.status, helloRefusal.message);
    if (greetingDelayMs > 0) await sleep(greetingDelayMs);
    outgoing.trySend({
      message: {
        $case: 'welcome',
        value: {
          coordinatorVersion: 'scripted',
          positions: this.ledger.positions(),
          heartbeatInterval: { seconds: Math.trunc(heartbeatMs / 1000), nanos: (heartbeatMs % 1000) * 1e6 },
          maxBatchBytes,
          initialCreditBytes: creditBytes,
          serverTime: new Date(),
        },
      },
    });
  }

  async *#streamLogs(requests: AsyncIterable<StreamLogsRequest>, signal: AbortSignal) {
    /** After a refusal everything is passed over until the refused one comes again. */
    let awaited: number | undefined;
    let expected = 1;
    for await (const { message } of requests) {
      while (this.behaviour.isDeaf && !signal.aborted) await sleep(10);
      if (message === undefined) continue;
      const { epoch, sequence, source } = message.value;
      if (epoch !== this.#latestEpoch) return;
      if (awaited !== undefined && sequence !== awaited) continue;
      awaited = undefined;
      if (sequence !== expected) this.ledger.breaches.push(`sequence ${sequence} came instead of ${expected}`);
      const hasRecords = message.$case === 'batch' && message.value.recordLengths.length > 0;
      const refusal = hasRecords ? this.behaviour.refuse?.(sequence, source) : undefined;
      if (refusal !== undefined) {
        awaited = sequence;
        yield nack(epoch, sequence, refusal.reason, refusal.retryAfterMs);
        continue;
      }
      const outcome = message.$case === 'batch' ? this.ledger.commitBatch(message.value) : this.ledger.commitGap(message.value);
      if (outcome !== 'committed') {
        awaited = sequence;
        yield nack(epoch, sequence, outcome === 'damaged' ? NackReason.CORRUPT : NackReason.OUT_OF_ORDER);
        continue;
      }
      expected += 1;
      if (this.behaviour.ackDelayMs > 0) await sleep(this.behaviour.ackDelayMs);
      if (this.behaviour.swallowAcks) continue;
      const creditBytes = message.$case === 'batch' ? message.value.payload.length : 0;
      const ack = (of: number) => ({ ack: { epoch, sequence: of, creditBytes, nack: undefined } });
      yield ack(sequence);
      if (!this.behaviour.oddAcks) continue;
      yield ack(sequence);
      yield ack(sequence + 1_000_000);
      yield ack(Math.max(0, sequence - 3));
      yield { ack: { epoch: epoch - 1, sequence: sequence + 5, creditBytes, nack: undefined } };
    }
  }
}

function nack(epoch: number, sequence: number, reason: NackReason, retryAfterMs = 0) {
  const retryAfter = { seconds: Math.trunc(retryAfterMs / 1000), nanos: (retryAfterMs % 1000) * 1e6 };
  return {
    ack: { epoch, sequence: sequence - 1, creditBytes: 0, nack: { sequence, reason, retryAfter, message: 'as the test wants it' } },
  };
}

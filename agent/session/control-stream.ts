// The Control call: greets, beats, reports, and hands what the coordinator asks to those who carry it out.
// Must never wait for the log stream: a heartbeat says that the agent lives even when no line gets through.
import { createChannel, type Channel } from '../../base/channel.ts';
import type { Clock } from '../../base/clock.ts';
import { HephaestusError } from '../../base/errors.ts';
import type { Logger } from '../../base/logger.ts';
import type { AgentServiceClient, ControlRequest, ControlResponse } from '../../proto/index.ts';
import type { HostFacts } from '../record.ts';
import { readConfiguration } from './configuration-wire.ts';
import type { DirectiveHandler } from './directives.ts';
import type { NodeReporter } from './node-report.ts';
import { writeDuration, writeFacts, writeHealth, writeRevision, writeSourceState, writeVitals } from './report-wire.ts';
import { readCommand, readWelcome, type Greeting } from './wire.ts';

export interface ControlStreamOptions {
  readonly client: Pick<AgentServiceClient, 'control'>;
  readonly nodeId: string;
  readonly epoch: number;
  readonly version: string;
  readonly reporter: NodeReporter;
  readonly directives: DirectiveHandler;
  readonly clock: Clock;
  readonly logger: Logger;
  readonly onThrottle: (bytesPerSecond: number, reason: string) => void;
  readonly onRotateCertificate: () => Promise<void>;
  /** What the log stream knows, for heartbeats. */
  readonly shipping: () => { readonly oldestUnacknowledgedMs: number; readonly gapsTotal: number };
  /** Overrides what Welcome says, as the node's configuration may; undefined follows Welcome. */
  readonly heartbeatIntervalMs: () => number | undefined;
  /** For Welcome. */
  readonly greetingTimeoutMs: number;
}

export interface ControlStream {
  /** Sends Hello. @returns what Welcome says. @throws what the call failed with, or `coordinator.silent` */
  greet(signal: AbortSignal): Promise<Greeting>;
  /** Beats and answers until the stream ends (returns) or breaks (throws). Call it after greet(). */
  run(): Promise<void>;
  /** Sends a heartbeat now. */
  beat(): Promise<void>;
  /** Half-closes: nothing more is sent. */
  end(): void;
}

/** What this version can do beyond the first protocol; a coordinator asks for nothing else. */
const capabilities = ['zstd', 'configuration', 'gaps', 'collect-context'];

/** Messages that wait to be sent; when the stream is stuck, heartbeats are skipped rather than piled up. */
const outgoingCapacity = 32;

export function createControlStream(options: ControlStreamOptions): ControlStream {
  return new BeatingControlStream(options);
}

class BeatingControlStream implements ControlStream {
  readonly #options: ControlStreamOptions;
  readonly #outgoing: Channel<ControlRequest> = createChannel(outgoingCapacity);
  #incoming: AsyncIterator<ControlResponse> | undefined;
  #intervalMs = 10_000;
  #sequence = 0;
  #reportedFacts: HostFacts | undefined;

  constructor(options: ControlStreamOptions) {
    this.#options = options;
  }

  async greet(signal: AbortSignal): Promise<Greeting> {
    const { client, directives, reporter, nodeId, epoch, version, greetingTimeoutMs } = this.#options;
    const facts = await reporter.facts();
    this.#reportedFacts = facts;
    this.#send({
      $case: 'hello',
      value: {
        nodeId,
        bootId: facts.bootId,
        sessionEpoch: epoch,
        version,
        capabilities,
        configurationHash: directives.configurationState().runningHash,
        facts: writeFacts(facts),
      },
    });
    this.#incoming = client.control(this.#outgoing, { signal })[Symbol.asyncIterator]();
    const first = await within(this.#incoming.next(), greetingTimeoutMs);
    if (first === undefined) {
      const message = `the coordinator accepted the connection and then said nothing for ${greetingTimeoutMs} ms`;
      throw new HephaestusError({ code: 'coordinator.unreachable', kind: 'operational', retry: 'safe', message });
    }
    const welcome = first.done === true ? undefined : first.value.message;
    if (welcome?.$case !== 'welcome') {
      const message = 'the coordinator did not answer Hello with Welcome; agent and coordinator may be of versions that do not fit';
      throw new HephaestusError({ code: 'coordinator.failed', kind: 'operational', retry: 'safe', message });
    }
    const greeting = readWelcome(welcome.value);
    this.#intervalMs = greeting.heartbeatIntervalMs;
    return greeting;
  }

  async run(): Promise<void> {
    const stopBeating = this.#startBeating();
    try {
      for (;;) {
        const next = await this.#incoming?.next();
        if (next === undefined || next.done === true) return;
        this.#handle(next.value);
      }
    } finally {
      stopBeating();
      this.end();
    }
  }

  async beat(): Promise<void> {
    const { reporter, shipping, clock } = this.#options;
    const [facts, vitals] = await Promise.all([reporter.facts(), reporter.vitals()]);
    const { oldestUnacknowledgedMs, gapsTotal } = shipping();
    this.#sequence += 1;
    // The reporter hands out the same object until something changed.
    const changed = facts === this.#reportedFacts ? undefined : facts;
    const sent = this.#send({
      $case: 'heartbeat',
      value: {
        sequence: this.#sequence,
        sentAt: new Date(clock.now()),
        health: writeHealth(reporter.health()),
        facts: changed === undefined ? undefined : writeFacts(changed),
        vitals: writeVitals(vitals),
        sources: reporter.sources().map(writeSourceState),
        oldestUnacknowledgedAge: writeDuration(oldestUnacknowledgedMs),
        gapsTotal,
        revisions: reporter.revisions().map(writeRevision),
      },
    });
    if (sent) this.#reportedFacts = facts;
  }

  end(): void {
    this.#outgoing.close();
  }

  #startBeating(): () => void {
    let timer: NodeJS.Timeout | undefined;
    const schedule = (): void => {
      timer = setTimeout(tick, this.#options.heartbeatIntervalMs() ?? this.#intervalMs);
    };
    const tick = (): void => {
      schedule();
      this.#inBackground('heartbeat', this.beat());
    };
    tick();
    this.#reportConfiguration();
    return () => clearTimeout(timer);
  }

  #handle({ message }: ControlResponse): void {
    const { directives, logger, onThrottle } = this.#options;
    switch (message?.$case) {
      case 'configuration':
        this.#inBackground('configuration', this.#configure(message.value));
        return;
      case 'command':
        this.#inBackground('command', this.#carryOut(message.value));
        return;
      case 'reportFullState':
        this.#reportedFacts = undefined;
        this.#inBackground('heartbeat', this.beat());
        this.#reportConfiguration();
        return;
      case 'throttle':
        onThrottle(message.value.maxBytesPerSecond, message.value.reason);
        return;
      case 'welcome':
      case undefined:
        logger.debug('message that means nothing here ignored', {
          message: message?.$case ?? 'unknown',
          state: directives.configurationState(),
        });
    }
  }

  async #configure(configuration: Parameters<typeof readConfiguration>[0]): Promise<void> {
    await this.#options.directives.configure(readConfiguration(configuration));
    this.#reportConfiguration();
  }

  #reportConfiguration(): void {
    const { reasons, ...hashes } = this.#options.directives.configurationState();
    this.#send({ $case: 'configStatus', value: { ...hashes, reasons: [...reasons] } });
  }

  async #carryOut(command: Parameters<typeof readCommand>[0]): Promise<void> {
    const { directives, logger, onRotateCertificate } = this.#options;
    const directive = readCommand(command);
    const answer = (ok: boolean, message: string, payload: Buffer): void => {
      this.#send({ $case: 'commandResult', value: { commandId: command.id, ok, message, payload } });
    };
    if (directive === undefined) return answer(false, 'this agent does not know that command', Buffer.alloc(0));
    logger.info('command received', { command: directive.kind, id: command.id });
    try {
      if (directive.kind === 'rotate-certificate') {
        await onRotateCertificate();
        return answer(true, 'the certificate was renewed', Buffer.alloc(0));
      }
      const { ok, message, payload } = await directives.carryOut(directive);
      answer(ok, message, payload);
    } catch (error) {
      logger.warn('command failed', { command: directive.kind, err: error });
      answer(false, HephaestusError.from(error).message, Buffer.alloc(0));
    }
  }

  #send(message: NonNullable<ControlRequest['message']>): boolean {
    const sent = this.#outgoing.trySend({ message });
    if (!sent && !this.#outgoing.closed)
      this.#options.logger.warn('control message skipped, the stream is stuck', { message: message.$case });
    return sent;
  }

  #inBackground(what: string, work: Promise<void>): void {
    work.catch((error: unknown) => this.#options.logger.error('control stream work failed', { what, err: error }));
  }
}

async function within<T>(work: Promise<T>, limitMs: number): Promise<T | undefined> {
  let timer: NodeJS.Timeout | undefined;
  const limit = new Promise<undefined>((resolve) => {
    timer = setTimeout(resolve, limitMs, undefined);
  });
  try {
    return await Promise.race([work, limit]);
  } finally {
    clearTimeout(timer);
  }
}

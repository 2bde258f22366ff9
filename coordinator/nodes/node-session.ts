// One agent's connection: what the coordinator has to say to it, and its end.
// Must never outlive its control stream; a newer session of the same node ends it.
import type { Channel } from '../../base/channel.ts';
import { createChannel } from '../../base/channel.ts';
import { HephaestusError } from '../../base/errors.ts';
import type { NodeFacts } from './node.ts';
import type { NodeConfiguration } from './node-configuration.ts';

export interface Hello {
  readonly nodeId: string;
  readonly bootId: string;
  readonly sessionEpoch: number;
  readonly version: string;
  readonly capabilities: readonly string[];
  readonly configurationHash: string;
  readonly facts: NodeFacts | undefined;
}

export type NodeCommand =
  | { readonly kind: 'collect-context'; readonly source: string; readonly lines: number }
  | { readonly kind: 'rescan' }
  | { readonly kind: 'rotate-certificate' }
  | { readonly kind: 'set-log-level'; readonly level: string };

/** What goes down a control stream after the welcome. */
export type ControlMessage =
  | { readonly kind: 'configuration'; readonly version: number; readonly hash: string; readonly body: NodeConfiguration }
  | { readonly kind: 'command'; readonly id: string; readonly command: NodeCommand }
  | { readonly kind: 'report-full-state' }
  | { readonly kind: 'throttle'; readonly maxBytesPerSecond: number; readonly reason: string };

/** A reader that doesn't take so many messages is gone; its stream is ended. */
const mostWaitingMessages = 64;

export class NodeSession {
  readonly nodeId: string;
  readonly epoch: number;
  /** Aborts when the session ends, with the reason as a HephaestusError. */
  readonly signal: AbortSignal;
  readonly #messages: Channel<ControlMessage> = createChannel(mostWaitingMessages);
  readonly #controller = new AbortController();

  constructor(nodeId: string, epoch: number) {
    this.nodeId = nodeId;
    this.epoch = epoch;
    this.signal = this.#controller.signal;
  }

  push(message: ControlMessage): void {
    if (this.#messages.trySend(message) || this.signal.aborted) return;
    this.end(
      new HephaestusError({
        code: 'session.stuck',
        kind: 'operational',
        retry: 'safe',
        message: 'the agent does not read its control stream',
      }),
    );
  }

  /** Ends when the session does. */
  async *messages(): AsyncGenerator<ControlMessage> {
    yield* this.#messages;
  }

  end(reason: HephaestusError): void {
    this.#controller.abort(reason);
    this.#messages.close();
  }
}

// What agents are asked by command, and who waits for which answer.
// Must never wait for ever, nor take an answer from another node than the one that was asked.
import type { Clock } from '../../base/clock.ts';
import { HephaestusError } from '../../base/errors.ts';
import { createUlid } from '../../base/ulid.ts';
import type { NodeManager } from './node-manager.ts';
import type { NodeCommand } from './node-session.ts';

/** What an agent made of a command. */
export interface CommandAnswer {
  readonly ok: boolean;
  readonly message: string;
  readonly payload: Uint8Array;
}

/** An agent answers at once, or not at all. */
const patienceMs = 15_000;

export class NodeQuestions {
  readonly #nodes: NodeManager;
  readonly #clock: Clock;
  readonly #waiting = new Map<string, { readonly nodeId: string; readonly resolve: (answer: CommandAnswer) => void }>();

  constructor(nodes: NodeManager, clock: Clock) {
    this.#nodes = nodes;
    this.#clock = clock;
  }

  /** @throws HephaestusError `node.away`, `node.silent`, or AbortError with the signal. */
  async ask(nodeId: string, command: NodeCommand, signal: AbortSignal): Promise<CommandAnswer> {
    const { name } = this.#nodes.getNode(nodeId);
    const session = this.#nodes.currentSession(nodeId);
    if (session === undefined) throw failed('node.away', `node ${name} is not connected; see why with: hephaestusctl nodes get ${name}`);
    const id = createUlid(this.#clock.now());
    const ended = new AbortController();
    const any = AbortSignal.any([signal, session.signal, ended.signal]);
    try {
      return await new Promise<CommandAnswer>((resolve, reject) => {
        this.#waiting.set(id, { nodeId, resolve });
        this.#clock.sleep(patienceMs, any).then(
          () => reject(failed('node.silent', `node ${name} did not answer within ${patienceMs / 1000} s`)),
          (thrown: unknown) =>
            reject(
              signal.aborted
                ? HephaestusError.from(thrown)
                : failed('node.away', `node ${name} disconnected before it answered; ask again`),
            ),
        );
        session.push({ kind: 'command', id, command });
      });
    } finally {
      this.#waiting.delete(id);
      ended.abort();
    }
  }

  /** What an agent said; nobody may be waiting for it any more. */
  answer(nodeId: string, id: string, answer: CommandAnswer): void {
    const waiting = this.#waiting.get(id);
    if (waiting?.nodeId === nodeId) waiting.resolve(answer);
  }
}

function failed(code: string, message: string): HephaestusError {
  return new HephaestusError({ code, kind: 'operational', retry: 'never', message });
}

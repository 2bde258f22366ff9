// One node's session on the log stream: its order, and the acknowledgements that wait to be sent.
// Must never acknowledge out of order; acknowledgements are cumulative and merged while nobody takes them.
import { IngestOrder, type OrderVerdict } from './ingest-order.ts';
import type { Acknowledgement, Refusal, Shipment, SourcePosition } from './log-batch.ts';

export class IngestSession {
  readonly nodeId: string;
  readonly epoch: number;
  readonly #order: IngestOrder;
  readonly #refusals: Refusal[] = [];
  #acknowledged = 0;
  #creditBytes = 0;
  #isDirty = false;
  #isEnded = false;
  #isSuspended = false;
  #wake: () => void = () => undefined;

  constructor(nodeId: string, epoch: number, positions: readonly SourcePosition[]) {
    this.nodeId = nodeId;
    this.epoch = epoch;
    this.#order = new IngestOrder(positions);
  }

  get isEnded(): boolean {
    return this.#isEnded;
  }

  judge(shipment: Shipment): OrderVerdict {
    // What a failed commit left isn't known yet; the agent sends all of it again after the refusal.
    return this.#isSuspended ? { kind: 'passed-over' } : this.#order.judge(shipment);
  }

  /** Passes over everything until rollBack says where the sources stand. */
  suspend(): void {
    this.#isSuspended = true;
  }

  take(sequence: number, positions: readonly SourcePosition[]): void {
    this.#order.take(sequence, positions);
  }

  rollBack(sequence: number, positions: readonly SourcePosition[]): void {
    this.#order.rollBack(sequence, positions);
    this.#isSuspended = false;
  }

  /** Everything up to `sequence` is durable. */
  acknowledge(sequence: number, creditBytes: number): void {
    this.#acknowledged = Math.max(this.#acknowledged, sequence);
    this.giveBack(creditBytes);
  }

  refuse(refusal: Refusal, creditBytes: number): void {
    this.#order.refuse(refusal.sequence);
    this.#refusals.push(refusal);
    this.giveBack(creditBytes);
  }

  giveBack(creditBytes: number): void {
    this.#creditBytes += creditBytes;
    this.#isDirty = true;
    this.#wake();
  }

  end(): void {
    this.#isEnded = true;
    this.#wake();
  }

  /** What to send, as it comes; ends with the session, or after a refusal that only a new session mends. */
  async *acknowledgements(): AsyncGenerator<Acknowledgement> {
    while (true) {
      if (this.#isDirty) {
        const nack = this.#refusals.shift();
        const creditBytes = this.#creditBytes;
        this.#creditBytes = 0;
        this.#isDirty = this.#refusals.length > 0;
        yield { epoch: this.epoch, sequence: this.#acknowledged, creditBytes, nack };
        if (nack?.reason === 'out-of-order') this.end();
        continue;
      }
      if (this.#isEnded) return;
      const { promise, resolve } = Promise.withResolvers<void>();
      this.#wake = resolve;
      await promise;
    }
  }
}

// What a source tells before it reads on: where files begin to be read, that they are finished, that the rest of one is lost.
// Must never forget what isn't settled: a new session is told again.
import type { FilePosition, Position, Shipment } from '../record.ts';
import { fileKey } from './file-identity.ts';

export class Announcements {
  #waiting: Shipment[] = [];
  /** What was announced and isn't settled, by the position that settles it. */
  readonly #unsettled = new Map<string, Shipment>();

  /** Something to be shipped before anything else, and again in a new session until it is settled. */
  add(shipment: Shipment): void {
    this.#waiting.push(shipment);
    this.#unsettled.set(nameOfPosition(endOf(shipment)), shipment);
  }

  take(): Shipment | undefined {
    return this.#waiting.shift();
  }

  /** A new session begins: what was announced and isn't settled is announced again. */
  repeat(): void {
    this.#waiting = [...this.#unsettled.values()];
  }

  /** The coordinator has it: nobody needs to be told again. */
  noteSettled(position: FilePosition): void {
    const name = nameOfPosition(position);
    const announced = this.#unsettled.get(name);
    if (announced === undefined) return;
    const end = endOf(announced);
    if (end.kind !== 'file' || position.offset < end.offset) return;
    // It went on after all where it seemed to be finished.
    if (position.offset > end.offset || end.isFinished !== true || position.isFinished === true) this.#unsettled.delete(name);
  }

  /** Nothing is lost behind these positions after all; takes effect when announcements are repeated. */
  withdrawLosses(isFound: (from: FilePosition) => boolean): void {
    for (const [name, shipment] of this.#unsettled)
      if (shipment.kind === 'gap' && shipment.bytes === 0 && shipment.from.kind === 'file' && isFound(shipment.from))
        this.#unsettled.delete(name);
  }

  clear(): void {
    this.#waiting = [];
    this.#unsettled.clear();
  }
}

function endOf(shipment: Shipment): Position {
  return shipment.kind === 'gap' ? shipment.to : shipment.end;
}

function nameOfPosition(position: Position): string {
  return position.kind === 'file' ? `${fileKey(position.identity)}:${position.identity.generation}` : '';
}

// What may be taken next from a node: sequences without holes, and batches that begin where their place stands. Pure.
// Must never guess: what doesn't fit is refused, and the agent begins again from what is committed.
import { placeOf, type LogBatch, type Position, type Shipment, type SourcePosition } from './log-batch.ts';

export type OrderVerdict =
  /** Next in line; `positions` stand there once it is committed. */
  | { readonly kind: 'take'; readonly positions: readonly SourcePosition[] }
  /** Its bytes are committed already: acknowledge it, without another effect. */
  | { readonly kind: 'repeated' }
  /** Behind a refused one (it comes again), or a sequence that was settled before. */
  | { readonly kind: 'passed-over' }
  | { readonly kind: 'out-of-order'; readonly message: string }
  | { readonly kind: 'invalid'; readonly message: string };

/** Heads are where sources stand once everything accepted so far is committed. */
export class IngestOrder {
  #expected = 1;
  #refused = false;
  readonly #heads = new Map<string, Position>();

  constructor(positions: readonly SourcePosition[]) {
    this.#reset(positions);
  }

  /** The next sequence that is taken. */
  get expected(): number {
    return this.#expected;
  }

  /** Looks at a shipment without taking it. */
  judge(shipment: Shipment): OrderVerdict {
    if (shipment.sequence < this.#expected) return { kind: 'passed-over' };
    if (shipment.sequence > this.#expected) {
      if (this.#refused) return { kind: 'passed-over' };
      return { kind: 'out-of-order', message: `sequence ${shipment.sequence} came where ${this.#expected} was due` };
    }
    if (shipment.source === '') return { kind: 'invalid', message: 'the source has no name' };
    return shipment.kind === 'batch'
      ? this.#judgeBatch(shipment)
      : { kind: 'take', positions: this.#settledBy(shipment.source, [shipment.to]) };
  }

  /** The shipment was taken, or repeated: its sequence is used up and its positions are the heads. */
  take(sequence: number, positions: readonly SourcePosition[]): void {
    this.#expected = sequence + 1;
    this.#refused = false;
    for (const { source, position } of positions) this.#heads.set(keyOf(source, position), position);
  }

  /** `sequence` was refused: it is due again, and what follows it is passed over. */
  refuse(sequence: number): void {
    this.#expected = sequence;
    this.#refused = true;
  }

  /** What was taken from `sequence` on was not committed after all; `positions` are. */
  rollBack(sequence: number, positions: readonly SourcePosition[]): void {
    this.refuse(sequence);
    this.#reset(positions);
  }

  #reset(positions: readonly SourcePosition[]): void {
    this.#heads.clear();
    for (const { source, position } of positions) this.#heads.set(keyOf(source, position), position);
  }

  #judgeBatch(batch: LogBatch): OrderVerdict {
    const { start, end, source } = batch;
    const also = this.#settledBy(source, batch.alsoSettled);
    if (start === undefined || end === undefined) {
      if (batch.recordLengths.length > 0) return { kind: 'invalid', message: 'a batch with records needs a start and an end' };
      return { kind: 'take', positions: also };
    }
    if (start.kind !== end.kind) return { kind: 'invalid', message: 'start and end are of different kinds' };
    const head = this.#heads.get(keyOf(source, start));
    if (end.kind === 'journal' || start.kind === 'journal') {
      if (end.kind !== 'journal' || start.kind !== 'journal') return { kind: 'invalid', message: 'start and end are of different kinds' };
      const committed = head?.kind === 'journal' ? head.cursor : undefined;
      if (committed !== undefined && committed === end.cursor) return { kind: 'repeated' };
      if (committed !== undefined && committed !== start.cursor) {
        return { kind: 'out-of-order', message: 'the batch does not begin at the committed journal cursor' };
      }
      return { kind: 'take', positions: [{ source, position: end }, ...also] };
    }
    if (placeOf(start) === placeOf(end)) {
      if (end.offset < start.offset) return { kind: 'invalid', message: 'the end lies before the start' };
      if (end.offset === start.offset && batch.recordLengths.length > 0) return { kind: 'invalid', message: 'records without bytes' };
    }
    const committed = head?.kind === 'file' ? head.offset : undefined;
    if (committed !== undefined && committed !== start.offset) {
      const isRepeated = placeOf(start) === placeOf(end) ? end.offset <= committed : this.#stands(source, end);
      if (isRepeated) return { kind: 'repeated' };
      return { kind: 'out-of-order', message: `the batch begins at byte ${start.offset}, ${start.path} stands at ${committed}` };
    }
    return { kind: 'take', positions: [...this.#settledBy(source, [end]), ...also] };
  }

  /** A file position that is committed, or passed. */
  #stands(source: string, position: Position & { kind: 'file' }): boolean {
    const head = this.#heads.get(keyOf(source, position));
    if (head?.kind !== 'file' || head.offset < position.offset) return false;
    // That it is finished there is news.
    return head.offset > position.offset || position.finished !== true || head.finished === true;
  }

  /** Files only ever move forward; the journal's cursors can't be compared. */
  #settledBy(source: string, positions: readonly (Position | undefined)[]): SourcePosition[] {
    return positions.flatMap((position) => {
      if (position === undefined || (position.kind === 'file' && this.#stands(source, position))) return [];
      return [{ source, position }];
    });
  }
}

function keyOf(source: string, position: Position): string {
  return `${source}\0${placeOf(position)}`;
}

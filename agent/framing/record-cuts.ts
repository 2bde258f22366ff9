// The records found so far in a stretch of bytes: their lengths, and whether one had to be cut.
// Must never look at content; the framers decide where a record ends.

/** Collects record lengths from the front of a stretch of bytes, without holes. */
export class RecordCuts {
  readonly #lengths: number[] = [];
  #count = 0;
  #end = 0;
  #cut = false;

  /** @param expected about so many records; an array that grows to thousands leaves its smaller selves to the garbage collector */
  constructor(expected: number) {
    this.#lengths.length = expected;
  }

  /** Of the records so far; call it when there are no more to come. */
  get lengths(): readonly number[] {
    this.#lengths.length = this.#count;
    return this.#lengths;
  }

  /** Where the last record ends, and the next one begins. */
  get end(): number {
    return this.#end;
  }

  get cut(): boolean {
    return this.#cut;
  }

  /** Adds the record from the last one's end up to `end`; an empty one is none. */
  closeAt(end: number): void {
    if (end <= this.#end) return;
    this.#lengths[this.#count++] = end - this.#end;
    this.#end = end;
  }

  /** Like `closeAt`, for a record that goes on behind `end` but may not grow further. */
  cutAt(end: number): void {
    this.closeAt(end);
    this.#cut = true;
  }
}

/**
 * Where a piece of at most `limit` bytes that begins at `from` ends, so that no UTF-8 character is torn apart.
 * Bytes that are no UTF-8 are cut at the limit.
 */
export function pieceEnd(bytes: Buffer, from: number, limit: number): number {
  const end = from + limit;
  // A character has at most three continuation bytes (RFC 3629 section 3).
  for (let back = 0; back < 4 && end - back > from; back += 1) {
    if (((bytes[end - back] ?? 0) & 0xc0) !== 0x80) return end - back;
  }
  return end;
}

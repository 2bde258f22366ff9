// Where in some bytes lines end, where a colon with a space behind it stands, and how much a line shares with the one before: all that
// framing needs to know of most lines.
// Must never make an object for a line.
import { assemble, bytes16, forEachBit, i32, whilst, type Code, type FunctionDefinition } from '../../base/wasm-assembler.ts';
import { compileWasm, type WasmFunction } from '../../base/wasm-program.ts';
import { mostShared, sharedBytes } from './shared-prefix.ts';

/** Indexes in rising order; what stands behind `count` means nothing. */
export interface Marks {
  readonly at: Uint32Array;
  readonly count: number;
}

const FEED = 0x0a;
const COLON = 0x3a;
const SPACE = 0x20;

/** Bytes are copied into the scan's memory in pieces of this size, which stay in the nearest cache. */
export const pieceBytes = 32 * 1024;
/** Room for the vectors that reach over the end. */
const slackBytes = 64 + mostShared;
const resultsAt = pieceBytes + slackBytes;
const memoryBytes = resultsAt + 4 * (pieceBytes + slackBytes);

/** Finds marks; their memory is used again for the next bytes. */
export class LineMarks {
  /** Line feeds. Valid until the next `read`, as `colons` is. */
  readonly feeds = new MarkList();
  /** Colons with a space behind them. */
  readonly colons = new MarkList();
  /** Of the line behind each line feed, how many bytes it shares with the one before (`sharedBytes`). The first one's stands nowhere. */
  readonly shared = new MarkList();
  readonly #vectors: Vectors | undefined;

  /** @param isPlain without vectors, for comparisons; otherwise only where the processor lacks them */
  constructor(isPlain = false) {
    this.#vectors = isPlain ? undefined : startVectors();
  }

  read(bytes: Uint8Array): void {
    const { feeds, colons, shared } = this;
    feeds.count = 0;
    colons.count = 0;
    shared.count = 0;
    const vectors = this.#vectors;
    for (let from = 0; from < bytes.length; from += pieceBytes) {
      const to = Math.min(bytes.length, from + pieceBytes);
      if (vectors === undefined) {
        addPlainly(bytes, from, to, feeds, colons);
        addShared(bytes, feeds, shared);
        continue;
      }
      // The byte behind the piece belongs to its last colon.
      vectors.data.set(bytes.subarray(from, Math.min(bytes.length, to + 1)));
      const found = vectors.findFeeds(0, to - from);
      const before = feeds.count;
      feeds.addFound(vectors.results, found, from, to);
      vectors.measureShared(resultsAt, resultsAt + 4 * found);
      shared.addMeasured(vectors.results, feeds.count - before);
      addShared(bytes, feeds, shared, before, to);
      colons.addFound(vectors.results, vectors.findColons(0, to - from), from, Math.min(to, bytes.length - 1));
    }
  }
}

class MarkList implements Marks {
  at = new Uint32Array(1024);
  count = 0;

  /** The last vectors reach over `to`, and what they find there doesn't count. */
  addFound(results: Uint32Array, found: number, from: number, to: number): void {
    this.reserve(found);
    const { at } = this;
    let { count } = this;
    for (let i = 0; i < found; i += 1) {
      const index = (results[i] as number) + from;
      if (index < to) at[count++] = index;
    }
    this.count = count;
  }

  /** Copies values that are no places. */
  addMeasured(results: Uint32Array, found: number): void {
    this.reserve(found);
    this.at.set(results.subarray(0, found), this.count);
    this.count += found;
  }

  /** Makes room for so many more. */
  reserve(more: number): void {
    if (this.at.length - this.count >= more) return;
    const larger = new Uint32Array(Math.max(2 * this.at.length, this.count + more));
    larger.set(this.at.subarray(0, this.count));
    this.at = larger;
  }
}

function addPlainly(bytes: Uint8Array, from: number, to: number, feeds: MarkList, colons: MarkList): void {
  feeds.reserve(to - from);
  colons.reserve(to - from);
  for (let i = from; i < to; i += 1) {
    const byte = bytes[i];
    if (byte === FEED) feeds.at[feeds.count++] = i;
    else if (byte === COLON && bytes[i + 1] === SPACE) colons.at[colons.count++] = i;
  }
}

/** Measures what vectors couldn't: of a piece the first lines, whose neighbour it doesn't hold, and the last, which it doesn't hold whole. */
function addShared(bytes: Uint8Array, feeds: MarkList, shared: MarkList, measuredFrom = shared.count, end = 0): void {
  shared.reserve(feeds.count - shared.count);
  shared.count = feeds.count;
  for (let line = feeds.count - 1; line >= measuredFrom; line -= 1) {
    const start = (feeds.at[line] as number) + 1;
    // What stands before it was measured, but for the first.
    if (line > measuredFrom && start + mostShared <= end) line = measuredFrom;
    shared.at[line] = sharedBytes(bytes, line === 0 ? 0 : (feeds.at[line - 1] as number) + 1, (feeds.at[line] as number) + 1);
  }
}

interface Vectors {
  readonly data: Uint8Array;
  readonly results: Uint32Array;
  readonly findFeeds: WasmFunction;
  readonly findColons: WasmFunction;
  readonly measureShared: WasmFunction;
}

function startVectors(): Vectors | undefined {
  const program = startProgram?.(memoryBytes);
  if (program === undefined) return undefined;
  return {
    data: new Uint8Array(program.memory, 0, resultsAt),
    results: new Uint32Array(program.memory, resultsAt),
    findFeeds: program.function('findFeeds'),
    findColons: program.function('findColons'),
    measureShared: program.function('measureShared'),
  };
}

/** @param matches of the 16 bytes at an address and offset: not 0 where one is looked for */
function finder(name: string, matches: (address: Code, offset: number) => Code): FunctionDefinition {
  return {
    name,
    body(at, end, declare) {
      const [out, bits] = [declare('i32'), declare('i32')];
      return [
        ...out.set(i32.of(resultsAt)),
        ...whilst(
          i32.less(at.get, end.get),
          bits.set(i32.or(bytes16.bits(matches(at.get, 0)), i32.shiftLeft(bytes16.bits(matches(at.get, 16)), 16))),
          forEachBit(
            bits,
            i32,
            i32.store(out.get, i32.add(at.get, i32.countTrailingZeros(bits.get))),
            out.set(i32.add(out.get, i32.of(4))),
          ),
          at.set(i32.add(at.get, i32.of(32))),
        ),
        ...i32.shiftRight(i32.subtract(out.get, i32.of(resultsAt)), 2),
      ];
    },
  };
}

const isByte = (byte: number, address: Code, offset: number): Code => bytes16.equal(bytes16.load(address, offset), bytes16.of(byte));

const isDigit = (bytes: Code): Code => bytes16.less(bytes16.subtract(bytes, bytes16.of(0x30)), bytes16.of(10));

/** Goes through the places of line feeds and writes there what the line behind each shares with the one before. */
const measureShared: FunctionDefinition = {
  name: 'measureShared',
  body(at, end, declare) {
    const [previous, start, offset] = [declare('i32'), declare('i32'), declare('i32')];
    const [different, unlike] = [declare('i32'), declare('i32')];
    const [left, right] = [declare('v128'), declare('v128')];
    return [
      ...whilst(
        i32.less(at.get, end.get),
        start.set(i32.add(i32.load(at.get), i32.of(1))),
        offset.set(i32.of(0)),
        different.set(i32.of(0)),
        whilst(
          i32.and(i32.less(offset.get, i32.of(mostShared)), i32.less(different.get, i32.of(1))),
          left.set(bytes16.load(i32.add(previous.get, offset.get))),
          right.set(bytes16.load(i32.add(start.get, offset.get))),
          different.set(i32.and(i32.not(bytes16.bits(bytes16.equal(left.get, right.get))), i32.of(0xffff))),
          // Most of a header is the same to the letter; only otherwise digits are looked for.
          unlike.set(different.get),
          whilst(
            unlike.get,
            different.set(i32.and(different.get, i32.not(bytes16.bits(bytes16.and(isDigit(left.get), isDigit(right.get)))))),
            unlike.set(i32.of(0)),
          ),
          offset.set(i32.add(offset.get, i32.of(16))),
        ),
        // Where nothing differs, the bit behind the vector does.
        i32.store(at.get, i32.subtract(i32.add(offset.get, i32.countTrailingZeros(i32.or(different.get, i32.of(0x10000)))), i32.of(16))),
        previous.set(start.get),
        at.set(i32.add(at.get, i32.of(4))),
      ),
      ...i32.of(0),
    ];
  },
};

const startProgram = compileWasm(
  assemble([
    finder('findFeeds', (address, offset) => isByte(FEED, address, offset)),
    measureShared,
    finder('findColons', (address, offset) => bytes16.and(isByte(COLON, address, offset), isByte(SPACE, address, offset + 1))),
  ]),
);

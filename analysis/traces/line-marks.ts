// Where in some bytes lines end, and where a colon with a space behind it stands: all that framing needs to know of most lines.
// Must never make an object for a line.
import { assemble, bytes16, forEachBit, i32, whilst, type Code, type FunctionDefinition } from '../../base/wasm-assembler.ts';
import { compileWasm, type WasmFunction } from '../../base/wasm-program.ts';

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
const slackBytes = 64;
const resultsAt = pieceBytes + slackBytes;
const memoryBytes = resultsAt + 4 * (pieceBytes + slackBytes);

/** Finds marks; their memory is used again for the next bytes. */
export class LineMarks {
  /** Line feeds. Valid until the next `read`, as `colons` is. */
  readonly feeds = new MarkList();
  /** Colons with a space behind them. */
  readonly colons = new MarkList();
  readonly #vectors: Vectors | undefined;

  /** @param isPlain without vectors, for comparisons; otherwise only where the processor lacks them */
  constructor(isPlain = false) {
    this.#vectors = isPlain ? undefined : startVectors();
  }

  read(bytes: Uint8Array): void {
    const { feeds, colons } = this;
    feeds.count = 0;
    colons.count = 0;
    const vectors = this.#vectors;
    for (let from = 0; from < bytes.length; from += pieceBytes) {
      const to = Math.min(bytes.length, from + pieceBytes);
      if (vectors === undefined) {
        addPlainly(bytes, from, to, feeds, colons);
        continue;
      }
      // The byte behind the piece belongs to its last colon.
      vectors.data.set(bytes.subarray(from, Math.min(bytes.length, to + 1)));
      feeds.addFound(vectors.results, vectors.findFeeds(0, to - from), from, to);
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

interface Vectors {
  readonly data: Uint8Array;
  readonly results: Uint32Array;
  readonly findFeeds: WasmFunction;
  readonly findColons: WasmFunction;
}

function startVectors(): Vectors | undefined {
  const program = startProgram?.(memoryBytes);
  if (program === undefined) return undefined;
  return {
    data: new Uint8Array(program.memory, 0, resultsAt),
    results: new Uint32Array(program.memory, resultsAt),
    findFeeds: program.function('findFeeds'),
    findColons: program.function('findColons'),
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

const startProgram = compileWasm(
  assemble([
    finder('findFeeds', (address, offset) => isByte(FEED, address, offset)),
    finder('findColons', (address, offset) => bytes16.and(isByte(COLON, address, offset), isByte(SPACE, address, offset + 1))),
  ]),
);

// Scans for suspicious places with vectors of 16 bytes, in WebAssembly that is assembled here.
// Must never miss an anchor or a card's number, nor judge one.
import {
  assemble,
  bytes16,
  forEachBit,
  i32,
  i64,
  whilst,
  type Code,
  type FunctionDefinition,
  type Variable,
} from '../../base/wasm-assembler.ts';
import { compileWasm, type WasmFunction, type WasmProgram } from '../../base/wasm-program.ts';
import { anchorBytes, Sieve, tableBytes } from './anchor-sieve.ts';
import { hashMultiplier, type AnchorTable } from './anchor-table.ts';
import type { SuspectScan } from './suspect-scan.ts';

/** Bytes are copied into the scan's memory in pieces of this size, which stay in the nearest cache. */
export const pieceBytes = 32 * 1024;

/** Bytes before a piece that are looked at with it: an anchor or the digits of a card may reach over its beginning. */
const overlapBytes = 32;

/** One bit for each hash of an anchor; about one in 20 is set. */
const filterBits = 17;

const filterAt = tableBytes;
const dataAt = filterAt + (1 << (filterBits - 3)) + overlapBytes;
/** Behind the piece, with room for the vectors that reach over its end. */
const resultsAt = dataAt + pieceBytes + 64;
const memoryBytes = resultsAt + 4 * (pieceBytes + overlapBytes + 64);

export class VectorScan implements SuspectScan {
  readonly #data: Uint8Array;
  readonly #results: Uint32Array;
  readonly #findAnchors: WasmFunction;
  readonly #findRuns: WasmFunction;

  private constructor(program: WasmProgram) {
    this.#data = new Uint8Array(program.memory, dataAt - overlapBytes, overlapBytes + pieceBytes);
    this.#results = new Uint32Array(program.memory, resultsAt);
    this.#findAnchors = program.function('findAnchors');
    this.#findRuns = program.function('findRuns');
  }

  /** @returns undefined where vectors aren't to be had */
  static start(table: AnchorTable): VectorScan | undefined {
    const program = startProgram?.(memoryBytes);
    if (program === undefined) return undefined;
    new Uint8Array(program.memory, 0, tableBytes).set(table.sieve());
    const filter = new Uint8Array(program.memory, filterAt);
    table.forEachWord((word) => {
      const hash = Math.imul(word, hashMultiplier) >>> (32 - filterBits);
      filter[hash >> 3] = (filter[hash >> 3] as number) | (1 << (hash & 7));
    });
    return new VectorScan(program);
  }

  scan(bytes: Uint8Array, onAnchorEnd: (index: number) => void, onRun: (index: number) => void): void {
    const data = this.#data;
    const { length } = bytes;
    for (let from = 0; from < length; from += pieceBytes) {
      const to = Math.min(length, from + pieceBytes);
      const before = Math.min(from, overlapBytes);
      if (before === 0) data.fill(0, 0, overlapBytes);
      data.set(bytes.subarray(from - before, to), overlapBytes - before);
      const end = dataAt + to - from;
      this.#tell(this.#findAnchors(dataAt, end), from, to, onAnchorEnd);
      this.#tell(this.#findRuns(dataAt - before, end), from, to, onRun);
    }
  }

  /** Results are addresses; the last vectors reach over the end. */
  #tell(count: number, from: number, to: number, listener: (index: number) => void): void {
    const results = this.#results;
    for (let i = 0; i < count; i += 1) {
      const index = (results[i] as number) - dataAt + from;
      if (index < to) listener(index);
    }
  }
}

function resultCount(out: Variable): Code {
  return i32.shiftRight(i32.subtract(out.get, i32.of(resultsAt)), 2);
}

/** Sieves 64 places at a time; of the few that pass, those whose hash is no anchor's are dropped, without a branch. */
const anchorScan: FunctionDefinition = {
  name: 'findAnchors',
  body(at, end, declare) {
    const [out, place, hash, bits] = [declare('i32'), declare('i32'), declare('i32'), declare('i64')];
    const sieve = new Sieve(0, () => declare('v128'));
    const word = i32.load(i32.subtract(place.get, i32.of(anchorBytes - 1)));
    const filterByte = i32.loadByte(i32.shiftRight(hash.get, 3), filterAt);
    const isInFilter = i32.and(i32.shiftRightBy(filterByte, i32.and(hash.get, i32.of(7))), i32.of(1));
    return [
      ...out.set(i32.of(resultsAt)),
      ...sieve.begin(),
      ...whilst(
        i32.less(at.get, end.get),
        bits.set(i64.of(0)),
        ...[0, 16, 32, 48].map((offset) => bits.set(i64.or(bits.get, i64.shiftLeft(i64.fromI32(sieve.missBits(at.get, offset)), offset)))),
        bits.set(i64.not(bits.get)),
        forEachBit(
          bits,
          i64,
          place.set(i32.add(at.get, i32.fromI64(i64.countTrailingZeros(bits.get)))),
          hash.set(i32.shiftRight(i32.multiply(word, i32.of(hashMultiplier)), 32 - filterBits)),
          i32.store(out.get, place.get),
          out.set(i32.add(out.get, i32.shiftLeft(isInFilter, 2))),
        ),
        at.set(i32.add(at.get, i32.of(64))),
      ),
      ...resultCount(out),
    ];
  },
};

/** 64 bytes at a time, one bit each; the second half is seen again in the next turn as the first. */
const runScan: FunctionDefinition = {
  name: 'findRuns',
  body(at, end, declare) {
    const [out, bits] = [declare('i32'), declare('i32')];
    const [digits, separators, fitting] = [declare('i64'), declare('i64'), declare('i64')];
    const loaded = declare('v128');
    const isDigit = bytes16.less(bytes16.subtract(loaded.get, bytes16.of(0x30)), bytes16.of(10));
    const isSeparator = bytes16.or(bytes16.equal(loaded.get, bytes16.of(0x20)), bytes16.equal(loaded.get, bytes16.of(0x2d)));
    const bitsOf16 = (offset: number, isIn: Code): Code =>
      i64.fromI32([...loaded.set(bytes16.load(at.get, offset)), ...bytes16.bits(isIn)]);
    /** 32 bytes as the upper half. */
    const upper = (offset: number, isIn: Code): Code =>
      i64.or(i64.shiftLeft(bitsOf16(offset, isIn), 32), i64.shiftLeft(bitsOf16(offset + 16, isIn), 48));
    const moveOn = (set: Variable, isIn: Code): Code => set.set(i64.or(i64.shiftRight(set.get, 32), upper(32, isIn)));
    /** The three bytes on each side are digits: a card's groups have at least as many. */
    const isParting = [1, 2, 3].reduce<Code>(
      (all, distance) => i64.and(all, i64.and(i64.shiftLeft(digits.get, distance), i64.shiftRight(digits.get, distance))),
      separators.get,
    );
    const inARow = (more: number): Code => fitting.set(i64.and(fitting.get, i64.shiftRight(fitting.get, more)));
    return [
      ...out.set(i32.of(resultsAt)),
      ...digits.set(upper(0, isDigit)),
      ...separators.set(upper(0, isSeparator)),
      ...whilst(
        i32.less(at.get, end.get),
        moveOn(digits, isDigit),
        moveOn(separators, isSeparator),
        fitting.set(i64.or(digits.get, isParting)),
        // Two, four, eight and fourteen.
        inARow(1),
        inARow(2),
        inARow(4),
        inARow(6),
        bits.set(i32.fromI64(fitting.get)),
        // Where such stretches begin, here or before these bytes.
        bits.set(i32.and(bits.get, i32.not(i32.shiftLeft(bits.get, 1)))),
        forEachBit(bits, i32, i32.store(out.get, i32.add(at.get, i32.countTrailingZeros(bits.get))), out.set(i32.add(out.get, i32.of(4)))),
        at.set(i32.add(at.get, i32.of(32))),
      ),
      ...resultCount(out),
    ];
  },
};

const startProgram = compileWasm(assemble([anchorScan, runScan]));

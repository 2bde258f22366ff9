// Sieves places where one of many anchors of four bytes may stand, 16 places at a time: by the halves of each byte, in 32 groups of anchors.
// Must never miss an anchor; that a place passes says no more than that it is worth a look.
import { i32, bytes16, type Code, type Variable } from '../../base/wasm-assembler.ts';
import { DIGIT, LOWER, UPPER, commonness } from './byte-classes.ts';

/** An anchor: the codes that may stand at each of its four places. */
export type AnchorPattern = readonly (readonly number[])[];

export const anchorBytes = 4;
const groupCount = 32;
/** Of eight groups each: a byte of a table has a bit for each. */
const sets = Array.from({ length: groupCount / 8 }, (_unused, set) => set);
const places = Array.from({ length: anchorBytes }, (_unused, place) => place);

/** For each half of each of the four bytes and each set of eight groups 16 bytes: which of the groups allow that half. */
export const tableBytes = sets.length * anchorBytes * 2 * 16;

/** The tables of groups of anchors. @param homes the group of each anchor */
export function sieveTables(anchors: readonly AnchorPattern[], homes: Uint8Array): Uint8Array {
  const groups = Array.from({ length: groupCount }, () => new Int32Array(anchorBytes));
  for (const [index, anchor] of anchors.entries()) addTo(groups[homes[index] as number] as Int32Array, halvesOfAnchor(anchor));
  return writeTables(groups);
}

/** The first round shares out, the others move what stands better elsewhere by then; more rounds hardly gain. */
const rounds = 4;

/**
 * Shares the anchors out among the groups so that few places pass that hold none (Hyperscan's Teddy does so, too): a group allows
 * every mixture of its anchors' halves, so that those that resemble each other go together.
 *
 * @returns the group of each anchor
 */
export function shareOutAnchors(anchors: readonly AnchorPattern[]): Uint8Array {
  const known = new Shares();
  const patterns = anchors.map(halvesOfAnchor);
  // What stands in many places finds its group first.
  const chanceOfAnchor = patterns.map((pattern) => chanceOf(pattern, nothing, known));
  const order = [...patterns.keys()].toSorted((left, right) => (chanceOfAnchor[right] as number) - (chanceOfAnchor[left] as number));
  const members: Int32Array[][] = Array.from({ length: groupCount }, () => []);
  const groups = members.map(() => new Int32Array(anchorBytes));
  const shares = members.map(() => new Float64Array(anchorBytes));
  const chances = new Float64Array(groupCount);
  const homes = new Uint8Array(patterns.length);
  for (let round = 0; round < rounds; round += 1) {
    for (const index of order) {
      const pattern = patterns[index] as Int32Array;
      if (round > 0) {
        const home = homes[index] as number;
        const others = (members[home] as Int32Array[]).filter((each) => each !== pattern);
        members[home] = others;
        const group = (groups[home] as Int32Array).fill(0);
        for (const each of others) addTo(group, each);
        for (const place of places) (shares[home] as Float64Array)[place] = known.of(group[place] as number);
        chances[home] = others.length === 0 ? 0 : chanceOf(group, nothing, known);
      }
      let best = 0;
      let least = Number.POSITIVE_INFINITY;
      for (let candidate = 0; candidate < groupCount; candidate += 1) {
        const added =
          chanceWith(groups[candidate] as Int32Array, shares[candidate] as Float64Array, pattern, known) - (chances[candidate] as number);
        if (added >= least) continue;
        best = candidate;
        least = added;
      }
      homes[index] = best;
      members[best]?.push(pattern);
      const group = groups[best] as Int32Array;
      addTo(group, pattern);
      for (const place of places) (shares[best] as Float64Array)[place] = known.of(group[place] as number);
      chances[best] = (chances[best] as number) + least;
    }
  }
  return homes;
}

/** For each place the halves that are allowed, one bit each: the lower half in the lower 16 bits. */
type Halves = Int32Array;

const nothing: Halves = new Int32Array(anchorBytes);

function addTo(group: Halves, pattern: Halves): void {
  for (let place = 0; place < anchorBytes; place += 1) group[place] = (group[place] as number) | (pattern[place] as number);
}

/** How likely a place in a log passes what allows both, roughly. */
function chanceOf(one: Halves, other: Halves, known: Shares): number {
  let chance = 1;
  for (let place = 0; place < anchorBytes; place += 1) chance *= known.of((one[place] as number) | (other[place] as number));
  return chance;
}

/** The same for a group of which the shares are known: most patterns bring it nothing new at most places. */
function chanceWith(group: Halves, shares: Float64Array, pattern: Halves, known: Shares): number {
  let chance = 1;
  for (let place = 0; place < anchorBytes; place += 1) {
    const halves = group[place] as number;
    const both = halves | (pattern[place] as number);
    chance *= both === halves ? (shares[place] as number) : known.of(both);
  }
  return chance;
}

function writeTables(groups: readonly Halves[]): Uint8Array {
  const tables = new Uint8Array(tableBytes);
  for (const [index, group] of groups.entries()) {
    for (const [place, halves] of group.entries()) {
      for (let bit = 0; bit < 32; bit += 1) {
        if (((halves >>> bit) & 1) === 0) continue;
        const at = tableAt(index >> 3, place, bit < 16 ? 'low' : 'high') + (bit & 15);
        tables[at] = (tables[at] as number) | (1 << (index & 7));
      }
    }
  }
  return tables;
}

function tableAt(set: number, place: number, half: 'low' | 'high'): number {
  return ((set * anchorBytes + place) * 2 + (half === 'low' ? 0 : 1)) * 16;
}

function halvesOfAnchor(anchor: AnchorPattern): Halves {
  return Int32Array.from(anchor, halvesOf);
}

function halvesOf(codes: readonly number[]): number {
  return codes.reduce((halves, code) => halves | (1 << (code & 15)) | (1 << (16 + (code >> 4))), 0);
}

/** Roughly how often a byte stands in logs, compared with others: digits come in rows, capitals are rare. */
function weightOf(code: number): number {
  if (code === 0x20) return 30;
  if (DIGIT[code] === 1) return 18;
  if (LOWER[code] === 1) return commonness(code);
  const char = String.fromCharCode(code);
  if ('-.:/'.includes(char)) return 10;
  if ('=,_[]()"'.includes(char)) return 5;
  if (char === '\n') return 4;
  if (UPPER[code] === 1) return 3.5;
  return code > 0x20 && code < 0x7f ? 1 : 0.1;
}

/** By upper half, by which eight lower halves, by which of them: how often logs have such bytes. */
function byteShares(): Float64Array {
  const shares = new Float64Array(16 * 2 * 256);
  const weights = Array.from({ length: 256 }, (_unused, code) => weightOf(code));
  const all = weights.reduce((sum, weight) => sum + weight, 0);
  for (let row = 0; row < 32; row += 1)
    for (let set = 1; set < 256; set += 1) {
      // What the set without its lowest member has, and that member.
      const member = 31 - Math.clz32(set & -set);
      shares[row * 256 + set] = (shares[row * 256 + (set & (set - 1))] as number) + (weights[row * 8 + member] as number) / all;
    }
  return shares;
}

/** Of all bytes in a log, how many have certain halves; while anchors are shared out the same are asked for again and again. */
class Shares {
  readonly #byteShares = byteShares();
  readonly #known = new Map<number, number>();

  of(halves: number): number {
    const before = this.#known.get(halves);
    if (before !== undefined) return before;
    let share = 0;
    for (let rest = halves >>> 16; rest !== 0; rest &= rest - 1) {
      const row = (31 - Math.clz32(rest & -rest)) * 512;
      share += (this.#byteShares[row + (halves & 0xff)] as number) + (this.#byteShares[row + 256 + ((halves >> 8) & 0xff)] as number);
    }
    this.#known.set(halves, share);
    return share;
  }
}

/** The vectors that the sieve works with. */
export class Sieve {
  readonly #tables: number;
  /** By place: the halves of the bytes that stand there. */
  readonly #low: readonly Variable[];
  readonly #high: readonly Variable[];
  readonly #passed: Variable;
  /** The lower half of each byte; a constant in the loop would be made anew each time. */
  readonly #lowerHalf: Variable;

  /** @param tables where they stand in memory. @param declare a vector */
  constructor(tables: number, declare: () => Variable) {
    this.#tables = tables;
    this.#low = places.map(() => declare());
    this.#high = places.map(() => declare());
    this.#passed = declare();
    this.#lowerHalf = declare();
  }

  /** Code that has to run once, before any other. */
  begin(): Code {
    return this.#lowerHalf.set(bytes16.of(0x0f));
  }

  /** Code that leaves one bit for each of the 16 bytes at `address` plus `offset`: no anchor ends there. The bytes before are read as well. */
  missBits(address: Code, offset: number): Code {
    const start = i32.subtract(address, i32.of(anchorBytes - 1));
    const code: number[] = [];
    for (const place of places) {
      const [low, high] = [this.#low[place] as Variable, this.#high[place] as Variable];
      code.push(
        ...low.set(bytes16.load(start, offset + place)),
        ...high.set(bytes16.and(bytes16.shiftRightPairs(low.get, 4), this.#lowerHalf.get)),
        ...low.set(bytes16.and(low.get, this.#lowerHalf.get)),
      );
    }
    for (const set of sets) {
      const allowing = places.map((place) => this.#allowing(set, place)).reduce((all, each) => bytes16.and(all, each));
      code.push(...this.#passed.set(set === 0 ? allowing : bytes16.or(this.#passed.get, allowing)));
    }
    return [...code, ...bytes16.bits(bytes16.equal(this.#passed.get, bytes16.of(0)))];
  }

  #allowing(set: number, place: number): Code {
    const table = (half: 'low' | 'high'): Code => bytes16.load(i32.of(0), this.#tables + tableAt(set, place, half));
    const [low, high] = [this.#low[place] as Variable, this.#high[place] as Variable];
    return bytes16.and(bytes16.lookUp(table('low'), low.get), bytes16.lookUp(table('high'), high.get));
  }
}

// Sieves places where one of many anchors of four bytes may stand, 16 places at a time: by the halves of each byte, in 16 groups of anchors.
// Must never miss an anchor; that a place passes says no more than that it is worth a look.
import { i32, bytes16, type Code, type Variable } from '../../base/wasm-assembler.ts';
import { commonness } from './byte-classes.ts';

/** An anchor: the codes that may stand at each of its four places. */
export type AnchorPattern = readonly (readonly number[])[];

export const anchorBytes = 4;
const groupCount = 16;

/** For each half of each of the four bytes and each set of eight groups 16 bytes: which of the groups allow that half. */
export const tableBytes = anchorBytes * 2 * 2 * 16;

/** The first round shares out, the others move what stands better elsewhere by then; more rounds hardly gain. */
const rounds = 4;

/**
 * Shares the anchors out among the groups so that few places pass that hold none (Hyperscan's Teddy does so, too): a group allows
 * every mixture of its anchors' halves, so that those that resemble each other go together.
 */
export function sieveTables(anchors: readonly AnchorPattern[]): Uint8Array {
  const patterns = anchors.map((anchor) => Int32Array.from(anchor, halvesOf));
  // What stands in many places finds its group first.
  patterns.sort((left, right) => chanceOf(right, nothing) - chanceOf(left, nothing));
  const members: Int32Array[][] = Array.from({ length: groupCount }, () => []);
  const groups = members.map(() => new Int32Array(anchorBytes));
  const chances = new Float64Array(groupCount);
  const homes = new Int8Array(patterns.length).fill(-1);
  for (let round = 0; round < rounds; round += 1) {
    for (const [index, pattern] of patterns.entries()) {
      const home = homes[index] as number;
      if (home >= 0) {
        const others = (members[home] as Int32Array[]).filter((each) => each !== pattern);
        members[home] = others;
        const group = (groups[home] as Int32Array).fill(0);
        for (const each of others) addTo(group, each);
        chances[home] = others.length === 0 ? 0 : chanceOf(group, nothing);
      }
      let best = 0;
      let least = Number.POSITIVE_INFINITY;
      for (let candidate = 0; candidate < groupCount; candidate += 1) {
        const added = chanceOf(groups[candidate] as Int32Array, pattern) - (chances[candidate] as number);
        if (added >= least) continue;
        best = candidate;
        least = added;
      }
      homes[index] = best;
      members[best]?.push(pattern);
      addTo(groups[best] as Int32Array, pattern);
      chances[best] = (chances[best] as number) + least;
    }
  }
  return writeTables(groups);
}

/** For each place the halves that are allowed, one bit each: the lower half in the lower 16 bits. */
type Halves = Int32Array;

const nothing: Halves = new Int32Array(anchorBytes);

function addTo(group: Halves, pattern: Halves): void {
  for (let place = 0; place < anchorBytes; place += 1) group[place] = (group[place] as number) | (pattern[place] as number);
}

/** How likely a place in a log passes what allows both, roughly. */
function chanceOf(one: Halves, other: Halves): number {
  let chance = 1;
  for (let place = 0; place < anchorBytes; place += 1) chance *= shareOf((one[place] as number) | (other[place] as number));
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

function halvesOf(codes: readonly number[]): number {
  return codes.reduce((halves, code) => halves | (1 << (code & 15)) | (1 << (16 + (code >> 4))), 0);
}

/** By upper half, by which eight lower halves, by which of them: how often logs have such bytes. */
const SHARES = new Float64Array(16 * 2 * 256);
{
  const weights = Array.from({ length: 256 }, (_unused, code) => (code >= 0x20 && code < 0x7f ? commonness(code) : 0.2));
  const all = weights.reduce((sum, weight) => sum + weight, 0);
  for (let row = 0; row < 32; row += 1)
    for (let set = 1; set < 256; set += 1) {
      // What the set without its lowest member has, and that member.
      const member = 31 - Math.clz32(set & -set);
      SHARES[row * 256 + set] = (SHARES[row * 256 + (set & (set - 1))] as number) + (weights[row * 8 + member] as number) / all;
    }
}

/** Of all bytes in a log, how many have these halves. */
function shareOf(halves: number): number {
  let share = 0;
  for (let rest = halves >>> 16; rest !== 0; rest &= rest - 1) {
    const row = (31 - Math.clz32(rest & -rest)) * 512;
    share += (SHARES[row + (halves & 0xff)] as number) + (SHARES[row + 256 + ((halves >> 8) & 0xff)] as number);
  }
  return share;
}

/** The vectors that the sieve works with; what it found of the bytes before is kept from one turn to the next. */
export class Sieve {
  readonly #tables: number;
  readonly #low: Variable;
  readonly #high: Variable;
  readonly #now: Variable;
  readonly #passed: readonly Variable[];
  /** By set of groups and place but the last: who allows the bytes before there. */
  readonly #before: readonly (readonly Variable[])[];

  /** @param tables where they stand in memory. @param declare a vector */
  constructor(tables: number, declare: () => Variable) {
    this.#tables = tables;
    [this.#low, this.#high, this.#now] = [declare(), declare(), declare()];
    this.#passed = sets.map(() => declare());
    this.#before = sets.map(() => Array.from({ length: anchorBytes - 1 }, () => declare()));
  }

  /** Code that takes note of the 16 bytes at `address`. */
  read(address: Code, offset: number): Code {
    const code: number[] = [
      ...this.#low.set(bytes16.load(address, offset)),
      ...this.#high.set(bytes16.shiftRight(this.#low.get, 4)),
      ...this.#low.set(bytes16.and(this.#low.get, bytes16.of(0x0f))),
    ];
    for (const set of sets) {
      const passed = this.#passed[set] as Variable;
      code.push(...passed.set(this.#allowing(set, anchorBytes - 1)));
      for (const [place, before] of (this.#before[set] as readonly Variable[]).entries()) {
        code.push(
          ...this.#now.set(this.#allowing(set, place)),
          ...passed.set(bytes16.and(passed.get, bytes16.behindLast(anchorBytes - 1 - place, before.get, this.#now.get))),
          ...before.set(this.#now.get),
        );
      }
    }
    return code;
  }

  /** One bit for each of the bytes that were read last: an anchor may end there. */
  get bits(): Code {
    const [first, second] = this.#passed as readonly [Variable, Variable];
    return bytes16.bits(bytes16.notEqual(bytes16.or(first.get, second.get), bytes16.of(0)));
  }

  #allowing(set: number, place: number): Code {
    const table = (half: 'low' | 'high'): Code => bytes16.load(i32.of(0), this.#tables + tableAt(set, place, half));
    return bytes16.and(bytes16.lookUp(table('low'), this.#low.get), bytes16.lookUp(table('high'), this.#high.get));
  }
}

/** Of eight groups each. */
const sets = [0, 1] as const;

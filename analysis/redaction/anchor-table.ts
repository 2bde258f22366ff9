// Anchors by the four bytes that they are: which probes to ask where they stand.
// Must never call two different words the same.
import { shareOutAnchors, sieveTables, type AnchorPattern } from './anchor-sieve.ts';
import type { Anchor, Probe } from './finding.ts';

/** A power of two, several times the number of words, so that most searches end at the first slot. */
const slots = 32_768;
const slotBits = 15;
/** Digits enough for all groups. */
const groupBase = 32;
/** Knuth's multiplicative hashing (The Art of Computer Programming, volume 3, section 6.4): 2³² divided by the golden ratio. */
export const hashMultiplier = 0x9e37_79b1 | 0;

export class AnchorTable {
  /** Open addressing: the word in each slot, and 1 + the index of its probes. */
  readonly #words = new Int32Array(slots);
  readonly #entries = new Uint16Array(slots);
  readonly #probes: (readonly Probe[])[] = [];
  readonly #patterns: readonly AnchorPattern[];
  readonly #groups: string | undefined;
  #sieve: Uint8Array | undefined;
  #size = 0;

  /**
   * @param groups what `groups()` said of these anchors, because finding it takes a tenth of a second; where it is of another number
   * of anchors it isn't used, and where it is of others the sieve is only coarser
   */
  constructor(probes: readonly Probe[], groups?: string) {
    this.#groups = groups;
    this.#patterns = probes.flatMap((probe) => probe.anchors.map((anchor) => patternOf(anchor, probe.anyCase)));
    let next = 0;
    for (const probe of probes) {
      const alone = this.#probes.push([probe]);
      for (let i = 0; i < probe.anchors.length; i += 1) this.#addPattern(this.#patterns[next++] as AnchorPattern, probe, alone);
    }
  }

  /** The probes of a word, as `wordAt` reads it; undefined if it is no anchor. */
  probesOf(word: number): readonly Probe[] | undefined {
    const entry = this.#entries[this.#slotOf(word)] as number;
    return entry === 0 ? undefined : this.#probes[entry - 1];
  }

  /** The tables of a sieve for these anchors; made when they are first asked for. */
  sieve(): Uint8Array {
    this.#sieve ??= sieveTables(this.#patterns, this.#homes());
    return this.#sieve;
  }

  /** In which group of the sieve each anchor stands best, one digit each. */
  groups(): string {
    return Array.from(shareOutAnchors(this.#patterns), (group) => group.toString(groupBase)).join('');
  }

  #homes(): Uint8Array {
    if (this.#groups?.length !== this.#patterns.length) return shareOutAnchors(this.#patterns);
    return Uint8Array.from(this.#groups, (digit) => Number.parseInt(digit, groupBase));
  }

  /** Calls back with each word that is an anchor. */
  forEachWord(visit: (word: number) => void): void {
    for (let slot = 0; slot < slots; slot += 1) if (this.#entries[slot] !== 0) visit(this.#words[slot] as number);
  }

  #addPattern([firsts = [], seconds = [], thirds = [], fourths = []]: AnchorPattern, probe: Probe, alone: number): void {
    for (const first of firsts)
      for (const second of seconds)
        for (const third of thirds)
          for (const fourth of fourths) this.#add(first | (second << 8) | (third << 16) | (fourth << 24), probe, alone);
  }

  #add(word: number, probe: Probe, alone: number): void {
    const slot = this.#slotOf(word);
    const entry = this.#entries[slot] as number;
    if (entry === 0) {
      this.#size += 1;
      if (this.#size > slots / 2) throw new RangeError(`more than ${slots / 2} anchors`);
      this.#words[slot] = word;
      this.#entries[slot] = alone;
    } else if (this.#probes[entry - 1]?.includes(probe) !== true) {
      this.#entries[slot] = this.#probes.push([...(this.#probes[entry - 1] ?? []), probe]);
    }
  }

  /** The word's slot, or the free one where it would stand. */
  #slotOf(word: number): number {
    let slot = Math.imul(word, hashMultiplier) >>> (32 - slotBits);
    while (this.#entries[slot] !== 0 && this.#words[slot] !== word) slot = (slot + 1) & (slots - 1);
    return slot;
  }
}

/** The four bytes that end at `end`, little-endian; those before the beginning are 0. */
export function wordAt(bytes: Uint8Array, end: number): number {
  const first = end > 2 ? (bytes[end - 3] as number) : 0;
  const second = end > 1 ? (bytes[end - 2] as number) : 0;
  const third = end > 0 ? (bytes[end - 1] as number) : 0;
  return first | (second << 8) | (third << 16) | ((bytes[end] as number) << 24);
}

function patternOf(anchor: Anchor, anyCase: boolean): AnchorPattern {
  if (anchor.length !== 4) throw new RangeError(`an anchor has four places: ${String(anchor)}`);
  return Array.from(anchor, (chars) => codesOf(anyCase ? chars.toLowerCase() + chars.toUpperCase() : chars));
}

/** Each once. */
function codesOf(chars: string): readonly number[] {
  const codes: number[] = [];
  for (let i = 0; i < chars.length; i += 1) {
    const code = chars.charCodeAt(i);
    if (!codes.includes(code)) codes.push(code);
  }
  return codes;
}

// Finds which of many words occur in a text, in one pass over it (Aho and Corasick, 1975), letters of either case alike.
// Must never read a character twice, nor keep anything of a text.

/** Characters beyond ASCII are one class that no word contains. */
const ASCII = 128;

/** Marks a state in the table where words end. States are numbered below it. */
const endMark = 0x8000;

export class LiteralSearch {
  private readonly classOf = new Uint8Array(ASCII);
  private readonly classes: number;
  /** By state, one after the other, each a row of a power of two: the next state for each class, marked where words end there. */
  private readonly next: Uint16Array;
  private readonly shift: number;
  /** By state, the words that end there, longest first. */
  private readonly ends: readonly (readonly number[])[];

  /** @param words lower case, ASCII, none empty; */
  constructor(words: readonly string[]) {
    this.classes = this.classify(words);
    const trie: Map<number, number>[] = [new Map<number, number>()];
    const ends: number[][] = [[]];
    for (const [index, word] of words.entries()) {
      let state = 0;
      for (let i = 0; i < word.length; i++) {
        const letter = this.classOf[word.charCodeAt(i)] ?? 0;
        let to = trie[state]?.get(letter);
        if (to === undefined) {
          to = trie.length;
          trie.push(new Map());
          ends.push([]);
          trie[state]?.set(letter, to);
        }
        state = to;
      }
      ends[state]?.push(index);
    }
    if (trie.length > endMark) throw new RangeError(`${words.length} words need ${trie.length} states, more than ${endMark}`);
    const wide = new Uint16Array(trie.length * this.classes);
    const order = this.complete(trie, ends, wide);
    // Numbered by depth: a text spends its time in the shallow states, and these few rows stay in the processor's cache.
    const numberOf = new Uint16Array(trie.length);
    for (const [number, state] of order.entries()) numberOf[state] = number;
    this.ends = order.map((state) => ends[state] ?? []);
    this.shift = 32 - Math.clz32(this.classes - 1);
    this.next = new Uint16Array(trie.length << this.shift);
    for (const [number, state] of order.entries()) {
      for (let letter = 0; letter < this.classes; letter++) {
        const to = numberOf[wide[state * this.classes + letter] ?? 0] ?? 0;
        this.next[(number << this.shift) + letter] = (this.ends[to]?.length ?? 0) > 0 ? to | endMark : to;
      }
    }
  }

  /** Indexes of the words in the first `limit` characters, one for each time it occurs; undefined where there are none. */
  search(text: string, limit: number): number[] | undefined {
    const { next, classOf, shift } = this;
    const length = Math.min(text.length, limit);
    let found: number[] | undefined;
    let state = 0;
    for (let i = 0; i < length; i++) {
      const code = text.charCodeAt(i);
      state = next[(state << shift) + (code < ASCII ? (classOf[code] ?? 0) : 0)] ?? 0;
      if (state < endMark) continue;
      state ^= endMark;
      found ??= [];
      const ends = this.ends[state] ?? [];
      for (let end = 0; end < ends.length; end++) found.push(ends[end] ?? 0);
    }
    return found;
  }

  /** Numbers the characters that words use; 0 is every other. */
  private classify(words: readonly string[]): number {
    let count = 1;
    for (const word of words) {
      for (let i = 0; i < word.length; i++) {
        const code = word.charCodeAt(i);
        if (code >= ASCII) throw new RangeError(`${word} is not ASCII`);
        if (this.classOf[code] === 0) this.classOf[code] = count++;
      }
    }
    for (let code = 65; code <= 90; code++) this.classOf[code] = this.classOf[code + 32] ?? 0;
    return count;
  }

  /** Fills the table, so that every state has a successor for every class; returns the states breadth first. */
  private complete(trie: readonly ReadonlyMap<number, number>[], ends: number[][], next: Uint16Array): number[] {
    const fallback = new Uint16Array(trie.length);
    const queue = [0];
    for (let at = 0; at < queue.length; at++) {
      const state = queue[at] ?? 0;
      const back = (fallback[state] ?? 0) * this.classes;
      for (let letter = 0; letter < this.classes; letter++) {
        const to = trie[state]?.get(letter);
        const otherwise = state === 0 ? 0 : (next[back + letter] ?? 0);
        next[state * this.classes + letter] = to ?? otherwise;
        if (to === undefined) continue;
        fallback[to] = otherwise;
        ends[to]?.push(...(ends[otherwise] ?? []));
        queue.push(to);
      }
    }
    return queue;
  }
}

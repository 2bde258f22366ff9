// Finds which of many words occur in a text, in one pass over it (Aho and Corasick, 1975), letters of either case alike.
// Must never read a character twice, nor keep anything of a text.

/** Characters beyond ASCII are one class that no word contains. */
const ASCII = 128;

export class LiteralSearch {
  private readonly classOf = new Uint8Array(ASCII);
  private readonly classes: number;
  /** Where each state goes: the row of the next one, negative where words end there. */
  private readonly next: Int32Array;
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
    this.next = new Int32Array(trie.length * this.classes);
    this.complete(trie, ends);
    this.ends = ends;
    // Rows instead of numbers, so that the search neither multiplies nor looks elsewhere.
    for (const [index, state] of this.next.entries())
      this.next[index] = (ends[state]?.length ?? 0) > 0 ? -state * this.classes : state * this.classes;
  }

  /** Indexes of the words in the first `limit` characters, one for each time it occurs; undefined where there are none. */
  search(text: string, limit: number): number[] | undefined {
    const { next, classOf, classes } = this;
    const length = Math.min(text.length, limit);
    let found: number[] | undefined;
    let row = 0;
    for (let i = 0; i < length; i++) {
      const code = text.charCodeAt(i);
      row = next[row + (code < ASCII ? (classOf[code] ?? 0) : 0)] ?? 0;
      if (row >= 0) continue;
      row = -row;
      found ??= [];
      found.push(...(this.ends[row / classes] ?? []));
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

  /** Fills the table, so that every state has a successor for every class, breadth first. */
  private complete(trie: readonly ReadonlyMap<number, number>[], ends: number[][]): void {
    const fallback = new Uint16Array(trie.length);
    const queue = [0];
    for (let at = 0; at < queue.length; at++) {
      const state = queue[at] ?? 0;
      const back = (fallback[state] ?? 0) * this.classes;
      for (let letter = 0; letter < this.classes; letter++) {
        const to = trie[state]?.get(letter);
        const otherwise = state === 0 ? 0 : (this.next[back + letter] ?? 0);
        this.next[state * this.classes + letter] = to ?? otherwise;
        if (to === undefined) continue;
        fallback[to] = otherwise;
        ends[to]?.push(...(ends[otherwise] ?? []));
        queue.push(to);
      }
    }
  }
}

// How one generation of a log stands to the others: what is read before it, and what may be a copy of it.
// Must never let files wait for each other in a circle: then none of them would ever be read.
import type { FilePosition } from '../record.ts';

/** Where following begins. */
export interface Beginning {
  readonly generation: number;
  readonly offset: number;
  /** It was finished there. */
  readonly isFinished?: boolean | undefined;
}

/** What a truncated file is read on in. */
export interface Heir {
  readonly key: string;
  readonly generation: number;
  readonly offset: number;
  position(): FilePosition;
  /** Goes on at `offset`, up to which everything was read in the file that it is a copy of. */
  inherit(offset: number): void;
}

/** `Other` is what the generations are. */
export class Generation<Other> {
  /** The file that had this one's path before. Its lines come first. */
  predecessor: Other | undefined;
  /** The copy that a rotation made of this file before it was truncated. */
  heir: Heir | undefined;
  /** Younger files that are named like rotations of this one are copies of it. */
  copiesBornAfterNs: bigint;
  /** Where its copies are made, as the log's path would be there: beside it, unless one was found in another folder. */
  copiesBeside: string | undefined;
  /** It was empty, or held other content: what it got since may lie in copies that nobody saw being made. */
  mayHaveCopies = false;
  /** It may be such a copy, and isn't read until that is clear. Unix milliseconds when the doubt began. */
  doubtedSinceMs: number | undefined;
  /** Whether that was looked into. */
  isExamined = false;
  /** It went by another name before. */
  wasRenamed = false;
  /** It was truncated, and nothing of it lies elsewhere. */
  isOver = false;
  /** Once this file is settled up to `offset`, the older one is up to `olderOffset`: a record spans both. */
  seam: { readonly older: Other; readonly olderOffset: number; readonly offset: number } | undefined;

  constructor(birthNs: bigint) {
    this.copiesBornAfterNs = birthNs;
  }
}

interface Ordered<Self> {
  predecessor: Self | undefined;
}

/** `older` is to be read first. Where that one waits for `younger` already, the order that was known before stays. */
export function putAfter<Self extends Ordered<Self>>(younger: Self, older: Self): void {
  if (older === younger || comesBefore(younger, older)) return;
  younger.predecessor = older;
}

/** `younger` waits for `older`, or for one that does. */
export function comesBefore<Self extends Ordered<Self>>(older: Self, younger: Self): boolean {
  for (let each = younger.predecessor; each !== undefined; each = each.predecessor) if (each === older) return true;
  return false;
}

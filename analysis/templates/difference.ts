// How two patterns differ: in words, in values, or in what may be either.
// Must never decide whether they merge; miner.ts does.
import { token } from './masks.ts';

/** How a pattern differs from a template. One object is reused. */
export interface Difference {
  /** Places where both hold words, and not the same. */
  words: number;
  /** The last such place. */
  wordAt: number;
  /** Places where one holds a value and the other a word. */
  mixed: number;
  mixedAt: number;
  /** Places where digits or skeletons differ. */
  soft: number;
  /** Words that are the same. */
  equal: number;
}

/** How far two unlike tokens are from each other: between values nothing, between words a word. */
export function differenceOf(mine: number, theirs: number, literal: string, other: string): 'none' | 'soft' | 'mixed' | 'word' {
  if (mine > token.shaped && theirs > token.shaped) return 'none';
  const named = mine === token.word || theirs === token.word;
  if (!named) {
    // `memory:<num>` and `cores:<num>` are named by what stands before the colon.
    return mine === token.shaped && theirs === token.shaped && literal.includes(':') && other.includes(':') ? 'word' : 'soft';
  }
  if (mine <= token.soft && theirs <= token.soft) return 'word';
  return (mine === token.shaped && literal.includes(':')) || (theirs === token.shaped && other.includes(':')) ? 'word' : 'mixed';
}

/** True if two tokens are the same, or values of one place. */
export function alike(mine: number, theirs: number, literal: string, other: string): boolean {
  if (mine === theirs && literal === other) return true;
  const difference = differenceOf(mine, theirs, literal, other);
  return difference === 'none' || difference === 'soft';
}

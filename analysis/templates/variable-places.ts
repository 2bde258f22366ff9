// How many different words at a place, everything else equal, show that a value stands there.
// Must never know a program's vocabulary: it goes by marks, prepositions and the shape of words.
import { directions } from './prepositions.ts';
import { spansOf, type TokenRow } from './spans.ts';

/** Different words that make a place a variable; by how likely the place holds a value. */
const distinctWords = {
  valued: 2,
  named: 2,
  quoted: 3,
  directed: 3,
  leading: 5,
  names: 3,
  plain: 6,
  telling: 12,
  capitals: 16,
  first: 32,
} as const;

/** How many different words at `place` show that it is a variable. `words` are those that stood there. */
export function wordsNeeded(row: TokenRow, place: number, words: readonly string[]): number {
  const gap = row.gaps[place] ?? '';
  const next = row.gaps[place + 1] ?? '';
  const last = gap.charCodeAt(gap.length - 1);
  const quoted = (last === 39 || last === 34) && next.charCodeAt(0) === last;
  if (last === 61 || quoted) return distinctWords.valued;
  if (place === 0) return distinctWords.first;
  // States, methods and error names are written in capitals, and each makes a message of its own.
  if (words.every((word) => word === word.toUpperCase())) return distinctWords.capitals;
  // So does each verb: `started`, `stopping`.
  if (words.some((word) => telling.test(word))) return distinctWords.telling;
  const before = gap === ' ' ? (row.literals[place - 1] ?? '').toLowerCase() : '';
  if (principals.has(before) && closes(row, place)) return distinctWords.named;
  if (directions.has(before)) return closes(row, place) ? distinctWords.directed : distinctWords.leading;
  if (spansOf(row).some(({ kind, from, to }) => kind === 'quote' && from <= place && place < to)) return distinctWords.quoted;
  return words.filter((word) => compound.test(word)).length * 2 > words.length ? distinctWords.names : distinctWords.plain;
}

/** Participles. */
const telling = /^[A-Za-z]+(?:ed|ing)$/;

/** What programs and people name things, `kube-proxy` or `mapTask`, but no word of a sentence. */
const compound = /[A-Za-z\d][-_./:@][A-Za-z\d]|[a-z][A-Z]/;

/** True if what follows `place` ends what was said of it: a mark, a preposition, or nothing. */
function closes(row: TokenRow, place: number): boolean {
  if (place === row.kinds.length - 1 || (row.gaps[place + 1] ?? '') !== ' ') return true;
  return directions.has((row.literals[place + 1] ?? '').toLowerCase());
}

/** Words that are followed by a name, in any program's messages. */
const principals = new Set(['user', 'username', 'account', 'hostname', 'host']);

// Which spans of a message (spans.ts) hold a value: those whose content differs in length where everything around is the same.
// Must never touch a template; miner.ts merges what belongs together.
import { token } from './masks.ts';
import { differenceOf } from './difference.ts';
import { collapse, phraseOf, spansOf, tailOf, type Span, type SpanKind, type TokenRow } from './spans.ts';

/**
 * Different contents that show a span to be a value. Lists of values and what stands behind `=` vary at once; of words in
 * brackets or quotes it takes several that differ in structure, since `(usable)` and `(reserved)` tell two messages apart.
 * Behind a colon stands a value if each time it is of one piece, or if it differs that often that no list of messages does.
 */
const enough = { list: 2, value: 2, quoted: 2, structures: 3, pieces: 3, tails: 6, phrases: 5 } as const;

/** What a template looks like from outside of its spans. */
export interface Outside {
  readonly spans: readonly Span[];
  /** The row with all spans collapsed. */
  readonly kinds: readonly number[];
  readonly literals: readonly string[];
  /** Same for rows with the same marks and number of tokens outside of spans. */
  readonly bucket: number;
}

/** The ways to look at a row, in the order in which they are tried: its enclosed values, what its colon leads to, its last words. */
export function outsidesOf(row: TokenRow): readonly Outside[] {
  const spans = spansOf(row);
  const outsides: Outside[] = [];
  if (spans.length > 0) outsides.push(outsideOf(row, spans, 0));
  const tail = tailOf(row, spans);
  if (tail !== undefined) outsides.push(outsideOf(row, [tail], 1));
  const phrase = phraseOf(row);
  if (phrase !== undefined) outsides.push(outsideOf(row, [phrase], 2));
  return outsides;
}

function outsideOf(row: TokenRow, spans: readonly Span[], salt: number): Outside {
  const all = Array.from(spans, () => true);
  const { kinds, literals, gaps } = collapse(row, spans, all);
  return { spans, kinds, literals, bucket: frameOf(gaps) + salt * 0x1_0000_0000 };
}

/** Number of tokens and the marks between them. */
export function frameOf(gaps: readonly string[]): number {
  let frame = 0x811c9dc5;
  for (const gap of gaps) {
    for (let i = 0; i < gap.length; i++) {
      const code = gap.charCodeAt(i);
      if (code > 32) frame = Math.imul(frame ^ code, 0x01000193);
    }
    frame = Math.imul(frame ^ 0x2a, 0x01000193);
  }
  return frame >>> 0;
}

/** Words outside of a span that make it likely that the same message is meant. */
const wordsOutside: Readonly<Record<SpanKind, number>> = { bracket: 1, quote: 1, value: 1, tail: 2, phrase: 3 };

/** True if two rows say the same outside of their spans, values aside. */
export function agreeOutside(one: Outside, two: Outside): boolean {
  if (one.kinds.length !== two.kinds.length || one.spans.length !== two.spans.length) return false;
  let same = 0;
  let mixed = 0;
  for (let i = 0; i < one.kinds.length; i++) {
    const mine = one.kinds[i] ?? 0;
    const theirs = two.kinds[i] ?? 0;
    if (mine === token.any || theirs === token.any) continue;
    const [literal = '', other = ''] = [one.literals[i], two.literals[i]];
    const difference = mine === theirs && literal === other ? 'none' : differenceOf(mine, theirs, literal, other);
    if (difference === 'word') return false;
    if (difference === 'mixed') mixed++;
    else if (mine === token.word) same++;
  }
  const needed = wordsOutside[one.spans[0]?.kind ?? 'bracket'];
  return same >= needed && (mixed === 0 || (mixed === 1 && same > needed));
}

/** Which spans vary among rows that agree outside of them. */
export function varyingSpans(rows: readonly { readonly row: TokenRow; readonly outside: Outside }[]): boolean[] {
  const first = rows[0];
  if (first === undefined) return [];
  return first.outside.spans.map(({ kind }, index) => {
    const contents = new Set<string>();
    const structures = new Set<string>();
    let words = 0;
    let single = true;
    let inPieces = true;
    let variable = false;
    for (const { row, outside } of rows) {
      const span = outside.spans[index];
      if (span === undefined || span.kind !== kind) return false;
      if (isVariable(row, span)) variable = true;
      const content = contentOf(row, span);
      words += content.words;
      if (span.to - span.from > 1) single = false;
      if (content.pieces > 1) inPieces = false;
      contents.add(content.text);
      structures.add(content.structure);
    }
    if (kind === 'phrase') return (variable && structures.size > 1) || (structures.size > 1 && contents.size >= enough.phrases);
    if (kind === 'tail') return (variable && inPieces) || structures.size >= (inPieces ? enough.pieces : enough.tails);
    if (variable || structures.size >= enough.structures) return true;
    if (words === 0 && kind !== 'quote') return structures.size >= enough.list;
    if (kind === 'value') return contents.size >= enough.value;
    return kind === 'quote' && single && contents.size >= enough.quoted;
  });
}

/** What a span holds, values aside; what it looks like without its words; and the pieces that blanks cut it into outside of brackets. */
function contentOf(row: TokenRow, span: Span): { text: string; structure: string; words: number; pieces: number } {
  let text = '';
  let structure = '';
  let words = 0;
  let pieces = 0;
  let depth = 0;
  for (let at = span.from; at < span.to; at++) {
    const gap = at === span.from ? (row.gaps[at] ?? '').slice(span.open) : (row.gaps[at] ?? '');
    const before = depth;
    for (const mark of gap) {
      if ('([{'.includes(mark)) depth++;
      else if (')]}'.includes(mark)) depth--;
    }
    if (row.kinds[at] === token.word) words++;
    if (at === span.from || (before <= 0 && gap.includes(' '))) pieces++;
    text += `${gap.trim()} ${(row.kinds[at] ?? 0) > token.shaped ? '*' : (row.literals[at] ?? '')}`;
    structure += `${at === span.from ? '' : gap.trim()} `;
  }
  return { text, structure, words, pieces };
}

/** True for a span that holds one `<*>` already. */
export function isVariable(row: TokenRow, span: Span | undefined): boolean {
  return span !== undefined && span.to - span.from === 1 && row.kinds[span.from] === token.any;
}

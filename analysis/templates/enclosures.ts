// Which spans of a message (spans.ts) hold a value: those whose content differs in length where everything around is the same.
// Must never touch a template; miner.ts merges what belongs together.
import { token } from './masks.ts';
import { differenceOf } from './difference.ts';
import { collapse, spansOf, type Span, type TokenRow } from './spans.ts';

/**
 * Different contents that show a span to be a value. Lists of values and what stands behind `=` vary at once; of words in
 * brackets or quotes it takes several that differ in structure, since `(usable)` and `(reserved)` tell two messages apart.
 */
const enough = { list: 2, value: 2, quoted: 2, structures: 3 } as const;

/** What a template looks like from outside of its spans. */
export interface Outside {
  readonly spans: readonly Span[];
  /** The row with all spans collapsed. */
  readonly kinds: readonly number[];
  readonly literals: readonly string[];
  /** Same for rows with the same marks and number of tokens outside of spans. */
  readonly bucket: number;
}

/** Undefined where there is no span. */
export function outsideOf(row: TokenRow): Outside | undefined {
  const spans = spansOf(row);
  if (spans.length === 0) return undefined;
  const { kinds, literals, gaps } = collapse(
    row,
    spans,
    Array.from(spans, () => true),
  );
  return { spans, kinds, literals, bucket: frameOf(gaps) };
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

/** True if two rows say the same outside of their spans, values aside. */
export function agreeOutside(one: Outside, two: Outside): boolean {
  if (one.kinds.length !== two.kinds.length || one.spans.length !== two.spans.length) return false;
  let words = 0;
  let mixed = 0;
  for (let i = 0; i < one.kinds.length; i++) {
    const mine = one.kinds[i] ?? 0;
    const theirs = two.kinds[i] ?? 0;
    if (mine === token.any || theirs === token.any) continue;
    const difference =
      mine === theirs && one.literals[i] === two.literals[i]
        ? 'none'
        : differenceOf(mine, theirs, one.literals[i] ?? '', two.literals[i] ?? '');
    if (difference === 'word') return false;
    if (difference === 'mixed') mixed++;
    else if (mine === token.word) words++;
  }
  // Without a word outside, the content is all there is.
  return words > 0 && (mixed === 0 || (mixed === 1 && words > 1));
}

/** Which spans vary among rows that agree outside of them. */
export function varyingSpans(rows: readonly { readonly row: TokenRow; readonly outside: Outside }[]): boolean[] {
  const first = rows[0];
  if (first === undefined) return [];
  return first.outside.spans.map(({ kind }, index) => {
    const contents = new Set<string>();
    const structures = new Set<string>();
    let wordless = true;
    let single = true;
    for (const { row, outside } of rows) {
      const span = outside.spans[index];
      if (span === undefined || span.kind !== kind) return false;
      if (isVariable(row, span)) return true;
      let content = '';
      let structure = '';
      for (let at = span.from; at < span.to; at++) {
        const gap = at === span.from ? '' : (row.gaps[at] ?? '').trim();
        const value = (row.kinds[at] ?? 0) > token.shaped;
        if (row.kinds[at] === token.word) wordless = false;
        content += `${gap} ${value ? '*' : (row.literals[at] ?? '')}`;
        structure += `${gap} `;
      }
      if (span.to - span.from > 1) single = false;
      contents.add(content);
      structures.add(structure);
    }
    if (structures.size >= enough.structures) return true;
    if (wordless && kind !== 'quote') return structures.size >= enough.list;
    if (kind === 'value') return contents.size >= enough.value;
    return kind === 'quote' && single && contents.size >= enough.quoted;
  });
}

/** True for a span that holds one `<*>` already. */
export function isVariable(row: TokenRow, span: Span): boolean {
  return span.to - span.from === 1 && row.kinds[span.from] === token.any;
}

// Spans of a template that hold one value of any length: what brackets or quotes enclose, and what stands behind `=`.
// Must never decide which spans vary; enclosures.ts does.
import { token } from './masks.ts';
import { directions } from './prepositions.ts';

/**
 * What opens a span: a quote, an equals sign, or any bracket. A tail is all that stands behind the last colon, a phrase the
 * few words behind the last preposition.
 */
export type SpanKind = 'bracket' | 'quote' | 'value' | 'tail' | 'phrase';

/** Tokens and the gaps around them, as a template holds them. */
export interface TokenRow {
  readonly kinds: readonly number[];
  readonly literals: readonly string[];
  /** Text before each token, and behind the last. */
  readonly gaps: readonly string[];
}

/** A span without its marks. It may be empty. */
export interface Span {
  readonly kind: SpanKind;
  /** First token inside, and the first one behind. */
  readonly from: number;
  readonly to: number;
  /** Offsets behind the opening mark in `gaps[from]`, and of the closing one in `gaps[to]`. */
  readonly open: number;
  readonly close: number;
}

const closers: Readonly<Record<string, string>> = { '(': ')', '[': ']', '{': '}' };

/** Outermost spans looked at in a template. */
const maxSpans = 24;

/** The outermost spans, in order. What isn't closed is none. */
export function spansOf(row: TokenRow): Span[] {
  const spans: Span[] = [];
  const { gaps } = row;
  let at = 0;
  let offset = 0;
  while (at < gaps.length && spans.length < maxSpans) {
    const gap = gaps[at] ?? '';
    if (offset >= gap.length) {
      at++;
      offset = 0;
      continue;
    }
    const span = spanAt(row, at, offset);
    if (span === undefined) {
      offset++;
      continue;
    }
    spans.push(span);
    at = span.to;
    offset = span.kind === 'value' ? span.close : span.close + 1;
  }
  return spans;
}

/** What stands behind the last colon outside of `spans`, if anything does. */
export function tailOf(row: TokenRow, spans: readonly Span[]): Span | undefined {
  const end = row.kinds.length;
  for (let at = end - 1; at > 0; at--) {
    const gap = row.gaps[at] ?? '';
    const colon = gap.indexOf(':');
    if (colon < 0 || spans.some(({ from, to }) => from < at && at < to)) continue;
    const rest = gap.slice(colon + 1);
    const open = colon + 1 + (rest.length - rest.trimStart().length);
    return { kind: 'tail', from: at, open, to: end, close: (row.gaps[end] ?? '').length };
  }
  return undefined;
}

/** Words of the longest phrase. */
const longestPhrase = 4;

/** One to four words behind the last preposition, with no mark among them. */
export function phraseOf(row: TokenRow): Span | undefined {
  const end = row.kinds.length;
  for (let at = end - 1; at > 1 && end - at <= longestPhrase; at--) {
    if (row.gaps[at] !== ' ') return undefined;
    if (!directions.has((row.literals[at - 1] ?? '').toLowerCase())) continue;
    return { kind: 'phrase', from: at, open: 1, to: end, close: 0 };
  }
  return undefined;
}

function spanAt(row: TokenRow, at: number, offset: number): Span | undefined {
  const gap = row.gaps[at] ?? '';
  const mark = gap[offset] ?? '';
  if (mark === '=') return valueAt(row, at, offset);
  if (mark === '"' || (mark === "'" && (offset > 0 || at === 0))) {
    const end = findMark(row, at, offset + 1, mark);
    return end === undefined ? undefined : { kind: 'quote', from: at, open: offset + 1, to: end.at, close: end.offset };
  }
  if (closers[mark] === undefined) return undefined;
  const end = findClose(row, at, offset);
  return end === undefined ? undefined : { kind: 'bracket', from: at, open: offset + 1, to: end.at, close: end.offset };
}

interface Place {
  readonly at: number;
  readonly offset: number;
}

/** Where `mark` next stands. An apostrophe inside a word closes nothing. */
function findMark(row: TokenRow, from: number, offset: number, mark: string): Place | undefined {
  for (let at = from; at < row.gaps.length; at++) {
    const gap = row.gaps[at] ?? '';
    const found = gap.indexOf(mark, at === from ? offset : 0);
    if (found < 0) continue;
    if (mark === "'" && found === gap.length - 1 && at < row.gaps.length - 1) continue;
    return { at, offset: found };
  }
  return undefined;
}

/** Where the bracket at `offset` of a gap is closed. */
function findClose(row: TokenRow, from: number, offset: number): Place | undefined {
  const stack: string[] = [];
  for (let at = from; at < row.gaps.length; at++) {
    const gap = row.gaps[at] ?? '';
    for (let i = at === from ? offset : 0; i < gap.length; i++) {
      const mark = gap[i] ?? '';
      const closer = closers[mark];
      if (closer !== undefined) stack.push(closer);
      else if (mark === stack.at(-1)) {
        stack.pop();
        if (stack.length === 0) return { at, offset: i };
      }
    }
  }
  return undefined;
}

/** `key=value`: the value goes to a blank, a comma, a semicolon or a mark that it didn't open. */
function valueAt(row: TokenRow, from: number, offset: number): Span | undefined {
  const gap = row.gaps[from] ?? '';
  // `a = b` reads like a sentence, `==` compares.
  if (offset === 0 ? from === 0 : gap[offset - 1] === ' ' || gap[offset - 1] === '=') return undefined;
  if (gap[offset + 1] === '=' || gap[offset + 1] === '>') return undefined;
  let at = from;
  let i = offset + 1;
  const start = i;
  // `logname= uid=0` holds nothing, which says something else than a value; `shown= true` holds one.
  if (gap[i] === ' ' || i >= gap.length) {
    if (i < gap.length && (row.gaps[from + 1] ?? '').startsWith('=')) return undefined;
    at++;
    i = 0;
  }
  if (at >= row.gaps.length) return undefined;
  for (;;) {
    const here = row.gaps[at] ?? '';
    if (i >= here.length) {
      if (at === row.gaps.length - 1) break;
      at++;
      i = 0;
      continue;
    }
    const mark = here[i] ?? '';
    const end =
      closers[mark] !== undefined ? findClose(row, at, i) : mark === '"' || mark === "'" ? findMark(row, at, i + 1, mark) : undefined;
    if (end === undefined) {
      if (mark === ':' || mark === '\\' || mark === '|' || mark === '!') {
        if (here[i + 1] === undefined && at < row.gaps.length - 1) {
          i++;
          continue;
        }
      }
      break;
    }
    at = end.at;
    i = end.offset + 1;
  }
  return { kind: 'value', from, open: start, to: at, close: i };
}

/** The row with the chosen spans holding one `<*>` each. */
export function collapse(
  row: TokenRow,
  spans: readonly Span[],
  chosen: readonly boolean[],
): { kinds: number[]; literals: string[]; gaps: string[] } {
  const kinds: number[] = [];
  const literals: string[] = [];
  const gaps: string[] = [];
  let at = 0;
  /** What of `gaps[at]` belongs to a span that was closed there. */
  let used = 0;
  const copyTo = (end: number): void => {
    for (; at < end; at++) {
      gaps.push((row.gaps[at] ?? '').slice(used));
      kinds.push(row.kinds[at] ?? token.any);
      literals.push(row.literals[at] ?? '');
      used = 0;
    }
  };
  for (const [i, span] of spans.entries()) {
    if (chosen[i] !== true) continue;
    copyTo(span.from);
    gaps.push((row.gaps[at] ?? '').slice(used, span.open));
    kinds.push(token.any);
    literals.push('');
    at = span.to;
    used = span.close;
  }
  copyTo(row.kinds.length);
  gaps.push((row.gaps[at] ?? '').slice(used));
  return { kinds, literals, gaps };
}

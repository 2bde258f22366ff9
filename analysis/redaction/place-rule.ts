// Rules that know a secret by its place: what stands before it on the line, and how it goes on from there.
// Must never look further than a line's width: patterns run over bounded pieces of text only.
import { DIGIT, LETTER, QUOTE, lineStart, textOf } from './byte-classes.ts';
import type { Anchor, Probe, Report } from './finding.ts';
import { beginsAt, endsAt, fixedBeginning, fixedEnd } from './fixed-text.ts';
import { isPlaceholder } from './placeholder.ts';
import { looksRandom } from './randomness.ts';

const before = 200;
const behind = 300;

export interface PlaceRule {
  readonly anchors: readonly Anchor[];
  readonly anyCase?: boolean;
  /** Of the line, up to the anchor. */
  readonly before?: RegExp;
  /** From the anchor on; group 1 is the value. The flag `d` is needed. */
  readonly value: RegExp;
  readonly kind: string;
  /** The value must have letters and digits, as a password has and a word of prose hasn't; or be drawn at random. */
  readonly isMixed?: true;
}

export const quoted = `["'\`]([^"'\`\\n]{3,128})["'\`]`;
export const word = `["']?([^\\s"',;&<>()\\]}]{3,128})`;

export function placeProbe(rule: PlaceRule): Probe {
  const end = rule.before === undefined ? undefined : fixedEnd(rule.before);
  const beginning = fixedBeginning(rule.value);
  return {
    anchors: rule.anchors,
    anyCase: rule.anyCase ?? false,
    // Bytes are compared before text is made for the patterns: most places are ordinary words.
    examine(bytes, at, report) {
      if (end !== undefined && !endsAt(bytes, at, end)) return;
      if (beginsAt(bytes, at, beginning)) apply(rule, bytes, at, report);
    },
  };
}

function apply(rule: PlaceRule, bytes: Uint8Array, at: number, report: Report): void {
  const from = lineStart(bytes, at, before);
  const head = rule.before === undefined ? '' : textOf(bytes, from, at);
  if (rule.before !== undefined && !rule.before.test(head)) return;
  const match = rule.value.exec(textOf(bytes, at, Math.min(bytes.length, at + behind)));
  const place = match?.indices?.[1];
  if (place === undefined) return;
  let start = at + place[0];
  let end = at + place[1];
  // The value stands before an @, behind the first colon of what belongs together.
  if (match?.[1] === '@') {
    end = at;
    start = at;
    while (start > from && bytes[start - 1] !== 0x20 && QUOTE[bytes[start - 1] as number] !== 1 && bytes[start - 1] !== 0x3d) start -= 1;
    const colon = bytes.indexOf(0x3a, start);
    if (colon < 0 || colon >= end) return;
    start = colon + 1;
  }
  while (end > start && (bytes[end - 1] === 0x2e || bytes[end - 1] === 0x3a)) end -= 1;
  if (end - start < 3 || bytes[start] === 0x2d || bytes[start] === 0x2f || isPlaceholder(bytes, start, end)) return;
  if (rule.isMixed === true && !isMixed(bytes, start, end) && !(end - start >= 20 && looksRandom(bytes, start, end))) return;
  report({ start, end, kind: rule.kind, rank: 0 });
}

/** Eight bytes or more with digits in the middle, and letters of both cases or a sign. */
function isMixed(bytes: Uint8Array, start: number, end: number): boolean {
  if (end - start < 8) return false;
  const text = textOf(bytes, start, end);
  let digits = 0;
  let letters = 0;
  for (let i = start; i < end; i += 1) {
    digits += DIGIT[bytes[i] as number] ?? 0;
    letters += LETTER[bytes[i] as number] ?? 0;
  }
  return digits > 0 && letters > 2 && /[a-z]/.test(text) && /[A-Z!#$%*+?]/.test(text) && !text.includes('://') && !text.includes('(');
}

// One signature of a known problem: steps that follow each other in a text.
// Must never cost more than linear time in the text; it knows no regular expressions.

/** Words of one thought stand together: steps further apart than this belong to different ones. */
const longestGap = 80;

/** Beginnings tried for one text. */
const mostStarts = 8;

/** Furthest that the parts of one alternative stand apart. */
const longestInnerGap = 80;

interface Step {
  /** Each one word or several parts with anything between. */
  readonly alternatives: readonly (readonly string[])[];
  /** May begin inside a word. */
  readonly anywhere: boolean;
}

export interface Signature {
  /** Counts at any severity. */
  readonly definite: boolean;
  readonly steps: readonly Step[];
}

/** @throws RangeError where a step is empty or not in lower case */
export function parseSignature(text: string): Signature {
  const definite = text.startsWith('!');
  const steps = (definite ? text.slice(1) : text).split(' ... ').map((part): Step => {
    const anywhere = part.startsWith('~');
    const alternatives = (anywhere ? part.slice(1) : part).split('|').map((alternative) => alternative.split('*'));
    if (alternatives.flat().some((word) => word === '' || word !== word.toLowerCase()))
      throw new RangeError(`bad step "${part}" in "${text}"`);
    return { alternatives, anywhere };
  });
  return { definite, steps };
}

/** The step that is hardest to meet by chance, and a word of each of its alternatives that must occur for it. */
export function rarestStep(signature: Signature): { readonly step: number; readonly words: readonly string[] } {
  const wordsOf = (step: Step): string[] => step.alternatives.map((parts) => parts.reduce((a, b) => (b.length > a.length ? b : a)));
  const [best = { step: 0, words: [] }] = signature.steps
    .map((step, index) => ({ step: index, words: wordsOf(step) }))
    .sort((a, b) => Math.min(...b.words.map(({ length }) => length)) - Math.min(...a.words.map(({ length }) => length)));
  return best;
}

/** A step whose alternatives aren't looked for unless their words occur, which a search before told. */
export interface NumberedStep {
  readonly step: number;
  /** By alternative. */
  readonly words: readonly number[];
}

/**
 * @param text in lower case
 * @param rarest what {@link rarestStep} said, its words numbered
 * @param present the words that occur in `text`, one bit each
 */
export function matches(signature: Signature, text: string, rarest: NumberedStep, present: Int32Array): boolean {
  const { steps } = signature;
  const [first] = steps;
  if (first === undefined) return false;
  const { step, words } = rarest;
  let from = 0;
  for (let start = 0; start < mostStarts; start++) {
    const begun = findStep(first, text, from, text.length, step === 0 ? words : undefined, present);
    if (begun === undefined) return false;
    if (!isDenied(text, begun.at)) {
      let end: number | undefined = begun.end;
      for (let index = 1; index < steps.length && end !== undefined; index++) {
        const next = steps[index];
        if (next !== undefined) end = findStep(next, text, end, end + longestGap, step === index ? words : undefined, present)?.end;
      }
      if (end !== undefined) return true;
    }
    from = begun.at + 1;
  }
  return false;
}

interface Place {
  readonly at: number;
  readonly end: number;
}

/** The alternative that begins first at or after `from` and not after `last`. */
function findStep(
  step: Step,
  text: string,
  from: number,
  last: number,
  words: readonly number[] | undefined,
  present: Int32Array,
): Place | undefined {
  let best: Place | undefined;
  const { alternatives } = step;
  for (let index = 0; index < alternatives.length; index++) {
    const parts = alternatives[index] ?? [];
    if (words !== undefined && !hasBit(present, words[index] ?? 0)) continue;
    let found = findWord(parts[0] ?? '', text, from, best === undefined ? last : best.at - 1, step.anywhere);
    for (let part = 1; part < parts.length && found !== undefined; part++) {
      const next = findWord(parts[part] ?? '', text, found.end, found.end + longestInnerGap, false);
      found = next === undefined ? undefined : { at: found.at, end: next.end };
    }
    if (found !== undefined) best = found;
  }
  return best;
}

function findWord(word: string, text: string, from: number, last: number, anywhere: boolean): Place | undefined {
  if (last + word.length >= text.length) {
    let at = text.indexOf(word, from);
    while (at >= 0 && !anywhere && isPart(text, at, word)) at = text.indexOf(word, at + 1);
    return at < 0 ? undefined : { at, end: at + word.length };
  }
  // Cut first, so that a search from many starts stays linear.
  const window = text.slice(from, last + word.length);
  let at = window.indexOf(word);
  while (at >= 0 && !anywhere && isPart(text, from + at, word)) at = window.indexOf(word, at + 1);
  return at < 0 ? undefined : { at: from + at, end: from + at + word.length };
}

function hasBit(bits: Int32Array, index: number): boolean {
  return (((bits[index >> 5] ?? 0) >> (index & 31)) & 1) !== 0;
}

function isPart(text: string, at: number, word: string): boolean {
  return isInsideWord(text, at) || (text.charCodeAt(at - 1) === hyphen && isOfName(text, at, word));
}

const hyphen = 45;

/** The end of a name with its version, `libgpg-error0` or `libgpg-error-1.46`, which says nothing of what happened. */
function isOfName(text: string, at: number, word: string): boolean {
  if (at < 2 || !isLetterOrDigit(text.charCodeAt(at - 2)) || !/^[a-z]+$/.test(word)) return false;
  let end = at + word.length;
  while (isLetter(text.charCodeAt(end))) end++;
  return isDigit(text.charCodeAt(end)) || /^-\d{1,9}\.\d/.test(text.slice(end, end + 12));
}

function isInsideWord(text: string, at: number): boolean {
  return isLetterOrDigit(text.charCodeAt(at)) && at > 0 && isLetterOrDigit(text.charCodeAt(at - 1));
}

function isLetterOrDigit(code: number): boolean {
  return isLetter(code) || isDigit(code);
}

function isLetter(code: number): boolean {
  return code >= 97 && code <= 122;
}

function isDigit(code: number): boolean {
  return code >= 48 && code <= 57;
}

/** `no deadlock detected`, `0 timeouts`, `without errors`: the words deny what follows them. */
function isDenied(text: string, at: number): boolean {
  const before = text.slice(Math.max(0, at - 9), at);
  return /(?:^|[^a-z0-9])(?:no|0|without|non|zero|never)[ -]$/.test(before);
}

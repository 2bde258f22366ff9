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

/** The words of which one must occur: those of the step that is hardest to meet by chance. */
export function rarestWords(signature: Signature): readonly string[] {
  const wordsOf = (step: Step): string[] => step.alternatives.map((parts) => parts.reduce((a, b) => (b.length > a.length ? b : a)));
  const [best = []] = signature.steps
    .map(wordsOf)
    .sort((a, b) => Math.min(...b.map(({ length }) => length)) - Math.min(...a.map(({ length }) => length)));
  return best;
}

/** @param text in lower case */
export function matches(signature: Signature, text: string): boolean {
  const [first, ...others] = signature.steps;
  if (first === undefined) return false;
  let from = 0;
  for (let start = 0; start < mostStarts; start++) {
    const begun = findStep(first, text, from, text.length);
    if (begun === undefined) return false;
    if (!isDenied(text, begun.at)) {
      let end: number | undefined = begun.end;
      for (const step of others) {
        end = findStep(step, text, end, end + longestGap)?.end;
        if (end === undefined) break;
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
function findStep(step: Step, text: string, from: number, last: number): Place | undefined {
  let best: Place | undefined;
  for (const parts of step.alternatives) {
    const [first = '', ...others] = parts;
    let found = findWord(first, text, from, best === undefined ? last : best.at - 1, step.anywhere);
    for (const part of others) {
      if (found === undefined) break;
      const next = findWord(part, text, found.end, found.end + longestInnerGap, false);
      found = next === undefined ? undefined : { at: found.at, end: next.end };
    }
    if (found !== undefined) best = found;
  }
  return best;
}

function findWord(word: string, text: string, from: number, last: number, anywhere: boolean): Place | undefined {
  // Cut first, so that a search from many starts stays linear.
  const window = text.slice(from, Math.min(text.length, last + word.length));
  let at = window.indexOf(word);
  while (at >= 0 && !anywhere && isInsideWord(text, from + at)) at = window.indexOf(word, at + 1);
  return at < 0 ? undefined : { at: from + at, end: from + at + word.length };
}

function isInsideWord(text: string, at: number): boolean {
  return isLetterOrDigit(text.charCodeAt(at)) && at > 0 && isLetterOrDigit(text.charCodeAt(at - 1));
}

function isLetterOrDigit(code: number): boolean {
  return (code >= 97 && code <= 122) || (code >= 48 && code <= 57);
}

/** `no deadlock detected`, `0 timeouts`, `without errors`: the words deny what follows them. */
function isDenied(text: string, at: number): boolean {
  const before = text.slice(Math.max(0, at - 9), at);
  return /(?:^|[^a-z0-9])(?:no|0|without|non|zero|never)[ -]$/.test(before);
}

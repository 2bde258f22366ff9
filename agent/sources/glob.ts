// Absolute path patterns: `*` and `?` within a name, `**` for any folders, `[a-z]` and `{one,two}`.
// Must never touch the file system, nor take more than linear time for a name of hostile length.
import { HephaestusError } from '../../base/errors.ts';

/** One step of a pattern. `any` is `**`: any number of folders, none included. */
export type GlobStep =
  | { readonly kind: 'literal'; readonly name: string }
  | { readonly kind: 'wild'; readonly tokens: readonly GlobToken[] }
  | { readonly kind: 'any' };

type GlobToken =
  | { readonly kind: 'char'; readonly char: string }
  | { readonly kind: 'one' }
  | { readonly kind: 'many' }
  | { readonly kind: 'set'; readonly negated: boolean; readonly ranges: readonly (readonly [string, string])[] };

/** Alternatives of one pattern, its braces written out. */
export type Glob = readonly (readonly GlobStep[])[];

const mostAlternatives = 256;

/**
 * Reads a pattern. As in glob(7), wildcards don't match a leading dot.
 *
 * @throws HephaestusError `glob.invalid` if it is relative or has unbalanced brackets or braces.
 */
export function parseGlob(pattern: string): Glob {
  if (!pattern.startsWith('/')) throw invalid(pattern, 'it must be absolute, that is begin with /');
  const alternatives = writeOutBraces(pattern, pattern);
  return alternatives.map((alternative) =>
    alternative
      .split('/')
      .filter((name) => name !== '' && name !== '.')
      .map((name) => parseStep(name, pattern)),
  );
}

/** What all matches of a pattern begin with, one for each of its alternatives; with `..` where one leads upwards. */
export function leadingFolders(pattern: string): readonly string[] {
  return parseGlob(pattern).map((steps) => {
    const end = steps.findIndex(({ kind }) => kind !== 'literal');
    const leading = (end < 0 ? steps : steps.slice(0, end)).map((step) => (step.kind === 'literal' ? step.name : ''));
    const isUpwards = steps.some((step) => step.kind === 'literal' && step.name === '..');
    return `/${[...leading, ...(isUpwards ? ['..'] : [])].join('/')}`;
  });
}

/** True if the whole path matches. */
export function matchesGlob(glob: Glob, path: string): boolean {
  const names = path.split('/').filter((name) => name !== '');
  return glob.some((steps) => matchSteps(steps, 0, names, 0));
}

/** True if one name matches one step. `**` matches every name that doesn't begin with a dot. */
export function matchesStep(step: GlobStep, name: string): boolean {
  if (step.kind === 'literal') return step.name === name;
  if (step.kind === 'any') return !name.startsWith('.');
  return matchTokens(step.tokens, name);
}

function matchSteps(steps: readonly GlobStep[], stepIndex: number, names: readonly string[], nameIndex: number): boolean {
  const step = steps[stepIndex];
  if (step === undefined) return nameIndex === names.length;
  if (step.kind === 'any') {
    for (let index = nameIndex; index <= names.length; index += 1) {
      if (matchSteps(steps, stepIndex + 1, names, index)) return true;
      if (names[index]?.startsWith('.') === true) return false;
    }
    return false;
  }
  const name = names[nameIndex];
  return name !== undefined && matchesStep(step, name) && matchSteps(steps, stepIndex + 1, names, nameIndex + 1);
}

/** Greedy with one way back to the last `*`: at most name length times pattern length steps. */
function matchTokens(tokens: readonly GlobToken[], name: string): boolean {
  if (name.startsWith('.') && !(tokens[0]?.kind === 'char' && tokens[0].char === '.')) return false;
  let token = 0;
  let index = 0;
  let starToken = -1;
  let starIndex = 0;
  while (index < name.length) {
    const current = tokens[token];
    if (current?.kind === 'many') {
      starToken = token;
      starIndex = index;
      token += 1;
    } else if (current !== undefined && matchesToken(current, name.charAt(index))) {
      token += 1;
      index += 1;
    } else if (starToken >= 0) {
      starIndex += 1;
      index = starIndex;
      token = starToken + 1;
    } else {
      return false;
    }
  }
  while (tokens[token]?.kind === 'many') token += 1;
  return token === tokens.length;
}

function matchesToken(token: GlobToken, char: string): boolean {
  switch (token.kind) {
    case 'char':
      return token.char === char;
    case 'one':
      return true;
    case 'set':
      return token.ranges.some(([from, to]) => char >= from && char <= to) !== token.negated;
    case 'many':
      return false;
  }
}

function parseStep(name: string, pattern: string): GlobStep {
  if (name === '**') return { kind: 'any' };
  if (!/[*?[\\]/.test(name)) return { kind: 'literal', name };
  const tokens: GlobToken[] = [];
  let index = 0;
  while (index < name.length) {
    const char = name.charAt(index);
    index += 1;
    if (char === '*') {
      if (tokens.at(-1)?.kind !== 'many') tokens.push({ kind: 'many' });
    } else if (char === '?') {
      tokens.push({ kind: 'one' });
    } else if (char === '[') {
      const end = name.indexOf(']', index + (name.charAt(index) === '!' || name.charAt(index) === '^' ? 2 : 1));
      if (end < 0) throw invalid(pattern, 'a [ has no ]');
      tokens.push(parseSet(name.slice(index, end)));
      index = end + 1;
    } else {
      tokens.push({ kind: 'char', char: char === '\\' ? name.charAt(index) : char });
      if (char === '\\') index += 1;
    }
  }
  return { kind: 'wild', tokens };
}

function parseSet(body: string): GlobToken {
  const negated = body.startsWith('!') || body.startsWith('^');
  const ranges: (readonly [string, string])[] = [];
  let index = negated ? 1 : 0;
  while (index < body.length) {
    const from = body.charAt(index);
    const isRange = body.charAt(index + 1) === '-' && index + 2 < body.length;
    ranges.push([from, isRange ? body.charAt(index + 2) : from]);
    index += isRange ? 3 : 1;
  }
  return { kind: 'set', negated, ranges };
}

/** `/a/{b,c}` becomes `/a/b` and `/a/c`; braces may nest. */
function writeOutBraces(text: string, pattern: string): readonly string[] {
  const open = text.indexOf('{');
  if (open < 0) return [text];
  const parts: string[] = [];
  let depth = 0;
  let partStart = open + 1;
  for (let index = open; index < text.length; index += 1) {
    const char = text.charAt(index);
    if (char === '{') depth += 1;
    if (char === '}') depth -= 1;
    if ((char === ',' && depth === 1) || depth === 0) {
      parts.push(text.slice(partStart, index));
      partStart = index + 1;
    }
    if (depth === 0) {
      const rest = text.slice(index + 1);
      const written = parts.flatMap((part) => writeOutBraces(text.slice(0, open) + part + rest, pattern));
      if (written.length > mostAlternatives) throw invalid(pattern, `its braces make more than ${mostAlternatives} patterns`);
      return written;
    }
  }
  throw invalid(pattern, 'a { has no }');
}

function invalid(pattern: string, why: string): HephaestusError {
  return new HephaestusError({ code: 'glob.invalid', kind: 'validation', message: `The pattern ${pattern} can't be used: ${why}.` });
}

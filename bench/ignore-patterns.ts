// Reads folders of ignore patterns in logcheck's form: one POSIX extended regular expression a line.
// Must never be used outside benchmarks: these are backtracking expressions on purpose.
import { readdirSync, readFileSync } from 'node:fs';
import { join } from 'node:path';

const classes: Readonly<Record<string, string>> = {
  alnum: 'A-Za-z0-9',
  alpha: 'A-Za-z',
  digit: '0-9',
  xdigit: '0-9A-Fa-f',
  space: '\\s',
  lower: 'a-z',
  upper: 'A-Z',
  blank: ' \\t',
  graph: '\\x21-\\x7e',
  print: '\\x20-\\x7e',
  punct: '!-\\/:-@\\[-`{-~',
};

/** Tells whether a line matches any pattern of the `ignore.d.*` and `violations.ignore.d` folders. */
export function readIgnorePatterns(folder: string): (line: string) => boolean {
  const patterns: { readonly pattern: RegExp; readonly literal: string }[] = [];
  for (const group of readdirSync(folder)) {
    if (!/^(ignore\.d\.|violations\.ignore\.d)/.test(group)) continue;
    for (const file of readdirSync(join(folder, group))) {
      for (const line of readFileSync(join(folder, group, file), 'utf8').split('\n')) {
        const pattern = line === '' || line.startsWith('#') ? undefined : toRegExp(line);
        if (pattern !== undefined) patterns.push({ pattern, literal: literalOf(line) });
      }
    }
  }
  return (line) => patterns.some(({ pattern, literal }) => line.includes(literal) && pattern.test(line));
}

/** The longest text that every match holds: outside groups, brackets and what may be absent. Thousands of patterns need it. */
export function literalOf(posix: string): string {
  // An alternative at the outermost level makes every text optional.
  const plain = posix
    .replace(/\\[^A-Za-z0-9]/g, (escape) => (escape.charAt(1) === '(' || escape.charAt(1) === '[' ? '\u00b6' : escape))
    .replace(/\[\^?\]?(?:\[:[a-z]+:\]|[^\]])*\]/g, '\u00b6');
  let depth = 0;
  let flat = '';
  for (const character of plain) {
    if (character === '(') depth++;
    else if (character === ')') {
      depth--;
      flat += '\u00b6';
    } else if (depth === 0) flat += character;
  }
  if (flat.includes('|')) return '';
  const runs = flat.replace(/.[?*{]/g, '\u00b6').split(/\\.|[\u00b6^$.+\\}]/);
  return runs.reduce((best, run) => (run.length > best.length ? run : best), '');
}

/** The same expression in JavaScript's syntax; undefined where it has none. */
export function toRegExp(posix: string): RegExp | undefined {
  let source = '';
  for (let at = 0; at < posix.length;) {
    const character = posix.charAt(at);
    if (character === '\\') {
      source += posix.slice(at, at + 2);
      at += 2;
    } else if (character === '[') {
      const { text, end } = bracket(posix, at);
      source += text;
      at = end;
    } else {
      source += character;
      at++;
    }
  }
  try {
    return new RegExp(source.replaceAll('\\<', '\\b').replaceAll('\\>', '\\b'));
  } catch {
    return undefined;
  }
}

/** A bracket expression: backslashes are plain, `]` may come first, classes are named. */
function bracket(posix: string, start: number): { readonly text: string; readonly end: number } {
  let at = start + 1;
  let text = '[';
  if (posix.charAt(at) === '^') {
    text += '^';
    at++;
  }
  for (let first = true; at < posix.length; first = false) {
    const character = posix.charAt(at);
    if (character === ']' && !first) return { text: `${text}]`, end: at + 1 };
    const named = /^\[:([a-z]+):\]/.exec(posix.slice(at, at + 12));
    if (named !== null) {
      text += classes[named[1] ?? ''] ?? '';
      at += named[0].length;
    } else {
      text += character === ']' || character === '[' || character === '\\' ? `\\${character}` : character;
      at++;
    }
  }
  return { text, end: at };
}

// Files that a text names without a path: a class, a module, a rule or a test called like the file.
// Must never answer for everyday words: a name must look like one, and few files may bear it.
import type { PathIndex } from './path-index.ts';

export interface NamedFile {
  readonly path: string;
  readonly name: string;
  /** 0 to 1: how much the name looks like one and how few files bear it. */
  readonly strength: number;
}

const mostNames = 150;
const mostBearers = 4;

/** Names in a message: `CamelCase`, `snake_case`, `kebab-case`, and quoted words. */
export function filesNamedIn(index: PathIndex, text: string): readonly NamedFile[] {
  const names = new Map<string, number>();
  const add = (name: string, strength: number): void => {
    if (name.length >= 4 && names.size < mostNames) names.set(name, Math.max(strength, names.get(name) ?? 0));
  };
  const head = text.slice(0, 20_000);
  for (const [, name = ''] of head.matchAll(/["'`]([A-Za-z][\w-]{3,60})["'`]/g)) add(name, 0.8);
  for (const [name] of head.matchAll(/\b[A-Z][a-z0-9]+(?:[A-Z][a-z0-9]*)+\b/g)) add(name, 0.9);
  for (const [name] of head.matchAll(/\b[a-z][a-z0-9]+(?:[A-Z][a-z0-9]*)+\b/g)) add(name, 0.6);
  for (const [name] of head.matchAll(/\b[a-z][a-z0-9]*(?:[_-][a-z0-9]+)+\b/g)) add(name, 0.6);
  return [...names].flatMap(([name, strength]) => bearers(index, name, strength));
}

/** Names in code: those of a message, and short class names where code uses one: `new Parser(`, `extends Parser`, `Parser.parse(`. */
export function filesNamedInCode(index: PathIndex, code: string): readonly NamedFile[] {
  const found = new Map(filesNamedIn(index, code).map((one) => [`${one.path}\0${one.name}`, one]));
  const names = new Set<string>();
  const head = code.slice(0, 60_000);
  for (const [, name = ''] of head.matchAll(/\b(?:new|extends|implements|instanceof|throws)\s+([A-Z][A-Za-z0-9]{2,60})\b/g))
    names.add(name);
  for (const [, name = ''] of head.matchAll(/\b([A-Z][A-Za-z0-9]{2,60})(?=\s*(?:\.\s*\w|::|\(|<|\s[a-z]\w*\s*[=;,)]))/g)) names.add(name);
  for (const name of [...names].slice(0, mostNames)) {
    for (const one of bearers(index, name, 0.8)) {
      const key = `${one.path}\0${name}`;
      if ((found.get(key)?.strength ?? 0) < one.strength) found.set(key, one);
    }
  }
  return [...found.values()];
}

/** What a test is about, by its name: `test_cart.py`, `CartTest.java`, `cart.spec.ts`, `tests/lib/cart.js`. */
export function filesTestedBy(index: PathIndex, testPath: string): readonly NamedFile[] {
  const file = testPath.split('/').at(-1) ?? '';
  const stem = file.replace(/\.\w+$/, '');
  const subject = stem
    .replace(/^(?:test_|test-|Test(?=[A-Z]))/, '')
    .replace(/(?:[._-](?:test|tests|spec)|_?(?:TestCase|Tests|Test|Spec|IT))$/, '');
  if (subject.length < 3) return [];
  const own = bearers(index, subject, subject === stem ? 0.8 : 1).filter(({ path }) => path !== testPath);
  // `TestPeriod_Basics` tests `Period`.
  const shorter = subject.split('_')[0] ?? '';
  return own.length > 0 || shorter === subject || shorter.length < 4 ? own : bearers(index, shorter, 0.8);
}

/** Pictures, pages and papers are called like what they are about, and hold no fault. */
const noSource = /\.(?:png|gif|jpe?g|svg|ico|webp|pdf|html?|md|rst|adoc|txt|csv|zip|gz|jar|class|woff2?|map)$/i;

function bearers(index: PathIndex, name: string, strength: number): readonly NamedFile[] {
  const found = new Set([...index.withStem(name), ...index.withStem(kebab(name)), ...index.withStem(snake(name))]);
  const paths = [...found].filter((path) => !noSource.test(path));
  if (paths.length === 0 || paths.length > mostBearers) return [];
  return paths.map((path) => ({ path, name, strength: strength / Math.sqrt(paths.length) }));
}

function kebab(name: string): string {
  return name.replace(/([a-z0-9])([A-Z])/g, '$1-$2').toLowerCase();
}

function snake(name: string): string {
  return kebab(name).replaceAll('-', '_');
}

// Which test files are about a source file, by their names and folders.
// Must never say that a test covers a line; names are all it knows.
import { isTestPath } from './edits/path-policy.ts';

/** The likeliest first. @param paths of the whole repository */
export function findRelatedTests(paths: readonly string[], source: string, most: number): readonly string[] {
  const stem = stemOf(source);
  if (stem.length < 3) return [];
  const folders = source.split('/').slice(0, -1);
  return paths
    .flatMap((path) => {
      if (path === source || !isTestPath(path) || extensionOf(path) !== extensionOf(source)) return [];
      const subject = subjectOf(stemOf(path));
      const name = subject === stem.toLowerCase().replaceAll(/[^a-z0-9]/g, '') ? 1 : 0;
      if (name === 0) return [];
      const own = path.split('/').slice(0, -1);
      return [{ path, near: own.filter((folder) => folders.includes(folder)).length }];
    })
    .toSorted((a, b) => b.near - a.near || a.path.length - b.path.length || (a.path < b.path ? -1 : 1))
    .slice(0, most)
    .map(({ path }) => path);
}

/** `test_cart`, `CartTest`, `cart.spec`, `cart_test` are about `cart`. */
function subjectOf(stem: string): string {
  return stem
    .replace(/^(?:test_|test-|Test(?=[A-Z]))/, '')
    .replace(/(?:[._-](?:test|tests|spec)|_?(?:TestCase|Tests|Test|Spec|IT))$/, '')
    .toLowerCase()
    .replaceAll(/[^a-z0-9]/g, '');
}

function stemOf(path: string): string {
  return (path.split('/').at(-1) ?? '').replace(/\.\w+$/, '');
}

function extensionOf(path: string): string {
  return /\.\w+$/.exec(path)?.[0] ?? '';
}

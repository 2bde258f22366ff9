// Finds the files of a repository whose paths end like that of a frame, and says how alike they are.
// Must never read a file: paths are all it knows.

export interface PathMatch {
  readonly path: string;
  /** 0 to 1. */
  readonly score: number;
  readonly reason: string;
}

/** Source that a compiler turned into what the runtime names; the runtime's own first. */
const compiledFrom: Readonly<Record<string, readonly string[]>> = {
  js: ['js', 'ts', 'jsx', 'tsx', 'mjs', 'cjs', 'mts', 'cts', 'coffee', 'vue', 'svelte'],
  mjs: ['mjs', 'mts', 'js', 'ts'],
  cjs: ['cjs', 'cts', 'js', 'ts'],
  pyc: ['py'],
  py: ['py', 'pyx'],
  so: ['pyx', 'c', 'cpp'],
  java: ['java', 'kt', 'scala', 'groovy'],
  class: ['java', 'kt', 'scala', 'groovy'],
};

/** Folders that a build puts its output into, and those that it takes sources from: one stands for the other. */
const buildFolders = new Set([
  'dist',
  'build',
  'out',
  'lib',
  'esm',
  'cjs',
  'es',
  'umd',
  'target',
  'classes',
  'bin',
  'compiled',
  '.next',
  'server',
  'release',
  'debug',
]);
const sourceFolders = new Set(['src', 'source', 'app', 'lib', 'main', 'java', 'kotlin', 'python', 'js', 'ts']);
const testFolder =
  /^(?:tests?|__tests__|specs?|testing|e2e|fixtures?|examples?|samples?|demos?|docs?|benchmarks?|bench|vendor|third_party|node_modules|testdata|mocks?|__mocks__)$/i;

interface Entry {
  readonly path: string;
  readonly segments: readonly string[];
}

export class PathIndex {
  readonly #byName = new Map<string, Entry[]>();
  readonly paths: readonly string[];

  constructor(paths: readonly string[]) {
    this.paths = paths;
    for (const path of paths) {
      const segments = path.split('/');
      const key = stemOf(segments.at(-1) ?? '').toLowerCase();
      const list = this.#byName.get(key);
      if (list === undefined) this.#byName.set(key, [{ path, segments }]);
      else list.push({ path, segments });
    }
  }

  has(path: string): boolean {
    const segments = path.split('/');
    return this.#byName.get(stemOf(segments.at(-1) ?? '').toLowerCase())?.some((entry) => entry.path === path) ?? false;
  }

  /** Files with this name, whatever their folder and extension. */
  withStem(stem: string): readonly string[] {
    return (this.#byName.get(stem.toLowerCase()) ?? []).map(({ path }) => path);
  }

  /** Files in the same folder and of the same kind, those with the most similar names first. */
  besides(path: string): readonly string[] {
    const folder = path.slice(0, path.lastIndexOf('/') + 1);
    const extension = extensionOf(path.slice(folder.length));
    const name = stemOf(path.slice(folder.length)).toLowerCase();
    return this.paths
      .filter(
        (other) => other !== path && other.startsWith(folder) && !other.includes('/', folder.length) && extensionOf(other) === extension,
      )
      .map((other) => ({ other, alike: commonStart(name, stemOf(other.slice(folder.length)).toLowerCase()) }))
      .toSorted((a, b) => b.alike - a.alike || (a.other < b.other ? -1 : 1))
      .map(({ other }) => other);
  }

  /** Files whose path ends like `wanted`, the likeliest first. `wanted` is a path as segments, deploy prefix and all. */
  match(wanted: readonly string[]): readonly PathMatch[] {
    const name = wanted.at(-1);
    if (name === undefined) return [];
    const entries = this.#byName.get(stemOf(name).toLowerCase()) ?? [];
    const exact = entries.flatMap((entry) => {
      const match = compare(wanted, entry);
      return match === undefined ? [] : [match];
    });
    const matches = exact.length > 0 ? exact : this.#matchLonger(wanted, name);
    matches.sort((a, b) => b.score - a.score || a.path.length - b.path.length || (a.path < b.path ? -1 : 1));
    const best = matches[0];
    if (best === undefined) return [];
    // The very path: what merely has the same name is another file.
    if (best.score >= 0.96) return matches.filter(({ score }) => score > best.score - 0.1).slice(0, 3);
    // What is as likely as others is less likely to be the one.
    const rivals = matches.filter(({ score }) => score > best.score - 0.02).length;
    return matches
      .slice(0, 8)
      .map((match) => (rivals > 1 && match.score > best.score - 0.02 ? { ...match, score: match.score / Math.sqrt(rivals) } : match));
  }

  /** Deployment may put words before a name (`ansible_module_uri.py` is `uri.py`, `shop-worker.js` is `worker.js`): few files may bear the rest. */
  #matchLonger(wanted: readonly string[], name: string): PathMatch[] {
    const stem = stemOf(name);
    const extension = name.slice(stem.length);
    for (const { index } of stem.matchAll(/[_-](?=[A-Za-z])/g)) {
      const rest = stem.slice(index + 1);
      if (rest.length < 3) return [];
      const matches = (this.#byName.get(rest.toLowerCase()) ?? []).flatMap((entry) => {
        const match = compareLonger(wanted, `${rest}${extension}`, entry);
        return match === undefined ? [] : [match];
      });
      if (matches.length > 0) return matches.length <= 3 ? matches : [];
    }
    return [];
  }
}

function compareLonger(wanted: readonly string[], name: string, entry: Entry): PathMatch | undefined {
  const match = compare([...wanted.slice(0, -1), name], entry);
  if (match === undefined) return undefined;
  return { ...match, score: Math.max(0.42, match.score * 0.9), reason: `${match.reason}, deployed under a longer name` };
}

function compare(wanted: readonly string[], entry: Entry): PathMatch | undefined {
  const extension = extensionScore(extensionOf(wanted.at(-1) ?? ''), extensionOf(entry.segments.at(-1) ?? ''));
  if (extension === 0) return undefined;
  const { matched, swapped } = commonEnd(wanted, entry.segments);
  const left = entry.segments.length - matched;
  const whole = left === 0;
  // Folders of the repository that the frame doesn't know cost: `tests/lib/x.js` is not `/app/lib/x.js`.
  const strange = entry.segments.slice(0, left).filter((segment) => testFolder.test(segment)).length;
  const base = whole ? wholeScore(matched, wanted.length) : partScore(matched, left, wanted.length);
  const score = Math.max(0.01, base * extension * (swapped ? 0.93 : 1) * 0.55 ** strange);
  return { path: entry.path, score, reason: describe(matched, whole, swapped, extension < 1, entry.path) };
}

/** The whole path of the file ends the frame's: all that is left of the frame is where it was deployed. */
function wholeScore(matched: number, wantedLength: number): number {
  if (matched === wantedLength) return matched === 1 ? 0.93 : 1;
  if (matched === 1) return 0.5;
  return matched === 2 ? 0.9 : 0.96;
}

function partScore(matched: number, left: number, wantedLength: number): number {
  const all = matched === wantedLength;
  const base = matched === 1 ? 0.35 : matched === 2 ? 0.68 : 0.82;
  return Math.min(0.88, base * (all ? 1.1 : 1)) * 0.97 ** left;
}

/** How many segments agree, from the end; `dist` on one side may stand for `src` on the other, or for nothing. */
function commonEnd(wanted: readonly string[], have: readonly string[]): { matched: number; swapped: boolean } {
  let w = wanted.length - 2;
  let h = have.length - 2;
  let swapped = false;
  while (h >= 0 && w >= 0) {
    const theirs = wanted[w] ?? '';
    const ours = have[h] ?? '';
    if (theirs === ours || theirs.toLowerCase() === ours.toLowerCase()) {
      w--;
      h--;
    } else if (buildFolders.has(theirs) && sourceFolders.has(ours)) {
      swapped = true;
      w--;
      h--;
    } else if (buildFolders.has(theirs) && have.length - 1 > h && h >= 0 && wanted[w - 1] === ours) {
      swapped = true;
      w--;
    } else if (sourceFolders.has(ours) && have[h - 1] === theirs) {
      swapped = true;
      h--;
    } else break;
  }
  // A source folder at the very top may be what the build took away.
  while (h === 0 && sourceFolders.has(have[0] ?? '')) {
    swapped = true;
    h--;
  }
  return { matched: have.length - 1 - h, swapped };
}

function describe(matched: number, whole: boolean, swapped: boolean, compiled: boolean, path: string): string {
  const how = whole
    ? 'the frame ends with its whole path'
    : matched === 1
      ? 'same file name'
      : `the last ${String(matched)} parts of the path agree`;
  return `${how}${swapped ? ', build folder for source folder' : ''}${compiled ? `, ${extensionOf(path)} compiled to what ran` : ''}`;
}

function extensionScore(wanted: string, have: string): number {
  if (wanted === have) return 1;
  const sources = compiledFrom[wanted];
  if (wanted === '') return 0.5;
  return sources?.includes(have) === true ? 0.95 : 0;
}

function commonStart(a: string, b: string): number {
  let length = 0;
  while (length < a.length && a[length] === b[length]) length++;
  return length;
}

function extensionOf(name: string): string {
  const dot = name.lastIndexOf('.');
  return dot <= 0 ? '' : name.slice(dot + 1).toLowerCase();
}

function stemOf(name: string): string {
  const dot = name.lastIndexOf('.');
  return dot <= 0 ? name : name.slice(0, dot);
}

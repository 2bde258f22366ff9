// Reads the file of a stack frame as path segments: URLs, deploy prefixes, package folders, compiled output.
// Must never look at a repository; path-index.ts compares.

/** What is known of a frame's place before any repository is looked at. */
export interface FramePath {
  /** Outermost folder first, file name last. */
  readonly segments: readonly string[];
  /** The installed package that the path lies in: `site-packages/NAME`, `node_modules/NAME`, Go's `host/owner/NAME@v1`. */
  readonly package: string | undefined;
  /** How many of the last segments lie inside that package; all of them without one. */
  readonly inPackage: number;
  /** The runtime's own code: `node:fs`, `/usr/local/go/src`, `<frozen importlib>`. */
  readonly runtime: boolean;
}

const pythonFolders = new Set(['site-packages', 'dist-packages']);

/** @returns undefined for what is no file: `<anonymous>`, `native`, `[eval]`, an IPython cell. */
export function readFramePath(file: string): FramePath | undefined {
  const text = stripLocation(file);
  if (text === '' || /^(?:<|\[native|native$|eval at|Unknown Source|internal\/process)/i.test(text)) {
    return undefined;
  }
  if (/^(?:node:|internal\/|bun:|deno:|ext:)/.test(text))
    return { segments: text.split(/[:/]/), package: undefined, inPackage: 0, runtime: true };
  const segments = text
    .replaceAll('\\', '/')
    .split('/')
    .filter((segment) => segment !== '' && segment !== '.');
  const resolved = resolveParents(segments);
  if (resolved.length === 0) return undefined;
  return placeInPackage(resolved);
}

/** Takes away schemes, origins, queries, a line number that a parser left on, and loader prefixes such as `webpack:///`. */
function stripLocation(file: string): string {
  let text = file.trim();
  text = text.replace(/^(?:webpack-internal|webpack|rollup|vite|turbopack|app|capacitor|ng):\/\/\/?/i, '');
  if (/^(?:https?|file):\/\//i.test(text)) {
    const afterScheme = text.slice(text.indexOf('//') + 2);
    const slash = afterScheme.indexOf('/');
    text = slash < 0 ? '' : afterScheme.slice(slash);
  }
  text = text.replace(/[?#].*$/, '').replace(/^\((?:app-pages-browser|rsc|ssr|[a-z-]{2,20})\)\//, '');
  text = text.replace(/^[A-Za-z]:(?=[\\/])/, '');
  text = text.replace(/(?::\d+){1,2}$/, '');
  return text.startsWith('~/') ? text.slice(2) : text;
}

function resolveParents(segments: readonly string[]): string[] {
  const resolved: string[] = [];
  for (const segment of segments) {
    if (segment === '..') resolved.pop();
    else resolved.push(segment);
  }
  return resolved;
}

function placeInPackage(segments: readonly string[]): FramePath {
  const whole = { segments, package: undefined, inPackage: segments.length, runtime: false };
  const python = segments.findLastIndex((segment) => pythonFolders.has(segment));
  if (python >= 0) {
    let rest = segments.slice(python + 1);
    // An egg is a folder of its own between site-packages and the package.
    if (rest.length > 1 && rest[0]?.endsWith('.egg') === true) rest = rest.slice(1);
    return { segments: rest, package: moduleName(rest[0]), inPackage: rest.length, runtime: false };
  }
  const egg = segments.findLastIndex((segment) => segment.endsWith('.egg'));
  if (egg >= 0) {
    const rest = segments.slice(egg + 1);
    return { segments: rest, package: moduleName(rest[0]), inPackage: rest.length, runtime: false };
  }
  const node = segments.lastIndexOf('node_modules');
  if (node >= 0) {
    const scoped = segments[node + 1]?.startsWith('@') === true;
    const rest = segments.slice(node + (scoped ? 3 : 2));
    // pnpm's store (`.pnpm/name@1.0.0/node_modules/name`) has the package behind the last node_modules as well.
    return { segments: rest, package: segments[node + (scoped ? 2 : 1)], inPackage: rest.length, runtime: false };
  }
  const goVersion = segments.findLastIndex((segment) => /^[^@]+@v\d/.test(segment));
  if (goVersion >= 0) {
    const rest = segments.slice(goVersion + 1);
    // A major version is a segment of the module's path (`cobra/v2@v2.1.0`), its name stands before.
    const named = segments[goVersion]?.replace(/@v\d.*$/, '') ?? '';
    const name = /^v\d+$/.test(named) ? segments[goVersion - 1] : named;
    return { segments: rest, package: name, inPackage: rest.length, runtime: false };
  }
  if (isRuntimePath(segments)) return { ...whole, runtime: true };
  return whole;
}

function isRuntimePath(segments: readonly string[]): boolean {
  const path = `/${segments.join('/')}`;
  if (/\/(?:usr\/local\/go|usr\/lib\/go(?:-[\d.]+)?|opt\/go|go\/\d[\d.]*|hostedtoolcache\/go\/[^/]+\/[^/]+)\/src\//.test(path)) return true;
  // The standard library, but not what is installed below it.
  return /\/(?:lib|lib64|Lib)\/python\d(?:\.\d+)?\/|\/Python\d+\/lib\//i.test(path) || /\/rustc\/[0-9a-f]{10,}\//.test(path);
}

function moduleName(segment: string | undefined): string | undefined {
  return segment?.replace(/\.(?:py|pyc|so|pyx)$/, '');
}

/** `com.acme.shop.Cart$Item.total` with file `Cart.java` is `com/acme/shop/Cart.java`; undefined where the function names no package. */
export function readJavaPath(functionName: string | undefined, file: string | undefined): readonly string[] | undefined {
  if (functionName === undefined) return undefined;
  // `app//`, `java.base@17/` and the like name a loader and a module.
  const parts = functionName.slice(functionName.lastIndexOf('/') + 1).split('.');
  parts.pop();
  const outer = parts.pop()?.split('$')[0];
  if (outer === undefined || outer === '') return undefined;
  if (file === undefined || !/\.(?:java|kt|scala|groovy|clj)$/.test(file)) return [...parts, `${outer}.java`];
  return [...parts, file];
}

// Where a repository's compilers say that they put their output: outDir and rootDir of its tsconfig files.
// Must never run a compiler or follow a package's configuration.
import { posix } from 'node:path';

/** What is below `output` was made from what is below `source`; both relative to the repository, '' is its root. */
export interface BuildLayout {
  readonly output: string;
  readonly source: string;
}

interface Options {
  readonly outDir: string | undefined;
  readonly rootDir: string | undefined;
  readonly roots: readonly string[];
}

const mostParents = 5;

export function isCompilerConfiguration(path: string): boolean {
  return /(?:^|\/)[jt]sconfig(?:\.[\w-]{1,40})?\.json$/.test(path);
}

/** @param files text by path */
export function readBuildLayouts(files: ReadonlyMap<string, string>): readonly BuildLayout[] {
  const layouts = new Map<string, BuildLayout>();
  for (const path of files.keys()) {
    const { outDir, rootDir, roots } = readOptions(path, files, 0);
    if (outDir === undefined) continue;
    // Without rootDir it is what all sources share; of what is included, one folder that is or the project itself.
    const sources = rootDir !== undefined ? [rootDir] : [...roots, posix.dirname(path), posix.join(posix.dirname(path), 'src')];
    for (const source of sources) {
      const layout = { output: tidy(outDir), source: tidy(source) };
      if (layout.output !== '' && layout.output !== layout.source) layouts.set(`${layout.output}\0${layout.source}`, layout);
    }
  }
  return [...layouts.values()];
}

function readOptions(path: string, files: ReadonlyMap<string, string>, depth: number): Options {
  const nothing: Options = { outDir: undefined, rootDir: undefined, roots: [] };
  const text = files.get(path);
  const read = text === undefined || depth > mostParents ? undefined : readJson(text);
  if (read === undefined) return nothing;
  const folder = posix.dirname(path);
  const within = (name: unknown): string | undefined =>
    typeof name === 'string' && name !== '' ? posix.normalize(posix.join(folder, name.replace('${configDir}', '.'))) : undefined;
  const parents = [read['extends']].flat().flatMap((name) => (typeof name === 'string' && name.startsWith('.') ? [name] : []));
  const inherited = parents
    .map((name) => posix.normalize(posix.join(folder, name.endsWith('.json') ? name : `${name}.json`)))
    .map((parent) => readOptions(parent, files, depth + 1))
    .at(-1);
  const own = asObject(read['compilerOptions']);
  const included = Array.isArray(read['include']) ? read['include'] : undefined;
  const roots = (included ?? []).flatMap((pattern) =>
    typeof pattern === 'string' ? (within(pattern.split(/[*?]/)[0]?.replace(/\/[^/]*\.\w+$/, '')) ?? []) : [],
  );
  return {
    outDir: within(own['outDir']) ?? inherited?.outDir,
    rootDir: within(own['rootDir']) ?? inherited?.rootDir,
    roots: included === undefined ? (inherited?.roots ?? []) : roots,
  };
}

function tidy(path: string): string {
  const plain = path.replace(/\/+$/, '');
  return plain === '.' || plain.startsWith('..') ? '' : plain;
}

function asObject(value: unknown): Readonly<Record<string, unknown>> {
  return typeof value === 'object' && value !== null ? (value as Readonly<Record<string, unknown>>) : {};
}

/** These files may hold comments and commas at the end. */
function readJson(text: string): Readonly<Record<string, unknown>> | undefined {
  const plain = text
    .replace(/^\uFEFF/, '')
    .replaceAll(/("(?:[^"\\\n]|\\.)*")|\/\/[^\n]*|\/\*[\s\S]*?\*\//g, (_, string: string | undefined) => string ?? ' ')
    .replaceAll(/("(?:[^"\\\n]|\\.)*")|,(?=\s*[\]}])/g, (_, string: string | undefined) => string ?? '');
  try {
    return asObject(JSON.parse(plain));
  } catch {
    return undefined;
  }
}

// Frames of compiled JavaScript told as places of its sources: by source map, by a bundle's own comments, by the compiler's configuration.
// Must never invent a line: where only the file is known, it is left out, or the frame stays as it was.
import { posix } from 'node:path';
import { isCompilerConfiguration, readBuildLayouts, type BuildLayout } from './build-layout.ts';
import { readFramePath } from './frame-path.ts';
import { readFilesAt } from './history.ts';
import type { Mirror } from './mirror.ts';
import type { PathIndex } from './path-index.ts';
import { isTest } from './plausibility.ts';
import type { LocateQuery } from './repository.ts';
import { findMapReference, SourceMap } from './source-map.ts';

type QueryFrame = LocateQuery['frames'][number];

const mostFrames = 30;
/** Bundles of servers with their map inside. */
const mostCodeBytes = 24 * 1024 * 1024;
const mostMapBytes = 48 * 1024 * 1024;
const mostConfigurations = 30;
/** A line this long was written by a minifier; a position in it says nothing without its map. */
const minifiedColumn = 400;
const surePath = 0.5;
const sourceExtensions = ['ts', 'tsx', 'mts', 'cts', 'js', 'jsx', 'mjs', 'cjs', 'vue', 'svelte', 'coffee'];
/** Shorter lines (`});`) stand everywhere. */
const shortestLine = 8;

/** The same query, its frames at the places of the sources where that can be told. */
export async function resolveCompiledFrames(mirror: Mirror, commit: string, index: PathIndex, query: LocateQuery): Promise<LocateQuery> {
  const compiled = query.frames.slice(0, mostFrames).filter(isCompiled);
  if (compiled.length === 0) return query;
  const sources = new Sources(mirror, commit, index);
  await sources.load(compiled);
  const frames: QueryFrame[] = [];
  for (const frame of query.frames) frames.push(compiled.includes(frame) ? await sources.resolve(frame) : frame);
  return { ...query, frames };
}

function isCompiled({ file }: QueryFrame): boolean {
  if (file === undefined || !/\.(?:js|mjs|cjs|jsx)(?:$|[?#:])/.test(file)) return false;
  const path = readFramePath(file);
  return path !== undefined && !path.runtime && path.package === undefined;
}

class Sources {
  readonly #mirror: Mirror;
  readonly #commit: string;
  readonly #index: PathIndex;
  #files: ReadonlyMap<string, Buffer> = new Map();
  #layouts: readonly BuildLayout[] = [];
  readonly #maps = new Map<string, SourceMap | undefined>();

  constructor(mirror: Mirror, commit: string, index: PathIndex) {
    this.#mirror = mirror;
    this.#commit = commit;
    this.#index = index;
  }

  /** Reads at once what is in the repository of what ran: code and maps, and what says how it is built. */
  async load(frames: readonly QueryFrame[]): Promise<void> {
    const generated = new Set(frames.flatMap((frame) => this.#generatedOf(frame)));
    const paths = [...generated].filter((path) => this.#index.has(path));
    const isAllThere = frames.every((frame) => this.#generatedOf(frame).length > 0);
    const configurations = isAllThere ? [] : this.#index.paths.filter(isCompilerConfiguration).slice(0, mostConfigurations);
    this.#files = await readFilesAt(this.#mirror, this.#commit, [...paths, ...configurations], mostCodeBytes);
    const texts = configurations.flatMap((path) => {
      const content = this.#files.get(path);
      return content === undefined ? [] : [[path, content.toString('utf8')] as const];
    });
    this.#layouts = readBuildLayouts(new Map(texts));
    for (const path of generated) this.#maps.set(path, await this.#readMap(path));
  }

  async resolve(frame: QueryFrame): Promise<QueryFrame> {
    const { line, column } = frame;
    for (const path of this.#generatedOf(frame)) {
      const map = this.#maps.get(path);
      const position = line === undefined ? undefined : map?.find(line, column);
      if (position !== undefined) {
        const file = this.#placeOf(position.source);
        const name = this.#isMinified(path, line) ? undefined : frame.function;
        return { ...frame, file, line: position.line, column: position.column, function: name, via: `by the source map of ${path}` };
      }
      const inBundle = await this.#findInBundle(path, frame);
      if (inBundle !== undefined) return inBundle;
    }
    const bySetting = this.#findByLayout(frame);
    const placed = bySetting ?? frame;
    if (column !== undefined && column > minifiedColumn)
      return { ...placed, line: undefined, column: undefined, function: undefined, via: placed.via ?? 'minified, without a source map' };
    return placed;
  }

  /** Files of the repository that may be what ran; also those of which only the map is there. */
  #generatedOf({ file = '' }: QueryFrame): readonly string[] {
    const segments = readFramePath(file)?.segments ?? [];
    const name = segments.at(-1) ?? '';
    const extension = posix.extname(name);
    const own = this.#index
      .match(segments)
      .filter(({ path, score }) => score >= surePath && posix.extname(path) === extension)
      .map(({ path }) => path);
    if (own.length > 0) return own.slice(0, 2);
    return this.#index
      .match([...segments.slice(0, -1), `${name}.map`])
      .filter(({ path, score }) => score >= surePath && path.endsWith(`${extension}.map`))
      .map(({ path }) => path.slice(0, -'.map'.length))
      .slice(0, 2);
  }

  async #readMap(path: string): Promise<SourceMap | undefined> {
    const code = this.#files.get(path)?.toString('utf8');
    const named = code === undefined ? undefined : findMapReference(code, path);
    if (named?.kind === 'inline') return SourceMap.read(named.text, path);
    const place = [named?.path, `${path}.map`].find((one) => one !== undefined && this.#index.has(one));
    if (place === undefined) return undefined;
    const read = await readFilesAt(this.#mirror, this.#commit, [place], mostMapBytes);
    const text = read.get(place)?.toString('utf8');
    return text === undefined ? undefined : SourceMap.read(text, place);
  }

  /** A source as its map names it, in the repository if it is there. */
  #placeOf(source: string): string {
    if (this.#index.has(source)) return source;
    const segments = readFramePath(source)?.segments ?? [];
    const [best] = this.#index.match(segments);
    return best !== undefined && best.score >= surePath ? best.path : source;
  }

  #isMinified(path: string, line = 1): boolean {
    const text = this.#files.get(path)?.toString('utf8').split('\n', line)[line - 1];
    return text === undefined || text.length > minifiedColumn;
  }

  /** esbuild writes `// src/cart.ts` above each module, webpack `!*** ./src/cart.ts ***!` or `"./src/cart.ts":`. */
  async #findInBundle(path: string, frame: QueryFrame): Promise<QueryFrame | undefined> {
    const { line } = frame;
    const lines = this.#files.get(path)?.toString('utf8').split('\n') ?? [];
    const ran = line === undefined ? undefined : lines[line - 1];
    if (line === undefined || ran === undefined || ran.length > minifiedColumn) return undefined;
    const above = lines.slice(0, line);
    const header = above.findLastIndex((one) => moduleIn(one) !== undefined);
    const module = header < 0 ? undefined : moduleIn(lines[header] ?? '');
    if (module !== undefined && /(?:^|\/)node_modules\//.test(module))
      return { ...frame, file: module, line: undefined, inApp: false, via: `a module of the bundle ${path}` };
    const source = module === undefined ? this.#sourceOf(path) : this.#placeOf(module);
    if (source === undefined || source === path || !this.#index.has(source)) return undefined;
    const content = (await readFilesAt(this.#mirror, this.#commit, [source], mostCodeBytes)).get(source)?.toString('utf8');
    const same = content === undefined ? undefined : nearestSame(content.split('\n'), ran, module === undefined ? line : line - header);
    const via = module === undefined ? `compiled to ${path}` : `a module of the bundle ${path}`;
    return { ...frame, file: source, line: same, column: same === undefined ? undefined : frame.column, via };
  }

  /** What a file of the repository was compiled from, by the folders that compilers use. */
  #sourceOf(path: string): string | undefined {
    const stem = path.replace(/\.\w+$/, '');
    return ['ts', 'tsx', 'mts', 'cts', 'coffee']
      .flatMap((extension) => this.#index.match(`${stem}.${extension}`.split('/')))
      .find(({ score, path: found }) => score >= surePath && !isTest(found))?.path;
  }

  /** `/app/build-server/a/b.js` is `server/a/b.ts` where a tsconfig says `outDir: build-server, rootDir: server`. */
  #findByLayout(frame: QueryFrame): QueryFrame | undefined {
    const segments = readFramePath(frame.file ?? '')?.segments ?? [];
    const path = `/${segments.join('/')}`;
    for (const { output, source } of this.#layouts) {
      // A container may hold the project's folder alone, without those above it.
      const tails = output.split('/').map((_, from, parts) => parts.slice(from).join('/'));
      const tail = tails.find((one) => path.includes(`/${one}/`));
      if (tail === undefined) continue;
      const rest = path.slice(path.lastIndexOf(`/${tail}/`) + tail.length + 2).replace(/\.\w+$/, '');
      const found = sourceExtensions.map((extension) => posix.join(source, `${rest}.${extension}`)).find((one) => this.#index.has(one));
      if (found !== undefined) return { ...frame, file: found, via: `compiled from ${source === '' ? 'the root' : source} to ${output}` };
    }
    return undefined;
  }
}

function moduleIn(line: string): string | undefined {
  const found =
    /^\/\/ ((?:\.{0,2}\/)?[\w@./+-]{2,200}\.(?:[cm]?[jt]sx?|vue|svelte))\s*$/.exec(line.slice(0, 300)) ??
    /!\*{3} (\S{2,200}) \*{3}!/.exec(line.slice(0, 300)) ??
    /^(?:\/\*{3}\/ )?"(\.\/[\w@./+-]{2,200}\.(?:[cm]?[jt]sx?|vue|svelte))":/.exec(line.slice(0, 300));
  return found?.[1];
}

/** The line of the source that is written as the one that ran; compilers leave statements as they are. */
function nearestSame(lines: readonly string[], ran: string, about: number): number | undefined {
  const wanted = plain(ran);
  if (wanted.length < shortestLine) return undefined;
  let best: number | undefined;
  for (const [index, one] of lines.entries()) {
    if (plain(one) !== wanted) continue;
    if (best === undefined || Math.abs(index + 1 - about) < Math.abs(best - about)) best = index + 1;
  }
  return best;
}

/** Quotes, blanks and semicolons are as the compiler likes them; `const` may have become `var`. */
function plain(line: string): string {
  return line
    .replaceAll(/["'`]/g, '"')
    .replaceAll(/\b(?:const|let|var)\b/g, 'var')
    .replaceAll(/[\s;]/g, '');
}

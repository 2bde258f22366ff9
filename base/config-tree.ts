// A configuration read from YAML in which every value knows the file and line that it came from.
// Must never judge values; config.ts checks them against a schema.
import { LineCounter, isAlias, isMap, isScalar, isSeq, parseDocument, type Document, type Node } from 'yaml';

/** Where something was written; `line` is 1-based. For an override by the environment `file` is the variable's name. */
export interface ConfigOrigin {
  readonly file: string;
  readonly line: number | undefined;
}

export type ConfigNode =
  | { readonly kind: 'map'; readonly origin: ConfigOrigin; readonly entries: ReadonlyMap<string, ConfigEntry> }
  | { readonly kind: 'list'; readonly origin: ConfigOrigin; readonly items: readonly ConfigNode[] }
  | { readonly kind: 'scalar'; readonly origin: ConfigOrigin; readonly value: unknown };

/** The value and where its key stands, which is where a reader looks. */
export interface ConfigEntry {
  readonly keyOrigin: ConfigOrigin;
  readonly node: ConfigNode;
}

export interface YamlProblem {
  readonly origin: ConfigOrigin;
  readonly message: string;
}

/** Values in one file; aliases can multiply a small file into a huge one. */
const mostNodes = 100_000;

/** Reads one YAML file's text. An empty file is an empty map. All syntax errors are found, not only the first. */
export function parseConfigTree(file: string, text: string): { readonly tree: ConfigNode; readonly problems: readonly YamlProblem[] } {
  const lineCounter = new LineCounter();
  const document = parseDocument(text, { lineCounter, prettyErrors: false, uniqueKeys: true });
  const lineAt = (offset: number | undefined): number | undefined => (offset === undefined ? undefined : lineCounter.linePos(offset).line);
  const problems: YamlProblem[] = [...document.errors, ...document.warnings].map((error) => ({
    origin: { file, line: lineAt(error.pos[0]) },
    message: error.message,
  }));
  const empty: ConfigNode = { kind: 'map', origin: { file, line: 1 }, entries: new Map() };
  if (problems.length > 0) return { tree: empty, problems };
  if (document.contents === null || (isScalar(document.contents) && document.contents.value === null)) return { tree: empty, problems };

  const reader = new TreeReader(file, document, lineAt);
  const tree = reader.read(document.contents);
  return { tree, problems: reader.problems };
}

class TreeReader {
  readonly problems: YamlProblem[] = [];
  readonly #file: string;
  readonly #document: Document;
  readonly #lineAt: (offset: number | undefined) => number | undefined;
  #nodes = 0;

  constructor(file: string, document: Document, lineAt: (offset: number | undefined) => number | undefined) {
    this.#file = file;
    this.#document = document;
    this.#lineAt = lineAt;
  }

  read(node: Node | null): ConfigNode {
    const origin = this.#originOf(node);
    this.#nodes += 1;
    if (this.#nodes > mostNodes) {
      if (this.#nodes === mostNodes + 1) this.problems.push({ origin, message: `holds more than ${mostNodes} values, aliases included` });
      return { kind: 'scalar', origin, value: undefined };
    }
    if (isAlias(node)) {
      const target = node.resolve(this.#document);
      if (target !== undefined) return this.read(target);
      this.problems.push({ origin, message: `the alias *${node.source} names no anchor` });
      return { kind: 'scalar', origin, value: undefined };
    }
    if (isSeq<Node>(node)) return { kind: 'list', origin, items: node.items.map((item) => this.read(item)) };
    if (isMap<Node, Node | null>(node)) {
      const entries = new Map<string, ConfigEntry>();
      for (const pair of node.items) {
        const name = isScalar(pair.key) ? String(pair.key.value) : '';
        const keyOrigin = this.#originOf(pair.key);
        if (!isScalar(pair.key)) this.problems.push({ origin: keyOrigin, message: 'a key must be plain text' });
        else entries.set(name, { keyOrigin, node: this.read(pair.value) });
      }
      return { kind: 'map', origin, entries };
    }
    return { kind: 'scalar', origin, value: isScalar(node) ? node.value : null };
  }

  #originOf(node: Node | null): ConfigOrigin {
    return { file: this.#file, line: this.#lineAt(node?.range?.[0]) };
  }
}

/** Joins two trees: maps entry by entry, lists one behind the other, and of two scalars `over` wins. */
export function mergeConfigTrees(under: ConfigNode, over: ConfigNode): ConfigNode {
  if (under.kind === 'map' && over.kind === 'map') {
    const entries = new Map(under.entries);
    for (const [key, entry] of over.entries) {
      const below = entries.get(key);
      entries.set(key, below === undefined ? entry : { keyOrigin: entry.keyOrigin, node: mergeConfigTrees(below.node, entry.node) });
    }
    return { kind: 'map', origin: under.origin, entries };
  }
  if (under.kind === 'list' && over.kind === 'list') return { ...under, items: [...under.items, ...over.items] };
  return over;
}

/** Replaces or adds the value at `path`; maps are made on the way, and list positions must exist or be the next. */
export function overrideConfigTree(tree: ConfigNode, path: readonly (string | number)[], node: ConfigNode): ConfigNode {
  const [head, ...rest] = path;
  if (head === undefined) return node;
  if (typeof head === 'number') {
    const items = tree.kind === 'list' ? tree.items : [];
    const below = items[head] ?? emptyAt(node.origin);
    const changed = overrideConfigTree(below, rest, node);
    return { kind: 'list', origin: tree.origin, items: [...items.slice(0, head), changed, ...items.slice(head + 1)] };
  }
  const entries = new Map(tree.kind === 'map' ? tree.entries : []);
  const below = entries.get(head)?.node ?? emptyAt(node.origin);
  entries.set(head, { keyOrigin: node.origin, node: overrideConfigTree(below, rest, node) });
  return { kind: 'map', origin: tree.origin, entries };
}

/** The plain value, for a schema. */
export function plainValueOf(node: ConfigNode): unknown {
  switch (node.kind) {
    case 'scalar':
      return node.value;
    case 'list':
      return node.items.map(plainValueOf);
    case 'map':
      // fromEntries defines own properties, so that a key `__proto__` stays a key.
      return Object.fromEntries([...node.entries].map(([key, entry]) => [key, plainValueOf(entry.node)]));
  }
}

/** Where the value at `path` stands, or the nearest thing above it that exists. */
export function originAt(tree: ConfigNode, path: readonly PropertyKey[]): ConfigOrigin {
  let node = tree;
  let origin = tree.origin;
  for (const step of path) {
    if (node.kind === 'map') {
      const entry = node.entries.get(String(step));
      if (entry === undefined) return origin;
      origin = entry.keyOrigin;
      node = entry.node;
    } else if (node.kind === 'list' && typeof step === 'number') {
      const item = node.items[step];
      if (item === undefined) return origin;
      origin = item.origin;
      node = item;
    } else {
      return origin;
    }
  }
  return origin;
}

function emptyAt(origin: ConfigOrigin): ConfigNode {
  return { kind: 'map', origin, entries: new Map() };
}

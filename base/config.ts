// Loads a configuration: YAML file, fragments beside it, overrides from the environment, checked against a zod schema.
// Must never stop at the first mistake, read the environment by itself, or show a value in a message.
import { createHash } from 'node:crypto';
import { readFile, readdir } from 'node:fs/promises';
import { join } from 'node:path';
import { parseDocument } from 'yaml';
import * as z from 'zod';
import { explainIssue, knownKeysAt, shapesAt, showPath, type SchemaShape } from './config-problem.ts';
import { mergeConfigTrees, originAt, overrideConfigTree, parseConfigTree, plainValueOf, type ConfigNode } from './config-tree.ts';
import { HephaestusError, errnoOf } from './errors.ts';

export interface ConfigProblem {
  /** A file, or the name of an environment variable. */
  readonly file: string;
  /** 1-based; undefined where there is no line, as in the environment. */
  readonly line: number | undefined;
  /** `sources[0].path`; empty for the file as a whole. */
  readonly path: string;
  /** What is wrong and what to do, to be read behind the path. */
  readonly message: string;
}

export type ConfigOutcome<T> =
  /** `hash` is SHA-256 (hex) of the checked configuration: equal settings give an equal hash, however they are written. */
  | { readonly kind: 'loaded'; readonly config: T; readonly hash: string; readonly files: readonly string[] }
  | { readonly kind: 'invalid'; readonly problems: readonly ConfigProblem[] };

export interface ConfigRequest<S extends z.ZodType> {
  /** Use strictObject for maps, so that a misspelt key is an error. */
  readonly schema: S;
  /**
   * Overrides: `HEPHAESTUS_AGENT__LOG__LEVEL=debug` sets `log.level`. Parts are parted by two underscores, letter case and
   * single underscores don't matter (`STATE_FOLDER` is `stateFolder`), a number is a position in a list, and the value is
   * YAML unless the setting is text.
   */
  readonly environment?: Readonly<Record<string, string | undefined>> | undefined;
  /** Without the underscores: `HEPHAESTUS_AGENT`. */
  readonly environmentPrefix?: string | undefined;
}

export interface ConfigFileRequest<S extends z.ZodType> extends ConfigRequest<S> {
  readonly file: string;
  /** Files `*.yaml` and `*.yml` in it are merged over `file` in the order of their names; an absent folder is empty. */
  readonly fragmentsFolder?: string | undefined;
}

/** Reads and checks; unreadable files are problems like any other. */
export async function loadConfig<S extends z.ZodType>(request: ConfigFileRequest<S>): Promise<ConfigOutcome<z.output<S>>> {
  const sources: ConfigSource[] = [];
  const problems: ConfigProblem[] = [];
  const fragments = request.fragmentsFolder === undefined ? [] : await listFragments(request.fragmentsFolder, problems);
  for (const name of [request.file, ...fragments]) {
    try {
      sources.push({ name, text: await readFile(name, 'utf8') });
    } catch (error) {
      problems.push({ file: name, line: undefined, path: '', message: explainUnreadable(error) });
    }
  }
  if (problems.length > 0) return { kind: 'invalid', problems };
  return parseConfig(sources, request);
}

export interface ConfigSource {
  readonly name: string;
  readonly text: string;
}

/** As loadConfig, on texts in hand; later sources are merged over earlier ones. */
export function parseConfig<S extends z.ZodType>(sources: readonly ConfigSource[], request: ConfigRequest<S>): ConfigOutcome<z.output<S>> {
  // It takes megabytes, and only overrides and mistakes need it.
  let known: SchemaShape | undefined;
  const shapeOf = (): SchemaShape =>
    (known ??= z.toJSONSchema(request.schema, { io: 'input', unrepresentable: 'any', reused: 'inline' }) as SchemaShape);
  const parsed = sources.map(({ name, text }) => parseConfigTree(name, text));
  const problems: ConfigProblem[] = parsed.flatMap((file) =>
    file.problems.map(({ origin, message }) => ({ ...origin, path: '', message })),
  );

  let tree: ConfigNode = { kind: 'map', origin: { file: sources[0]?.name ?? '', line: 1 }, entries: new Map() };
  for (const file of parsed) {
    if (file.tree.kind === 'map') tree = mergeConfigTrees(tree, file.tree);
    else problems.push({ ...file.tree.origin, path: '', message: 'must be a map of settings, such as "key: value"' });
  }
  // Values of a file that couldn't be read would all be reported as missing.
  if (problems.length > 0) return { kind: 'invalid', problems };
  for (const override of readOverrides(request, shapeOf, tree)) {
    if (override.kind === 'problem') problems.push(override.problem);
    else tree = overrideConfigTree(tree, override.path, override.node);
  }

  const checked = request.schema.safeParse(plainValueOf(tree), { reportInput: false });
  if (!checked.success) {
    for (const issue of checked.error.issues) {
      for (const { path, message } of explainIssue(issue, shapeOf()))
        problems.push({ ...originAt(tree, path), path: showPath(path), message });
    }
  }
  if (problems.length > 0 || !checked.success) return { kind: 'invalid', problems: problems.toSorted(byPlace(sources)) };
  return { kind: 'loaded', config: checked.data, hash: hashOf(checked.data), files: sources.map(({ name }) => name) };
}

/** `agent.yaml:12: sources[0].path is missing; give it text`. */
export function describeConfigProblem(problem: ConfigProblem): string {
  const place = problem.line === undefined ? problem.file : `${problem.file}:${problem.line}`;
  return `${place}: ${problem.path === '' ? '' : `${problem.path} `}${problem.message}`;
}

/** All problems as one error, for callers that can only throw. */
export function configError(problems: readonly ConfigProblem[]): HephaestusError {
  const count = problems.length === 1 ? 'a mistake' : `${problems.length} mistakes`;
  return new HephaestusError({
    code: 'config.invalid',
    kind: 'validation',
    message: [`the configuration has ${count}:`, ...problems.map((problem) => `  ${describeConfigProblem(problem)}`)].join('\n'),
    details: problems.map((problem) => ({ path: problem.path, message: describeConfigProblem(problem) })),
  });
}

async function listFragments(folder: string, problems: ConfigProblem[]): Promise<readonly string[]> {
  try {
    const names = await readdir(folder);
    return names
      .filter((name) => /^[^.].*\.ya?ml$/.test(name))
      .toSorted()
      .map((name) => join(folder, name));
  } catch (error) {
    if (errnoOf(error) === 'ENOENT') return [];
    problems.push({ file: folder, line: undefined, path: '', message: explainUnreadable(error) });
    return [];
  }
}

function explainUnreadable(error: unknown): string {
  switch (errnoOf(error)) {
    case 'ENOENT':
      return 'there is no such file; create it or name another with --config';
    case 'EACCES':
      return 'may not be read by this user; give its group read permission or run as its owner';
    case 'ENOTDIR':
      return 'is no folder; put the fragments into one';
    case 'EISDIR':
      return 'is a folder; name the file in it';
    default:
      return `cannot be read: ${error instanceof Error ? error.message : String(error)}`;
  }
}

type Override =
  | { readonly kind: 'value'; readonly path: readonly (string | number)[]; readonly node: ConfigNode }
  | { readonly kind: 'problem'; readonly problem: ConfigProblem };

function readOverrides<S extends z.ZodType>(request: ConfigRequest<S>, shapeOf: () => SchemaShape, tree: ConfigNode): readonly Override[] {
  if (request.environmentPrefix === undefined) return [];
  const start = `${request.environmentPrefix}__`;
  return Object.entries(request.environment ?? {})
    .filter((entry): entry is [string, string] => entry[0].startsWith(start) && entry[1] !== undefined)
    .toSorted(([left], [right]) => (left < right ? -1 : 1))
    .map(([name, text]) => readOverride(name, name.slice(start.length).split('__'), text, shapeOf(), tree));
}

function readOverride(name: string, parts: readonly string[], text: string, shape: SchemaShape, tree: ConfigNode): Override {
  const problem = (message: string): Override => ({ kind: 'problem', problem: { file: name, line: undefined, path: '', message } });
  const path: (string | number)[] = [];
  for (const part of parts) {
    const known = knownKeysAt(shape, path);
    const match = known.find((key) => sameName(key, part));
    const isOpen = shapesAt(shape, path).some((place) => typeof place.additionalProperties === 'object');
    if (match !== undefined) path.push(match);
    else if (/^\d{1,4}$/.test(part) && shapesAt(shape, path).some((place) => place.items !== undefined)) path.push(Number(part));
    else if (isOpen) path.push(part.toLowerCase());
    else return problem(`sets nothing: "${part}" is no setting${known.length === 0 ? '' : `; possible here: ${known.join(', ')}`}`);
  }
  const index = path.findIndex((step) => typeof step === 'number');
  if (index >= 0) {
    const list = originLength(tree, path.slice(0, index));
    if (Number(path[index]) > list) return problem(`sets entry ${String(path[index])} of a list that has ${list}; the next is ${list}`);
  }
  const isText = shapesAt(shape, path).some((place) => place.type === 'string');
  const document = isText ? undefined : parseDocument(text, { prettyErrors: false });
  if (document !== undefined && document.errors.length > 0) return problem('is not YAML; quote it or write it as in the file');
  const value: unknown = document === undefined ? text : document.toJS();
  return { kind: 'value', path, node: { kind: 'scalar', origin: { file: name, line: undefined }, value } };
}

function sameName(key: string, part: string): boolean {
  return key.replaceAll('_', '').toLowerCase() === part.replaceAll('_', '').toLowerCase();
}

function originLength(tree: ConfigNode, path: readonly (string | number)[]): number {
  let node: ConfigNode | undefined = tree;
  for (const step of path) node = node?.kind === 'map' ? node.entries.get(String(step))?.node : undefined;
  return node?.kind === 'list' ? node.items.length : 0;
}

/** By file in the order they were given, then by line: the order in which somebody will mend them. */
function byPlace(sources: readonly ConfigSource[]): (left: ConfigProblem, right: ConfigProblem) => number {
  const rank = (problem: ConfigProblem): number => {
    const index = sources.findIndex(({ name }) => name === problem.file);
    return index < 0 ? sources.length : index;
  };
  return (left, right) => rank(left) - rank(right) || (left.line ?? 0) - (right.line ?? 0);
}

function hashOf(config: unknown): string {
  const sorted = JSON.stringify(config, (_, value: unknown) =>
    typeof value === 'object' && value !== null && !Array.isArray(value)
      ? Object.fromEntries(Object.entries(value).toSorted(([left], [right]) => (left < right ? -1 : 1)))
      : value,
  );
  return createHash('sha256')
    .update(sorted ?? '')
    .digest('hex');
}

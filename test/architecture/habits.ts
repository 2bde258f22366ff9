// The habits that every file keeps: its name, its two-line head, its length, its exports, where the process is touched.
// Must never read files; it judges facts.
import { posix } from 'node:path';
import type { ModuleFacts } from './module-facts.ts';
import { partOf, type Violation } from './walls.ts';

/** "About 300": a file that is longer holds two nouns. Tests hold many small statements about one. */
const mostLines = 320;
const mostTestLines = 500;

const emptyNames = ['utils', 'util', 'helpers', 'helper', 'common', 'misc', 'types', 'index'];

/** Of `process` only main.ts may touch these; the rest of the program is told. */
const processMembers = ['env', 'exit', 'exitCode', 'argv', 'on', 'once', 'addListener', 'abort'];

const production = ['base', 'analysis', 'agent', 'coordinator', 'proto'];

/** @returns every breach of a habit in one module. */
export function findHabitViolations(module: ModuleFacts): readonly Violation[] {
  const { path, lines } = module;
  const found: Violation[] = [];
  const report = (line: number, message: string): void => void found.push({ path, line, message });
  const root = partOf(path)?.split('/')[0];
  const name = posix.basename(path).replace(/(\.test|\.d)?\.ts$/, '');
  const isProduction = root !== undefined && production.includes(root) && path !== 'proto/generate.ts';
  const isMain = name === 'main';

  if (!/^[a-z0-9]+(-[a-z0-9]+)*(\.config)?$/.test(name)) report(1, 'is not named in kebab-case');
  if (emptyNames.includes(name) && path !== 'proto/index.ts') report(1, `is called ${name}: name it by the noun it holds`);
  const limit = root === 'test' ? mostTestLines : mostLines;
  const length = lines.at(-1) === '' ? lines.length - 1 : lines.length;
  if (length > limit) report(limit, `has ${length} lines, more than ${limit}: it holds more than one noun`);

  const head = lines[0]?.startsWith('#!') === true ? 1 : 0;
  if (!/^\/\/ \S/.test(lines[head] ?? '')) report(head + 1, 'must begin with a comment line that says what the file owns');
  if (!/^\/\/ \S/.test(lines[head + 1] ?? '')) report(head + 2, 'must have a second comment line that says what the file must never do');

  for (const { line } of module.defaultExports) {
    if (!name.endsWith('.config')) report(line, 'has a default export: exports are named');
  }
  if (!isProduction) return found;

  for (const { what, line } of module.mutableState)
    report(line, `has module-level mutable state (${what}): it belongs to an object that compose.ts makes`);
  if (isMain) return found;
  for (const { what, line } of module.processUses) {
    if (processMembers.includes(what)) report(line, `uses process.${what}: only main.ts does`);
  }
  for (const { specifier, names, line } of module.imports) {
    if (specifier !== 'node:process') continue;
    report(line, `imports ${names.join(', ')} from node:process: only main.ts touches the process`);
  }
  // compose.ts, and the parts that it was split into.
  if (/^compose(-[a-z]+)?$/.test(name)) return found;
  const imported = new Set(module.imports.filter(({ specifier }) => specifier.startsWith('.')).flatMap(({ names }) => names));
  for (const { what, line } of module.constructions) {
    if (/(Service|Manager)$/.test(what) && imported.has(what)) report(line, `constructs ${what}: only compose.ts does`);
  }
  return found;
}

// A test made from a panic of Go: functions of its stack are called with what was logged, then with what is commonly missing, until the same
// panic comes at the same line. Must never keep a call that wasn't seen to panic so, or leave its probe in the work tree.
import { randomUUID } from 'node:crypto';
import { posix } from 'node:path';
import type { SyntaxNode } from '../../../base/syntax-tree.ts';
import type { CodeLocation } from '../../repository/repository.ts';
import { commandLine } from '../check.ts';
import { judgePath } from '../edits/path-policy.ts';
import { writeToTree } from '../edits/tree-writer.ts';
import { goValues, parametersOf, type GoParameter } from './go-values.ts';
import type { IncidentTestParts } from './incident-test-parts.ts';
import { readLoggedValues, type LoggedValues } from './logged-values.ts';
import type { ReproductionTest } from './reproduction.ts';
import { incidentKey, nameTest } from './test-name.ts';

type Place = CodeLocation & { readonly line: number };

interface GoSite {
  readonly packageName: string;
  /** Paths by the name that the file calls them. */
  readonly imports: ReadonlyMap<string, string>;
  readonly name: string;
  readonly parameters: readonly GoParameter[];
  /** Expressions that make what a method is called on; empty for a function. */
  readonly receivers: readonly string[];
}

interface Call {
  readonly text: string;
  readonly isLogged: boolean;
  readonly cost: number;
}

const mostSites = 3;
const mostCalls = 60;
const probeTimeoutMs = 60_000;

/** @param stack where the frames are now, innermost first */
export async function makeGoTest(parts: IncidentTestParts, stack: readonly Place[]): Promise<ReproductionTest | undefined> {
  const { groundwork, runner, trees } = parts;
  const [innermost] = stack;
  // What ends the whole process can't be called and recovered from.
  if (innermost === undefined || runner.name !== 'go' || groundwork.problem.reason.message.includes('fatal error')) return undefined;
  const logged = readLoggedValues(groundwork.problem);
  for (const place of stack.slice(0, mostSites)) {
    const text = groundwork.files.get(place.path);
    const made = text === undefined ? undefined : await trees.withTree(place.path, text, (root) => writeCalls(root, place.line, logged));
    if (made === undefined) continue;
    const path = nameTest(groundwork, runner, place.path);
    const check = runner.commandFor([path]);
    if (check === undefined || parts.paths.includes(path) || judgePath(path, groundwork.repository.allowedPaths) !== undefined)
      return undefined;
    const call = await findPanic(parts, path, made, innermost);
    if (call === undefined) continue;
    const id = groundwork.problem.incident.id;
    const body = [`func TestIncident${incidentKey(id)}(t *testing.T) {`, `\t${call.text}`, '}', ''];
    const head = [`// Made from incident ${id}: this call panicked in ${innermost.path}.`, ...writeHead(made.site, call.text, ['testing'])];
    return { path, text: [...head, ...body].join('\n'), check, origin: call.isLogged ? 'logged' : 'invented' };
  }
  return undefined;
}

function writeCalls(
  root: SyntaxNode,
  line: number,
  logged: LoggedValues,
): { readonly site: GoSite; readonly calls: readonly Call[] } | undefined {
  const node = root.namedChildren.find(
    (one) =>
      ['function_declaration', 'method_declaration'].includes(one.type) && one.startPosition.row < line && one.endPosition.row >= line - 1,
  );
  const parameters = node === undefined ? undefined : parametersOf(node);
  const name = node?.childForFieldName('name')?.text ?? '';
  // `main` starts everything; generic functions need types that aren't known.
  if (
    node === undefined ||
    parameters === undefined ||
    name === 'main' ||
    name === 'init' ||
    node.childForFieldName('type_parameters') !== null
  )
    return undefined;
  const receivers = node.type === 'method_declaration' ? receiversFor(root, node, logged) : [];
  if (node.type === 'method_declaration' && receivers.length === 0) return undefined;
  const site: GoSite = {
    packageName: root.descendantsOfType('package_identifier')[0]?.text ?? '',
    imports: importsOf(root),
    name,
    parameters,
    receivers,
  };
  let lists = combine(parameters, logged);
  if (receivers.length > 0)
    lists = receivers.flatMap((receiver, index) =>
      lists.map((one) => ({ ...one, text: `${receiver}.${name}(${one.text})`, cost: one.cost + index })),
    );
  else lists = lists.map((one) => ({ ...one, text: `${name}(${one.text})` }));
  return { site, calls: lists.toSorted((a, b) => a.cost - b.cost).slice(0, mostCalls) };
}

/** Lists of arguments, the likeliest first; a call without any is as it was logged. */
function combine(parameters: readonly GoParameter[], logged: LoggedValues): readonly Call[] {
  let calls: readonly Call[] = [{ text: '', isLogged: true, cost: 0 }];
  for (const parameter of parameters) {
    calls = calls
      .flatMap((call) =>
        goValues(parameter, logged).map((value) => ({
          text: call.text === '' ? value.text : `${call.text}, ${value.text}`,
          isLogged: call.isLogged && value.isLogged,
          cost: call.cost + value.cost,
        })),
      )
      .toSorted((a, b) => a.cost - b.cost)
      .slice(0, mostCalls);
  }
  return calls;
}

/** What the file's own constructors make, then the type's zero value. */
function receiversFor(root: SyntaxNode, method: SyntaxNode, logged: LoggedValues): readonly string[] {
  const [, pointer = '', type] = /^\((?:\w+ )?(\*?)(\w+)\)$/.exec(method.childForFieldName('receiver')?.text ?? '') ?? [];
  if (type === undefined) return [];
  const made = root.namedChildren.flatMap((one) => {
    const name = one.childForFieldName('name')?.text ?? '';
    const result = one.childForFieldName('result')?.text.replace('*', '');
    const parameters = parametersOf(one);
    if (one.type !== 'function_declaration' || !/^[Nn]ew/.test(name) || result !== type || parameters === undefined) return [];
    const [first] = combine(parameters, logged);
    return first === undefined ? [] : [`${name}(${first.text})`];
  });
  return [...made, pointer === '' ? `${type}{}` : `(&${type}{})`];
}

function importsOf(root: SyntaxNode): ReadonlyMap<string, string> {
  return new Map(
    root.descendantsOfType('import_spec').flatMap((one) => {
      const path = one?.childForFieldName('path')?.text.replaceAll('"', '') ?? '';
      const name = one?.childForFieldName('name')?.text ?? path.split('/').at(-1) ?? '';
      return path === '' ? [] : [[name, path] as const];
    }),
  );
}

function writeHead({ packageName, imports }: GoSite, code: string, own: readonly string[]): readonly string[] {
  const used = [...imports].filter(([name, path]) => !own.includes(path) && new RegExp(`\\b${name}\\.[A-Z]`).test(code));
  const lines = [
    ...own.map((path) => `"${path}"`),
    ...used.map(([name, path]) => (path.split('/').at(-1) === name ? `"${path}"` : `${name} "${path}"`)),
  ];
  const list = lines.length === 1 ? [`import ${lines[0] ?? ''}`] : ['import (', ...lines.toSorted().map((line) => `\t${line}`), ')'];
  return [`package ${packageName}`, '', ...list, ''];
}

/** Runs all calls in one test, each recovered from, and answers with the first that panics as the incident did. */
async function findPanic(
  { directory, sandbox, groundwork, runner, signal }: IncidentTestParts,
  path: string,
  { site, calls }: { readonly site: GoSite; readonly calls: readonly Call[] },
  innermost: Place,
): Promise<Call | undefined> {
  const mark = `probe-${randomUUID()}`;
  const probe = [
    ...writeHead(site, calls.map(({ text }) => text).join('\n'), ['fmt', 'runtime/debug', 'testing']),
    'func TestIncidentProbe(t *testing.T) {',
    '\tcalls := []func(){',
    ...calls.map(({ text }) => `\t\tfunc() { ${text} },`),
    '\t}',
    '\tfor index, call := range calls {',
    '\t\tfunc() {',
    '\t\t\tdefer func() {',
    '\t\t\t\tif failure := recover(); failure != nil {',
    `\t\t\t\t\tfmt.Printf("\\n${mark} %d %q\\n%s\\n${mark}\\n", index, fmt.Sprint(failure), debug.Stack())`,
    '\t\t\t\t}',
    '\t\t\t}()',
    '\t\t\tcall()',
    '\t\t}()',
    '\t}',
    '}',
    '',
  ].join('\n');
  const { folder } = runner;
  const own = `./${posix.dirname(folder === undefined ? path : posix.relative(folder, path))}`;
  const words = ['go', 'test', '-count=1', '-timeout=20s', '-v', '-run', '^TestIncidentProbe$', own];
  const command = commandLine({ command: words, origin: 'a search for the incident', folder });
  await writeToTree(directory, { [path]: probe });
  try {
    const run = await sandbox.run({ directory, command, stdin: undefined, timeoutMs: probeTimeoutMs, signal });
    const wanted = plain(groundwork.problem.trace?.message ?? groundwork.problem.reason.message);
    for (const section of run.output.split(`${mark} `).slice(1)) {
      const [, index = '', message = ''] = /^(\d+) (".*")$/m.exec(section) ?? [];
      const call = calls[Number(index)];
      if (
        call !== undefined &&
        index !== '' &&
        isSame(plain(readQuoted(message)), wanted) &&
        isAt(section, innermost, posix.basename(path))
      )
        return call;
    }
    return undefined;
  } finally {
    await writeToTree(directory, { [path]: null });
  }
}

function readQuoted(text: string): string {
  try {
    return String(JSON.parse(text));
  } catch {
    // Go quotes a few characters otherwise than JSON does.
    return text.slice(1, -1);
  }
}

/** The incident's message may have the signal's words behind it. */
function isSame(shown: string, wanted: string): boolean {
  return shown !== '' && (wanted.includes(shown) || shown.includes(wanted)) && wanted !== '';
}

function plain(message: string): string {
  return (message.split('\n', 1)[0] ?? '').replaceAll(/\d+/g, '#').replaceAll(/\s+/g, ' ').trim();
}

/** True if the first frame of the repository behind the panic is the incident's. */
function isAt(stack: string, { path, line }: Place, own: string): boolean {
  const lines = stack.split('\n');
  const raised = lines.findLastIndex((one) => one.startsWith('panic('));
  const positions = lines
    .slice(raised + 2)
    .filter((one) => /^\t.+\.go:\d+/.test(one) && !/\/(?:libexec|go-1\.\d+|usr\/lib\/go[\w.-]*|usr\/local\/go)\/src\//.test(one));
  const first = positions[0];
  return first !== undefined && !first.includes(own) && new RegExp(`/${path.replaceAll('.', '\\.')}:${line}\\b`).test(first.trim());
}

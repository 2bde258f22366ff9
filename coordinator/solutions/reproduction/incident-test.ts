// A test made from an incident by the built-in engine: functions of its stack are called with what was logged, then with what is commonly missing,
// until the same error comes at the same line. Must never keep a test that wasn't seen to fail for that reason.
import { randomUUID } from 'node:crypto';
import { readFile, stat } from 'node:fs/promises';
import { join, posix } from 'node:path';
import type { CodeLocation } from '../../repository/repository.ts';
import { judgePath } from '../edits/path-policy.ts';
import type { Groundwork } from '../groundwork.ts';
import type { TestRunner } from '../test-runner.ts';
import { findCallSite, type CallSite } from './call-site.ts';
import { makeGoTest } from './go-test.ts';
import type { IncidentTestParts } from './incident-test-parts.ts';
import { readLoggedValues, valuesFor, type LoggedValues, type Value } from './logged-values.ts';
import { nodeProbe, pythonProbe, type Access, type ProbeAnswer, type ProbeTask } from './probe.ts';
import type { ReproductionTest } from './reproduction.ts';
import { writeTest, type TestPlace } from './test-text.ts';

const mostSites = 4;
const mostCalls = 400;
const mostParameters = 5;
const probeTimeoutMs = 20_000;

/** Undefined where no call shows the error, or the runner isn't one that a test can be written for. */
export async function makeIncidentTest(parts: IncidentTestParts): Promise<ReproductionTest | undefined> {
  const { groundwork, runner } = parts;
  const { problem, repository } = groundwork;
  const type = problem.trace?.type?.split('.').at(-1);
  const stack = stackOf(groundwork);
  const innermost = stack[0];
  if (innermost?.path.endsWith('.go') === true) return makeGoTest(parts, stack);
  if (type === undefined || !/^\w+$/.test(type) || innermost === undefined) return undefined;
  const isPython = innermost.path.endsWith('.py');
  if (!fits(runner, innermost.path)) return undefined;
  const logged = readLoggedValues(problem);
  const named = pathsIn(problem.reason.logged, parts.paths);
  const sites = await readSites(parts, stack);
  const root = isPython ? await pythonRoot(parts.directory, innermost.path, runner.folder) : '';
  const about = { type, innermost, root };
  const rounds = [
    // What was logged says most where it goes in, and made-up values say most where it fails.
    ...sites.toReversed().map((site) => ({ site, onlyLogged: true })),
    ...sites.map((site) => ({ site, onlyLogged: false })),
  ];
  for (const { site, onlyLogged } of rounds) {
    const calls = callsOf(site, logged, named, onlyLogged);
    if (calls.length === 0) continue;
    const answer = await probe(parts, site, calls, about);
    if (answer === undefined) continue;
    const place = await placeOf(parts, root);
    const test = writeTest(problem.incident, site, answer, type, place);
    const check = runner.commandFor([test.path]);
    if (check === undefined || parts.paths.includes(test.path) || judgePath(test.path, repository.allowedPaths) !== undefined)
      return undefined;
    return { ...test, check, origin: calls[answer.call]?.isLogged === true ? 'logged' : 'invented' };
  }
  return undefined;
}

function fits({ name }: TestRunner, path: string): boolean {
  if (path.endsWith('.py')) return name === 'pytest' || name === 'unittest';
  return /\.[cm]?[jt]s$/.test(path) && ['node-test', 'vitest', 'jest', 'mocha'].includes(name);
}

type Place = CodeLocation & { readonly line: number };

/** Where the frames of the application are now, innermost first. */
function stackOf({ problem, locations }: Groundwork): readonly Place[] {
  const found: Place[] = [];
  for (const frame of problem.trace?.frames ?? []) {
    if (frame.file === undefined) continue;
    const named = locations.filter((one): one is Place => one.line !== undefined && one.function === frame.function);
    const file = frame.file.split(/[/\\]/).at(-1) ?? '';
    const fitting = named.filter(({ path }) => file === posix.basename(path));
    // Compiled code has another ending, and a bundle another name: there the function alone says which place it is.
    const compiled = named.filter(({ path }) => stemOf(file) === stemOf(path));
    const place =
      fitting.find(({ line }) => line === frame.line) ?? fitting[0] ?? compiled[0] ?? (named.length === 1 ? named[0] : undefined);
    // A frame of the application that isn't found leaves open where the error comes from; what lies among libraries may be the repository's.
    if (place === undefined && frame.inApp && found.length === 0) return [];
    if (place !== undefined && !found.includes(place)) found.push(place);
  }
  return found;
}

function stemOf(path: string): string {
  return posix.basename(path).replace(/(?:\.\w+)+$/, '');
}

async function readSites({ groundwork, trees }: IncidentTestParts, stack: readonly Place[]): Promise<readonly CallSite[]> {
  const sites: CallSite[] = [];
  for (const { path, line } of stack) {
    const text = groundwork.files.get(path);
    const site = text === undefined ? undefined : await findCallSite(trees, path, text, line);
    const isNew = site !== undefined && !sites.some((one) => one.path === site.path && one.name === site.name);
    if (isNew && site.parameters.length <= mostParameters) sites.push(site);
    if (sites.length === mostSites) break;
  }
  return sites;
}

interface Call {
  readonly values: readonly unknown[];
  readonly isLogged: boolean;
}

/** Lists of arguments, the likeliest first. */
function callsOf(site: CallSite, logged: LoggedValues, named: readonly string[], onlyLogged: boolean): readonly Call[] {
  const choices = site.parameters.map(({ name, values }): readonly Value[] => [
    ...valuesFor(name, logged),
    ...named.map((path) => ({ value: path, cost: 1, isLogged: true })),
    ...values.map((value) => ({ value, cost: 5, isLogged: false })),
  ]);
  let calls: readonly (Call & { readonly cost: number })[] = [{ values: [], isLogged: true, cost: 0 }];
  for (const choice of choices) {
    calls = calls
      .flatMap(({ values, isLogged, cost }) =>
        choice
          .filter((one) => !onlyLogged || one.isLogged)
          .map((one) => ({
            values: [...values, one.value === undefined ? { $undefined: true } : one.value],
            isLogged: isLogged && one.isLogged,
            cost: cost + one.cost,
          })),
      )
      .toSorted((a, b) => a.cost - b.cost)
      .slice(0, mostCalls);
  }
  return calls;
}

async function probe(
  { directory, sandbox, signal, groundwork }: IncidentTestParts,
  site: CallSite,
  calls: readonly Call[],
  { type, innermost, root }: { readonly type: string; readonly innermost: Place; readonly root: string },
): Promise<ProbeAnswer | undefined> {
  const isPython = site.path.endsWith('.py');
  const mark = `probe-${randomUUID()} `;
  const task: ProbeTask = {
    path: site.path,
    root,
    name: site.name,
    className: site.className ?? null,
    calls: calls.map(({ values }) => values),
    type,
    message: groundwork.problem.trace?.message ?? '',
    file: innermost.path,
    line: innermost.line,
    mark,
  };
  const command = isPython ? ['python3', '-c', pythonProbe] : ['node', '--input-type=module', '-e', nodeProbe];
  const run = await sandbox.run({ directory, command, stdin: JSON.stringify(task), timeoutMs: probeTimeoutMs, signal });
  const line = run.output.split('\n').find((one) => one.startsWith(mark));
  return line === undefined ? undefined : readAnswer(line.slice(mark.length));
}

/** The code that was called could have written it, so that it is read as a stranger's. */
function readAnswer(text: string): ProbeAnswer | undefined {
  try {
    const value = JSON.parse(text) as Partial<Record<keyof ProbeAnswer, unknown>>;
    const isAccess = ['named', 'default', 'member-of-default'].includes(String(value.access));
    if (typeof value.call !== 'number' || !Array.isArray(value.arguments) || !isAccess) return undefined;
    return { call: value.call, arguments: value.arguments, access: value.access as Access, isStatic: value.isStatic === true };
  } catch {
    // Cut off, or not ours: there is no answer then.
    return undefined;
  }
}

/** Files of the repository that the records name. */
function pathsIn(text: string, paths: readonly string[]): readonly string[] {
  const known = new Set(paths);
  const words = text.slice(0, 20_000).split(/[\s"'()<>,;=]+/);
  return [...new Set(words.map((word) => word.replace(/^\.\//, '')))].filter((word) => word.includes('.') && known.has(word)).slice(0, 4);
}

/** The folder above the outermost package. @param project where the project begins; undefined is the root */
async function pythonRoot(directory: string, path: string, project: string | undefined): Promise<string> {
  const top = project ?? '.';
  let folder = posix.dirname(path);
  while (folder !== top && folder !== '.' && (await isFile(join(directory, folder, '__init__.py')))) folder = posix.dirname(folder);
  // Packages without __init__.py are imported from the project's root, or from a source folder.
  const source = ['src', 'lib'].map((one) => posix.join(top, one)).find((one) => folder === one || folder.startsWith(`${one}/`));
  if (folder !== top && source === undefined && (await isFile(join(directory, posix.dirname(path), '__init__.py')))) return folder;
  return source ?? (top === '.' ? '' : top);
}

async function placeOf({ directory, groundwork, paths, runner }: IncidentTestParts, root: string): Promise<TestPlace> {
  const manifest = await readFile(join(directory, runner.folder ?? '', 'package.json'), 'utf8').catch(() => '');
  return {
    paths,
    related: groundwork.tests.map(({ path }) => path),
    runner,
    isModule: /"type"\s*:\s*"module"/.test(manifest),
    root,
  };
}

async function isFile(path: string): Promise<boolean> {
  return stat(path).then(
    (found) => found.isFile(),
    () => false,
  );
}

// Which commands prove a change: the repository's configured ones, or what the base revision's own files say, of the packages that the code is in and of the whole.
// Must never read the proposed files or a model's words: a proposal doesn't choose its judge.
import { readdir } from 'node:fs/promises';
import { join, posix } from 'node:path';
import type { RepositoryCommands } from '../repository/repository.ts';
import { commandLine, type Check } from './check.ts';
import { discoverChecks, type FoundChecks } from './found-checks.ts';

export interface Checks {
  readonly setup: Check | undefined;
  readonly build: Check | undefined;
  readonly test: Check | undefined;
  /** The tests of the package that the located code is in; the same as `test` where there is only one package. */
  readonly nearestTest?: Check | undefined;
  /** Runs the tests that are about the located code alone; undefined where they, or a way to run them, aren't known. */
  readonly relevant?: Check | undefined;
  readonly reproduce: Check | undefined;
}

/** What makes a folder a package of its own. */
const manifests = [
  'package.json',
  'go.mod',
  'Cargo.toml',
  'pom.xml',
  'build.gradle',
  'build.gradle.kts',
  'pyproject.toml',
  'setup.py',
  'setup.cfg',
];
/** Where the root has one of these, too, it builds and tests what is below it. */
const nestedBuilds = ['Cargo.toml', 'pom.xml', 'build.gradle', 'build.gradle.kts'];
const mostPackages = 3;

/** @param directory a checkout of the base revision @param about paths of the located code, the likeliest first */
export async function findChecks(
  directory: string,
  configured: RepositoryCommands,
  searchPath: readonly string[],
  about: readonly string[],
): Promise<Checks> {
  const own = (name: keyof RepositoryCommands): Check | undefined => {
    const command = configured[name];
    return command === undefined || command.length === 0 ? undefined : { command, origin: 'configured' };
  };
  const found: FoundChecks[] = [];
  for (const folder of await packagesOf(directory, about)) found.push(await discoverChecks(directory, folder, searchPath));
  found.push(await discoverChecks(directory, undefined, searchPath));
  const tests = found.flatMap(({ test }) => test ?? []);
  const test = own('test') ?? joined(tests);
  return {
    setup: own('setup'),
    build: own('build') ?? joined(found.flatMap(({ build }) => build ?? [])),
    test,
    nearestTest: own('test') ?? tests[0],
    reproduce: own('reproduce'),
  };
}

/** All of them one after the other, whatever the others say; the exit status is the first that isn't 0. */
function joined(checks: readonly Check[]): Check | undefined {
  const [first, ...rest] = checks;
  if (first === undefined || rest.length === 0) return first;
  const steps = checks.map((check) => `( ${commandLine(check).map(quoted).join(' ')} ) || status=\${status:-$?}`);
  return { command: ['sh', '-c', `${steps.join('; ')}; exit \${status:-0}`], origin: checks.map(({ origin }) => origin).join(', ') };
}

function quoted(word: string): string {
  return /^[\w./:=@+-]+$/.test(word) ? word : `'${word.replaceAll("'", String.raw`'\''`)}'`;
}

/** Folders of packages below the root that hold the paths, each path's innermost. */
async function packagesOf(directory: string, about: readonly string[]): Promise<readonly string[]> {
  const ofRoot = new Set(await readdir(directory));
  const isPackage = async (folder: string): Promise<boolean> => {
    // A folder that was located may have been moved away since.
    const names = new Set(await readdir(join(directory, folder)).catch(() => []));
    return manifests.some((name) => names.has(name) && !(nestedBuilds.includes(name) && ofRoot.has(name)));
  };
  const packages = new Set<string>();
  for (const path of about) {
    for (let folder = posix.dirname(posix.normalize(path)); isBelow(folder); folder = posix.dirname(folder)) {
      if (!(await isPackage(folder))) continue;
      packages.add(folder);
      break;
    }
    if (packages.size === mostPackages) break;
  }
  return [...packages];
}

function isBelow(folder: string): boolean {
  return folder !== '.' && folder !== '..' && !folder.startsWith('../') && !folder.startsWith('/');
}

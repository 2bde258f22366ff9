// Which runner a test command starts, and how it is told to run some files alone.
// Must never invent a runner: what a command doesn't show stays unknown, and then only the whole command is run.
import { readFile } from 'node:fs/promises';
import { join, posix } from 'node:path';
import type { Check } from './check.ts';
import { ownPrograms } from './own-programs.ts';

export type RunnerName = 'node-test' | 'vitest' | 'jest' | 'mocha' | 'pytest' | 'unittest' | 'go' | 'maven' | 'gradle';

export interface TestRunner {
  readonly name: RunnerName;
  /** Of the package whose tests it runs, relative to the repository; undefined is the root. */
  readonly folder: string | undefined;
  /** Undefined if these files can't be run alone. @param paths of test files, relative to the repository */
  commandFor(paths: readonly string[]): Check | undefined;
}

/** Some environment in front, Node's own options, then `--test`. */
const nodeTest =
  /(?:^|[\s;&(])((?:[A-Z_]+=\S+\s+)*)node((?:\s+(?:--(?:import|require|loader|experimental-loader)[= ]\S+|-r \S+|--[\w-]+(?:=\S+)?))*)/;

/** What may stand in a command as it is. */
const plainPath = /^[\w@+][\w./@+-]*$/;

/** @param directory a checkout of the base revision */
export async function findTestRunner(directory: string, check: Check | undefined): Promise<TestRunner | undefined> {
  if (check === undefined) return undefined;
  const { folder } = check;
  const line = await spellOut(folder === undefined ? directory : join(directory, folder), check.command.join(' '));
  // What runs in another folder takes other paths.
  if (/(?:^|[\s;&(])cd\s/.test(line)) return undefined;
  const name = nameOf(line);
  if (name === undefined) return undefined;
  return {
    name,
    folder,
    commandFor: (paths) => {
      const inside = paths.map((path) => (folder === undefined ? path : posix.relative(folder, path)));
      if (paths.length === 0 || !inside.every((path) => plainPath.test(path))) return undefined;
      const command = write(name, line, inside, folder);
      return command === undefined ? undefined : { command, origin: `${name} for some files alone`, folder };
    },
  };
}

/** `npm test` and its like say nothing; the script of package.json does. */
async function spellOut(directory: string, line: string): Promise<string> {
  const script = /^(?:npm|pnpm|yarn|bun)(?:\s+(?:-s|--silent|run))*\s+([\w:-]+)\s*$/.exec(line)?.[1];
  if (script === undefined) return line;
  try {
    const manifest: unknown = JSON.parse(await readFile(join(directory, 'package.json'), 'utf8'));
    const scripts = (manifest as { scripts?: Record<string, unknown> } | null)?.scripts;
    const text = scripts?.[script === 't' ? 'test' : script];
    return typeof text === 'string' ? text : line;
  } catch {
    // Without a readable manifest the command stays what it is, and names no runner.
    return line;
  }
}

function nameOf(line: string): RunnerName | undefined {
  const names: readonly (readonly [RunnerName, RegExp])[] = [
    ['vitest', /\bvitest\b/],
    ['jest', /\bjest\b/],
    ['mocha', /\bmocha\b/],
    ['node-test', /\bnode\b.*\s--test\b/],
    ['pytest', /\bpytest\b|\bpy\.test\b/],
    ['unittest', /-m unittest\b/],
    ['go', /\bgo test\b/],
    ['maven', /\bmvnw?\b/],
    ['gradle', /\bgradlew?\b/],
  ];
  return names.find(([, pattern]) => pattern.test(line))?.[0];
}

function write(name: RunnerName, line: string, paths: readonly string[], folder: string | undefined): readonly string[] | undefined {
  const python = /(\S*python[\d.]*)\s/.exec(line)?.[1] ?? 'python3';
  switch (name) {
    case 'node-test': {
      const [, environment = '', options = ''] = nodeTest.exec(line) ?? [];
      const words = options.split(/\s+/).filter((word) => word !== '' && !word.startsWith('--test'));
      const variables = environment.split(/\s+/).filter((word) => word !== '');
      return [...(variables.length === 0 ? [] : ['env', ...variables]), 'node', ...words, '--test', ...paths];
    }
    case 'vitest':
      return ownProgram('vitest run', paths, folder);
    case 'jest':
      return ownProgram('jest --runTestsByPath', paths, folder);
    case 'mocha':
      return ownProgram('mocha', paths, folder);
    case 'pytest':
      return [python, '-m', 'pytest', '-rA', '-q', ...paths];
    case 'unittest': {
      const [path = ''] = paths;
      if (paths.length > 1) return undefined;
      return [python, '-m', 'unittest', 'discover', '-v', '-s', posix.dirname(path), '-p', posix.basename(path)];
    }
    case 'go':
      return ['go', 'test', '-count=1', '-v', ...new Set(paths.map((path) => `./${posix.dirname(path)}`))];
    case 'maven':
      return [/\.\/mvnw\b/.test(line) ? './mvnw' : 'mvn', '-o', '-q', `-Dtest=${paths.map(stemOf).join(',')}`, 'test'];
    case 'gradle':
      return [
        /\.\/gradlew\b/.test(line) ? './gradlew' : 'gradle',
        '--offline',
        'test',
        ...paths.flatMap((path) => ['--tests', `*${stemOf(path)}`]),
      ];
  }
}

/** A program of the repository's own dependencies. */
function ownProgram(program: string, paths: readonly string[], folder: string | undefined): readonly string[] {
  return ['sh', '-c', `${ownPrograms(folder)}; exec ${program} "$@"`, 'sh', ...paths];
}

function stemOf(path: string): string {
  return posix.basename(path).replace(/\.\w+$/, '');
}

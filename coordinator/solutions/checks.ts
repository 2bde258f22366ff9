// Which commands prove a change: the repository's configured ones, or what the base revision's own files say.
// Must never read the proposed files or a model's words: a proposal doesn't choose its judge.
import { readFile, readdir } from 'node:fs/promises';
import { join } from 'node:path';
import type { RepositoryCommands } from '../repository/repository.ts';
import { findCiTest } from './ci-hints.ts';
import { findProgram } from './sandbox.ts';

export interface Check {
  readonly command: readonly string[];
  /** For people: where the command comes from. */
  readonly origin: string;
}

export interface Checks {
  readonly setup: Check | undefined;
  readonly build: Check | undefined;
  readonly test: Check | undefined;
  /** Runs the tests that are about the located code alone; undefined where they, or a way to run them, aren't known. */
  readonly relevant?: Check | undefined;
  readonly reproduce: Check | undefined;
}

/** @param directory a checkout of the base revision */
export async function findChecks(directory: string, configured: RepositoryCommands, searchPath: readonly string[]): Promise<Checks> {
  const own = (name: keyof RepositoryCommands): Check | undefined => {
    const command = configured[name];
    return command === undefined || command.length === 0 ? undefined : { command, origin: 'configured' };
  };
  const found = await discover(directory, searchPath);
  return {
    setup: own('setup'),
    build: own('build') ?? found.build,
    test: own('test') ?? found.test,
    reproduce: own('reproduce'),
  };
}

interface Found {
  readonly build?: Check | undefined;
  readonly test?: Check | undefined;
}

async function discover(directory: string, searchPath: readonly string[]): Promise<Found> {
  const names = new Set(await readdir(directory));
  const finders = [fromPackageJson, fromGo, fromCargo, fromMaven, fromGradle, fromPython, fromMakefile, fromCi, fromNodeTests];
  let result: Found = {};
  for (const find of finders) {
    const found = await find({ directory, names, searchPath });
    result = { build: result.build ?? found.build, test: result.test ?? found.test };
  }
  return result;
}

interface Place {
  readonly directory: string;
  readonly names: ReadonlySet<string>;
  readonly searchPath: readonly string[];
}

/** The script's text is taken from the base, because the proposal may change package.json. */
async function fromPackageJson({ directory, names }: Place): Promise<Found> {
  if (!names.has('package.json')) return {};
  const scripts = await readScripts(join(directory, 'package.json'));
  const run = (name: string): Check | undefined => {
    const main = scripts[name];
    if (main === undefined || main.includes('no test specified')) return undefined;
    const steps = [scripts[`pre${name}`], main, scripts[`post${name}`]].filter((step) => step !== undefined);
    const line = `PATH="$PWD/node_modules/.bin:$PATH"; ${steps.map((step) => `( ${step} )`).join(' && ')}`;
    return { command: ['sh', '-c', line], origin: `script "${name}" of package.json` };
  };
  return { build: run('build'), test: run('test') };
}

async function readScripts(path: string): Promise<Readonly<Record<string, string>>> {
  try {
    const parsed: unknown = JSON.parse(await readFile(path, 'utf8'));
    const scripts: unknown = typeof parsed === 'object' && parsed !== null && 'scripts' in parsed ? parsed.scripts : undefined;
    if (typeof scripts !== 'object' || scripts === null) return {};
    return Object.fromEntries(Object.entries(scripts).filter((entry): entry is [string, string] => typeof entry[1] === 'string'));
  } catch {
    // A package.json that can't be read names no commands; the build that needs it will say so itself.
    return {};
  }
}

async function fromGo({ names }: Place): Promise<Found> {
  if (!names.has('go.mod')) return {};
  return {
    build: { command: ['go', 'build', './...'], origin: 'go.mod' },
    test: { command: ['go', 'test', '-count=1', '-v', './...'], origin: 'go.mod' },
  };
}

async function fromCargo({ names }: Place): Promise<Found> {
  if (!names.has('Cargo.toml')) return {};
  return {
    build: { command: ['cargo', 'build', '--offline'], origin: 'Cargo.toml' },
    test: { command: ['cargo', 'test', '--offline'], origin: 'Cargo.toml' },
  };
}

async function fromMaven({ names }: Place): Promise<Found> {
  if (!names.has('pom.xml')) return {};
  const maven = names.has('mvnw') ? './mvnw' : 'mvn';
  return {
    build: { command: [maven, '-o', '-q', 'compile'], origin: 'pom.xml' },
    test: { command: [maven, '-o', '-q', 'test'], origin: 'pom.xml' },
  };
}

async function fromGradle({ names }: Place): Promise<Found> {
  const file = ['build.gradle', 'build.gradle.kts'].find((name) => names.has(name));
  if (file === undefined) return {};
  const gradle = names.has('gradlew') ? './gradlew' : 'gradle';
  return {
    build: { command: [gradle, '--offline', 'classes'], origin: file },
    test: { command: [gradle, '--offline', 'test'], origin: file },
  };
}

async function fromPython({ directory, names, searchPath }: Place): Promise<Found> {
  const marker = ['pyproject.toml', 'setup.cfg', 'setup.py', 'requirements.txt', 'tox.ini', 'pytest.ini'].find((name) => names.has(name));
  const tests = await findPythonTests(directory, names);
  if (marker === undefined && tests === undefined) return {};
  const python = names.has('.venv') ? '.venv/bin/python' : 'python3';
  if (tests === undefined) return {};
  const hasPytest = names.has('.venv') || (await findProgram('pytest', searchPath)) !== undefined;
  const wantsPytest = names.has('pytest.ini') || tests.usesPytest;
  if (wantsPytest && hasPytest) return { test: { command: [python, '-m', 'pytest', '-rA', '-q'], origin: 'pytest' } };
  return { test: { command: [python, '-m', 'unittest', 'discover', '-v', '-s', tests.folder], origin: `unittest in ${tests.folder}` } };
}

async function findPythonTests(
  directory: string,
  names: ReadonlySet<string>,
): Promise<{ folder: string; usesPytest: boolean } | undefined> {
  for (const folder of ['tests', 'test', '.']) {
    if (folder !== '.' && !names.has(folder)) continue;
    const files = (await readdir(join(directory, folder))).filter((name) => /^test_.*\.py$|_test\.py$/.test(name));
    if (files.length === 0) continue;
    const texts = await Promise.all(files.slice(0, 20).map((name) => readFile(join(directory, folder, name), 'utf8')));
    // unittest finds only TestCase classes; bare functions need pytest.
    return { folder, usesPytest: texts.some((text) => /^\s*(?:import pytest|from pytest)/m.test(text) || !/\bTestCase\b/.test(text)) };
  }
  return undefined;
}

async function fromMakefile({ directory, names }: Place): Promise<Found> {
  const file = ['GNUmakefile', 'Makefile', 'makefile'].find((name) => names.has(name));
  if (file === undefined) return {};
  const text = await readFile(join(directory, file), 'utf8');
  const target = ['test', 'check'].find((name) => new RegExp(`^${name}\\s*:(?!=)`, 'm').test(text));
  return target === undefined ? {} : { test: { command: ['make', target], origin: file } };
}

async function fromCi({ directory, names }: Place): Promise<Found> {
  return { test: await findCiTest(directory, names) };
}

/** Plain Node without a package.json: files that node:test finds by itself. */
async function fromNodeTests({ directory, names }: Place): Promise<Found> {
  const folder = ['test', 'tests'].find((name) => names.has(name));
  if (folder === undefined) return {};
  const files = (await readdir(join(directory, folder))).filter((name) => /\.(?:test|spec)\.[cm]?js$/.test(name));
  if (files.length === 0) return {};
  return {
    test: { command: ['node', '--test', ...files.toSorted().map((name) => `${folder}/${name}`)], origin: `node:test files in ${folder}` },
  };
}

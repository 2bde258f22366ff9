// The commands that build and test one folder, as its own files tell them: manifests, test files, Makefile, CI.
// Must never read the proposed files or a model's words, or look beyond the folder.
import { readFile, readdir } from 'node:fs/promises';
import { join } from 'node:path';
import type { Check } from './check.ts';
import { findCiTest } from './ci-hints.ts';
import { ownPrograms } from './own-programs.ts';
import { findProgram } from './sandbox.ts';

export interface FoundChecks {
  readonly build?: Check | undefined;
  readonly test?: Check | undefined;
}

/** @param directory a checkout of the base revision @param folder relative to it; undefined is its root */
export async function discoverChecks(directory: string, folder: string | undefined, searchPath: readonly string[]): Promise<FoundChecks> {
  const place = folder === undefined ? directory : join(directory, folder);
  const names = new Set(await readdir(place));
  const finders = [fromPackageJson, fromGo, fromCargo, fromMaven, fromGradle, fromPython, fromMakefile, fromCi, fromNodeTests];
  let result: FoundChecks = {};
  for (const find of finders) {
    const found = await find({ directory: place, folder, names, searchPath });
    result = { build: result.build ?? found.build, test: result.test ?? found.test };
  }
  return { build: result.build && within(result.build, folder), test: result.test && within(result.test, folder) };
}

function within(check: Check, folder: string | undefined): Check {
  return folder === undefined ? check : { ...check, folder, origin: `${check.origin} in ${folder}` };
}

interface Place {
  readonly directory: string;
  readonly folder: string | undefined;
  readonly names: ReadonlySet<string>;
  readonly searchPath: readonly string[];
}

/** The script's text is taken from the base, because the proposal may change package.json. */
async function fromPackageJson({ directory, folder, names }: Place): Promise<FoundChecks> {
  if (!names.has('package.json')) return {};
  const scripts = await readScripts(join(directory, 'package.json'));
  const run = (name: string): Check | undefined => {
    const main = scripts[name];
    if (main === undefined || main.includes('no test specified')) return undefined;
    const steps = [scripts[`pre${name}`], main, scripts[`post${name}`]].filter((step) => step !== undefined);
    const line = `${ownPrograms(folder)}; ${steps.map((step) => `( ${step} )`).join(' && ')}`;
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

async function fromGo({ names }: Place): Promise<FoundChecks> {
  if (!names.has('go.mod')) return {};
  return {
    build: { command: ['go', 'build', './...'], origin: 'go.mod' },
    test: { command: ['go', 'test', '-count=1', '-v', './...'], origin: 'go.mod' },
  };
}

async function fromCargo({ names }: Place): Promise<FoundChecks> {
  if (!names.has('Cargo.toml')) return {};
  return {
    build: { command: ['cargo', 'build', '--offline'], origin: 'Cargo.toml' },
    test: { command: ['cargo', 'test', '--offline'], origin: 'Cargo.toml' },
  };
}

async function fromMaven({ names }: Place): Promise<FoundChecks> {
  if (!names.has('pom.xml')) return {};
  const maven = names.has('mvnw') ? './mvnw' : 'mvn';
  return {
    build: { command: [maven, '-o', '-q', 'compile'], origin: 'pom.xml' },
    test: { command: [maven, '-o', '-q', 'test'], origin: 'pom.xml' },
  };
}

async function fromGradle({ names }: Place): Promise<FoundChecks> {
  const file = ['build.gradle', 'build.gradle.kts'].find((name) => names.has(name));
  if (file === undefined) return {};
  const gradle = names.has('gradlew') ? './gradlew' : 'gradle';
  return {
    build: { command: [gradle, '--offline', 'classes'], origin: file },
    test: { command: [gradle, '--offline', 'test'], origin: file },
  };
}

async function fromPython({ directory, names, searchPath }: Place): Promise<FoundChecks> {
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

async function fromMakefile({ directory, names }: Place): Promise<FoundChecks> {
  const file = ['GNUmakefile', 'Makefile', 'makefile'].find((name) => names.has(name));
  if (file === undefined) return {};
  const text = await readFile(join(directory, file), 'utf8');
  const target = ['test', 'check'].find((name) => new RegExp(`^${name}\\s*:(?!=)`, 'm').test(text));
  return target === undefined ? {} : { test: { command: ['make', target], origin: file } };
}

async function fromCi({ directory, names }: Place): Promise<FoundChecks> {
  return { test: await findCiTest(directory, names) };
}

/** Plain Node without a package.json: files that node:test finds by itself. */
async function fromNodeTests({ directory, names }: Place): Promise<FoundChecks> {
  const folder = ['test', 'tests'].find((name) => names.has(name));
  if (folder === undefined) return {};
  const files = (await readdir(join(directory, folder))).filter((name) => /\.(?:test|spec)\.[cm]?js$/.test(name));
  if (files.length === 0) return {};
  return {
    test: { command: ['node', '--test', ...files.toSorted().map((name) => `${folder}/${name}`)], origin: `node:test files in ${folder}` },
  };
}

// Which commands prove a change where one repository holds several packages.
// Must never start a real test runner: that the commands run is shown with shell scripts.
import { spawnSync } from 'node:child_process';
import { mkdir, mkdtemp, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { dirname, join } from 'node:path';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { commandLine, describeCommand } from '../../../coordinator/solutions/check.ts';
import { findChecks } from '../../../coordinator/solutions/checks.ts';
import { findTestRunner } from '../../../coordinator/solutions/test-runner.ts';

let directory = '';
beforeEach(async () => {
  directory = await mkdtemp(join(tmpdir(), 'heph packages-'));
});
afterEach(async () => {
  await rm(directory, { recursive: true, force: true });
});

const none = { setup: undefined, build: undefined, test: undefined, reproduce: undefined };

async function write(files: Readonly<Record<string, string>>): Promise<void> {
  for (const [path, text] of Object.entries(files)) {
    await mkdir(dirname(join(directory, path)), { recursive: true });
    await writeFile(join(directory, path), text);
  }
}

const manifest = (test: string): string => JSON.stringify({ scripts: { test } });

async function runTests(about: readonly string[]): Promise<{ readonly output: string; readonly status: number | null }> {
  const { test } = await findChecks(directory, none, [], about);
  const [program = '', ...args] = test === undefined ? [] : commandLine(test);
  const { stdout, status } = spawnSync(program, args, { cwd: directory, encoding: 'utf8' });
  return { output: stdout, status };
}

describe('checks of a repository with several packages', () => {
  it('are those of the package that the code is in', async () => {
    await write({
      'services/shop/package.json': manifest('echo shop in "$(basename "$PWD")"'),
      'services/shop/src/deep/cart.js': '',
      'services/gate/go.mod': 'module gate\n',
      'services/gate/limits.go': '',
    });
    expect(await runTests(['services/shop/src/deep/cart.js'])).toEqual({ output: 'shop in shop\n', status: 0 });
    const { test, build } = await findChecks(directory, none, [], ['services/gate/limits.go']);
    expect(test).toEqual({
      command: ['go', 'test', '-count=1', '-v', './...'],
      origin: 'go.mod in services/gate',
      folder: 'services/gate',
    });
    expect(build === undefined ? '' : describeCommand(build)).toBe('cd services/gate && go build ./...');
    expect((await findChecks(directory, none, [], ['README.md'])).test).toBeUndefined();
  });

  it('are run with those of the other located packages and of the whole, and fail where one of them fails', async () => {
    await write({
      'package.json': manifest('echo all'),
      'services/shop/package.json': manifest('echo shop; exit 3'),
      'libraries/money/package.json': manifest('echo money'),
    });
    const located = ['services/shop/cart.js', 'libraries/money/round.js', 'services/shop/server.js'];
    expect(await runTests(located)).toEqual({ output: 'shop\nmoney\nall\n', status: 3 });
    expect(await runTests(['libraries/money/round.js'])).toEqual({ output: 'money\nall\n', status: 0 });
    expect(await runTests(['index.js'])).toEqual({ output: 'all\n', status: 0 });
  });

  it('are the root’s alone where its build knows its modules, and the configured ones where they are', async () => {
    await write({ 'pom.xml': '<project/>', 'core/pom.xml': '<project/>', 'core/src/main/java/A.java': '' });
    const { test } = await findChecks(directory, none, [], ['core/src/main/java/A.java']);
    expect(test).toEqual({ command: ['mvn', '-o', '-q', 'test'], origin: 'pom.xml' });
    const configured = await findChecks(directory, { ...none, test: ['make', 'check'] }, [], ['core/src/main/java/A.java']);
    expect(configured.test).toEqual({ command: ['make', 'check'], origin: 'configured' });
    expect(configured.nearestTest).toEqual(configured.test);
  });

  it('let files be run alone from the package’s own folder, with the programs of the folders above', async () => {
    await write({ 'services/shop/package.json': manifest('vitest run'), 'package.json': manifest('echo all') });
    const { nearestTest } = await findChecks(directory, none, [], ['services/shop/cart.js']);
    const runner = await findTestRunner(directory, nearestTest);
    const check = runner?.commandFor(['services/shop/test/cart.test.js']);
    expect(check?.folder).toBe('services/shop');
    expect(check?.command.at(-1)).toBe('test/cart.test.js');
    expect(check?.command[2]).toContain('$PWD/../../node_modules/.bin');
    expect(runner?.commandFor(['libraries/money/test/round.test.js'])).toBeUndefined();
  });

  it('never leave the repository for a path that does', async () => {
    await write({ 'package.json': manifest('echo all') });
    expect(await runTests(['../elsewhere/cart.js', '/etc/passwd', '../../x/y.js'])).toEqual({ output: 'all\n', status: 0 });
  });
});

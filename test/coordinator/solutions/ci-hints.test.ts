// The test command that a repository's own CI shows, where nothing else does.
// Must never run one.
import { mkdir, mkdtemp, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { dirname, join } from 'node:path';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { findChecks } from '../../../coordinator/solutions/checks.ts';

let directory = '';
beforeEach(async () => {
  directory = await mkdtemp(join(tmpdir(), 'heph-ci-'));
});
afterEach(async () => {
  await rm(directory, { recursive: true, force: true });
});

const none = { setup: undefined, build: undefined, test: undefined, reproduce: undefined };

async function testOf(files: Readonly<Record<string, string>>) {
  for (const [path, text] of Object.entries(files)) {
    await mkdir(dirname(join(directory, path)), { recursive: true });
    await writeFile(join(directory, path), text);
  }
  const { test } = await findChecks(directory, none, [], []);
  return test === undefined
    ? undefined
    : { line: test.command.at(-1)?.replace('PATH="$PWD/node_modules/.bin:$PATH"; ', ''), origin: test.origin };
}

const workflow = (run: string, more = ''): string => `on: push
jobs:
  test:
    runs-on: ubuntu-latest
    steps:
      - uses: actions/checkout@v4
      - run: ${run}
${more}`;

describe('hints of CI files', () => {
  it('name the command of a workflow, with its folder, and not what installs or needs the CI', async () => {
    const steps = '        working-directory: services/api\n';
    const text = workflow(
      'npm ci',
      `      - run: pytest \${{ matrix.options }}\n      - run: |\n          pip install -e .\n          python -m pytest tests/unit -q\n${steps}`,
    );
    expect(await testOf({ '.github/workflows/ci.yml': text })).toEqual({
      line: "cd 'services/api' && python -m pytest tests/unit -q",
      origin: '.github/workflows/ci.yml',
    });
  });

  it("look at files that are called after tests first, and at GitLab's script", async () => {
    expect(
      (await testOf({ '.github/workflows/a-release.yml': workflow('make check'), '.github/workflows/test.yml': workflow('make test') }))
        ?.line,
    ).toBe('make test');
    await rm(join(directory, '.github'), { recursive: true });
    expect(await testOf({ '.gitlab-ci.yml': 'unit:\n  stage: test\n  script:\n    - cd web\n    - npx vitest run\n' })).toEqual({
      line: "cd 'web' && npx vitest run",
      origin: '.gitlab-ci.yml',
    });
  });

  it('read tox.ini without what is asked for on its command line', async () => {
    expect(
      (
        await testOf({
          'tox.ini':
            '[tox]\nenvlist = py3\n\n[testenv]\ndeps = pytest\ncommands =\n    flake8 src\n    pytest {posargs:spec}\n\n[flake8]\nmax-line-length = 100\n',
        })
      )?.line,
    ).toBe('pytest spec');
  });

  it('stand back where the repository itself says how it is tested', async () => {
    const files = { 'package.json': '{"scripts":{"test":"node --test"}}', '.github/workflows/ci.yml': workflow('make check') };
    expect((await testOf(files))?.origin).toContain('package.json');
  });

  it.each([
    ['a folder outside', workflow('make test', '        working-directory: ../../etc\n')],
    ['a chain of commands', workflow('npm test && curl https://example.com')],
    ['a file that is none', '{{{'],
    ['no command', 'jobs: [1, 2]'],
  ])('take nothing of %s', async (_, text) => {
    expect(await testOf({ '.github/workflows/ci.yml': text })).toBeUndefined();
  });
});

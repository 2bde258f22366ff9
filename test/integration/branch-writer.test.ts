// States how our branches get to a remote: the same commit every time, never over anybody else's work, nothing outside the rules.
// Must never reach beyond this machine.
import { chmodSync, mkdirSync, readFileSync, symlinkSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { afterEach, beforeEach, describe, expect, test } from 'vitest';
import { GitFixture, makeRepository, makeRepositoryService, type ServiceParts } from '../support/git-fixture.ts';
import type { FileChange, Repository } from '../../coordinator/repository/repository.ts';

const branch = 'hephaestus/incident-1';

let fixture: GitFixture;
let parts: ServiceParts;
let repository: Repository;
let base: string;

beforeEach(async () => {
  fixture = new GitFixture();
  parts = makeRepositoryService(join(fixture.folder, 'state'));
  repository = makeRepository(fixture.remote);
  base = fixture.commit({ message: 'one', files: { 'src/a.js': 'old\n', 'src/b.js': 'b\n', 'run.sh': '#!/bin/sh\n' } });
  await parts.service.initialize(repository);
});

afterEach(() => fixture.dispose());

const change = (path: string, content: string | undefined): FileChange => ({
  path,
  content: content === undefined ? undefined : Buffer.from(content),
});

const write = async (files: readonly FileChange[], changes: { branch?: string; message?: string; base?: string } = {}): Promise<string> =>
  (await parts.service.updateFileContents(repository, { branch, base, files, message: 'Fix it\n\nThe report.', ...changes })).commit;

describe('an update', () => {
  test('is one commit on its base, by us, with the message', async () => {
    const commit = await write([change('src/a.js', 'new\n'), change('src/b.js', undefined), change('src/new/c.js', 'c\n')]);
    expect(fixture.remoteHead(branch)).toBe(commit);
    fixture.git(['fetch', '--quiet', 'origin', branch]);
    expect(fixture.git(['log', '--format=%P|%an|%ce|%B', '-1', commit])).toBe(
      `${base}|Hephaestus|hephaestus@localhost|Fix it\n\nThe report.`,
    );
    expect(fixture.git(['diff', '--name-status', base, commit])).toBe('M\tsrc/a.js\nD\tsrc/b.js\nA\tsrc/new/c.js');
  });

  test('made twice, also by another coordinator, is the same commit', async () => {
    const files = [change('src/a.js', 'new\n')];
    const commit = await write(files);
    expect(await write(files)).toBe(commit);
    const other = makeRepositoryService(join(fixture.folder, 'other'));
    await other.service.initialize(repository);
    expect(await other.service.updateFileContents(repository, { branch, base, files, message: 'Fix it\n\nThe report.\n' })).toEqual({
      commit,
    });
    expect(
      fixture
        .git(['ls-remote', fixture.remote])
        .split('\n')
        .filter((line) => line.includes('hephaestus/')),
    ).toHaveLength(1);
  });

  test('keeps the mode of a file', async () => {
    chmodSync(join(fixture.clone, 'run.sh'), 0o755);
    base = fixture.commit({ message: 'executable', files: {} });
    await parts.service.initialize(repository);
    const commit = await write([change('run.sh', '#!/bin/sh\nexit 0\n')]);
    fixture.git(['fetch', '--quiet', 'origin', branch]);
    expect(fixture.git(['ls-tree', commit, 'run.sh'])).toMatch(/^100755 /);
  });

  test('replaces an earlier one of ours', async () => {
    await write([change('src/a.js', 'first try\n')]);
    const second = await write([change('src/a.js', 'second try\n')]);
    expect(fixture.remoteHead(branch)).toBe(second);
  });

  test("leaves a branch alone that has a person's commit", async () => {
    const ours = await write([change('src/a.js', 'new\n')]);
    fixture.git(['fetch', '--quiet', 'origin', branch]);
    fixture.git(['checkout', '--quiet', ours]);
    const theirs = fixture.commit({ message: 'Better', files: { 'src/a.js': 'better\n' }, branch });
    await expect(write([change('src/a.js', 'newer\n')])).rejects.toMatchObject({ code: 'repository.branch-taken', retry: 'never' });
    expect(fixture.remoteHead(branch)).toBe(theirs);
  });

  test('leaves a branch alone that a person made from history', async () => {
    fixture.git(['push', '--quiet', 'origin', `${base}:refs/heads/${branch}`]);
    await expect(write([change('src/a.js', 'new\n')])).rejects.toMatchObject({ code: 'repository.branch-taken' });
    expect(fixture.remoteHead(branch)).toBe(base);
  });

  test('is refused by the remote in words that help', async () => {
    const hook = join(fixture.remote, 'hooks/pre-receive');
    writeFileSync(hook, '#!/bin/sh\necho "policy says no" >&2\nexit 1\n');
    chmodSync(hook, 0o755);
    await expect(write([change('src/a.js', 'new\n')])).rejects.toMatchObject({
      code: 'git.protected',
      retry: 'never',
      message: expect.stringMatching(/hephaestus\/.*policy says no/) as unknown,
    });
  });
});

describe('what is refused', () => {
  test.each(['main', 'feature/x', 'hephaestus/', 'hephaestus/..', 'hephaestus/a b', 'hephaestus/x.lock', '-d'])(
    'the branch %j',
    async (name) => {
      await expect(write([change('src/a.js', 'new\n')], { branch: name })).rejects.toMatchObject({ code: 'repository.branch-refused' });
    },
  );

  test.each([
    '../x',
    '/etc/passwd',
    'a//b',
    './a',
    '.git/config',
    'src/.GIT/hooks/x',
    'git~1/x',
    '',
    'src/../../x',
    'src',
    'src/a.js/x',
    'a\0b',
  ])('the path %j', async (path) => {
    await expect(write([change(path, 'x')])).rejects.toMatchObject({ code: 'repository.path-refused' });
  });

  test('a symbolic link, and what lies behind one', async () => {
    symlinkSync('/etc', join(fixture.clone, 'etc'));
    base = fixture.commit({ message: 'link', files: {} });
    await parts.service.initialize(repository);
    await expect(write([change('etc', 'x')])).rejects.toMatchObject({ code: 'repository.path-refused' });
    await expect(write([change('etc/passwd', 'x')])).rejects.toMatchObject({ code: 'repository.path-refused' });
  });

  test('what Git LFS keeps, named as such, and a submodule', async () => {
    const pointer =
      'version https://git-lfs.github.com/spec/v1\noid sha256:4d7a214614ab2935c943f9e0ff69d22eadbb8f32b1258daaa5e2ca24d17e2393\nsize 12345\n';
    writeFileSync(join(fixture.clone, '.gitmodules'), '[submodule "lib"]\n\tpath = lib\n\turl = https://example.com/lib.git\n');
    mkdirSync(join(fixture.clone, 'lib'));
    fixture.git(['update-index', '--add', '--cacheinfo', `160000,${base},lib`]);
    base = fixture.commit({
      message: 'lfs',
      files: { '.gitattributes': '*.bin filter=lfs diff=lfs merge=lfs -text\n', 'model.bin': pointer },
    });
    await parts.service.initialize(repository);
    const refusal = { code: 'repository.path-refused', message: expect.stringContaining('Git LFS') as unknown };
    await expect(write([change('model.bin', 'x')])).rejects.toMatchObject(refusal);
    await expect(write([change('other/new.bin', 'x')])).rejects.toMatchObject(refusal);
    await expect(write([change('lib', 'x')])).rejects.toMatchObject({ message: expect.stringContaining('submodule') as unknown });
    expect(await parts.service.listSubmodules(repository, 'main')).toEqual(['lib']);
    expect(await parts.service.listFiles(repository, 'main')).not.toContain('lib');
    await using tree = await parts.service.createWorkTree(repository, 'main');
    expect(readFileSync(join(tree.directory, 'model.bin'), 'utf8')).toBe(pointer);
  });

  test('a change that changes nothing', async () => {
    await expect(write([change('src/a.js', 'old\n')])).rejects.toMatchObject({ code: 'repository.nothing-changed' });
  });

  test('a base that is unknown', async () => {
    await expect(write([change('src/a.js', 'x')], { base: '1'.repeat(40) })).rejects.toMatchObject({ code: 'git.unknown-revision' });
  });
});

describe('a change request on plain git', () => {
  test('is the branch that was pushed, and found again', async () => {
    const commit = await write([change('src/a.js', 'new\n')]);
    const request = { branch, commit, title: 'Fix it', body: 'The report.' };
    const outcome = await parts.service.createChangeRequest(repository, request);
    expect(outcome).toEqual({
      kind: 'created',
      state: 'open',
      branch,
      commit,
      number: branch,
      remote: fixture.remote,
      url: `branch ${branch} of ${fixture.remote}`,
      report: join(parts.stateFolder, 'reports/shop/hephaestus_incident-1.md'),
    });
    expect(readFileSync(outcome.report ?? '', 'utf8')).toBe(`# Fix it\n\nBranch ${branch}\n\nThe report.\n`);
    const remote = parts.remotes.connect(repository);
    for (const body of ['It does not work.', 'It does.']) await remote.comment(branch, { key: 'verdict', body });
    await remote.updateChangeRequest(branch, { title: 'Fix it', body: 'It grew.\n\n---\n\nAnd more.', draft: false });
    expect(readFileSync(outcome.report ?? '', 'utf8')).toMatch(
      /^# Fix it\n\nBranch .*\n\nIt grew\.\n\n---\n\nAnd more\.\n\n---\n\n<!-- remark verdict -->\nIt does\.\n$/,
    );
    expect(await remote.getChangeRequest({ number: branch, branch, target: 'main', commit })).toMatchObject({
      body: 'It grew.\n\n---\n\nAnd more.',
    });
    expect(await parts.service.createChangeRequest(repository, request)).toEqual(outcome);
  });

  test('is known as merged once its commit is part of the target', async () => {
    const commit = await write([change('src/a.js', 'new\n')]);
    fixture.git(['fetch', '--quiet', 'origin', branch]);
    fixture.git(['push', '--quiet', 'origin', `${commit}:refs/heads/main`, `:refs/heads/${branch}`]);
    await parts.service.initialize(repository);
    expect(await parts.service.createChangeRequest(repository, { branch, commit, title: 't', body: 'b' })).toMatchObject({
      kind: 'existing',
      state: 'merged',
    });
  });

  test('is refused when the branch is not where we left it', async () => {
    const commit = await write([change('src/a.js', 'new\n')]);
    fixture.git(['push', '--quiet', '--force', 'origin', `${base}:refs/heads/${branch}`]);
    await expect(parts.service.createChangeRequest(repository, { branch, commit, title: 't', body: 'b' })).rejects.toMatchObject({
      code: 'repository.branch-taken',
    });
  });

  test('has no issues, and says so', async () => {
    expect(await parts.service.createIssue(repository, { key: 'k', title: 't', body: 'b' })).toMatchObject({ kind: 'unsupported' });
  });
});

test('a check tells what works and what does not', async () => {
  expect((await parts.service.check(repository)).map(({ name, ok }) => [name, ok])).toEqual([
    ['mirror', true],
    ['files', true],
    ['remote', true],
  ]);
  const broken = await parts.service.check(makeRepository('/nowhere.git', { id: 'other' }));
  expect(broken.map(({ name, ok }) => [name, ok])).toEqual([
    ['mirror', false],
    ['remote', false],
  ]);
});

// States what the Repository Service does with a real git remote: mirror, files, work trees, branches.
// Must never reach beyond this machine.
import { execFileSync } from 'node:child_process';
import { existsSync, lstatSync, mkdirSync, readFileSync, readdirSync, rmSync, symlinkSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { afterEach, beforeEach, describe, expect, test } from 'vitest';
import { GitFixture, makeRepository, makeRepositoryService, type ServiceParts } from '../support/git-fixture.ts';
import type { Repository } from '../../coordinator/repository/repository.ts';

/** A line of commits upon the colleague's head. @returns `-p` and the last of them */
function manyParents(fixture: GitFixture, count: number): readonly string[] {
  const lines = Array.from({ length: count }, (_, index) => {
    const from = index === 0 ? `from ${fixture.git(['rev-parse', 'HEAD'])}\n` : '';
    return `commit refs/heads/long\ncommitter A <a@example.com> ${String(1_772_500_000 + index)} +0000\ndata 1\nx\n${from}\n`;
  });
  execFileSync('git', ['fast-import', '--quiet'], { cwd: fixture.clone, input: lines.join('') });
  return ['-p', fixture.git(['rev-parse', 'long'])];
}

let fixture: GitFixture;
let parts: ServiceParts;
let repository: Repository;

beforeEach(() => {
  fixture = new GitFixture();
  parts = makeRepositoryService(join(fixture.folder, 'state'));
  repository = makeRepository(fixture.remote);
});

afterEach(() => fixture.dispose());

describe('the mirror', () => {
  test('follows new commits, deleted branches and force pushes', async () => {
    const first = fixture.commit({ message: 'one', files: { 'a.txt': 'one\n' } });
    fixture.git(['push', '--quiet', 'origin', 'HEAD:refs/heads/feature']);
    expect(await parts.service.initialize(repository)).toEqual({ branch: 'main', head: first });
    expect(await parts.service.getFileContents(repository, 'a.txt', 'feature')).toEqual(Buffer.from('one\n'));

    fixture.git(['push', '--quiet', 'origin', ':refs/heads/feature']);
    fixture.git(['commit', '--quiet', '--amend', '-m', 'rewritten']);
    fixture.git(['push', '--quiet', '--force', 'origin', 'HEAD:main']);
    const rewritten = fixture.git(['rev-parse', 'HEAD']);
    expect(await parts.service.initialize(repository)).toEqual({ branch: 'main', head: rewritten });
    await expect(parts.service.getFileContents(repository, 'a.txt', 'feature')).rejects.toMatchObject({ code: 'git.unknown-revision' });
  });

  test('takes the configured branch, else the one the remote names, else the only one', async () => {
    const head = fixture.commit({ message: 'one', files: { a: '1' }, branch: 'develop' });
    expect(await parts.service.initialize(repository)).toEqual({ branch: 'develop', head });
    fixture.git(['push', '--quiet', 'origin', 'HEAD:refs/heads/release']);
    expect(await parts.service.initialize({ ...repository, defaultBranch: 'release' })).toEqual({ branch: 'release', head });
  });

  test('says so when the remote is empty, absent or no repository', async () => {
    await expect(parts.service.initialize(repository)).rejects.toMatchObject({ code: 'repository.empty' });
    await expect(parts.service.initialize(makeRepository('/nowhere/at/all.git', { id: 'b' }))).rejects.toMatchObject({
      code: 'git.not-found',
      retry: 'never',
      message: expect.stringMatching(/repository shop: .*check the URL/) as unknown,
    });
  });

  test('remembers when it was fetched, and why it could not be', async () => {
    await parts.store.add(repository);
    await expect(parts.service.initialize(repository)).rejects.toThrow('no default branch');
    expect((await parts.store.get('shop'))?.lastError).toContain('no default branch');
    fixture.commit({ message: 'one', files: { a: '1' } });
    await parts.service.initialize(repository);
    expect(await parts.store.get('shop')).toMatchObject({ lastError: undefined, lastFetchedAtMs: expect.any(Number) as unknown });
  });

  test('is cloned again when it is damaged', async () => {
    const head = fixture.commit({ message: 'one', files: { a: '1' } });
    await parts.service.initialize(repository);
    const mirror = parts.mirrors.of(repository).directory;
    rmSync(join(mirror, 'objects'), { recursive: true });
    mkdirSync(join(mirror, 'objects'));
    expect(await parts.service.initialize(repository)).toEqual({ branch: 'main', head });
    expect(await parts.service.listFiles(repository, head)).toEqual(['a']);
    writeFileSync(join(mirror, 'HEAD'), '');
    const later = makeRepositoryService(parts.stateFolder);
    expect(await later.service.initialize(repository)).toEqual({ branch: 'main', head });
  });

  test('gets over locks and half a clone that a killed process left', async () => {
    fixture.commit({ message: 'one', files: { a: '1' } });
    await parts.service.initialize(repository);
    const mirror = parts.mirrors.of(repository).directory;
    writeFileSync(join(mirror, 'refs/heads/main.lock'), '');
    mkdirSync(`${mirror}.cloning`);
    const head = fixture.commit({ message: 'two', files: { a: '2' } });
    const later = makeRepositoryService(parts.stateFolder);
    expect(await later.service.initialize(repository)).toEqual({ branch: 'main', head });
    expect(existsSync(`${mirror}.cloning`)).toBe(false);
  });

  test('is tidied when fetches have filled it', async () => {
    fixture.commit({ message: 'one', files: { a: '1' } });
    await parts.service.initialize(repository);
    const mirror = parts.mirrors.of(repository).directory;
    const packs = (): number => readdirSync(join(mirror, 'objects/pack')).filter((name) => name.endsWith('.pack')).length;
    for (let count = 0; count < 55; count++) {
      const object = execFileSync('git', ['hash-object', '-w', '--stdin'], { cwd: mirror, input: String(count), encoding: 'utf8' });
      execFileSync('git', ['pack-objects', '-q', 'objects/pack/pack'], { cwd: mirror, input: object, stdio: ['pipe', 'ignore', 'ignore'] });
    }
    expect(packs()).toBeGreaterThan(50);
    const { head } = await parts.service.initialize(repository);
    expect(packs()).toBeLessThan(10);
    expect(await parts.service.getFileContents(repository, 'a', head)).toEqual(Buffer.from('1'));
  });

  test('serves many at once', async () => {
    const head = fixture.commit({ message: 'one', files: { a: '1' } });
    const states = await Promise.all(Array.from({ length: 5 }, () => parts.service.initialize(repository)));
    expect(new Set(states.map((state) => state.head))).toEqual(new Set([head]));
  });

  test('of a large repository may leave contents at the remote until they are read', async () => {
    fixture.git(['config', 'uploadpack.allowFilter', 'true'], fixture.remote);
    fixture.git(['config', 'uploadpack.allowAnySHA1InWant', 'true'], fixture.remote);
    const head = fixture.commit({ message: 'one', files: { 'src/a.txt': 'one\n', 'src/b.txt': 'two\n' } });
    const partial = makeRepositoryService(join(fixture.folder, 'partial'));
    const remote = makeRepository(`file://${fixture.remote.replaceAll(' ', '%20')}`, { clone: 'partial' });
    await partial.service.initialize(remote);
    const missing = await partial.mirrors.of(remote).text(['rev-list', '--objects', '--missing=print', head]);
    expect(missing.split('\n').filter((line) => line.startsWith('?'))).toHaveLength(2);
    expect(await partial.service.getFileContents(remote, 'src/a.txt', head)).toEqual(Buffer.from('one\n'));
    await using tree = await partial.service.createWorkTree(remote, head);
    expect(readFileSync(join(tree.directory, 'src/b.txt'), 'utf8')).toBe('two\n');
  });

  test('of a large repository may leave old history at the remote for good, and its branches are pushed all the same', async () => {
    for (let count = 0; count < 3; count++) fixture.commit({ message: `commit ${String(count)}`, files: { a: String(count) } });
    // Older than what is kept.
    const head = fixture.git(['commit-tree', 'HEAD^{tree}', ...manyParents(fixture, 1005), '-m', 'last']);
    fixture.git(['push', '--quiet', 'origin', `${head}:refs/heads/main`]);
    const remote = makeRepository(`file://${fixture.remote.replaceAll(' ', '%20')}`, { clone: 'shallow' });
    expect(await parts.service.initialize(remote)).toEqual({ branch: 'main', head });
    const mirror = parts.mirrors.of(remote);
    expect(Number(await mirror.text(['rev-list', '--count', 'main']))).toBe(1000);
    const update = { branch: 'hephaestus/x', base: head, files: [{ path: 'a', content: Buffer.from('new') }], message: 'New' };
    const { commit } = await parts.service.updateFileContents(remote, update);
    expect(fixture.remoteHead('hephaestus/x')).toBe(commit);
    await using tree = await parts.service.createWorkTree(remote, commit);
    expect(readFileSync(join(tree.directory, 'a'), 'utf8')).toBe('new');
  });

  test('is gone after the repository was removed', async () => {
    fixture.commit({ message: 'one', files: { a: '1' } });
    await parts.service.initialize(repository);
    await parts.service.remove(repository);
    expect(existsSync(parts.mirrors.of(repository).directory)).toBe(false);
  });
});

describe('files', () => {
  test('are listed and read as they are stored', async () => {
    const bytes = Buffer.from([0, 255, 10, 13, 10]);
    writeFileSync(join(fixture.clone, 'logo.bin'), bytes);
    const head = fixture.commit({ message: 'one', files: { 'dir/ü "x".txt': 'x' } });
    await parts.service.initialize(repository);
    expect(await parts.service.listFiles(repository, 'main')).toEqual(['dir/ü "x".txt', 'logo.bin']);
    expect(await parts.service.getFileContents(repository, 'logo.bin', head)).toEqual(bytes);
    expect(await parts.service.getFileContents(repository, 'dir', head)).toBeUndefined();
    expect(await parts.service.getFileContents(repository, '../../etc/passwd', head).catch(() => undefined)).toBeUndefined();
  });

  test.each(['--upload-pack=touch /tmp/x', 'main..other', 'main@{1}', ':/fix', '', '-n'])('refuses the revision %j', async (revision) => {
    fixture.commit({ message: 'one', files: { a: '1' } });
    await parts.service.initialize(repository);
    await expect(parts.service.getFileContents(repository, 'a', revision)).rejects.toMatchObject({ code: 'git.unknown-revision' });
  });

  test('have a history that follows renames, newest first', async () => {
    const lines = Array.from({ length: 20 }, (_, index) => `line ${String(index)}`).join('\n');
    fixture.commit({ message: 'Add it', files: { 'old.ts': lines }, date: '2026-03-01T10:00:00Z' });
    fixture.git(['mv', 'old.ts', 'new.ts']);
    fixture.commit({ message: 'Move it\n\nBecause.', files: {}, date: '2026-03-02T10:00:00Z' });
    await parts.service.initialize(repository);
    const history = await parts.service.history(repository, 'main', 'new.ts', 10);
    expect(history.map(({ subject, body }) => [subject, body])).toEqual([
      ['Move it', 'Because.'],
      ['Add it', ''],
    ]);
    expect(history[0]?.authoredAtMs).toBe(Date.parse('2026-03-02T10:00:00Z'));
  });
});

describe('a work tree', () => {
  test('is a checkout of its own that leaves nothing behind', async () => {
    const head = fixture.commit({ message: 'one', files: { 'a.txt': 'one\n' } });
    await parts.service.initialize(repository);
    let directory = '';
    {
      await using tree = await parts.service.createWorkTree(repository, 'main');
      directory = tree.directory;
      expect(tree.baseCommit).toBe(head);
      expect(fixture.git(['rev-parse', 'HEAD'], directory)).toBe(head);
      expect(fixture.git(['remote'], directory)).toBe('');
      writeFileSync(join(directory, 'a.txt'), 'changed');
      rmSync(join(directory, '.git/objects'), { recursive: true });
    }
    expect(existsSync(directory)).toBe(false);
    expect(await parts.service.getFileContents(repository, 'a.txt', head)).toEqual(Buffer.from('one\n'));
  });

  test('runs no hook or filter that the repository brings', async () => {
    fixture.commit({ message: 'one', files: { '.gitattributes': '* filter=evil\n', 'a.txt': 'one\n' } });
    await parts.service.initialize(repository);
    await using tree = await parts.service.createWorkTree(repository, 'main');
    expect(readFileSync(join(tree.directory, 'a.txt'), 'utf8')).toBe('one\n');
    expect(existsSync(join(tree.directory, '.git/hooks'))).toBe(false);
  });

  test('has no link that leads outside, not even through another', async () => {
    const link = (target: string, path: string): void => symlinkSync(target, join(fixture.clone, path));
    mkdirSync(join(fixture.clone, 'a'));
    writeFileSync(join(fixture.clone, 'a/real.txt'), 'real');
    link('/etc/passwd', 'absolute');
    link('../../../etc/passwd', 'upwards');
    link('a/real.txt', 'fine');
    link('..', 'a/up');
    link('a/up/../secret', 'through');
    link('.git/config', 'config');
    fixture.commit({ message: 'links', files: {} });
    await parts.service.initialize(repository);
    await using tree = await parts.service.createWorkTree(repository, 'main');
    const isLink = (path: string): boolean => lstatSync(join(tree.directory, path)).isSymbolicLink();
    expect(['absolute', 'upwards', 'through', 'config'].map(isLink)).toEqual([false, false, false, false]);
    expect(['fine', 'a/up'].map(isLink)).toEqual([true, true]);
    expect(readFileSync(join(tree.directory, 'absolute'), 'utf8')).toBe('/etc/passwd');
  });

  test('of a process that was killed is removed by the next', async () => {
    fixture.commit({ message: 'one', files: { a: '1' } });
    await parts.service.initialize(repository);
    await parts.service.createWorkTree(repository, 'main');
    const folder = join(parts.stateFolder, 'work-trees');
    expect(readdirSync(folder)).toHaveLength(1);
    const later = makeRepositoryService(parts.stateFolder);
    await using tree = await later.service.createWorkTree(repository, 'main');
    expect(readdirSync(folder).map((name) => join(folder, name))).toEqual([tree.directory]);
  });
});

// States how a GitHub App commits: by GitHub's API, so that GitHub signs it, once whatever breaks off, and never over a person's commit.
// Must never reach the real GitHub.
import { generateKeyPairSync } from 'node:crypto';
import { chmodSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { afterEach, beforeEach, expect, test } from 'vitest';
import { Secret } from '../../base/secret.ts';
import type { GitHubClient } from '../../coordinator/remote/github-client.ts';
import { chooseCommits } from '../../coordinator/remote/github-commits.ts';
import type { FileChange, PushedCommit, RepositoryService } from '../../coordinator/repository/repository.ts';
import { defaultConventions } from '../../coordinator/repository/convention-settings.ts';
import { FakeGitHub } from '../support/fake-github.ts';
import { GitFixture, makeRepository, makeRepositoryService } from '../support/git-fixture.ts';

const branch = 'hephaestus/incident-1';
const { privateKey } = generateKeyPairSync('rsa', { modulusLength: 2048 });
const credential = JSON.stringify({ appId: 42, privateKey: privateKey.export({ type: 'pkcs1', format: 'pem' }) });

let fixture: GitFixture;
let github: FakeGitHub;
let base: string;

beforeEach(async () => {
  fixture = new GitFixture();
  writeFileSync(join(fixture.clone, 'run.sh'), '#!/bin/sh\n');
  chmodSync(join(fixture.clone, 'run.sh'), 0o755);
  base = fixture.commit({ message: 'one', files: { 'src/a.js': 'old\n', 'src/old.js': 'moved\n' } });
  github = new FakeGitHub(fixture.remote);
  github.appId = 42;
  await github.listen();
});

afterEach(async () => {
  await github.close();
  fixture.dispose();
  expect([github.undescribed, github.incomplete]).toEqual([[], []]);
});

const repositoryOf = (commits: 'auto' | 'api' | 'push') =>
  makeRepository(github.url, { provider: 'github', credential: 'github', conventions: { ...defaultConventions, commits } });

/** A process of its own; the mirror outlives it, as in production, unless another place is named. */
const begin = (secret = credential, state = 'state'): RepositoryService => {
  return makeRepositoryService(join(fixture.folder, state), { secrets: { github: new Secret(secret) } }).service;
};

const write = async (service: RepositoryService, content = 'new\n', commits: 'auto' | 'api' | 'push' = 'auto'): Promise<PushedCommit> => {
  const files: FileChange[] = [{ path: 'src/a.js', content: Buffer.from(content) }];
  return service.updateFileContents(repositoryOf(commits), { branch, base, files, message: 'Fix it\n\nBecause.' });
};

const show = (format: string): string => fixture.git(['log', '-1', `--format=${format}`, branch], fixture.remote);
const made = (what: string): number => github.requests.filter((request) => request === `POST /repos/acme/shop/git/${what}`).length;

test('the commit is signed by GitHub and holds what was asked for: modes, deletions, renames and bytes', async () => {
  const service = begin();
  const files: FileChange[] = [
    { path: 'run.sh', content: Buffer.from('#!/bin/sh\nexit 0\n') },
    { path: 'src/old.js', content: undefined },
    { path: 'lib/new.js', content: Buffer.from('moved\n') },
    { path: 'logo.bin', content: Buffer.from([0, 255, 254, 10, 13]) },
  ];
  const { commit, note } = await service.updateFileContents(repositoryOf('auto'), { branch, base, files, message: 'Fix it' });
  expect(note).toBeUndefined();
  expect(fixture.remoteHead(branch)).toBe(commit);
  expect(fixture.git(['cat-file', 'commit', commit], fixture.remote)).toContain('gpgsig ');
  expect(show('%P|%an|%cn|%B')).toBe(`${base}|hephaestus[bot]|GitHub|Fix it`);
  expect(fixture.git(['ls-tree', commit, 'run.sh'], fixture.remote)).toMatch(/^100755 /);
  expect(fixture.git(['diff', '--name-status', '-M', base, commit], fixture.remote)).toBe(
    'R100\tsrc/old.js\tlib/new.js\nA\tlogo.bin\nM\trun.sh',
  );
});

test('the same update again, also by another coordinator, is the commit that is there', async () => {
  const { commit } = await write(begin());
  expect(await write(begin())).toMatchObject({ commit });
  expect(await write(begin(credential, 'other'))).toMatchObject({ commit });
  expect(made('commits')).toBe(1);
});

test('an earlier one of ours is replaced, a commit that a person made on the branch at GitHub is not', async () => {
  const first = await write(begin());
  const second = await write(begin(), 'newer\n');
  expect(second.commit).not.toBe(first.commit);
  expect(fixture.remoteHead(branch)).toBe(second.commit);
  fixture.git(['fetch', '--quiet', 'origin', branch]);
  // As GitHub's editor commits: by the person, committed by GitHub.
  const environment = { GIT_AUTHOR_EMAIL: 'ann@example.com', GIT_COMMITTER_NAME: 'GitHub', GIT_COMMITTER_EMAIL: 'noreply@github.com' };
  const theirs = fixture.git(['commit-tree', 'FETCH_HEAD^{tree}', '-p', 'FETCH_HEAD', '-m', 'Mine'], fixture.clone, environment);
  fixture.git(['push', '--quiet', 'origin', `${theirs}:refs/heads/${branch}`]);
  await expect(write(begin(), 'newest\n')).rejects.toMatchObject({ code: 'repository.branch-taken' });
  expect(fixture.remoteHead(branch)).toBe(theirs);
});

test('killed before or after any step, it makes one branch with one commit and one change request', async () => {
  const live = async (service: RepositoryService): Promise<void> => {
    const { commit } = await write(service);
    const body = { branch, commit, title: 'Fix it', body: 'What happened.' };
    await service.createChangeRequest({ ...repositoryOf('auto'), defaultBranch: 'main' }, body);
  };
  const isWrite = (what: string): boolean => what.startsWith('POST') && !what.endsWith('git-upload-pack');
  let writes = 0;
  const arrive = (decide: (index: number) => 'before' | 'after' | undefined): void => {
    let arrived = 0;
    const intercept = (what: string) => (isWrite(what) ? decide(arrived++) : undefined);
    github.intercept = intercept;
    github.git.intercept = intercept;
    writes = 0;
  };
  const reset = (): void => {
    github.pulls.length = 0;
    fixture.git(['update-ref', '-d', `refs/heads/${branch}`], fixture.remote);
  };
  arrive(() => void writes++);
  await live(begin());
  const steps = writes;
  expect(steps).toBeGreaterThanOrEqual(6);
  for (let at = 0; at < steps; at++) {
    for (const fate of ['before', 'after'] as const) {
      reset();
      let fired = false;
      // What comes after the cut never leaves the process that was killed.
      arrive((index) => {
        if (fired) return 'before';
        fired = index === at;
        return fired ? fate : undefined;
      });
      await live(begin()).catch(() => undefined);
      arrive(() => undefined);
      await live(begin());
      const ahead = fixture.git(['rev-list', '--count', branch, '--not', 'main'], fixture.remote);
      const branches = fixture.git(['for-each-ref', '--format=%(refname:strip=2)', 'refs/heads'], fixture.remote);
      expect({ at, fate, fired, ahead, branches, pulls: github.pulls.length }).toEqual({
        at,
        fate,
        fired: true,
        ahead: '1',
        branches: `${branch}\nmain`,
        pulls: 1,
      });
      expect(show('%an')).toBe('hephaestus[bot]');
    }
  }
}, 120_000);

test('a token pushes by git, and says so where GitHub was to sign', async () => {
  expect(await write(begin(github.token))).toEqual({ commit: fixture.remoteHead(branch), note: undefined });
  expect((await write(begin(github.token), 'newer\n', 'api')).note).toContain('GitHub signs those of a GitHub App');
  expect(show('%an')).toBe('Hephaestus');
  expect(await write(begin(credential, 'third'), 'newest\n', 'push')).toMatchObject({ note: undefined });
  expect(made('commits')).toBe(0);
});

test('a file that is too large for the API is pushed by git, and named', async () => {
  const client = { isApp: async () => true } as unknown as GitHubClient;
  const files = [{ path: 'data.bin', content: Buffer.alloc(26 * 1024 * 1024) }];
  expect(await chooseCommits(client, 'auto', files)).toMatchObject({
    kind: 'push',
    note: expect.stringContaining('data.bin (26 MiB)') as unknown,
  });
  expect(await chooseCommits(client, 'auto', [{ path: 'a', content: undefined }])).toEqual({ kind: 'api' });
});

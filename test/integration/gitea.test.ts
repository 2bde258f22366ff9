// States what is Gitea's alone: drafts by title, label ids, statuses, lost answers and refusals over its API.
// Must never reach a real forge.
import { join } from 'node:path';
import { afterEach, beforeEach, expect, test } from 'vitest';
import { Secret } from '../../base/secret.ts';
import type { Remote } from '../../coordinator/remote/remote.ts';
import { FakeGitea } from '../support/fake-gitea.ts';
import { GitFixture, makeRepository, makeRepositoryService } from '../support/git-fixture.ts';

const branch = 'hephaestus/incident-1';

let fixture: GitFixture;
let gitea: FakeGitea;

beforeEach(async () => {
  fixture = new GitFixture();
  fixture.commit({ message: 'one', files: { 'src/a.js': 'old\n' } });
  gitea = new FakeGitea(fixture.remote);
  await gitea.listen();
});

afterEach(async () => {
  await gitea.close();
  fixture.dispose();
});

const connect = (token = gitea.token): Remote => {
  const { remotes } = makeRepositoryService(join(fixture.folder, 'state'), { secrets: { gitea: new Secret(token) } });
  return remotes.connect(makeRepository(gitea.url, { provider: 'gitea', credential: 'gitea' }));
};

const propose = async (remote: Remote): ReturnType<Remote['createChangeRequest']> => {
  const base = fixture.remoteHead('main') ?? '';
  const { commit } = await remote.updateFileContents({
    branch,
    base,
    files: [{ path: 'src/a.js', content: Buffer.from('new\n') }],
    message: 'Fix',
  });
  return remote.createChangeRequest({ branch, target: 'main', commit, title: 'Fix it', body: 'Why.' });
};

test('a change request is a draft by its title, and stays one when it is updated', async () => {
  const remote = connect();
  const { number, draft } = await propose(remote);
  expect(draft).toBe(true);
  await remote.updateChangeRequest(number, { title: 'Better', body: 'More.', draft: true });
  expect(gitea.pulls[0]).toMatchObject({ title: 'WIP: Better', body: 'More.' });
});

test.each(['cut', 'hang', 'status'] as const)('a change request is made once when its answer is lost (%s)', async (kind) => {
  const remote = connect();
  const disturbance = kind === 'status' ? { kind, status: 502 } : { kind };
  gitea.plans = [{ match: /^POST .*\/pulls$/, disturbance, after: true, times: 1 }];
  expect(await propose(remote)).toMatchObject({ kind: 'created', number: '1' });
  expect(await propose(remote)).toMatchObject({ kind: 'existing', number: '1' });
  expect(gitea.pulls).toHaveLength(1);
});

test('a change request that a person closed is found among many, and not opened again', async () => {
  const remote = connect();
  await propose(remote);
  for (const pull of gitea.pulls) pull.state = 'closed';
  const others = Array.from({ length: 60 }, (_, index) => ({
    number: 100 + index,
    title: 'x',
    body: '',
    head: `other-${String(index)}`,
    state: 'open' as const,
    merged: false,
    reviewers: [],
  }));
  gitea.pulls.push(...others);
  expect(await propose(remote)).toMatchObject({ kind: 'existing', state: 'closed', number: '1' });
});

test('labels are made where they are missing, and an issue once a key', async () => {
  const remote = connect();
  const request = { key: 'incident-1', title: 'Disk full', body: 'Diagnosis.' };
  expect(await remote.createIssue(request)).toMatchObject({ kind: 'created', number: '1' });
  for (const issue of gitea.issues) issue.state = 'closed';
  expect(await remote.createIssue(request)).toMatchObject({ kind: 'existing', state: 'closed' });
  await remote.addLabels('1', ['bug', 'ops']);
  await remote.addLabels('1', ['ops']);
  expect(gitea.labels.map(({ name }) => name)).toEqual(['bug', 'ops']);
  expect(gitea.issues[0]?.labels).toEqual([1, 2, 2]);
  gitea.hasIssues = false;
  expect(await remote.createIssue(request)).toMatchObject({ kind: 'unsupported' });
});

test('a comment of one key is written once and replaced', async () => {
  const remote = connect();
  for (const body of ['First.', 'First.', 'Second.']) await remote.comment('7', { key: 'proof', body });
  expect(gitea.comments.map(({ body }) => body.split('\n')[0])).toEqual(['Second.']);
});

test('of each check the newest report counts', async () => {
  gitea.statuses = [
    { context: 'unit', status: 'success', target_url: 'http://x' },
    { context: 'unit', status: 'pending', target_url: '' },
    { context: 'lint', status: 'failure', target_url: '' },
  ];
  expect(await connect().checkRuns('abc')).toEqual([
    { name: 'unit', state: 'passed', url: 'http://x' },
    { name: 'lint', state: 'failed', url: undefined },
  ]);
});

test('a wrong token, and an archived repository, are named', async () => {
  await expect(connect('wrong').findChangeRequest(branch)).rejects.toMatchObject({ code: 'remote.authentication', retry: 'never' });
  gitea.archived = true;
  expect((await connect().check()).find(({ name }) => name === 'archived')).toMatchObject({ ok: false });
  await expect(connect().comment('1', { key: 'x', body: 'x' })).rejects.toMatchObject({ code: 'remote.archived' });
});

test('reads are tried again, writes are not', async () => {
  gitea.plans = [{ match: /^GET .*\/pulls$/, disturbance: { kind: 'cut' }, times: 1 }];
  expect(await connect().findChangeRequest(branch)).toBeUndefined();
  gitea.plans = [{ match: /^POST/, disturbance: { kind: 'status', status: 500 }, times: 1 }];
  await expect(propose(connect())).rejects.toMatchObject({ code: 'remote.unavailable', retry: 'ambiguous' });
  expect(gitea.requests.filter((request) => request.startsWith('POST'))).toHaveLength(1);
});

test('a check tells contents, pull requests and issues apart, names the scope that is missing, and makes nothing', async () => {
  const failed = async (): Promise<Readonly<Record<string, string>>> =>
    Object.fromEntries((await connect().check()).filter(({ ok }) => !ok).map(({ name, message }) => [name, message]));
  expect(await failed()).toEqual({});
  gitea.scopes = ['write:repository'];
  expect(await failed()).toEqual({ issues: expect.stringMatching(/the scope write:issue; .*required/) as unknown });
  gitea.scopes = ['read:repository', 'write:issue'];
  expect(Object.keys(await failed())).toEqual(['contents', 'pull requests']);
  await expect(connect().addLabels('1', ['x'])).rejects.toMatchObject({
    code: 'remote.permission-denied',
    message: expect.stringContaining('it needs the scope write:repository') as unknown,
  });
  gitea.scopes = [];
  expect(Object.keys(await failed())).toEqual(['remote']);
  expect([gitea.pulls, gitea.issues]).toEqual([[], []]);
});

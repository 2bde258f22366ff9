// States what is GitLab's alone: drafts by title, numbers of two kinds, reviewers by id, lost answers and refusals over its API.
// Must never reach a real forge.
import { join } from 'node:path';
import { afterEach, beforeEach, expect, test } from 'vitest';
import { Secret } from '../../base/secret.ts';
import type { Remote } from '../../coordinator/remote/remote.ts';
import { FakeGitLab } from '../support/fake-gitlab.ts';
import { GitFixture, makeRepository, makeRepositoryService } from '../support/git-fixture.ts';

const branch = 'hephaestus/incident-1';

let fixture: GitFixture;
let gitlab: FakeGitLab;

beforeEach(async () => {
  fixture = new GitFixture();
  fixture.commit({ message: 'one', files: { 'src/a.js': 'old\n' } });
  gitlab = new FakeGitLab(fixture.remote);
  await gitlab.listen();
});

afterEach(async () => {
  await gitlab.close();
  fixture.dispose();
});

const connect = (token = gitlab.token): Remote => {
  const { remotes } = makeRepositoryService(join(fixture.folder, 'state'), { secrets: { gitlab: new Secret(token) } });
  return remotes.connect(makeRepository(gitlab.url, { provider: 'gitlab', credential: 'gitlab' }));
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

test.each(['cut', 'hang', 'status'] as const)('a change request is made once when its answer is lost (%s)', async (kind) => {
  const remote = connect();
  const disturbance = kind === 'status' ? { kind, status: 502 } : { kind };
  gitlab.plans = [{ match: /^POST .*\/merge_requests$/, disturbance, after: true, times: 1 }];
  expect(await propose(remote)).toMatchObject({ kind: 'created', number: '!1', draft: true });
  expect(await propose(remote)).toMatchObject({ kind: 'existing', number: '!1' });
  expect(gitlab.mergeRequests).toHaveLength(1);
});

test('a change request is updated, labelled, given reviewers and closed', async () => {
  const remote = connect();
  const { number } = await propose(remote);
  await remote.updateChangeRequest(number, { title: 'Better', body: 'More.', draft: true });
  await remote.addLabels(number, ['bug', 'ops']);
  await remote.requestReviewers(number, ['@ann', 'nobody']);
  expect(gitlab.mergeRequests[0]).toMatchObject({ title: 'Draft: Better', description: 'More.', labels: ['bug', 'ops'], reviewers: [77] });
  await remote.updateChangeRequest(number, { state: 'closed' });
  expect(await propose(remote)).toMatchObject({ kind: 'existing', state: 'closed' });
});

test('an issue is made once a key, and is unsupported where issues are switched off', async () => {
  const remote = connect();
  const request = { key: 'incident-1', title: 'Disk full', body: 'Diagnosis.' };
  expect(await remote.createIssue(request)).toMatchObject({ kind: 'created', number: '#1' });
  for (const issue of gitlab.issues) issue.state = 'closed';
  expect(await remote.createIssue(request)).toMatchObject({ kind: 'existing', state: 'closed' });
  gitlab.hasIssues = false;
  expect(await remote.createIssue(request)).toMatchObject({ kind: 'unsupported' });
});

test('comments go to the change request or the issue of that number, once a key', async () => {
  const remote = connect();
  for (const body of ['First.', 'First.', 'Second.']) await remote.comment('!1', { key: 'proof', body });
  await remote.comment('#1', { key: 'proof', body: 'Third.' });
  expect(gitlab.notes.map(({ place, body }) => [place, body.split('\n')[0]])).toEqual([
    ['merge_requests/1', 'Second.'],
    ['issues/1', 'Third.'],
  ]);
});

test('a wrong token, a missing role and an archived project are named', async () => {
  await expect(connect('wrong').findChangeRequest(branch)).rejects.toMatchObject({ code: 'remote.authentication', retry: 'never' });
  gitlab.accessLevel = 20;
  gitlab.archived = true;
  const checks = await connect().check();
  expect(checks.filter(({ ok }) => !ok).map(({ name }) => name)).toEqual(['archived']);
  await expect(connect().comment('!1', { key: 'x', body: 'x' })).rejects.toMatchObject({ code: 'remote.archived' });
});

test('a check tells contents, merge requests and issues apart, names scope and role that are missing, and when the token ends', async () => {
  const failed = async (): Promise<Readonly<Record<string, string>>> =>
    Object.fromEntries((await connect().check()).filter(({ ok }) => !ok).map(({ name, message }) => [name, message]));
  gitlab.expiresAt = new Date(Date.now() + 86_400_000).toISOString().slice(0, 10);
  expect(await failed()).toEqual({});
  expect((await connect().check()).find(({ name }) => name === 'token')?.message).toMatch(/^valid until .*make a new one soon$/);
  gitlab.scopes = ['read_api', 'write_repository'];
  expect(Object.keys(await failed())).toEqual(['merge requests', 'issues']);
  expect((await failed())['issues']).toContain('read_api, write_repository and needs api');
  await expect(connect().comment('!1', { key: 'x', body: 'x' })).rejects.toMatchObject({
    code: 'remote.permission-denied',
    message: expect.stringContaining('it needs the scope api;') as unknown,
  });
  gitlab.scopes = ['api'];
  gitlab.accessLevel = 20;
  expect(await failed()).toEqual({ role: expect.stringContaining('Reporter') as unknown });
  gitlab.scopes = ['write_repository'];
  expect((await failed())['remote']).toContain('it needs the scope api read_api;');
  expect([gitlab.mergeRequests, gitlab.issues]).toEqual([[], []]);
});

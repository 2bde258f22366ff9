// States what is GitHub's alone: lost answers, rate limits, permissions, renamed and archived repositories, comments and checks.
// Must never reach the real GitHub.
import { generateKeyPairSync } from 'node:crypto';
import { join } from 'node:path';
import { afterEach, beforeEach, describe, expect, test } from 'vitest';
import { Secret } from '../../base/secret.ts';
import type { Remote } from '../../coordinator/remote/remote.ts';
import { FakeGitHub } from '../support/fake-github.ts';
import { GitFixture, makeRepository, makeRepositoryService } from '../support/git-fixture.ts';

const branch = 'hephaestus/incident-1';

let fixture: GitFixture;
let github: FakeGitHub;
let base: string;

beforeEach(async () => {
  fixture = new GitFixture();
  base = fixture.commit({ message: 'one', files: { 'src/a.js': 'old\n' } });
  github = new FakeGitHub(fixture.remote);
  await github.listen();
});

afterEach(async () => {
  await github.close();
  fixture.dispose();
  expect(github.undescribed).toEqual([]);
});

const connect = (token = github.token): Remote => {
  const { remotes } = makeRepositoryService(join(fixture.folder, 'state'), { secrets: { github: new Secret(token) } });
  return remotes.connect(makeRepository(github.url, { provider: 'github', credential: 'github' }));
};

const push = async (remote: Remote): Promise<string> =>
  (await remote.updateFileContents({ branch, base, files: [{ path: 'src/a.js', content: Buffer.from('new\n') }], message: 'Fix it' }))
    .commit;

const draft = (commit: string): { branch: string; target: string; commit: string; title: string; body: string } => ({
  branch,
  target: 'main',
  commit,
  title: 'Fix it',
  body: 'What happened.',
});

const writes = (): readonly string[] => github.requests.filter((request) => !request.startsWith('GET'));

describe('a change request', () => {
  test('is a draft, and where there are no drafts an ordinary one', async () => {
    const remote = connect();
    expect(await remote.createChangeRequest(draft(await push(remote)))).toMatchObject({ draft: true });
    github.pulls.length = 0;
    github.hasDrafts = false;
    expect(await remote.createChangeRequest(draft(await push(remote)))).toMatchObject({ kind: 'created', draft: false });
  });

  test.each(['cut', 'hang', 'status'] as const)('is made once when its answer is lost (%s)', async (kind) => {
    const remote = connect();
    const commit = await push(remote);
    const disturbance = kind === 'status' ? { kind, status: 502 } : { kind };
    github.plans = [{ match: /^POST .*\/pulls$/, disturbance, after: true, times: 1 }];
    expect(await remote.createChangeRequest(draft(commit))).toMatchObject({ kind: 'created', number: '1' });
    expect(await remote.createChangeRequest(draft(commit))).toMatchObject({ kind: 'existing', number: '1' });
    expect(github.pulls).toHaveLength(1);
    expect(writes()).toEqual(['POST /repos/acme/shop/pulls']);
  });

  test('is not believed to be made when it was not', async () => {
    const remote = connect();
    const commit = await push(remote);
    github.plans = [{ match: /^POST .*\/pulls$/, disturbance: { kind: 'status', status: 500 }, times: 1 }];
    await expect(remote.createChangeRequest(draft(commit))).rejects.toMatchObject({ code: 'remote.unavailable', retry: 'ambiguous' });
    expect(writes()).toHaveLength(1);
    expect(await remote.createChangeRequest(draft(commit))).toMatchObject({ kind: 'created' });
  });

  test('that a person closed is found closed, and not opened again', async () => {
    const remote = connect();
    const commit = await push(remote);
    await remote.createChangeRequest(draft(commit));
    for (const pull of github.pulls) pull.state = 'closed';
    expect(await remote.createChangeRequest(draft(commit))).toMatchObject({ kind: 'existing', state: 'closed' });
    expect(github.pulls).toHaveLength(1);
  });

  test('is updated and closed', async () => {
    const remote = connect();
    const { number } = await remote.createChangeRequest(draft(await push(remote)));
    await remote.updateChangeRequest(number, { title: 'Better', body: 'More is known.', draft: true });
    expect(github.pulls[0]).toMatchObject({ title: 'Better', body: 'More is known.', state: 'open' });
    await remote.updateChangeRequest(number, { state: 'closed' });
    expect(await remote.findChangeRequest(branch)).toMatchObject({ state: 'closed' });
  });

  test('gets people and teams as reviewers', async () => {
    const remote = connect();
    const { number } = await remote.createChangeRequest(draft(await push(remote)));
    await remote.requestReviewers(number, ['@ann', '@acme/payments']);
    expect(github.pulls[0]?.reviewers).toEqual(['ann', 'team:payments']);
  });
});

describe('an issue', () => {
  const request = { key: 'incident--1', title: 'Disk full', body: 'Diagnosis.' };

  test('is made once a key, also when it was closed, unlabelled or its answer was lost', async () => {
    const remote = connect();
    github.plans = [{ match: /^POST .*\/issues$/, disturbance: { kind: 'cut' }, after: true, times: 1 }];
    expect(await remote.createIssue(request)).toMatchObject({ kind: 'created', number: '1' });
    for (const issue of github.issues) Object.assign(issue, { state: 'closed', labels: [] });
    expect(await remote.createIssue(request)).toMatchObject({ kind: 'existing', number: '1', state: 'closed' });
    expect(await remote.createIssue({ ...request, key: 'incident--10' })).toMatchObject({ kind: 'created', number: '2' });
    expect(github.issues[0]?.body).toMatch(/^Diagnosis\.\n\n<!-- [^-]*(?:-[^-]+)* -->\n$/);
  });

  test('is found among hundreds', async () => {
    const remote = connect();
    await remote.createIssue(request);
    for (let count = 0; count < 250; count++)
      github.issues.push({ number: 100 + count, title: 'x', body: 'x', labels: ['hephaestus'], state: 'open' });
    expect(await remote.createIssue(request)).toMatchObject({ kind: 'existing', number: '1' });
  });

  test('is unsupported where issues are switched off', async () => {
    github.hasIssues = false;
    expect(await connect().createIssue(request)).toMatchObject({ kind: 'unsupported' });
  });
});

test('a comment of one key is written once and replaced', async () => {
  const remote = connect();
  await remote.comment('7', { key: 'proof', body: 'First.' });
  await remote.comment('7', { key: 'proof', body: 'First.' });
  await remote.comment('7', { key: 'proof', body: 'Second.' });
  github.plans = [{ match: /^POST .*\/comments$/, disturbance: { kind: 'cut' }, after: true, times: 1 }];
  await remote.comment('7', { key: 'other', body: 'Third.' });
  expect(github.comments.map(({ body }) => body.split('\n')[0])).toEqual(['Second.', 'Third.']);
});

test("checks are those of the forge's CI, whichever of its two ways they are reported", async () => {
  github.checkRuns = [
    { name: 'unit', status: 'completed', conclusion: 'success', html_url: 'http://x/1' },
    { name: 'lint', status: 'in_progress', conclusion: null, html_url: null },
    { name: 'e2e', status: 'completed', conclusion: 'timed_out', html_url: null },
  ];
  github.statuses = [{ context: 'deploy', state: 'pending', target_url: null }];
  expect(await connect().checkRuns(base)).toEqual([
    { name: 'unit', state: 'passed', url: 'http://x/1' },
    { name: 'lint', state: 'pending', url: undefined },
    { name: 'e2e', state: 'failed', url: undefined },
    { name: 'deploy', state: 'pending', url: undefined },
  ]);
});

describe('rate limits', () => {
  const limited = (headers: Readonly<Record<string, string>>, body: string, status = 403): void => {
    github.plans = [{ match: /^GET .*\/pulls$/, disturbance: { kind: 'status', status, body, headers }, times: 1 }];
  };

  test('that end soon are waited for', async () => {
    limited({ 'retry-after': '1' }, '{"message":"You have exceeded a secondary rate limit."}');
    expect(await connect().findChangeRequest(branch)).toBeUndefined();
    expect(github.requests.filter((request) => request.endsWith('/pulls'))).toHaveLength(2);
  });

  test('that last are an error that says until when', async () => {
    const reset = Math.floor(Date.now() / 1000) + 1800;
    limited({ 'x-ratelimit-remaining': '0', 'x-ratelimit-reset': String(reset) }, '{"message":"API rate limit exceeded"}');
    await expect(connect().findChangeRequest(branch)).rejects.toMatchObject({
      code: 'remote.rate-limited',
      retry: 'safe',
      message: expect.stringContaining(new Date(reset * 1000).toISOString().slice(0, 15)) as unknown,
    });
  });
});

describe('failures', () => {
  test('that pass are got over by reads', async () => {
    github.plans = [{ match: /^GET .*\/pulls$/, disturbance: { kind: 'status', status: 503 }, times: 1 }];
    expect(await connect().findChangeRequest(branch)).toBeUndefined();
  });

  test('name a token that is not accepted', async () => {
    const remote = connect('ghp_expired');
    await expect(remote.findChangeRequest(branch)).rejects.toMatchObject({ code: 'remote.authentication', retry: 'never' });
    expect((await remote.check())[0]).toMatchObject({ ok: false, message: expect.stringContaining('expired') as unknown });
    await expect(push(remote)).rejects.toMatchObject({ code: 'git.authentication' });
  });

  test('name the permission that is missing', async () => {
    const remote = connect();
    const commit = await push(remote);
    const headers = { 'x-accepted-github-permissions': 'pull_requests=write' };
    const body = '{"message":"Resource not accessible by personal access token"}';
    github.plans = [{ match: /^POST/, disturbance: { kind: 'status', status: 403, body, headers }, times: 1 }];
    await expect(remote.createChangeRequest(draft(commit))).rejects.toMatchObject({
      code: 'remote.permission-denied',
      message: expect.stringContaining('pull_requests=write') as unknown,
    });
  });

  test('name an archived repository', async () => {
    const remote = connect();
    const commit = await push(remote);
    github.archived = true;
    await expect(remote.createChangeRequest(draft(commit))).rejects.toMatchObject({ code: 'remote.archived' });
    expect((await remote.check()).find(({ name }) => name === 'archived')?.ok).toBe(false);
  });

  test('never show the token', async () => {
    const remote = connect('ghp_secret');
    const error: unknown = await remote.findChangeRequest(branch).catch((thrown: unknown) => thrown);
    expect(`${String(error)} ${JSON.stringify(error)}`).not.toContain('ghp_secret');
  });
});

test('a renamed repository is used under its new name, and the check says so', async () => {
  const remote = connect();
  const commit = await push(remote);
  github.formerNames.push('shop');
  github.name = 'store';
  expect(await remote.createChangeRequest(draft(commit))).toMatchObject({ kind: 'created' });
  expect(writes()).toEqual(['POST /repos/acme/store/pulls']);
  expect((await remote.check())[0]).toMatchObject({ ok: false, message: expect.stringContaining('acme/store') as unknown });
});

test('what has not changed is not sent again', async () => {
  const remote = connect();
  await remote.findChangeRequest(branch);
  await remote.findChangeRequest(branch);
  expect(github.notModified).toBe(2);
});

test('a credential of a GitHub App that is not usable is named without being shown', async () => {
  const privateKey = generateKeyPairSync('rsa', { modulusLength: 2048 }).privateKey.export({ type: 'pkcs1', format: 'pem' }).toString();
  const refused = connect(JSON.stringify({ privateKey }));
  const error: unknown = await refused.findChangeRequest(branch).catch((thrown: unknown) => thrown);
  expect(error).toMatchObject({ code: 'remote.credential-invalid', message: expect.stringContaining('appId') as unknown });
  expect(String(error)).not.toContain('BEGIN');
});

describe('a check', () => {
  const failed = async (token: string): Promise<Readonly<Record<string, string>>> => {
    const checks = await connect(token).check();
    return Object.fromEntries(checks.filter(({ ok }) => !ok).map(({ name, message }) => [name, message]));
  };
  const app = (): string => {
    github.appId = 42;
    const { privateKey } = generateKeyPairSync('rsa', { modulusLength: 2048 });
    return JSON.stringify({ appId: 42, privateKey: privateKey.export({ type: 'pkcs1', format: 'pem' }) });
  };

  test.each([
    ['contents', 'contents'],
    ['pull_requests', 'pull requests'],
    ['issues', 'issues'],
  ])('tells %s apart where it is missing, for fine-grained tokens and Apps, and makes nothing', async (permission, name) => {
    const appToken = app();
    expect(await failed(github.fineGrainedToken)).toEqual({});
    expect(await failed(appToken)).toEqual({});
    github.permissions = { ...github.permissions, [permission]: 'read' };
    for (const token of [github.fineGrainedToken, appToken]) {
      const found = await failed(token);
      expect(Object.keys(found)).toEqual([name]);
      expect(found[name]).toMatch(new RegExp(`missing: .*${permission}`));
    }
    expect([github.pulls, github.issues, fixture.remoteHead('x')]).toEqual([[], [], undefined]);
  });

  test('names the scope that a classic token lacks, and a role that is too low', async () => {
    github.scopes = ['gist', 'read:org'];
    const found = await failed(github.token);
    expect(Object.keys(found)).toEqual(['contents', 'pull requests', 'issues']);
    expect(found['issues']).toContain('gist, read:org and needs repo');
    github.scopes = ['repo'];
    github.canPush = false;
    expect(Object.keys(await failed(github.token))).toEqual(['role']);
  });

  test('says what CI tells is not readable without failing, and which rules are in the way', async () => {
    delete github.permissions['checks'];
    github.rules = ['creation', 'required_signatures', 'deletion'];
    const checks = await connect(github.fineGrainedToken).check();
    expect(checks.find(({ name }) => name === 'checks')).toMatchObject({
      ok: true,
      message: expect.stringContaining('checks: read') as unknown,
    });
    expect(checks.find(({ name }) => name === 'our branches')?.message).toMatch(/may not be created.*have to be signed/);
    expect(await failed(app())).toEqual({ 'our branches': expect.not.stringContaining('signed') as unknown });
  });
});

// What every adapter of a remote must do, whatever stands behind it; one suite, run for each.
// Must never know which adapter it runs for, but for what its forge hasn't got.
import { expect, test } from 'vitest';
import type { Remote } from '../../coordinator/remote/remote.ts';
import type { GitFixture } from './git-fixture.ts';

export interface RemoteUnderTest {
  readonly fixture: GitFixture;
  readonly remote: Remote;
  /** False for plain git, which has branches alone. */
  readonly isForge: boolean;
  /** A person closes the change request without merging, or merges it. */
  readonly decide: (number: string, decision: 'merge' | 'close') => void;
  /** What the forge keeps of a change request: labels and reviewers as it names them; its answers that hadn't changed. Only at forges. */
  readonly kept: (number: string) => {
    readonly labels: readonly string[];
    readonly reviewers: readonly string[];
    readonly unchanged: number;
  };
  /** What its CI says of every commit; only at forges. */
  readonly report: (name: string, state: 'passed' | 'failed' | 'pending') => void;
  /** Somebody comments; `ann` may write to the repository, nobody else may. Only at forges. */
  readonly say: (number: string, author: string, body: string) => void;
}

const branch = 'hephaestus/incident-1';

/** @param make a fresh remote with one commit on main (`src/a.js`, `bin/logo`). */
export function describeRemote(make: () => Promise<RemoteUnderTest>): void {
  const update = async (under: RemoteUnderTest, content = 'new\n'): Promise<string> => {
    const base = under.fixture.remoteHead('main') ?? '';
    return (
      await under.remote.updateFileContents({
        branch,
        base,
        files: [{ path: 'src/a.js', content: Buffer.from(content) }],
        message: 'Fix it',
      })
    ).commit;
  };
  const draft = (commit: string): { branch: string; target: string; commit: string; title: string; body: string } => ({
    branch,
    target: 'main',
    commit,
    title: 'Fix it',
    body: 'What happened.',
  });

  test('reads a file of the default branch, of a branch and of a commit, byte for byte', async () => {
    const under = await make();
    expect(await under.remote.getFileContents('src/a.js', undefined)).toEqual(Buffer.from('old\n'));
    const commit = await update(under);
    expect(await under.remote.getFileContents('src/a.js', branch)).toEqual(Buffer.from('new\n'));
    expect(await under.remote.getFileContents('src/a.js', commit)).toEqual(Buffer.from('new\n'));
    expect(await under.remote.getFileContents('bin/logo', 'main')).toEqual(Buffer.from([0, 255, 254, 10]));
  });

  test('answers undefined for what is no file', async () => {
    const { remote } = await make();
    expect(await remote.getFileContents('absent.txt', undefined)).toBeUndefined();
    expect(await remote.getFileContents('src', undefined)).toBeUndefined();
  });

  test('makes one commit of the same update', async () => {
    const under = await make();
    const commit = await update(under);
    expect(await update(under)).toBe(commit);
    expect(under.fixture.remoteHead(branch)).toBe(commit);
  });

  test("never overwrites a person's commit", async () => {
    const under = await make();
    await update(under);
    under.fixture.git(['fetch', '--quiet', 'origin', branch]);
    under.fixture.git(['checkout', '--quiet', 'FETCH_HEAD']);
    const theirs = under.fixture.commit({ message: 'Mine', files: { 'src/a.js': 'mine\n' }, branch });
    await expect(update(under, 'newer\n')).rejects.toMatchObject({ code: 'repository.branch-taken' });
    expect(under.fixture.remoteHead(branch)).toBe(theirs);
  });

  test('makes one change request a branch and finds it again', async () => {
    const under = await make();
    expect(await under.remote.findChangeRequest(branch)).toBeUndefined();
    const commit = await update(under);
    const created = await under.remote.createChangeRequest(draft(commit));
    expect(created).toMatchObject({ kind: 'created', branch, commit, state: 'open' });
    expect(created.url).not.toBe('');
    const again = await under.remote.createChangeRequest(draft(commit));
    expect(again.number).toBe(created.number);
    expect(await under.remote.findChangeRequest(branch)).toMatchObject({ number: created.number, commit, state: 'open' });
  });

  test('knows a change request that was merged', async () => {
    const under = await make();
    const commit = await update(under);
    const { number } = await under.remote.createChangeRequest(draft(commit));
    under.decide(number, 'merge');
    expect(await under.remote.createChangeRequest(draft(commit))).toMatchObject({ kind: 'existing', state: 'merged' });
  });

  test('tells what became of a change request, by its number', async () => {
    const under = await make();
    const commit = await update(under);
    const { number } = await under.remote.createChangeRequest(draft(commit));
    const known = { number, branch, target: 'main', commit };
    expect(await under.remote.getChangeRequest(known)).toMatchObject({ number, state: 'open', commit, mergeCommit: undefined });
    under.decide(number, 'merge');
    const merged = await under.remote.getChangeRequest(known);
    expect(merged).toMatchObject({ number, state: 'merged', mergeCommit: under.fixture.remoteHead('main') });
  });

  test('tells that a change request was closed without merging', async () => {
    const under = await make();
    const commit = await update(under);
    const { number } = await under.remote.createChangeRequest(draft(commit));
    under.decide(number, 'close');
    const closed = await under.remote.getChangeRequest({ number, branch, target: 'main', commit });
    expect(closed).toMatchObject({ state: 'closed', mergeCommit: undefined });
  });

  test('lists what is open, and where git finds it', async () => {
    const under = await make();
    const listed = async (): Promise<readonly string[]> =>
      (await under.remote.listOpenChangeRequests(50)).map((one) => one.branch).filter((name) => name !== 'main');
    expect(await listed()).toEqual([]);
    const commit = await update(under);
    const { number, url } = await under.remote.createChangeRequest(draft(commit));
    const found = (await under.remote.listOpenChangeRequests(50)).find((one) => one.branch === branch);
    expect(found).toMatchObject({ number, url, commit, reference: expect.stringMatching(/^refs\/\S+$/) as unknown });
    if (under.isForge) expect(found).toMatchObject({ title: 'Fix it', body: 'What happened.' });
    under.decide(number, 'close');
    expect(await listed()).toEqual([]);
  });

  test('reads what people wrote, knows its own words and who may write', async () => {
    const under = await make();
    const { number } = await under.remote.createChangeRequest(draft(await update(under)));
    await under.remote.comment(number, { key: 'proof', body: 'It works.' });
    if (under.isForge) {
      under.say(number, 'ann', 'Please handle null, too.');
      under.say(number, 'stranger', 'Buy this.');
    }
    const comments = await under.remote.listComments(number);
    if (!under.isForge) expect(comments).toMatchObject({ kind: 'unsupported' });
    else
      expect(comments).toMatchObject([
        { isOurs: true, mayWrite: false },
        { isOurs: false, mayWrite: true, author: 'ann', body: 'Please handle null, too.' },
        { isOurs: false, mayWrite: false, author: 'stranger' },
      ]);
  });

  test('updates title and body of a change request that stays a draft, and closes it', async () => {
    const under = await make();
    const commit = await update(under);
    const { number, draft: isDraft } = await under.remote.createChangeRequest(draft(commit));
    const known = { number, branch, target: 'main', commit };
    expect(await under.remote.updateChangeRequest(number, { title: 'Better', body: 'More is known.', draft: isDraft })).toBeUndefined();
    expect(await under.remote.getChangeRequest(known)).toMatchObject({ title: 'Better', body: 'More is known.', draft: under.isForge });
    const closed = await under.remote.updateChangeRequest(number, { state: 'closed' });
    if (under.isForge) expect(await under.remote.getChangeRequest(known)).toMatchObject({ state: 'closed' });
    else expect(closed).toMatchObject({ kind: 'unsupported' });
  });

  test('has one comment a key, labels, reviewers and checks as they were given', async () => {
    const under = await make();
    if (!under.isForge) return;
    const { number } = await under.remote.createChangeRequest(draft(await update(under)));
    for (const body of ['First.', 'Second.']) await under.remote.comment(number, { key: 'proof', body });
    const comments = await under.remote.listComments(number);
    expect('kind' in comments ? [] : comments.map(({ body }) => body.split('\n')[0])).toEqual(['Second.']);
    for (const labels of [['bug', 'ops'], ['bug']]) await under.remote.addLabels(number, labels);
    await under.remote.requestReviewers(number, ['@ann']);
    expect(under.kept(number)).toMatchObject({ labels: ['bug', 'ops'], reviewers: ['ann'] });
    const head = under.fixture.remoteHead(branch) ?? '';
    expect(await under.remote.checkRuns(head)).toEqual([]);
    under.report('unit', 'passed');
    under.report('lint', 'failed');
    expect(await under.remote.checkRuns(head)).toMatchObject([
      { name: 'unit', state: 'passed' },
      { name: 'lint', state: 'failed' },
    ]);
  });

  test('makes one issue a key, and finds it when it was lost sight of', async () => {
    const under = await make();
    const request = { key: 'incident-1', title: 'Disk full', body: 'Diagnosis.' };
    const made = await under.remote.createIssue(request);
    if (!under.isForge) return expect(made).toMatchObject({ kind: 'unsupported' });
    expect(made).toMatchObject({ kind: 'created', state: 'open' });
    expect(await under.remote.createIssue(request)).toMatchObject({ kind: 'existing', number: 'number' in made ? made.number : '' });
    expect(await under.remote.createIssue({ ...request, key: 'incident-2' })).toMatchObject({ kind: 'created' });
  });

  test('asks only what changed', async () => {
    const under = await make();
    if (!under.isForge) return;
    const { number } = await under.remote.createChangeRequest(draft(await update(under)));
    const known = { number, branch, target: 'main', commit: '' };
    const first = await under.remote.getChangeRequest(known);
    const before = under.kept(number).unchanged;
    expect(await under.remote.getChangeRequest(known)).toEqual(first);
    expect(under.kept(number).unchanged).toBeGreaterThan(before);
    await under.remote.updateChangeRequest(number, { title: 'Other', body: 'x', draft: true });
    expect(await under.remote.getChangeRequest(known)).toMatchObject({ title: 'Other' });
  });

  test('refuses a change request of a branch that is not there', async () => {
    const { remote } = await make();
    await expect(remote.createChangeRequest(draft('1'.repeat(40)))).rejects.toMatchObject({
      code: expect.stringMatching(/^remote\./) as unknown,
    });
  });

  test('has issues, comments, labels, reviewers and checks, or says that it has not', async () => {
    const under = await make();
    const { number } = await under.remote.createChangeRequest(draft(await update(under)));
    const outcomes = [
      await under.remote.createIssue({ key: 'incident-1', title: 'Disk full', body: 'Diagnosis.' }),
      await under.remote.addLabels(number, ['bug']),
      await under.remote.requestReviewers(number, ['ann']),
      await under.remote.checkRuns(under.fixture.remoteHead('main') ?? ''),
    ];
    for (const outcome of outcomes) {
      const unsupported = outcome !== undefined && 'kind' in outcome && outcome.kind === 'unsupported';
      expect(unsupported).toBe(!under.isForge);
    }
  });

  test('says what works', async () => {
    const { remote } = await make();
    const checks = await remote.check();
    expect(checks.every(({ ok }) => ok)).toBe(true);
    expect(checks.length).toBeGreaterThan(0);
  });
}

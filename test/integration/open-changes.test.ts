// States what open change requests of others do to a proposal: told where they have to do with it, and in its stead where they fix it.
// Must never pass where bubblewrap is missing without having said so: then these tests fail.
import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { Secret } from '../../base/secret.ts';
import type { OpenChange } from '../../coordinator/repository/repository.ts';
import { FakeGitHub } from '../support/fake-github.ts';
import { GitFixture, makeRepository as repositoryAt, makeRepositoryService } from '../support/git-fixture.ts';
import { git, makeRepository } from '../support/plain-repository-service.ts';
import { sampleIncident, sampleOccurrence, sampleRepository, sampleTrace } from '../support/solution-samples.ts';
import { solutionBench, type BenchOptions } from '../support/solution-bench.ts';

const broken = `export function discountOf(customer, subtotal) {
  const rates = { gold: 0.1, platinum: 0.2 };
  return subtotal * (rates[customer.tier] ?? 0);
}

export function label() {
  return 'discount';
}
`;
const fixed = broken.replace('customer.tier', 'customer?.tier');
const replay = `import { discountOf } from '../src/discount.js';
try { discountOf(undefined, 100); } catch (error) { console.error(error.stack); process.exitCode = 1; }
`;
const message = "Cannot read properties of undefined (reading 'tier')";
const trace = sampleTrace({
  message,
  frames: [
    { function: 'discountOf', file: '/srv/shop/src/discount.js', line: 3, column: 38, module: undefined, inApp: true, source: undefined },
  ],
});
const commands = { setup: undefined, build: undefined, test: undefined, reproduce: ['node', 'tools/replay.js'] };

let folder = '';
let directory = '';
beforeEach(async () => {
  folder = await mkdtemp(join(tmpdir(), 'heph-open-'));
  directory = join(folder, 'shop');
  const files = { 'package.json': '{"name":"shop","type":"module"}\n', 'src/discount.js': broken, 'tools/replay.js': replay };
  await makeRepository(directory, [{ subject: 'Begin', files }]);
});
afterEach(async () => {
  await rm(folder, { recursive: true, force: true });
});

/** A branch with one commit on top of main, as a forge's change request would bring it. */
async function changeOf(path: string, text: string, words: string): Promise<OpenChange> {
  const base = (await git(directory, 'rev-parse', 'main')).trim();
  await git(directory, 'checkout', '--quiet', '-b', 'theirs');
  await makeRepository(directory, [{ subject: words, files: { [path]: text } }]);
  const commit = (await git(directory, 'rev-parse', 'HEAD')).trim();
  const diff = await git(directory, 'diff', base, commit);
  await git(directory, 'checkout', '--quiet', 'main');
  const url = 'https://forge.test/shop/pulls/7';
  return { number: '7', url, title: words, commit, base, atMs: 0, words, paths: [path], diff };
}

async function propose(changes: Partial<BenchOptions>): Promise<Awaited<ReturnType<typeof solutionBench>>> {
  const bench = await solutionBench({
    directory,
    incident: sampleIncident(),
    occurrences: [sampleOccurrence(trace)],
    repository: sampleRepository({ gate: 'reproduced', commands }),
    issues: true,
    ...changes,
  });
  await bench.jobs.enqueue('propose', sampleIncident().id);
  await bench.drain();
  return bench;
}

describe('an open change request of somebody else', () => {
  it('that is shown to fix it stands in for a proposal: nothing is opened', async () => {
    const change = await changeOf('src/discount.js', fixed, 'Handle guests');
    const bench = await propose({ openChanges: [change] });
    const proposal = await bench.newest();
    expect(proposal).toMatchObject({ state: 'diagnosed', diff: '', delivery: undefined });
    expect(proposal?.stateReason).toMatch(
      /^Change request 7 \(https:\/\/forge\.test\/shop\/pulls\/7\) is open and seems to fix it: with it the problem/,
    );
    expect(proposal?.diagnosis?.claims[0]?.evidenceIds).toHaveLength(1);
    expect(bench.service.acts).toEqual([]);
  });

  it('that edits the line and names the error, but is shown not to fix it, is told and no more', async () => {
    const change = await changeOf('src/discount.js', broken.replace('?? 0)', '?? 0.0)'), `fix: ${message}`);
    const proposal = await (await propose({ openChanges: [change] })).newest();
    expect(proposal?.state).toBe('published');
    expect(proposal?.evidence.map(({ title }) => title)).toContainEqual(
      expect.stringMatching(/^Open change request 7 "fix: .*" edits the line that fails and names the error/),
    );
  });

  it('that edits the line and names the error counts where nothing can be shown', async () => {
    const change = await changeOf('src/discount.js', broken.replace('?? 0)', '?? 0.0)'), `fix: ${message}`);
    const repository = sampleRepository({ gate: 'syntax' });
    const untold = sampleIncident({ title: 'TypeError' });
    const proposal = await (await propose({ openChanges: [change], repository, incident: untold })).newest();
    expect(proposal?.stateReason).toContain('it edits the line that fails and names the error');
  });

  it('that has nothing to do with it changes nothing', async () => {
    const change = await changeOf('README.md', 'Shop\n', 'Tell what it is');
    const proposal = await (await propose({ openChanges: [change] })).newest();
    expect(proposal?.state).toBe('published');
    expect(proposal?.evidence.filter(({ title }) => title.startsWith('Open change request'))).toEqual([]);
  });

  it('is looked for again before a change that waited for approval is opened', async () => {
    const changes: OpenChange[] = [];
    const repository = sampleRepository({ mode: 'suggest', gate: 'reproduced', commands });
    const bench = await propose({ openChanges: changes, repository });
    const waiting = await bench.newest();
    expect(waiting?.state).toBe('awaiting-approval');
    changes.push(await changeOf('src/discount.js', fixed, 'Handle guests'));
    // As if it had waited for days.
    if (waiting?.validation !== undefined)
      await bench.proposals.save({ ...waiting, validation: { ...waiting.validation, finishedAtMs: 1 } });
    await bench.solutions.approve(waiting?.id ?? '', 'operator', 'looks right');
    await bench.drain();
    expect(await bench.newest()).toMatchObject({ state: 'superseded', delivery: undefined });
    expect(bench.service.acts).toEqual([]);
  });
});

describe('open change requests are read', () => {
  it('from the history, also those of a fork, without what is merged or gone', async () => {
    const fixture = new GitFixture();
    const github = new FakeGitHub(fixture.remote);
    await github.listen();
    try {
      const first = fixture.commit({ message: 'one', files: { 'src/a.js': 'one();\n' } });
      fixture.git(['checkout', '--quiet', '-b', 'theirs']);
      const theirs = fixture.commit({ message: 'Call two', files: { 'src/a.js': 'two();\n' }, branch: 'theirs' });
      fixture.git(['checkout', '--quiet', first]);
      const forked = fixture.commit({ message: 'Call three', files: { 'src/a.js': 'three();\n' }, branch: 'forked' });
      fixture.git(['push', '--quiet', 'origin', `${forked}:refs/pull/2/head`, ':refs/heads/forked']);
      const pull = { body: 'See #1.', base: 'main', draft: false, state: 'open', merged: false, reviewers: [], labels: [] } as const;
      github.pulls.push({ ...pull, number: 1, title: 'Two', head: 'theirs', reviewers: [], labels: [] });
      github.pulls.push({ ...pull, number: 2, title: 'Three', head: 'of-a-fork', sha: forked, reviewers: [], labels: [] });
      github.pulls.push({ ...pull, number: 3, title: 'Gone', head: 'gone', sha: '1'.repeat(40), reviewers: [], labels: [] });
      github.pulls.push({ ...pull, number: 4, title: 'In', head: 'main', reviewers: [], labels: [] });
      const { service } = makeRepositoryService(join(fixture.folder, 'state'), { secrets: { token: new Secret(github.token) } });
      const repository = repositoryAt(github.url, { provider: 'github', credential: 'token' });
      const { head } = await service.initialize(repository);
      const found = await service.openChanges(repository, head);
      expect(found.map(({ number, commit, base, paths }) => ({ number, commit, base, paths }))).toEqual(
        expect.arrayContaining([
          { number: '1', commit: theirs, base: first, paths: ['src/a.js'] },
          { number: '2', commit: forked, base: first, paths: ['src/a.js'] },
        ]),
      );
      expect(found).toHaveLength(2);
      expect(found.find(({ number }) => number === '2')).toMatchObject({
        title: 'Three',
        words: expect.stringContaining('Call three') as unknown,
      });
      expect(found[0]?.diff).toContain('-one();');
    } finally {
      await github.close();
      fixture.dispose();
    }
  });
});

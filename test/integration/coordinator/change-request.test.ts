// A change request at a forge from its making to a person's word: in the team's shape, kept up to date, told of by webhooks.
// Must never reach into the coordinator: the forge is a server, people act on it.
import { createHmac } from 'node:crypto';
import { writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { setTimeout as delay } from 'node:timers/promises';
import { afterEach, expect, it } from 'vitest';
import { Severity, SolutionState, type SolutionProposal } from '../../../proto/index.ts';
import { stageCoordinator, type CoordinatorStage } from '../../support/coordinator-stage.ts';
import { FakeGitHub } from '../../support/fake-github.ts';
import { GitFixture } from '../../support/git-fixture.ts';

const broken = 'export function discountOf(customer) {\n  return customer.tier === "gold" ? 10 : 0;\n}\n';
const guarded =
  'export function discountOf(customer) {\n  if (customer === undefined) return 0;\n  return customer.tier === "gold" ? 10 : 0;\n}\n';
const failure = [
  "ERROR quote failed\nTypeError: Cannot read properties of undefined (reading 'tier')",
  '    at discountOf (file:///srv/shop/src/discount.js:2:19)',
].join('\n');

const closing: (() => Promise<void> | void)[] = [];
afterEach(async () => {
  for (const close of closing.splice(0).reverse()) await close();
});

interface Scene {
  readonly stage: CoordinatorStage;
  readonly fixture: GitFixture;
  readonly github: FakeGitHub;
  readonly fail: (times: number) => Promise<void>;
  readonly until: (state: SolutionState) => Promise<SolutionProposal>;
}

async function open(following: Record<string, unknown>): Promise<Scene> {
  const fixture = new GitFixture();
  closing.push(() => fixture.dispose());
  const subjects = ['feat(pricing): sell', 'fix(pricing): round', 'docs: tell', 'chore: tidy'];
  for (const [index, message] of subjects.entries())
    fixture.commit({
      message: `${message}\n\nSigned-off-by: A <a@example.com>`,
      files: { 'src/discount.js': `${guarded}// ${String(index)}\n` },
    });
  fixture.commit({
    message: 'feat(pricing): simplify\n\nSigned-off-by: A <a@example.com>',
    files: { '.github/CODEOWNERS': '* @lead\n/src/ @ann @acme/pricing\n' },
  });
  fixture.commit({ message: 'refactor(pricing): shorten\n\nSigned-off-by: A <a@example.com>', files: { 'src/discount.js': broken } });
  const github = new FakeGitHub(fixture.remote);
  await github.listen();
  closing.push(async () => github.close());
  for (const [name, value] of [
    ['token', github.token],
    ['hook', 'correct horse'],
  ] as const)
    writeFileSync(join(fixture.folder, name), value);
  const stage = await stageCoordinator({
    nodeDefaults: { mode: 'deploy' },
    repositories: [
      {
        name: 'shop',
        url: github.url,
        provider: 'github',
        services: ['shop'],
        mode: 'deploy',
        gate: 'syntax',
        credential: 'token',
        webhookSecret: 'hook',
      },
    ],
    secrets: { token: { file: join(fixture.folder, 'token') }, hook: { file: join(fixture.folder, 'hook') } },
    webhooks: { listen: '127.0.0.1:0' },
    following,
  });
  closing.push(async () => stage[Symbol.asyncDispose]());
  let requests = 0;
  return {
    stage,
    fixture,
    github,
    async fail(times) {
      const entry = { nodeId: 'web-1', source: 'api', service: 'shop', severity: Severity.ERROR, message: failure };
      await stage.operator.logs.submitLogEntries({
        requestId: `r${String(requests++)}`,
        entries: Array.from({ length: times }, () => entry),
      });
    },
    async until(state) {
      for (;;) {
        const found = (await stage.operator.solutions.listSolutions({})).solutions.at(-1);
        if (found?.state === state) return found;
        if (found?.state === SolutionState.FAILED || found?.state === SolutionState.DIAGNOSED) throw new Error(found.stateReason);
        await delay(50);
      }
    },
  };
}

const always = { timeout: 50_000, interval: 50 };

it('is worded as the history is, asks the code owners, and learns from a proven webhook alone that it was closed', async () => {
  const { stage, github, fail, until } = await open({ pollInterval: '7d' });
  await fail(1);
  const published = await until(SolutionState.PUBLISHED);
  const [pull] = github.pulls;
  expect(pull).toMatchObject({ draft: true, labels: ['hephaestus'], reviewers: ['ann', 'team:pricing'] });
  expect(pull?.title).toMatch(/^fix\(pricing\): /);
  for (const heading of ['What happened', 'Root cause', 'The change', 'Proof', 'Not checked', 'How to reproduce', 'How to say no'])
    expect(pull?.body).toContain(`## ${heading}`);
  const message = github.pulls.length === 0 ? '' : (published.changeRequest?.commit ?? '');
  expect(message).toMatch(/^[0-9a-f]{40}$/);

  if (pull === undefined) throw new Error('no pull request');
  pull.state = 'closed';
  const body = JSON.stringify({ action: 'closed', pull_request: { number: pull.number } });
  const post = async (path: string, signature: string): Promise<number> => {
    const url = `http://127.0.0.1:${String(stage.coordinator.webhookPort())}${path}`;
    return (await fetch(url, { method: 'POST', body, headers: { 'x-hub-signature-256': signature } })).status;
  };
  const signature = `sha256=${createHmac('sha256', 'correct horse').update(body).digest('hex')}`;
  expect(await post('/webhooks/shop', `sha256=${'0'.repeat(64)}`)).toBe(401);
  expect(await post('/webhooks/other', signature)).toBe(401);
  expect(await post('/webhooks/shop', signature)).toBe(202);
  expect(await post('/webhooks/shop', signature)).toBe(409);
  await until(SolutionState.DECLINED);
});

it('signs its commit off where the history does, tells of growing evidence, moves onto a base that changed the same file, and respects a push', async () => {
  const { fixture, github, fail, until } = await open({ pollInterval: 200 });
  await fail(1);
  const published = await until(SolutionState.PUBLISHED);
  const branch = published.changeRequest?.branch ?? '';
  expect(fixture.git(['log', '-1', '--format=%B', branch], fixture.remote)).toMatch(/Hephaestus-Solution: \w+\nSigned-off-by: Hephaestus/);
  await fail(20);
  await expect.poll(() => github.pulls[0]?.body, always).toContain('21 time(s)');

  fixture.git(['checkout', '--quiet', 'main']);
  const base = fixture.commit({ message: 'docs: say more', files: { 'src/discount.js': `${broken}\n\n// Guests pay the full price.\n` } });
  const moved = async (): Promise<boolean> => fixture.git(['merge-base', '--is-ancestor', base, branch], fixture.remote) === '';
  await expect.poll(() => moved().catch(() => false), always).toBe(true);
  expect(fixture.git(['show', `${branch}:src/discount.js`], fixture.remote)).toContain('Guests pay');
  expect(github.pulls).toHaveLength(1);

  fixture.git(['fetch', '--quiet', 'origin', branch]);
  fixture.git(['checkout', '--quiet', 'FETCH_HEAD']);
  const theirs = fixture.commit({ message: 'Mine', files: { 'src/mine.js': '1\n' }, branch });
  fixture.git(['checkout', '--quiet', 'main']);
  fixture.commit({ message: 'docs: even more', files: { 'src/discount.js': `${broken}\n\n// Guests pay the full price, always.\n` } });
  await expect.poll(async () => (await until(SolutionState.PUBLISHED)).stateReason, always).toContain('somebody pushed');
  expect(fixture.remoteHead(branch)).toBe(theirs);
});

// A change request at a forge from its making to a person's word: in the team's shape, kept up to date, told of by webhooks.
// Must never reach into the coordinator: the forge is a server, people act on it.
import { createHmac } from 'node:crypto';
import { expect, it } from 'vitest';
import { SolutionState } from '../../../proto/index.ts';
import { broken, openChangeRequestScene } from '../../support/change-request-scene.ts';

const always = { timeout: 50_000, interval: 50 };

it('is worded as the history is, asks the code owners, and learns from a proven webhook alone that it was closed', async () => {
  await using scene = await openChangeRequestScene({ following: { pollInterval: '7d' } });
  const { stage, github, fail, until } = scene;
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
  await using scene = await openChangeRequestScene({ following: { pollInterval: 200 } });
  const { fixture, github, fail, until } = scene;
  await fail(1);
  const published = await until(SolutionState.PUBLISHED);
  const branch = published.changeRequest?.branch ?? '';
  expect(fixture.git(['log', '-1', '--format=%B', branch], fixture.remote)).toMatch(/Hephaestus-Solution: \w+\nSigned-off-by: Hephaestus/);
  await fail(20);
  await expect.poll(() => github.pulls[0]?.body, always).toContain('21 times');

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

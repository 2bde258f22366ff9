// Several models and one incident: who is asked, who isn't and why, up to what the proposal says of it.
// Must never reach beyond loopback.
import { describe, expect, it } from 'vitest';
import { say } from '../support/fake-model-server.ts';
import { diagnosis, good, solveWith } from '../support/label-problem.ts';

const local = { name: 'local', provider: 'openai-compatible', baseUrl: 'http://127.0.0.1:9/v1', model: 'scripted', attempts: 1 };
const hosted = {
  name: 'hosted',
  provider: 'openai-compatible',
  baseUrl: 'URL/v1',
  model: 'scripted',
  privacy: 'hosted',
  connectTimeoutMs: 60_000,
  price: { inputUsd: 3 },
};
const script = [say(diagnosis), say(good)];

describe('several models', () => {
  it('one after the other: the first can’t be reached, the next one’s change is proven, and the proposal tells both', async () => {
    const { proposal, asked } = await solveWith(script, { models: [hosted, local] });
    expect(proposal).toMatchObject({ state: 'published', provider: 'openai-compatible' });
    expect(proposal?.modelChoices).toMatchObject([
      { name: 'local', verdict: 'failed', reason: expect.stringContaining('http://127.0.0.1:9') as string },
      { name: 'hosted', verdict: 'used', reason: expect.stringMatching(/2 of 2 by cost.*the trace leads to src\/label\.js:2/) as string },
    ]);
    expect(asked).toHaveLength(2);
  });

  it.each([
    ['the repository', { repository: { models: 'local' as const } }, 'repository shop allows in-house models only'],
    ['a service', { model: { routing: { localOnly: { services: ['sh*'] } } } }, 'service shop allows in-house models only'],
    ['a source', { model: { routing: { localOnly: { sources: ['app'] } } } }, 'source app allows in-house models only'],
  ])('where %s is kept in the house: no hosted one is asked, whatever becomes of the others', async (_what, options, reason) => {
    const { proposal, asked } = await solveWith(script, { models: [hosted, local], ...options });
    expect(asked).toEqual([]);
    expect(proposal).toMatchObject({ state: 'published', provider: 'builtin' });
    expect(proposal?.modelChoices?.map(({ name, verdict }) => `${name} ${verdict}`)).toEqual(['local failed', 'hosted refused']);
    expect(proposal?.modelChoices?.[1]?.reason).toContain(reason);
  });
});

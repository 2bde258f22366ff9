// The Model Service with several models that behave and misbehave: who answers, what it costs, what is kept.
// Must never reach beyond loopback, or wait for real time.
import { describe, expect, it } from 'vitest';
import { systemClock } from '../../../base/clock.ts';
import { silentLogger } from '../../../base/logger.ts';
import { createOutbound } from '../../../base/outbound.ts';
import { modelConfigurationSchema, modelEntriesSchema } from '../../../coordinator/model/model-configuration.ts';
import { ModelService, type Exchange } from '../../../coordinator/model/model-service.ts';
import type { ModelRequestRecords } from '../../../coordinator/model/model-usage.ts';
import { say, startFakeModelServer, withCanary, type FakeAnswer, type FakeModelServer } from '../../support/fake-model-server.ts';
import { memoryModelRequests } from '../../support/model-requests.ts';

const { signal } = new AbortController();
const plain = { localOnly: undefined, difficulty: { level: 'plain' as const, reason: 'a test' } };
const to = (model: string) => ({ incidentId: 'incident-1', repository: 'shop', model });
const ask = (words: string, values: Partial<Exchange> = {}): Exchange => ({
  system: 'Be brief.',
  say: [{ role: 'user', content: words }],
  schema: undefined,
  purpose: 'edit',
  fresh: true,
  ...values,
});

const serve = async (answer: FakeAnswer): Promise<FakeModelServer> =>
  startFakeModelServer({ models: ['m'], answer: withCanary(() => answer) });
const at = (name: string, server: { readonly url: string }, values: Record<string, unknown> = {}) => ({
  name,
  provider: 'openai-compatible',
  baseUrl: `${server.url}/v1`,
  model: 'm',
  connectTimeoutMs: 60_000,
  ...values,
});

function service(entries: readonly unknown[], requests: ModelRequestRecords, model: Record<string, unknown> = {}) {
  const slept: number[] = [];
  const sleep = async (ms: number): Promise<void> => void slept.push(ms);
  const models = new ModelService({
    configuration: modelConfigurationSchema.parse(model),
    entries: modelEntriesSchema.parse(entries),
    secrets: { get: async () => undefined },
    requests,
    outbound: createOutbound({ offline: false }),
    engine: { keysOf: () => [], propose: async () => [] },
    clock: { ...systemClock, sleep },
    logger: silentLogger,
  });
  return { models, slept };
}

describe('models', () => {
  it('say of themselves how they are used: as proven, or in a weaker way, or not at all', async () => {
    await using good = await serve(say('x'));
    await using careless = await startFakeModelServer({
      models: ['m'],
      answer: () => ({ kind: 'text', text: 'I am ready!', inputTokens: 3_000 }),
    });
    await using tiny = await startFakeModelServer({ models: ['m'], answer: () => ({ kind: 'text', text: 'x', inputTokens: 512 }) });
    const gone = { url: 'http://127.0.0.1:9' };
    const entries = [at('good', good, { mode: 'tools' }), at('careless', careless, { mode: 'tools' }), at('tiny', tiny), at('gone', gone)];
    const { models } = service(entries, await memoryModelRequests());
    const [one, two, three, four] = await models.initialize(signal);
    expect(one).toMatchObject({ state: 'ready', mode: 'tools', contextTokens: 16_384 });
    expect(two).toMatchObject({ state: 'ready', mode: 'pipeline', contextTokens: 3_000 });
    expect(two?.reason).toMatch(/schemas.*call tools.*cuts its context silently at 3000/);
    expect(three).toMatchObject({ state: 'failed', reason: expect.stringContaining('cut silently') as string });
    expect(four).toMatchObject({ state: 'failed', reason: expect.stringContaining('127.0.0.1:9') as string });
  });

  it('that fail leave their place in the proposal’s record: which, and why', async () => {
    await using down = await serve({ kind: 'status', status: 503 });
    await using well = await serve(say('fine'));
    const { models } = service([at('first', down), at('second', well)], await memoryModelRequests());
    expect(models.beginProposal('incident-1', plain)).toEqual(['first', 'second']);
    expect(await models.generateSolutionProposal(to('first'), ask('Why?'), signal)).toMatchObject({ kind: 'unavailable' });
    expect(await models.generateSolutionProposal(to('second'), ask('Why?'), signal)).toMatchObject({ kind: 'answered', text: 'fine' });
    expect(models.choicesOf('incident-1')).toMatchObject([
      { name: 'first', verdict: 'failed', reason: expect.stringContaining('503') as string },
      { name: 'second', verdict: 'used' },
    ]);
    expect(models.usageOf('incident-1').requests).toBe(1);
  });

  it('that are overloaded are given the time that they ask for', async () => {
    const answers: FakeAnswer[] = [{ kind: 'status', status: 429, headers: { 'retry-after': '7' } }, say('now')];
    await using server = await startFakeModelServer({ models: ['m'], answer: withCanary(() => answers.shift() ?? say('')) });
    const { models, slept } = service([at('one', server)], await memoryModelRequests());
    expect(await models.generateSolutionProposal(to('one'), ask('Why?'), signal)).toMatchObject({ kind: 'answered', text: 'now' });
    expect(slept).toEqual([7_000]);
  });

  it('whose schema is not honoured get it in words', async () => {
    await using server = await startFakeModelServer({
      models: ['m'],
      answer: ({ prompt }) => say(/code number is (\d+)/.exec(prompt)?.[1] ?? '{}'),
    });
    const { models } = service([at('one', server)], await memoryModelRequests());
    await models.generateSolutionProposal(to('one'), ask('Why?', { schema: { type: 'object', title: 'Shape' } }), signal);
    expect(server.requests.at(-1)).toMatchObject({ hasSchema: false });
    expect(server.requests.at(-1)?.prompt).toContain('"title":"Shape"');
  });
});

describe('what models spend', () => {
  it('is kept across restarts, and the budget with it', async () => {
    await using server = await serve(say('x'.repeat(400)));
    const requests = await memoryModelRequests();
    const budget = { budget: { tokensPerIncident: 6_000 } };
    const before = service([at('one', server)], requests, budget).models;
    expect(await before.generateSolutionProposal(to('one'), ask('w'.repeat(1_500)), signal)).toMatchObject({ kind: 'answered' });
    const spent = (await requests.spent('incident-1', 'shop', Math.floor(Date.now() / 86_400_000))).incidentTokens;
    expect(spent).toBeGreaterThan(400);
    const after = service([at('one', server)], requests, budget).models;
    expect(await after.generateSolutionProposal(to('one'), ask('w'.repeat(1_500)), signal)).toMatchObject({
      kind: 'unavailable',
      reason: expect.stringMatching(new RegExp(`incident's budget of 6000 tokens would be overshot \\(${spent} spent`)) as string,
    });
  });

  it.each<[string, FakeAnswer, number]>([
    ['dies in mid-answer, each time', { kind: 'die', text: 'y'.repeat(400) }, 3],
    ['goes on without end, once', { kind: 'endless', text: 'the same again; ' }, 1],
    ['is refused, and costs nothing', { kind: 'status', status: 401 }, 1],
  ])('is what they may when one %s', async (_what, answer, attempts) => {
    await using server = await serve(answer);
    const requests = await memoryModelRequests();
    const { models } = service([at('one', server)], requests);
    expect(await models.generateSolutionProposal(to('one'), ask('w'.repeat(3_200)), signal)).toMatchObject({ kind: 'unavailable' });
    const kept = await requests.transcript('incident-1', 0, Date.now());
    expect(kept).toHaveLength(attempts);
    const isTaken = answer.kind !== 'status';
    for (const { outcome, inputTokens } of kept) {
      expect(outcome).not.toBe('open');
      expect(inputTokens > 900).toBe(isTaken);
    }
  });

  it('is shown by day, repository and model, canaries apart', async () => {
    await using server = await serve(say('fine'));
    const requests = await memoryModelRequests();
    const { models } = service([at('one', server, { price: { inputUsd: 1_000, outputUsd: 1_000 } })], requests);
    await models.generateSolutionProposal(to('one'), ask('Why?'), signal);
    const rows = await requests.usage(0);
    expect(rows.map(({ repository, endpoint, requests: count }) => [repository, endpoint, count])).toEqual([
      ['', 'one', 2],
      ['shop', 'one', 1],
    ]);
    expect(rows[1]?.usd).toBeCloseTo(((rows[1]?.tokens ?? 0) * 1_000) / 1_000_000, 6);
  });
});

describe('a transcript', () => {
  it('holds what was new in each prompt and what was answered, without secrets', async () => {
    await using server = await serve(say('Set password=hunter2 back.'));
    const requests = await memoryModelRequests();
    const { models } = service([at('one', server)], requests);
    await models.generateSolutionProposal(to('one'), ask('It said password=hunter2 to bob@example.org', { purpose: 'diagnose' }), signal);
    await models.generateSolutionProposal(to('one'), ask('Again.', { fresh: false, purpose: 'repair' }), signal);
    const kept = await requests.transcript('incident-1', 0, Date.now());
    expect(kept.map(({ purpose, outcome }) => [purpose, outcome])).toEqual([
      ['diagnose', 'answered'],
      ['repair', 'answered'],
    ]);
    expect(kept[0]?.exchange).toMatchObject({ system: 'Be brief.', said: [{ role: 'user' }] });
    expect(kept[1]?.exchange).toMatchObject({ system: '', said: [{ role: 'user', content: 'Again.' }] });
    const everything = JSON.stringify(kept);
    expect(everything).not.toContain('hunter2');
    expect(everything).not.toContain('bob@example.org');
    expect(everything).toContain('It said password=');
  });

  it('goes when it is too old or too much, and what it cost stays', async () => {
    await using server = await serve(say('fine'));
    const requests = await memoryModelRequests();
    const { models } = service([at('one', server)], requests);
    await models.generateSolutionProposal(to('one'), ask('Why?'), signal);
    const { inputTokens } = (await requests.transcript('incident-1', 0, Date.now()))[0] ?? expect.fail('nothing is kept');
    await requests.prune({ transcriptsBeforeMs: 0, mostTranscriptBytes: 1, requestsBeforeMs: 0 });
    expect((await requests.transcript('incident-1', 0, Date.now()))[0]).toMatchObject({ exchange: undefined, inputTokens });
    await requests.prune({ transcriptsBeforeMs: 0, mostTranscriptBytes: 1, requestsBeforeMs: Date.now() + 1 });
    expect(await requests.transcript('incident-1', 0, Date.now())).toEqual([]);
  });

  it('is not kept where that is switched off', async () => {
    await using server = await serve(say('fine'));
    const requests = await memoryModelRequests();
    const { models } = service([at('one', server)], requests, { transcripts: { keepDays: 0 } });
    await models.generateSolutionProposal(to('one'), ask('Why?'), signal);
    expect((await requests.transcript('incident-1', 0, Date.now()))[0]?.exchange).toBeUndefined();
  });
});

// What model servers do beside answering: floods, thoughts, filters, statuses of every kind, contexts cut later than at start.
// Must never reach beyond loopback, or wait for real time.
import { describe, expect, it } from 'vitest';
import { systemClock } from '../../../base/clock.ts';
import { silentLogger } from '../../../base/logger.ts';
import { createOutbound } from '../../../base/outbound.ts';
import { Secret } from '../../../base/secret.ts';
import { runCanary } from '../../../coordinator/model/canary.ts';
import { ModelError, type CompletionRequest, type TextModel } from '../../../coordinator/model/model.ts';
import { modelConfigurationSchema, modelEntriesSchema } from '../../../coordinator/model/model-configuration.ts';
import { ModelService } from '../../../coordinator/model/model-service.ts';
import { makeAgent, withPatience } from '../../../coordinator/model/patient-fetch.ts';
import { createAnthropicModel } from '../../../coordinator/model/providers/anthropic.ts';
import { createOllamaModel } from '../../../coordinator/model/providers/ollama.ts';
import { createOpenAiCompatibleModel } from '../../../coordinator/model/providers/openai-compatible.ts';
import { withoutThoughts } from '../../../coordinator/model/thinking.ts';
import { say, startFakeModelServer, withCanary, type FakeAnswer } from '../../support/fake-model-server.ts';
import { memoryModelRequests } from '../../support/model-requests.ts';

const providers: readonly [string, (url: string) => TextModel][] = [
  ['ollama', (url) => createOllamaModel({ baseUrl: url, model: 'small', keepAlive: '5m' })],
  ['openai-compatible', (url) => createOpenAiCompatibleModel({ baseUrl: `${url}/v1`, key: new Secret('sesame'), model: 'small' })],
  ['anthropic', (url) => createAnthropicModel({ baseUrl: url, key: new Secret('sesame'), model: 'small' })],
];

const request = (values: Partial<CompletionRequest> = {}): CompletionRequest => ({
  system: 'Be brief.',
  turns: [{ role: 'user', content: 'Hello' }],
  schema: undefined,
  maxOutputTokens: 200,
  contextTokens: 4096,
  temperature: 0,
  signal: AbortSignal.timeout(60_000),
  ...values,
});

async function failureOf(make: (url: string) => TextModel, answer: FakeAnswer): Promise<ModelError> {
  await using server = await startFakeModelServer({ models: ['small'], answer: () => answer });
  const failure: unknown = await make(server.url)
    .complete(request())
    .catch((error: unknown) => error);
  return failure instanceof ModelError ? failure : expect.fail(`it did not fail with a ModelError: ${String(failure)}`);
}

const status = (code: number, words: string, headers: Readonly<Record<string, string>> = {}): FakeAnswer => ({
  kind: 'status',
  status: code,
  words,
  headers,
});

describe.each(providers)('%s', (_name, make) => {
  it.each([
    ['application/json', 200, 'runaway'],
    ['text/event-stream', 200, 'runaway'],
    ['text/html', 500, 'overloaded'],
  ])('stops a flood of %s with status %i', async (contentType, code, reason) => {
    expect(await failureOf(make, { kind: 'flood', status: code, contentType })).toMatchObject({ reason });
  });

  it('keeps thoughts out of the answer, and stops them where they don’t end', async () => {
    await using server = await startFakeModelServer({
      models: ['small'],
      answer: () => ({ kind: 'thinks', thought: 'They want a greeting.', text: 'good day' }),
    });
    expect((await make(server.url).complete(request())).text).toBe('good day');
    const endless = await failureOf(make, { kind: 'thinks', thought: 'Or should I? ', text: '', isEndless: true });
    expect(endless).toMatchObject({ reason: 'runaway' });
  });

  it.each<[FakeAnswer, string, RegExp]>([
    [status(400, "This model's maximum context length is 8192 tokens"), 'too-long', /model\.contextTokens/],
    [status(400, 'context_length_exceeded'), 'too-long', /model\.contextTokens/],
    [status(413, 'Request too large'), 'too-long', /model\.contextTokens/],
    [status(400, 'ResponsibleAIPolicyViolation'), 'declined', /filter/],
    [status(402, 'Payment Required'), 'refused', /credit/],
    [status(429, 'insufficient_quota: You exceeded your current quota'), 'refused', /credit/],
    [status(400, 'Your credit balance is too low to access the API'), 'refused', /credit/],
    [status(500, 'model requires more system memory (8.2 GiB) than is available (3.1 GiB)'), 'refused', /smaller model/],
    [status(403, 'forbidden'), 'refused', /secret/],
    [status(529, 'overloaded_error'), 'overloaded', /529/],
  ])('tells by status and words what is wrong: %j is %s', async (answer, reason, hint) => {
    const failure = await failureOf(make, answer);
    expect(failure).toMatchObject({ reason });
    expect(failure.message).toMatch(hint);
    expect(failure.message).not.toContain('sesame');
  });

  it.each([
    [{ 'retry-after': '12' }, 12_000],
    [{ 'retry-after-ms': '250', 'retry-after': '1' }, 250],
    [{ date: 'Wed, 21 Oct 2026 07:28:00 GMT', 'retry-after': 'Wed, 21 Oct 2026 07:28:30 GMT' }, 30_000],
    [{ 'retry-after': 'soon' }, undefined],
  ])('reads how long %j asks to wait', async (headers, retryAfterMs) => {
    expect((await failureOf(make, status(503, 'busy', headers))).retryAfterMs).toBe(retryAfterMs);
  });

  it('that refuses schemas outright is asked in words', async () => {
    const honest = withCanary(() => say(''));
    await using server = await startFakeModelServer({
      models: ['small'],
      answer: (asked) => (asked.hasSchema ? status(400, 'json: cannot unmarshal object into field format of type string') : honest(asked)),
    });
    expect(await runCanary(make(server.url), 8192, false, AbortSignal.timeout(60_000))).toMatchObject({
      honoursSchema: false,
      contextTokens: 8192,
    });
  });
});

describe.each(providers.slice(1))('%s', (_name, make) => {
  it('says that a filter broke in, and gives nothing half', async () => {
    expect(await failureOf(make, { kind: 'filtered', text: 'src/a.js\n<<<<<<< SEARCH' })).toMatchObject({
      reason: 'declined',
      retry: 'never',
    });
  });
});

it('an address without /v1 is said to want one', async () => {
  const bare = (url: string): TextModel => createOpenAiCompatibleModel({ baseUrl: url, key: undefined, model: 'small' });
  expect((await failureOf(bare, status(404, 'not found'))).message).toContain('/v1');
});

it('a request waits as long as its signal, not as long as fetch would', async () => {
  await using server = await startFakeModelServer({ models: [], answer: () => ({ kind: 'hang' }) });
  const { signal } = new AbortController();
  const hasty = withPatience({ method: 'POST', body: '{}', signal }, makeAgent({ headersTimeout: 1, bodyTimeout: 1 }));
  // The agent's own limit is what ends this one: a request obeys the agent that it is given.
  await expect(fetch(`${server.url}/v1/chat/completions`, hasty)).rejects.toMatchObject({
    cause: { code: 'UND_ERR_HEADERS_TIMEOUT' },
  });
  expect(withPatience({ signal }).dispatcher).toBeDefined();
});

it.each([
  ['<think>\nfirst a draft:\na.js\n<<<<<<< SEARCH\n</think>\n\nb.js', 'b.js'],
  ['the template began it\n</think>\n\nb.js', 'b.js'],
  ['<think>it never ends', ''],
  ['a.html\n<<<<<<< SEARCH\n</think>\n=======\nx\n>>>>>>> REPLACE', 'a.html\n<<<<<<< SEARCH\n</think>\n=======\nx\n>>>>>>> REPLACE'],
  ['nothing of it', 'nothing of it'],
])('of %j the answer is %j', (text, answer) => {
  expect(withoutThoughts(text)).toBe(answer);
});

describe('a context that is cut above what the canary tried', () => {
  it('is noticed by what was counted, measured, and smaller from then on', async () => {
    const limit = 8_000;
    await using server = await startFakeModelServer({
      models: ['m'],
      answer: (asked) => {
        const tokens = Math.ceil(asked.prompt.length / 4.2);
        const canary = asked.hasSchema ? '{"colour":"umber","count":2}' : (/code number is (\d+)/.exec(asked.prompt)?.[1] ?? 'an answer');
        return { kind: 'text', text: tokens > limit ? 'an answer' : canary, inputTokens: Math.min(tokens, limit) };
      },
    });
    const models = new ModelService({
      configuration: modelConfigurationSchema.parse({}),
      entries: modelEntriesSchema.parse([
        {
          name: 'one',
          provider: 'openai-compatible',
          baseUrl: `${server.url}/v1`,
          model: 'm',
          contextTokens: 40_000,
          connectTimeoutMs: 60_000,
        },
      ]),
      secrets: { get: async () => undefined },
      requests: await memoryModelRequests(),
      outbound: createOutbound({ offline: false }),
      engine: { keysOf: () => [], propose: async () => [] },
      clock: { ...systemClock, sleep: async () => undefined },
      logger: silentLogger,
    });
    const { signal } = new AbortController();
    const ask = async (words: number) =>
      models.generateSolutionProposal(
        { incidentId: 'i', repository: 'r', model: 'one' },
        { system: 's', say: [{ role: 'user', content: 'word '.repeat(words) }], schema: undefined, purpose: 'diagnose', fresh: true },
        signal,
      );
    expect(await models.initialize(signal)).toMatchObject([{ state: 'ready', contextTokens: 40_000 }]);
    expect(await ask(20_000)).toMatchObject({ kind: 'unavailable', reason: expect.stringContaining('cuts prompts silently') as string });
    expect(models.statuses()).toMatchObject([{ state: 'ready', contextTokens: limit, reason: expect.stringContaining('8000') as string }]);
    expect(await ask(2_000)).toMatchObject({ kind: 'answered' });
  });
});

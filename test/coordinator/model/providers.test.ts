// Every provider against a server that behaves, and one that doesn't: the same answers, and errors that know whether to try again.
// Must never reach beyond loopback.
import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { OpenAPIBackend } from 'openapi-backend';
import { describe, expect, it } from 'vitest';
import { parse } from 'yaml';
import { systemClock } from '../../../base/clock.ts';
import { silentLogger } from '../../../base/logger.ts';
import { createOutbound } from '../../../base/outbound.ts';
import { Secret } from '../../../base/secret.ts';
import { ModelError, type CompletionRequest, type TextModel, type Turn } from '../../../coordinator/model/model.ts';
import { ModelLedger } from '../../../coordinator/model/ledger.ts';
import { endpointsOf, modelConfigurationSchema } from '../../../coordinator/model/model-configuration.ts';
import { runCanary } from '../../../coordinator/model/canary.ts';
import { createAnthropicModel } from '../../../coordinator/model/providers/anthropic.ts';
import { createOllamaModel } from '../../../coordinator/model/providers/ollama.ts';
import { createOpenAiCompatibleModel } from '../../../coordinator/model/providers/openai-compatible.ts';
import { makeResilient } from '../../../coordinator/model/resilient-model.ts';
import { openTextModel } from '../../../coordinator/model/text-models.ts';
import { memoryModelRequests } from '../../support/model-requests.ts';
import { say, startFakeModelServer, withCanary, type FakeAnswer } from '../../support/fake-model-server.ts';

const providers: readonly [string, (url: string) => TextModel][] = [
  ['ollama', (url) => createOllamaModel({ baseUrl: url, model: 'small', keepAlive: '5m' })],
  ['openai-compatible', (url) => createOpenAiCompatibleModel({ baseUrl: `${url}/v1`, key: new Secret('sesame'), model: 'small' })],
  ['anthropic', (url) => createAnthropicModel({ baseUrl: url, key: new Secret('sesame'), model: 'small' })],
];

function request(values: Partial<CompletionRequest> = {}): CompletionRequest {
  return {
    system: 'Be brief.',
    turns: [{ role: 'user', content: 'Hello' }],
    schema: undefined,
    maxOutputTokens: 200,
    contextTokens: 4096,
    temperature: 0,
    signal: AbortSignal.timeout(60_000),
    ...values,
  };
}

async function failureOf(
  make: (url: string) => TextModel,
  answer: FakeAnswer,
  values: Partial<CompletionRequest> = {},
): Promise<ModelError> {
  await using server = await startFakeModelServer({ models: ['small'], answer: () => answer });
  const failure: unknown = await make(server.url)
    .complete(request(values))
    .catch((error: unknown) => error);
  if (failure instanceof ModelError) return failure;
  throw new Error('it did not fail with a ModelError');
}

describe.each(providers)('%s', (_name, make) => {
  it('answers with text and counted tokens, and tells its progress', async () => {
    await using server = await startFakeModelServer({ models: ['small'], answer: () => say('good day') });
    let seen = 0;
    const completion = await make(server.url).complete(request({ onProgress: (characters) => (seen = characters) }));
    expect(completion).toMatchObject({ text: 'good day', stopped: 'end' });
    expect(completion.inputTokens).toBeGreaterThan(0);
    expect(completion.outputTokens).toBeGreaterThan(0);
    expect(seen).toBe(8);
  });

  it('says that an answer was cut', async () => {
    await using server = await startFakeModelServer({ models: ['small'], answer: () => ({ kind: 'text', text: 'half', cut: true }) });
    expect((await make(server.url).complete(request())).stopped).toBe('length');
  });

  it.each<[FakeAnswer, string, string]>([
    [{ kind: 'status', status: 503 }, 'overloaded', 'safe'],
    [{ kind: 'status', status: 429, headers: { 'retry-after': '7' } }, 'overloaded', 'safe'],
    [{ kind: 'status', status: 401 }, 'refused', 'never'],
    [{ kind: 'status', status: 404 }, 'model-absent', 'never'],
    [{ kind: 'die', text: 'this will never be whole' }, 'broken-answer', 'safe'],
    [{ kind: 'nonsense' }, 'broken-answer', 'safe'],
  ])('fails with %j as %s, to be retried: %s', async (answer, reason, retry) => {
    expect(await failureOf(make, answer)).toMatchObject({ reason, retry });
  });

  it('calls tools, is given their results, and may be kept from calling more', async () => {
    const answers: FakeAnswer[] = [
      {
        kind: 'calls',
        text: 'Let me see.',
        calls: [
          { name: 'read_file', input: { path: 'a.js' } },
          { name: 'search', input: { text: 'x' } },
        ],
      },
      say('It is the first line.'),
    ];
    await using server = await startFakeModelServer({ models: ['small'], answer: () => answers.shift() ?? say('') });
    const definitions = ['read_file', 'search'].map((name) => ({ name, description: `${name}.`, parameters: { type: 'object' } }));
    const question: Turn = { role: 'user', content: 'Why?' };
    const first = await make(server.url).complete(request({ turns: [question], tools: { definitions, mayCall: true } }));
    expect(first.text).toBe('Let me see.');
    const calls = first.calls ?? [];
    expect(calls.map(({ name, input }) => [name, input])).toEqual([
      ['read_file', { path: 'a.js' }],
      ['search', { text: 'x' }],
    ]);
    expect(new Set(calls.map(({ id }) => id)).size).toBe(2);
    const results = calls.map(({ id, name }): Turn => ({ role: 'tool', callId: id, name, content: `what ${name} found` }));
    const turns: Turn[] = [question, { role: 'assistant', content: first.text, calls }, ...results, { role: 'user', content: 'So?' }];
    const last = await make(server.url).complete(request({ turns, tools: { definitions, mayCall: false } }));
    expect(last).toMatchObject({ text: 'It is the first line.', calls: [] });
    expect(server.requests[0]?.tools).toEqual(['read_file', 'search']);
    expect(server.requests[1]?.tools).toEqual([]);
    for (const words of ['Let me see.', 'what read_file found', 'what search found', 'So?'])
      expect(server.requests[1]?.prompt).toContain(words);
  });

  it('is stopped where it repeats itself or goes on without end, and its connection is closed', async () => {
    expect(await failureOf(make, { kind: 'endless', text: 'the same again; ' }, { maxOutputTokens: 60_000 })).toMatchObject({
      reason: 'runaway',
      retry: 'never',
      message: expect.stringContaining('repeated itself') as string,
    });
    let count = 0;
    const endless: FakeAnswer = {
      kind: 'endless',
      get text() {
        count += 1;
        return `line ${count}\n`;
      },
    };
    expect(await failureOf(make, endless)).toMatchObject({
      reason: 'runaway',
      message: expect.stringContaining('beyond the 200 tokens') as string,
    });
  });

  it('gives up at its time limit', async () => {
    expect(await failureOf(make, { kind: 'hang' }, { signal: AbortSignal.timeout(150) })).toMatchObject({
      reason: 'timeout',
      retry: 'safe',
    });
  });

  it('says where nobody answers, and no key with it', async () => {
    const failure: unknown = await make('http://127.0.0.1:9')
      .probe(AbortSignal.timeout(60_000))
      .catch((error: unknown) => error);
    expect(failure).toBeInstanceOf(ModelError);
    expect(String(failure)).toContain('127.0.0.1:9');
    expect(String(failure)).not.toContain('sesame');
  });

  it('passes the canary on an honest server, and is used in a weaker way on others', async () => {
    await using honest = await startFakeModelServer({ models: ['small'], answer: withCanary(() => say('')) });
    expect(await runCanary(make(honest.url), 8192, true, AbortSignal.timeout(60_000))).toMatchObject({
      honoursSchema: true,
      callsTools: true,
      countsTokens: true,
      contextTokens: 8192,
    });
    await using careless = await startFakeModelServer({
      models: ['small'],
      answer: () => ({ kind: 'text', text: 'I am ready!', inputTokens: 2048 }),
    });
    expect(await runCanary(make(careless.url), 8192, true, AbortSignal.timeout(60_000))).toMatchObject({
      honoursSchema: false,
      callsTools: false,
      contextTokens: 2048,
    });
    await using tiny = await startFakeModelServer({ models: ['small'], answer: () => ({ kind: 'text', text: 'x', inputTokens: 512 }) });
    await expect(runCanary(make(tiny.url), 8192, true, AbortSignal.timeout(60_000))).rejects.toThrow('cut silently');
  });
});

describe('openai-compatible', () => {
  const make = providers[1]?.[1] ?? (() => expect.fail('no provider'));

  it.each<[string, string, (body: unknown) => boolean]>([
    [
      'response_format',
      "'response_format' of type 'json_schema' is not supported with this model",
      (body) => JSON.stringify(body).includes('JSON Schema'),
    ],
    [
      'max_tokens',
      "Unsupported parameter: 'max_tokens'. Use 'max_completion_tokens' instead.",
      (body) => JSON.stringify(body).includes('max_completion_tokens'),
    ],
    ['temperature', "'temperature' does not support 0 with this model", (body) => !JSON.stringify(body).includes('temperature')],
    ['stream_options', 'unknown field stream_options', (body) => !JSON.stringify(body).includes('stream_options')],
  ])('does without %s where a server refuses it, and remembers', async (field, words, isWithout) => {
    await using server = await startFakeModelServer({
      models: ['small'],
      answer: ({ body }) =>
        typeof body === 'object' && body !== null && field in body ? { kind: 'status', status: 400, words } : say('{}'),
    });
    const model = make(server.url);
    for (let count = 0; count < 2; count += 1) expect((await model.complete(request({ schema: { type: 'object' } }))).text).toBe('{}');
    expect(server.requests.map(({ body }) => isWithout(body))).toEqual([false, true, true]);
  });

  it('speaks to Azure: the version in the query, the key in its own header, whatever the deployment’s path', async () => {
    await using server = await startFakeModelServer({ models: ['small'], answer: () => say('hello') });
    const options = {
      baseUrl: `${server.url}/openai/deployments/fix`,
      key: new Secret('sesame'),
      model: 'small',
      keyHeader: 'api-key' as const,
    };
    await createOpenAiCompatibleModel({ ...options, apiVersion: '2024-10-21' }).complete(request());
    expect(server.requests[0]?.path).toBe('/openai/deployments/fix/chat/completions?api-version=2024-10-21');
    expect(server.requests[0]?.headers).toMatchObject({ 'api-key': 'sesame' });
    expect(server.requests[0]?.headers).not.toHaveProperty('authorization');
  });
});

describe('ollama', () => {
  it('says of a model what its server does: size, context, tools', async () => {
    const shows = {
      capabilities: ['completion', 'tools'],
      details: { parameter_size: '32.8B' },
      model_info: { 'qwen2.context_length': 32768 },
    };
    await using server = await startFakeModelServer({ models: ['small'], answer: () => say(''), shows });
    const model = createOllamaModel({ baseUrl: server.url, model: 'small', keepAlive: '5m' });
    expect(await model.probe(AbortSignal.timeout(60_000))).toEqual({ contextTokens: 32_768, parameters: 32.8, callsTools: true });
  });

  it('asks with an explicit context, a schema and keep-alive', async () => {
    await using server = await startFakeModelServer({ models: ['small'], answer: () => say('{}') });
    await createOllamaModel({ baseUrl: server.url, model: 'small', keepAlive: '5m' }).complete(request({ schema: { type: 'object' } }));
    expect(server.requests[0]?.body).toMatchObject({
      keep_alive: '5m',
      format: { type: 'object' },
      options: { num_ctx: 4096, num_predict: 200 },
    });
  });

  it('says what to run where the model is absent', async () => {
    await using server = await startFakeModelServer({ models: ['other'], answer: () => say('') });
    const model = createOllamaModel({ baseUrl: server.url, model: 'small', keepAlive: '5m' });
    await expect(model.probe(AbortSignal.timeout(60_000))).rejects.toThrow('ollama pull small');
  });

  it('stops a model that goes on without end', async () => {
    expect(await failureOf(providers[0]?.[1] ?? (() => expect.fail('no provider')), say('la '.repeat(2_000)))).toMatchObject({
      reason: 'runaway',
    });
  });

  const description = join(import.meta.dirname, '../../../../shared/data/models/ollama-openapi.yaml');
  const text = readIfThere(description);
  it.skipIf(text === undefined)(
    'sends and gets what Ollama’s own API description allows (skipped: the shared data is not here)',
    async () => {
      const api = new OpenAPIBackend({
        definition: forStreams(parse(text ?? '')) as never,
        validate: true,
        ajvOpts: { strict: false, logger: false },
      });
      await api.init();
      const script: FakeAnswer[] = [say('{}'), { kind: 'calls', calls: [{ name: 'search', input: { text: 'x' } }] }, say('done')];
      await using server = await startFakeModelServer({
        models: ['small'],
        answer: () => script.shift() ?? say(''),
        shows: { capabilities: ['tools'], details: { parameter_size: '7B' } },
      });
      const told: Promise<{ path: string; lines: readonly string[] }>[] = [];
      const listen: typeof fetch = async (input, init) => {
        const response = await fetch(input, init);
        const copy = response.clone();
        told.push(copy.text().then((words) => ({ path: new URL(copy.url).pathname, lines: words.trim().split('\n') })));
        return response;
      };
      const model = createOllamaModel({ baseUrl: server.url, model: 'small', keepAlive: '5m', fetch: listen });
      await model.probe(AbortSignal.timeout(60_000));
      await model.complete(request({ schema: { type: 'object', properties: {} } }));
      const tools = {
        definitions: [{ name: 'search', description: 'Finds.', parameters: { type: 'object', properties: {} } }],
        mayCall: true,
      };
      const { calls = [] } = await model.complete(request({ tools }));
      const turns: Turn[] = [
        { role: 'user', content: 'Hello' },
        { role: 'assistant', content: '', calls },
        ...calls.map(({ id, name }): Turn => ({ role: 'tool', callId: id, name, content: 'nothing' })),
      ];
      await model.complete(request({ turns, tools }));
      expect(server.requests.map(({ path }) => path)).toEqual(['/api/tags', '/api/show', '/api/chat', '/api/chat', '/api/chat']);
      for (const { path, method, body } of server.requests) {
        const operation = api.matchOperation({ path, method, headers: {} });
        expect(operation).toBeDefined();
        const verdict = api.validateRequest(
          { path, method, headers: { 'content-type': 'application/json' }, body: method === 'POST' ? body : undefined },
          operation,
        );
        expect(verdict.errors ?? []).toEqual([]);
      }
      const answers = await Promise.all(told);
      expect(answers.map(({ lines }) => lines.length)).toEqual([1, 1, 3, 2, 3]);
      for (const { path, lines } of answers) {
        const operation = api.matchOperation({ path, method: path === '/api/tags' ? 'GET' : 'POST', headers: {} });
        for (const line of lines) expect(api.validateResponse(JSON.parse(line), operation ?? '', 200).errors ?? []).toEqual([]);
      }
    },
  );
});

describe('a resilient model', () => {
  const tools = {
    requestTimeoutMs: 60_000,
    connectTimeoutMs: 60_000,
    clock: { ...systemClock, sleep: async () => undefined },
    logger: silentLogger,
  };

  it('tries again what may pass, and not what is refused', async () => {
    let count = 0;
    await using server = await startFakeModelServer({
      models: ['small'],
      answer: () => (++count < 3 ? { kind: 'status', status: 503 } : say('at last')),
    });
    const model = createOllamaModel({ baseUrl: server.url, model: 'small', keepAlive: '5m' });
    expect((await makeResilient(model, { ...tools, attempts: 3 }).complete(request())).text).toBe('at last');
    await using strict = await startFakeModelServer({ models: ['small'], answer: () => ({ kind: 'status', status: 401 }) });
    const refused = makeResilient(createOllamaModel({ baseUrl: strict.url, model: 'small', keepAlive: '5m' }), { ...tools, attempts: 3 });
    await expect(refused.complete(request())).rejects.toThrow('401');
    expect(strict.requests).toHaveLength(1);
  });

  it('leaves a server alone that keeps failing', async () => {
    await using server = await startFakeModelServer({ models: ['small'], answer: () => ({ kind: 'status', status: 500 }) });
    const model = makeResilient(createOllamaModel({ baseUrl: server.url, model: 'small', keepAlive: '5m' }), { ...tools, attempts: 5 });
    await expect(model.complete(request())).rejects.toThrow('500');
    await expect(model.complete(request())).rejects.toMatchObject({ reason: 'circuit-open' });
    expect(server.requests).toHaveLength(5);
  });
});

describe('opening a model', () => {
  const tools = async (offline = false) => ({
    clock: systemClock,
    logger: silentLogger,
    secrets: { get: async () => undefined },
    outbound: createOutbound({ offline }),
    ledger: new ModelLedger({ limits: modelConfigurationSchema.parse({}).budget, store: await memoryModelRequests(), clock: systemClock }),
    keepsTranscripts: false,
  });
  const endpoint = (settings: Record<string, unknown>) => {
    const [first] = endpointsOf(modelConfigurationSchema.parse(settings), []);
    return first ?? expect.fail('nothing is configured');
  };
  const { signal } = new AbortController();

  it('of auto finds a local Ollama’s model for code, and says what to do where there is none', async () => {
    await using server = await startFakeModelServer({ models: ['nomic-embed', 'llama', 'qwen-coder'], answer: () => say('') });
    expect(await openTextModel(endpoint({ baseUrl: server.url }), await tools(), signal)).toMatchObject({
      provider: 'ollama',
      model: 'qwen-coder',
    });
    await expect(openTextModel(endpoint({ baseUrl: 'http://127.0.0.1:9' }), await tools(), signal)).rejects.toThrow('127.0.0.1:9');
    await using empty = await startFakeModelServer({ models: [], answer: () => say('') });
    await expect(openTextModel(endpoint({ baseUrl: empty.url }), await tools(), signal)).rejects.toThrow('ollama pull');
  });

  it('of a hosted one without its key fails with the secret’s name, and offline with the host and the setting', async () => {
    const hosted = endpoint({ provider: 'anthropic', model: 'm', key: 'anthropic-key' });
    await expect(openTextModel(hosted, await tools(), signal)).rejects.toThrow('anthropic-key');
    await expect(openTextModel(hosted, await tools(true), signal)).rejects.toThrow(/api\.anthropic\.com.*offline: true/);
  });

  it('is checked with every mistake at once', () => {
    const wrong = modelConfigurationSchema.safeParse({ provider: 'anthropic', maxOutputTokens: 16_000, requestTimeoutMs: 5 });
    expect(wrong.error?.issues.map(({ path }) => path.join('.'))).toContain('requestTimeoutMs');
    const missing = modelConfigurationSchema.safeParse({ provider: 'anthropic' });
    expect(missing.error?.issues.map(({ path }) => path.join('.')).toSorted()).toEqual(['key', 'model']);
  });
});

/** Each line of a stream is judged as an answer of its own. */
function forStreams(definition: unknown): unknown {
  const { content } =
    (definition as { paths: Record<string, { post: { responses: Record<string, { content: Record<string, unknown> }> } }> }).paths[
      '/api/chat'
    ]?.post.responses['200'] ?? expect.fail('the description has no /api/chat');
  content['application/json'] = content['application/x-ndjson'];
  return definition;
}

function readIfThere(path: string): string | undefined {
  try {
    return readFileSync(path, 'utf8');
  } catch {
    console.warn(`skipped: there is no ${path}`);
    return undefined;
  }
}

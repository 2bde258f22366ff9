// A real language model, if a tiny one, behind both protocols: schemas that a sampler obeys, tokens that a tokeniser counted, a context that ends.
// Must never judge what it says: it babbles.
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { systemClock } from '../../base/clock.ts';
import { silentLogger } from '../../base/logger.ts';
import { createOutbound } from '../../base/outbound.ts';
import { modelConfigurationSchema, modelEntriesSchema } from '../../coordinator/model/model-configuration.ts';
import type { CompletionRequest, TextModel } from '../../coordinator/model/model.ts';
import { ModelService } from '../../coordinator/model/model-service.ts';
import { createOllamaModel } from '../../coordinator/model/providers/ollama.ts';
import { createOpenAiCompatibleModel } from '../../coordinator/model/providers/openai-compatible.ts';
import { memoryModelRequests } from '../support/model-requests.ts';
import { startToyServer, whyNoInference, type ToyServer } from '../support/toy-inference.ts';

const missing = whyNoInference();
if (missing !== undefined) console.warn(`skipped: no real model is asked, ${missing}`);

const model = 'stories260k';
const providers: readonly [string, (url: string) => TextModel][] = [
  ['ollama', (url) => createOllamaModel({ baseUrl: url, model, keepAlive: '5m' })],
  ['openai-compatible', (url) => createOpenAiCompatibleModel({ baseUrl: `${url}/v1`, key: undefined, model })],
];

const request = (values: Partial<CompletionRequest> = {}): CompletionRequest => ({
  system: 'Tell a story.',
  turns: [{ role: 'user', content: 'Once upon a time, there was a little girl named Lily.' }],
  schema: undefined,
  maxOutputTokens: 60,
  contextTokens: 512,
  temperature: 0,
  signal: AbortSignal.timeout(120_000),
  ...values,
});

const choice = (...words: string[]) => ({ type: 'string', enum: words });
const shapes: readonly [string, Record<string, unknown>, (value: never) => boolean][] = [
  [
    'one of three words',
    { answer: choice('umber', 'cobalt', 'saffron') },
    ({ answer }: { answer: string }) => ['umber', 'cobalt', 'saffron'].includes(answer),
  ],
  ['a truth', { agrees: { type: 'boolean' } }, ({ agrees }: { agrees: unknown }) => typeof agrees === 'boolean'],
  [
    'two choices',
    { action: choice('edit', 'none'), risk: choice('low', 'high') },
    ({ action, risk }: { action: string; risk: string }) => `${action}${risk}`.length > 6,
  ],
];

describe.skipIf(missing !== undefined)('a real model', () => {
  let server: ToyServer | undefined;
  beforeAll(async () => {
    server = await startToyServer();
  });
  afterAll(async () => server?.[Symbol.asyncDispose]());
  const url = (): string => server?.url ?? '';

  describe.each(providers)('by %s', (_name, make) => {
    it.each(shapes)('answers as a schema says: %s', async (_what, properties, holds) => {
      const schema = { type: 'object', properties, required: Object.keys(properties), additionalProperties: false };
      const { text, stopped } = await make(url()).complete(request({ schema }));
      expect(stopped).toBe('end');
      const answer = JSON.parse(text) as never;
      expect(Object.keys(answer).toSorted()).toEqual(Object.keys(properties).toSorted());
      expect(holds(answer)).toBe(true);
    });

    it('says how many tokens there were, tells its progress, and that it was cut', async () => {
      const seen: number[] = [];
      const completion = await make(url()).complete(request({ onProgress: (characters) => seen.push(characters) }));
      expect(completion.inputTokens).toBeGreaterThan(10);
      expect(completion.outputTokens).toBeGreaterThan(20);
      expect(completion.stopped).toBe('length');
      expect(completion.text.length).toBeGreaterThan(40);
      expect(seen.length).toBeGreaterThan(5);
      expect(seen).toEqual(seen.toSorted((a, b) => a - b));
    });
  });

  it('too small to work with is refused at start, by what its server did with a longer prompt', async () => {
    const settings = { model, contextTokens: 2_048, maxOutputTokens: 256, attempts: 1, connectTimeoutMs: 60_000 };
    const models = new ModelService({
      configuration: modelConfigurationSchema.parse({}),
      entries: modelEntriesSchema.parse([
        { name: 'cuts', provider: 'ollama', baseUrl: url(), ...settings },
        { name: 'refuses', provider: 'openai-compatible', baseUrl: `${url()}/v1`, ...settings },
      ]),
      secrets: { get: async () => undefined },
      requests: await memoryModelRequests(),
      outbound: createOutbound({ offline: true }),
      engine: { keysOf: () => [], propose: async () => [] },
      clock: systemClock,
      logger: silentLogger,
    });
    const [cuts, refuses] = await models.initialize(AbortSignal.timeout(120_000));
    expect(cuts).toMatchObject({ state: 'failed', reason: expect.stringMatching(/saw \d+: its context is cut silently/) as string });
    expect(refuses).toMatchObject({ state: 'failed', reason: expect.stringContaining('exceeds the available context size') as string });
    const route = { localOnly: undefined, difficulty: { level: 'plain', reason: '' } } as const;
    expect(models.beginProposal('incident', route)).toEqual([]);
    expect(models.choicesOf('incident').map(({ verdict }) => verdict)).toEqual(['refused', 'refused']);
  });
});

// Benchmark `toy-model`: a real model of 1.2 MB behind both protocols, for schemas honoured, tokens counted and speed. Installs its inference
// on demand. Must never be part of the tests' time; they use what it installed.
import { join } from 'node:path';
import type { CompletionRequest } from '../coordinator/model/model.ts';
import { createOllamaModel } from '../coordinator/model/providers/ollama.ts';
import { createOpenAiCompatibleModel } from '../coordinator/model/providers/openai-compatible.ts';
import { installInference, startToyServer, whyNoInference } from '../test/support/toy-inference.ts';
import type { BenchmarkOptions, BenchmarkResult } from './main.ts';

const model = 'stories260k';
const rounds = 20;
const colours = ['umber', 'cobalt', 'saffron', 'ochre', 'teal'];

export async function run({ data }: BenchmarkOptions): Promise<BenchmarkResult> {
  const file = join(data, 'models', 'stories260K.gguf');
  const failure = installInference() ?? whyNoInference(file);
  if (failure !== undefined) {
    console.warn(`SKIPPED: no real model can be asked here: ${failure}`);
    return { figures: {}, conditions: { skipped: failure } };
  }
  await using server = await startToyServer(file);
  const providers = [
    createOllamaModel({ baseUrl: server.url, model, keepAlive: '5m' }),
    createOpenAiCompatibleModel({ baseUrl: `${server.url}/v1`, key: undefined, model }),
  ];
  let asked = 0;
  let honoured = 0;
  let counted = 0;
  let outputTokens = 0;
  const startedAt = performance.now();
  for (const provider of providers) {
    for (let round = 0; round < rounds; round += 1) {
      const words = colours.slice(round % 3, (round % 3) + 3);
      const completion = await provider.complete(question(round, words));
      asked += 1;
      outputTokens += completion.outputTokens;
      if (completion.inputTokens > 0 && completion.outputTokens > 0) counted += 1;
      if (isOfShape(completion.text, words)) honoured += 1;
    }
  }
  const seconds = (performance.now() - startedAt) / 1000;
  return {
    figures: { schemaHonoured: honoured / asked, tokensCounted: counted / asked, tokensPerSecond: outputTokens / seconds },
    conditions: { model, asked, inference: 'node-llama-cpp, one thread' },
  };
}

function question(round: number, words: readonly string[]): CompletionRequest {
  const properties = { colour: { type: 'string', enum: words }, agrees: { type: 'boolean' } };
  return {
    system: 'You tell stories.',
    turns: [{ role: 'user', content: `Once upon a time there were ${round} little girls. Say nothing of colours.` }],
    schema: { type: 'object', properties, required: ['colour', 'agrees'], additionalProperties: false },
    maxOutputTokens: 64,
    contextTokens: 512,
    temperature: 0,
    signal: AbortSignal.timeout(300_000),
  };
}

function isOfShape(text: string, words: readonly string[]): boolean {
  try {
    const { colour, agrees, ...rest } = JSON.parse(text) as Record<string, unknown>;
    return words.some((word) => word === colour) && typeof agrees === 'boolean' && Object.keys(rest).length === 0;
  } catch {
    return false;
  }
}

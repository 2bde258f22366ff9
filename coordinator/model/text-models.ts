// Makes the text model that the configuration names; undefined where patterns alone are wanted or nothing local answers.
// Must never reach for a hosted model that wasn't named.
import type { Clock } from '../../base/clock.ts';
import type { Logger } from '../../base/logger.ts';
import { Secret } from '../../base/secret.ts';
import { ModelError, type SecretReader, type TextModel } from './model.ts';
import { baseUrlOf, type ModelConfiguration } from './model-configuration.ts';
import { createAnthropicModel } from './providers/anthropic.ts';
import { createOllamaModel, listOllamaModels } from './providers/ollama.ts';
import { createOpenAiCompatibleModel } from './providers/openai-compatible.ts';
import { isOnThisMachine, redactWhatLeaves } from './redacting-model.ts';
import { makeResilient } from './resilient-model.ts';

export interface TextModelChoice {
  readonly model: TextModel | undefined;
  /** For people: why this one, or why none. */
  readonly reason: string;
}

/** @throws ModelError if a named model can't be set up: its key is missing. */
export async function chooseTextModel(
  configuration: ModelConfiguration,
  secrets: SecretReader,
  tools: { readonly clock: Clock; readonly logger: Logger },
  signal: AbortSignal,
): Promise<TextModelChoice> {
  const { requestTimeoutMs, connectTimeoutMs, attempts } = configuration;
  const resilient = (model: TextModel): TextModel => makeResilient(model, { requestTimeoutMs, connectTimeoutMs, attempts, ...tools });
  const baseUrl = baseUrlOf(configuration) ?? '';
  const model = configuration.model ?? '';
  switch (configuration.provider) {
    case 'builtin':
      return { model: undefined, reason: 'configured: builtin' };
    case 'ollama':
      return { model: resilient(createOllamaModel({ baseUrl, model, keepAlive: configuration.keepAlive })), reason: 'configured: ollama' };
    case 'openai-compatible': {
      const key = configuration.key === undefined ? undefined : await readKey(configuration.key, secrets);
      const openAi = resilient(createOpenAiCompatibleModel({ baseUrl, key, model }));
      return { model: isOnThisMachine(baseUrl) ? openAi : redactWhatLeaves(openAi), reason: 'configured: openai-compatible' };
    }
    case 'anthropic': {
      const key = await readKey(configuration.key ?? '', secrets);
      return { model: redactWhatLeaves(resilient(createAnthropicModel({ baseUrl, key, model }))), reason: 'configured: anthropic' };
    }
    case 'auto': {
      const found = await findLocal(configuration, baseUrl, signal);
      if (found === undefined)
        return { model: undefined, reason: `auto: no Ollama with a model answers at ${baseUrl}, so builtin is used` };
      const local = createOllamaModel({ baseUrl, model: found, keepAlive: configuration.keepAlive });
      return { model: resilient(local), reason: `auto: the Ollama at ${baseUrl} answers` };
    }
  }
}

/** The configured model, or the one whose name promises code, or the first. */
async function findLocal(configuration: ModelConfiguration, baseUrl: string, signal: AbortSignal): Promise<string | undefined> {
  let names: readonly string[];
  try {
    names = await listOllamaModels(baseUrl, AbortSignal.any([signal, AbortSignal.timeout(configuration.connectTimeoutMs)]));
  } catch (error) {
    // Nobody there is what `auto` is for.
    if (error instanceof ModelError) return undefined;
    throw error;
  }
  const wanted = configuration.model;
  if (wanted !== undefined) return names.find((name) => name === wanted || name === `${wanted}:latest`);
  const talking = names.filter((name) => !/embed|bge|minilm/i.test(name));
  return talking.find((name) => /cod(?:e|er|estral)|devstral/i.test(name)) ?? talking[0];
}

async function readKey(name: string, secrets: SecretReader): Promise<Secret> {
  const key = (await secrets.get(name))?.trim();
  if (key === undefined || key === '') throw new ModelError('refused', `the secret ${name}, which model.key names, is not set`);
  return new Secret(key);
}

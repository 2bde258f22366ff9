// Makes the text model of one endpoint: metered, patient with what may pass, and redacted where it is hosted.
// Must never reach for a hosted model that wasn't named.
import type { Clock } from '../../base/clock.ts';
import type { Logger } from '../../base/logger.ts';
import { isOnThisHost, type Outbound } from '../../base/outbound.ts';
import { Secret } from '../../base/secret.ts';
import type { ModelLedger } from './ledger.ts';
import { makeMetered } from './metered-model.ts';
import { ModelError, type SecretReader, type TextModel } from './model.ts';
import { baseUrlOf, type ModelEndpoint } from './model-configuration.ts';
import { createAnthropicModel } from './providers/anthropic.ts';
import { createOllamaModel, listOllamaModels } from './providers/ollama.ts';
import { createOpenAiCompatibleModel } from './providers/openai-compatible.ts';
import { redactWhatLeaves } from './redacting-model.ts';
import { makeResilient } from './resilient-model.ts';

export interface TextModelTools {
  readonly secrets: SecretReader;
  readonly outbound: Outbound;
  readonly ledger: ModelLedger;
  readonly keepsTranscripts: boolean;
  readonly clock: Clock;
  readonly logger: Logger;
}

/** True if what the model is sent stays with us: by the operator's word, or because the server is this host. */
export function isInHouse(endpoint: ModelEndpoint): boolean {
  if (endpoint.privacy !== 'auto') return endpoint.privacy === 'in-house';
  return isOnThisHost(baseUrlOf(endpoint) ?? '');
}

/** @throws ModelError if the model can't be set up: its key is missing, it is out of reach by configuration, or `auto` found none. */
export async function openTextModel(endpoint: ModelEndpoint, tools: TextModelTools, signal: AbortSignal): Promise<TextModel> {
  return wrapTextModel(await makeTextModel(endpoint, tools, signal), endpoint, tools);
}

/** What every text model goes through, whoever made it. */
export function wrapTextModel(model: TextModel, endpoint: ModelEndpoint, tools: TextModelTools): TextModel {
  const { ledger, keepsTranscripts, clock, logger } = tools;
  const { requestTimeoutMs, connectTimeoutMs, attempts, price, name } = endpoint;
  const metered = makeMetered(model, { endpoint: name, price, ledger, keepsTranscripts, clock });
  const resilient = makeResilient(metered, { requestTimeoutMs, connectTimeoutMs, attempts, clock, logger });
  return isInHouse(endpoint) ? resilient : redactWhatLeaves(resilient);
}

async function makeTextModel(endpoint: ModelEndpoint, tools: TextModelTools, signal: AbortSignal): Promise<TextModel> {
  const { secrets, outbound } = tools;
  const baseUrl = baseUrlOf(endpoint) ?? '';
  const { model = '', keepAlive, keyHeader, apiVersion } = endpoint;
  try {
    outbound.admit(baseUrl, `the model ${endpoint.name}`);
  } catch (error) {
    throw new ModelError('refused', error instanceof Error ? error.message : String(error), { cause: error });
  }
  const { fetch } = outbound;
  switch (endpoint.provider) {
    case 'builtin':
      throw new ModelError('refused', 'the built-in engine is no text model');
    case 'ollama':
      return createOllamaModel({ baseUrl, model, keepAlive, fetch });
    case 'openai-compatible': {
      const key = endpoint.key === undefined ? undefined : await readKey(endpoint.key, secrets);
      return createOpenAiCompatibleModel({ baseUrl, key, model, keyHeader, apiVersion, fetch });
    }
    case 'anthropic':
      return createAnthropicModel({ baseUrl, key: await readKey(endpoint.key ?? '', secrets), model, fetch });
    case 'auto': {
      const found = await findLocal(endpoint, baseUrl, fetch, signal);
      return createOllamaModel({ baseUrl, model: found, keepAlive, fetch });
    }
  }
}

/** The configured model, or the one whose name promises code, or the first. */
async function findLocal(endpoint: ModelEndpoint, baseUrl: string, fetch: Outbound['fetch'], signal: AbortSignal): Promise<string> {
  const names = await listOllamaModels({ baseUrl, fetch }, AbortSignal.any([signal, AbortSignal.timeout(endpoint.connectTimeoutMs)]));
  const wanted = endpoint.model;
  if (wanted !== undefined) {
    const found = names.find((name) => name === wanted || name === `${wanted}:latest`);
    if (found === undefined)
      throw new ModelError('model-absent', `Ollama at ${baseUrl} has no model ${wanted}. Run \`ollama pull ${wanted}\` there`);
    return found;
  }
  const talking = names.filter((name) => !/embed|bge|minilm/i.test(name));
  const found = talking.find((name) => /cod(?:e|er|estral)|devstral/i.test(name)) ?? talking[0];
  if (found === undefined)
    throw new ModelError('model-absent', `Ollama at ${baseUrl} has no model yet. Run \`ollama pull qwen2.5-coder:7b\` there, for instance`);
  return found;
}

async function readKey(name: string, secrets: SecretReader): Promise<Secret> {
  const key = (await secrets.get(name))?.trim();
  if (key === undefined || key === '') throw new ModelError('refused', `the secret ${name}, which model.key names, is not set`);
  return new Secret(key);
}

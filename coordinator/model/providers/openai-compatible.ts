// Models behind the chat completions API: OpenAI, vLLM, llama.cpp's server, LiteLLM, Azure.
// Must never rely on more than the API's core: a server that refuses a schema is asked again with the schema in words.
import { openAnswer, numberAt, readEvents, readObject, textAt, valueAt, type HttpRequest } from '../http-stream.ts';
import { ModelError, type Completion, type CompletionRequest, type TextModel } from '../model.ts';
import { describeSchema } from '../schema-in-words.ts';
import type { Secret } from '../../../base/secret.ts';

export interface OpenAiCompatibleOptions {
  /** Up to and including the version, such as `http://127.0.0.1:8080/v1`; Azure's `?api-version=` may follow. */
  readonly baseUrl: string;
  readonly key: Secret | undefined;
  readonly model: string;
}

export function createOpenAiCompatibleModel(options: OpenAiCompatibleOptions): TextModel {
  const base = new URL(options.baseUrl);
  const urlOf = (path: string): string => {
    const url = new URL(base);
    url.pathname = `${base.pathname.replace(/\/+$/, '')}${path}`;
    return url.toString();
  };
  const key = options.key?.reveal();
  const isAzure = base.hostname.endsWith('.azure.com');
  const headers: Record<string, string> = key === undefined ? {} : isAzure ? { 'api-key': key } : { authorization: `Bearer ${key}` };
  // Learnt once: what this server can't do.
  let honoursSchemas = true;

  const ask = async (request: CompletionRequest, schemaInWords: boolean): Promise<Completion> => {
    const url = urlOf('/chat/completions');
    const inWords = request.schema !== undefined && schemaInWords ? `\n\n${describeSchema(request.schema)}` : '';
    const body = {
      model: options.model,
      messages: [{ role: 'system', content: request.system + inWords }, ...request.turns],
      max_tokens: request.maxOutputTokens,
      temperature: request.temperature,
      stream: true,
      stream_options: { include_usage: true },
      ...(request.schema === undefined || schemaInWords
        ? {}
        : { response_format: { type: 'json_schema', json_schema: { name: 'answer', strict: true, schema: request.schema } } }),
    };
    const http: HttpRequest = { url, method: 'POST', headers, body, signal: request.signal };
    const response = await openAnswer(http);
    const isStream = response.headers.get('content-type')?.includes('event-stream') === true;
    return isStream ? readStream(response, url, request) : readWhole(readObject(await response.text(), url), url);
  };

  return {
    provider: 'openai-compatible',
    model: options.model,
    async complete(request) {
      if (request.schema === undefined || !honoursSchemas) return ask(request, true);
      try {
        return await ask(request, false);
      } catch (error) {
        if (!(error instanceof ModelError) || error.reason !== 'bad-request') throw error;
        const completion = await ask(request, true);
        honoursSchemas = false;
        return completion;
      }
    },
    async probe(signal) {
      const url = urlOf('/models');
      let listed: unknown;
      try {
        listed = valueAt(
          readObject(await (await openAnswer({ url, method: 'GET', headers, body: undefined, signal })).text(), url),
          'data',
        );
      } catch (error) {
        // Some gateways have no list; the first answer will tell.
        if (error instanceof ModelError && error.reason === 'model-absent') return;
        throw error;
      }
      const names = Array.isArray(listed) ? listed.flatMap((entry) => textAt(entry, 'id') ?? []) : [];
      if (names.length > 0 && !names.includes(options.model))
        throw new ModelError('model-absent', `the server has no model ${options.model}; it has ${names.slice(0, 10).join(', ')}`);
    },
  };
}

async function readStream(response: Response, url: string, request: CompletionRequest): Promise<Completion> {
  let text = '';
  let finish: string | undefined;
  let usage: unknown;
  for await (const data of readEvents(response, url)) {
    if (data === '[DONE]') break;
    const event = readObject(data, url);
    const error = valueAt(event, 'error');
    if (error !== undefined && error !== null)
      throw new ModelError('overloaded', `the model server failed in mid-answer: ${textAt(error, 'message') ?? 'no reason given'}`);
    text += textAt(event, 'choices', 0, 'delta', 'content') ?? '';
    finish = textAt(event, 'choices', 0, 'finish_reason') ?? finish;
    usage = valueAt(event, 'usage') ?? usage;
    request.onProgress?.(text.length);
  }
  if (finish === undefined)
    throw new ModelError('broken-answer', 'the model server ended its answer without a finish reason: it died in mid-answer');
  return completionOf(text, finish, usage);
}

function readWhole(answer: Readonly<Record<string, unknown>>, url: string): Completion {
  const text = textAt(answer, 'choices', 0, 'message', 'content');
  if (text === undefined) throw new ModelError('broken-answer', `${new URL(url).origin} answered without a message`);
  return completionOf(text, textAt(answer, 'choices', 0, 'finish_reason') ?? 'stop', valueAt(answer, 'usage'));
}

function completionOf(text: string, finish: string, usage: unknown): Completion {
  return {
    text,
    inputTokens: numberAt(usage, 'prompt_tokens') ?? 0,
    outputTokens: numberAt(usage, 'completion_tokens') ?? 0,
    stopped: finish === 'length' ? 'length' : 'end',
  };
}

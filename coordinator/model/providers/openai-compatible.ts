// Models behind the chat completions API: OpenAI, Azure, vLLM, llama.cpp's server, LiteLLM.
// Must never rely on more than the API's core: what a server refuses is left out or said in words, and remembered.
import type { Secret } from '../../../base/secret.ts';
import { createAnswerGuard } from '../answer-guard.ts';
import { openAnswer, readEvents, readObject, readWholeText, textAt, valueAt, numberAt, type Fetch } from '../http-stream.ts';
import { ModelError, nothingSaid, type Completion, type CompletionRequest, type TextModel, type ToolCall, type Turn } from '../model.ts';
import { describeSchema } from '../schema-in-words.ts';

export interface OpenAiCompatibleOptions {
  /** Up to and including the version, such as `http://127.0.0.1:8080/v1`, or Azure's deployment; a query is kept. */
  readonly baseUrl: string;
  readonly key: Secret | undefined;
  readonly model: string;
  readonly keyHeader?: 'auto' | 'authorization' | 'api-key' | undefined;
  /** Azure's `api-version`. */
  readonly apiVersion?: string | undefined;
  readonly fetch?: Fetch | undefined;
}

/** What servers of this kind are known to refuse; each is given up once a server says no. */
const optional = ['response_format', 'stream_options', 'temperature', 'max_tokens', 'tools'] as const;
type Optional = (typeof optional)[number];

export function createOpenAiCompatibleModel(options: OpenAiCompatibleOptions): TextModel {
  const base = new URL(options.baseUrl);
  if (options.apiVersion !== undefined) base.searchParams.set('api-version', options.apiVersion);
  const urlOf = (path: string): string => {
    const url = new URL(base);
    url.pathname = `${base.pathname.replace(/\/+$/, '')}${path}`;
    return url.toString();
  };
  const headers = headersFor(options, base);
  const refused = new Set<Optional>();

  const ask = async (request: CompletionRequest, without: ReadonlySet<Optional>): Promise<Completion> => {
    const url = urlOf('/chat/completions');
    const body = writeBody(options.model, request, without);
    const response = await openAnswer({ url, method: 'POST', headers, body, signal: request.signal, fetch: options.fetch });
    const isStream = response.headers.get('content-type')?.includes('event-stream') === true;
    return isStream
      ? readStream(response, url, options.model, request)
      : readWhole(readObject(await readWholeText(response, url), url), url);
  };

  return {
    provider: 'openai-compatible',
    model: options.model,
    async complete(request) {
      for (;;) {
        const without = new Set(refused);
        try {
          return await ask(request, without);
        } catch (error) {
          const culprit = error instanceof ModelError && error.reason === 'bad-request' ? culpritOf(error, request, without) : undefined;
          if (culprit === undefined) throw explainAbsence(error, base);
          refused.add(culprit);
        }
      }
    },
    async probe(signal) {
      const url = urlOf('/models');
      let listed: unknown;
      try {
        const answer = await openAnswer({ url, method: 'GET', headers, body: undefined, signal, fetch: options.fetch });
        listed = valueAt(readObject(await readWholeText(answer, url), url), 'data');
      } catch (error) {
        // Some gateways and Azure's deployments have no list; the first answer will tell.
        if (error instanceof ModelError && error.reason === 'model-absent') return nothingSaid;
        throw error;
      }
      const entries = Array.isArray(listed) ? listed : [];
      const names = entries.flatMap((entry) => textAt(entry, 'id') ?? []);
      if (names.length > 0 && !names.includes(options.model))
        throw new ModelError('model-absent', `the server has no model ${options.model}; it has ${names.slice(0, 10).join(', ')}`);
      const entry: unknown = entries.find((one) => textAt(one, 'id') === options.model);
      // vLLM says max_model_len, llama.cpp's server n_ctx_train.
      return { ...nothingSaid, contextTokens: numberAt(entry, 'max_model_len') ?? numberAt(entry, 'meta', 'n_ctx_train') };
    },
  };
}

/** The commonest reason of a 404. */
function explainAbsence(error: unknown, { pathname }: URL): unknown {
  if (!(error instanceof ModelError) || error.reason !== 'model-absent' || /\/(?:v\d|deployments)\b/.test(pathname)) return error;
  return new ModelError('model-absent', `${error.message}: most servers of this kind want an address that ends in /v1`, { cause: error });
}

function headersFor({ key, keyHeader }: OpenAiCompatibleOptions, base: URL): Record<string, string> {
  if (key === undefined) return {};
  const isAzure = base.hostname.endsWith('.azure.com') || base.hostname.endsWith('.azure.us');
  const header = keyHeader === undefined || keyHeader === 'auto' ? (isAzure ? 'api-key' : 'authorization') : keyHeader;
  return header === 'api-key' ? { 'api-key': key.reveal() } : { authorization: `Bearer ${key.reveal()}` };
}

/** The part of the request that the server names in its refusal, or the schema, which servers refuse without naming it. */
function culpritOf(error: ModelError, { schema, tools }: CompletionRequest, without: ReadonlySet<Optional>): Optional | undefined {
  const left = optional.filter((name) => !without.has(name));
  const named = left.find((name) => error.message.includes(name) && (name !== 'tools' || tools !== undefined));
  if (named !== undefined) return named;
  return schema !== undefined && left.includes('response_format') ? 'response_format' : undefined;
}

function writeBody(model: string, request: CompletionRequest, without: ReadonlySet<Optional>): Record<string, unknown> {
  const { schema, tools } = request;
  const inWords = schema !== undefined && without.has('response_format') ? `\n\n${describeSchema(schema)}` : '';
  return {
    model,
    messages: [{ role: 'system', content: request.system + inWords }, ...request.turns.map(writeTurn)],
    // Newer models of OpenAI know the other name alone.
    ...(without.has('max_tokens') ? { max_completion_tokens: request.maxOutputTokens } : { max_tokens: request.maxOutputTokens }),
    ...(without.has('temperature') ? {} : { temperature: request.temperature }),
    stream: true,
    ...(without.has('stream_options') ? {} : { stream_options: { include_usage: true } }),
    ...(schema === undefined || without.has('response_format')
      ? {}
      : { response_format: { type: 'json_schema', json_schema: { name: 'answer', strict: true, schema } } }),
    ...(tools === undefined || without.has('tools')
      ? {}
      : {
          tools: tools.definitions.map((definition) => ({ type: 'function', function: definition })),
          tool_choice: tools.mayCall ? 'auto' : 'none',
        }),
  };
}

function writeTurn(turn: Turn): Record<string, unknown> {
  if (turn.role === 'tool') return { role: 'tool', tool_call_id: turn.callId, content: turn.content };
  if (turn.role === 'user' || turn.calls === undefined || turn.calls.length === 0) return { role: turn.role, content: turn.content };
  const calls = turn.calls.map(({ id, name, input }) => ({ id, type: 'function', function: { name, arguments: JSON.stringify(input) } }));
  return { role: 'assistant', content: turn.content, tool_calls: calls };
}

interface PartialCall {
  id: string;
  name: string;
  words: string;
}

async function readStream(response: Response, url: string, model: string, request: CompletionRequest): Promise<Completion> {
  const guard = createAnswerGuard(model, request);
  const calls: PartialCall[] = [];
  let text = '';
  let asked = 0;
  let finish: string | undefined;
  let usage: unknown;
  for await (const data of readEvents(response, url)) {
    if (data === '[DONE]') break;
    const event = readObject(data, url);
    const error = valueAt(event, 'error');
    if (error !== undefined && error !== null)
      throw new ModelError('overloaded', `the model server failed in mid-answer: ${textAt(error, 'message') ?? 'no reason given'}`);
    text += textAt(event, 'choices', 0, 'delta', 'content') ?? '';
    const parts = valueAt(event, 'choices', 0, 'delta', 'tool_calls');
    for (const part of Array.isArray(parts) ? parts : []) asked += addToCall(calls, part);
    // What a model thinks aloud is no answer, and is paid for: vLLM and DeepSeek name it one way, OpenRouter and others the other.
    asked += (textAt(event, 'choices', 0, 'delta', 'reasoning_content') ?? textAt(event, 'choices', 0, 'delta', 'reasoning') ?? '').length;
    finish = textAt(event, 'choices', 0, 'finish_reason') ?? finish;
    usage = valueAt(event, 'usage') ?? usage;
    guard.check(asked === 0 ? text : text.padEnd(text.length + asked));
  }
  if (finish === undefined)
    throw new ModelError('broken-answer', 'the model server ended its answer without a finish reason: it died in mid-answer');
  return completionOf(text, calls, finish, usage);
}

/** Parts of a call come one by one, told apart by their index. Answers with how many characters came. */
function addToCall(calls: PartialCall[], part: unknown): number {
  const index = numberAt(part, 'index') ?? calls.length;
  if (index > 64) return 0;
  const call = (calls[index] ??= { id: '', name: '', words: '' });
  call.id = textAt(part, 'id') ?? call.id;
  call.name += textAt(part, 'function', 'name') ?? '';
  const words = textAt(part, 'function', 'arguments') ?? '';
  call.words += words;
  return words.length;
}

function readWhole(answer: Readonly<Record<string, unknown>>, url: string): Completion {
  const text = textAt(answer, 'choices', 0, 'message', 'content');
  const calls: PartialCall[] = [];
  const parts = valueAt(answer, 'choices', 0, 'message', 'tool_calls');
  for (const [index, part] of (Array.isArray(parts) ? (parts as readonly unknown[]) : []).entries())
    addToCall(calls, { index, id: valueAt(part, 'id'), function: valueAt(part, 'function') });
  if (text === undefined && calls.length === 0) throw new ModelError('broken-answer', `${new URL(url).origin} answered without a message`);
  return completionOf(text ?? '', calls, textAt(answer, 'choices', 0, 'finish_reason') ?? 'stop', valueAt(answer, 'usage'));
}

function completionOf(text: string, calls: readonly (PartialCall | undefined)[], finish: string, usage: unknown): Completion {
  if (finish === 'content_filter') throw new ModelError('declined', "the provider's filter broke the answer off");
  return {
    text,
    inputTokens: numberAt(usage, 'prompt_tokens') ?? 0,
    outputTokens: numberAt(usage, 'completion_tokens') ?? 0,
    stopped: finish === 'length' ? 'length' : 'end',
    calls: calls.flatMap((call, index) => (call === undefined || call.name === '' ? [] : [readCall(call, index)])),
  };
}

function readCall({ id, name, words }: PartialCall, index: number): ToolCall {
  return { id: id === '' ? `call-${index}` : id, name, input: readInput(words) };
}

/** What a model wrote as a call's arguments; text that is no JSON is handed on as it is, and refused by the tool. */
function readInput(words: string): unknown {
  if (words.trim() === '') return {};
  try {
    return JSON.parse(words) as unknown;
  } catch {
    return words;
  }
}

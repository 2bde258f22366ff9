// Models that Ollama runs, with the two things it does quietly made loud: a context that is too small and a model that isn't there.
// Must never pull a model: that is the operator's decision. The only file that knows the ollama package.
import { Ollama } from 'ollama';
import { createAnswerGuard } from '../answer-guard.ts';
import { readFailure } from '../answer-failure.ts';
import { checkAnswer, numberAt, type Fetch } from '../http-stream.ts';
import {
  ModelError,
  type Completion,
  type CompletionRequest,
  type ModelDescription,
  type TextModel,
  type ToolCall,
  type Turn,
} from '../model.ts';
import { withPatience } from '../patient-fetch.ts';

export interface OllamaOptions {
  readonly baseUrl: string;
  readonly model: string;
  /** Such as `10m`. */
  readonly keepAlive: string;
  readonly fetch?: Fetch | undefined;
}

export function createOllamaModel(options: OllamaOptions): TextModel {
  return {
    provider: 'ollama',
    model: options.model,
    complete: (request) => answer(options, request),
    async probe(signal) {
      const names = await listOllamaModels(options, signal);
      if (!names.some((name) => name === options.model || name === `${options.model}:latest`)) throw absent(options, names);
      return describe(options, signal);
    },
  };
}

/** Names of the models that an Ollama has, newest first. @throws ModelError if none answers. */
export async function listOllamaModels(options: Pick<OllamaOptions, 'baseUrl' | 'fetch'>, signal: AbortSignal): Promise<readonly string[]> {
  try {
    const { models } = await clientFor(options, signal).list();
    return models.map(({ name }) => name);
  } catch (error) {
    throw toModelError(error, options.baseUrl);
  }
}

async function describe(options: OllamaOptions, signal: AbortSignal): Promise<ModelDescription> {
  try {
    const shown = await clientFor(options, signal).show({ model: options.model });
    const size = /^([\d.]+)\s*([BM])$/i.exec(shown.details?.parameter_size ?? '');
    const parameters = size === null ? undefined : Number(size[1]) / (size[2]?.toUpperCase() === 'M' ? 1000 : 1);
    // The key begins with the architecture's name: `qwen2.context_length`.
    const info: Readonly<Record<string, unknown>> = Object.fromEntries(Object.entries(shown.model_info ?? {}));
    const key = Object.keys(info).find((name) => name.endsWith('.context_length'));
    return {
      contextTokens: key === undefined ? undefined : numberAt(info, key),
      parameters,
      callsTools: Array.isArray(shown.capabilities) ? shown.capabilities.includes('tools') : undefined,
    };
  } catch (error) {
    throw toModelError(error, options.baseUrl);
  }
}

async function answer(options: OllamaOptions, request: CompletionRequest): Promise<Completion> {
  const client = clientFor(options, request.signal);
  const guard = createAnswerGuard(options.model, request);
  const calls: ToolCall[] = [];
  let text = '';
  let thoughts = 0;
  try {
    const stream = await client.chat({
      model: options.model,
      messages: [{ role: 'system', content: request.system }, ...request.turns.map(writeTurn)],
      stream: true,
      keep_alive: options.keepAlive,
      // Without num_ctx Ollama cuts the prompt to its default and says nothing.
      options: { num_ctx: request.contextTokens, num_predict: request.maxOutputTokens, temperature: request.temperature },
      ...(request.schema === undefined ? {} : { format: request.schema }),
      ...(request.tools?.mayCall === true
        ? { tools: request.tools.definitions.map((definition) => ({ type: 'function', function: { ...definition } })) }
        : {}),
    });
    for await (const part of stream) {
      text += part.message.content;
      thoughts += part.message.thinking?.length ?? 0;
      for (const call of part.message.tool_calls ?? [])
        calls.push({ id: `call-${request.turns.length}-${calls.length}`, name: call.function.name, input: call.function.arguments });
      try {
        guard.check(thoughts === 0 ? text : text.padEnd(text.length + thoughts));
      } catch (error) {
        stream.abort();
        throw error;
      }
      if (!part.done) continue;
      return {
        text,
        inputTokens: part.prompt_eval_count ?? 0,
        outputTokens: part.eval_count ?? 0,
        stopped: part.done_reason === 'length' ? 'length' : 'end',
        calls,
      };
    }
  } catch (error) {
    const failure = toModelError(error, options.baseUrl);
    if (failure.reason === 'model-absent') throw absent(options, []);
    throw failure;
  }
  throw new ModelError('broken-answer', `Ollama ended its answer without saying that it is done: it died in mid-answer`);
}

function writeTurn(turn: Turn): {
  role: string;
  content: string;
  tool_name?: string;
  tool_calls?: { function: { name: string; arguments: object } }[];
} {
  if (turn.role === 'tool') return { role: 'tool', content: turn.content, tool_name: turn.name };
  if (turn.role === 'user' || turn.calls === undefined || turn.calls.length === 0) return { role: turn.role, content: turn.content };
  const calls = turn.calls.map(({ name, input }) => ({
    function: { name, arguments: typeof input === 'object' && input !== null ? input : {} },
  }));
  return { role: 'assistant', content: turn.content, tool_calls: calls };
}

/** A client for one request, because the package's own abort stops all of a client's requests. */
function clientFor({ baseUrl, fetch: doFetch = globalThis.fetch }: Pick<OllamaOptions, 'baseUrl' | 'fetch'>, signal: AbortSignal): Ollama {
  return new Ollama({
    host: baseUrl,
    fetch: async (input: Parameters<typeof fetch>[0], init?: RequestInit) => {
      const signals = [signal, ...(init?.signal === undefined || init.signal === null ? [] : [init.signal])];
      const response = await doFetch(input, withPatience({ ...init, signal: AbortSignal.any(signals), redirect: 'error' }));
      // Read here, because the package prints to standard output on its way to an error.
      return checkAnswer(response, baseUrl);
    },
  });
}

function absent(options: OllamaOptions, names: readonly string[]): ModelError {
  const has = names.length === 0 ? '' : ` It has ${names.slice(0, 10).join(', ')}.`;
  return new ModelError(
    'model-absent',
    `Ollama at ${options.baseUrl} has no model ${options.model}. Run \`ollama pull ${options.model}\` there, or set model.model.${has}`,
  );
}

function toModelError(error: unknown, baseUrl: string): ModelError {
  if (error instanceof ModelError) return error;
  // The package throws a plain Error for an `error` line in the stream, and for a stream that ends early.
  if (error instanceof SyntaxError || (error instanceof Error && /did not receive done|unexpected end/i.test(error.message)))
    return new ModelError('broken-answer', `Ollama died in mid-answer: ${error.message}`, { cause: error });
  const failure = readFailure(error, baseUrl);
  if (failure.reason !== 'unreachable') return failure;
  return new ModelError('unreachable', `${failure.message}. If Ollama isn't running there, start it with \`ollama serve\``, {
    cause: error,
  });
}

// Models that Ollama runs, with the two things it does quietly made loud: a context that is too small and a model that isn't there.
// Must never pull a model: that is the operator's decision. The only file that knows the ollama package.
import { Ollama } from 'ollama';
import { readFailure, readStatus } from '../http-stream.ts';
import { ModelError, type Completion, type CompletionRequest, type TextModel } from '../model.ts';

export interface OllamaOptions {
  readonly baseUrl: string;
  readonly model: string;
  /** Such as `10m`. */
  readonly keepAlive: string;
}

const mostErrorCharacters = 500;
/** Characters after which an answer is taken to run without end, for each token that was allowed. */
const mostCharactersPerToken = 12;

export function createOllamaModel(options: OllamaOptions): TextModel {
  return {
    provider: 'ollama',
    model: options.model,
    complete: (request) => answer(options, request),
    async probe(signal) {
      const names = await listOllamaModels(options.baseUrl, signal);
      if (!names.some((name) => name === options.model || name === `${options.model}:latest`)) throw absent(options, names);
    },
  };
}

/** Names of the models that an Ollama has, newest first. @throws ModelError if none answers. */
export async function listOllamaModels(baseUrl: string, signal: AbortSignal): Promise<readonly string[]> {
  try {
    const { models } = await clientFor(baseUrl, signal).list();
    return models.map(({ name }) => name);
  } catch (error) {
    throw toModelError(error, baseUrl);
  }
}

async function answer(options: OllamaOptions, request: CompletionRequest): Promise<Completion> {
  const client = clientFor(options.baseUrl, request.signal);
  const mostCharacters = request.maxOutputTokens * mostCharactersPerToken;
  let text = '';
  try {
    const stream = await client.chat({
      model: options.model,
      messages: [{ role: 'system', content: request.system }, ...request.turns],
      stream: true,
      keep_alive: options.keepAlive,
      // Without num_ctx Ollama cuts the prompt to its default and says nothing.
      options: { num_ctx: request.contextTokens, num_predict: request.maxOutputTokens, temperature: request.temperature },
      ...(request.schema === undefined ? {} : { format: request.schema }),
    });
    for await (const part of stream) {
      text += part.message.content;
      request.onProgress?.(text.length);
      if (text.length > mostCharacters) {
        stream.abort();
        throw new ModelError('broken-answer', `${options.model} went on beyond the ${request.maxOutputTokens} tokens that it was allowed`);
      }
      if (!part.done) continue;
      return {
        text,
        inputTokens: part.prompt_eval_count ?? 0,
        outputTokens: part.eval_count ?? 0,
        stopped: part.done_reason === 'length' ? 'length' : 'end',
      };
    }
  } catch (error) {
    const failure = toModelError(error, options.baseUrl);
    if (failure.reason === 'model-absent') throw absent(options, []);
    throw failure;
  }
  throw new ModelError('broken-answer', `Ollama ended its answer without saying that it is done: it died in mid-answer`);
}

/** A client for one request, because the package's own abort stops all of a client's requests. */
function clientFor(baseUrl: string, signal: AbortSignal): Ollama {
  return new Ollama({
    host: baseUrl,
    fetch: async (input: Parameters<typeof fetch>[0], init?: RequestInit) => {
      const signals = [signal, ...(init?.signal === undefined || init.signal === null ? [] : [init.signal])];
      const response = await fetch(input, { ...init, signal: AbortSignal.any(signals), redirect: 'error' });
      // Read here, because the package prints to standard output on its way to an error.
      if (!response.ok) {
        const detail = (await response.text().catch(() => '')).slice(0, mostErrorCharacters);
        throw readStatus(response.status, detail, response.headers.get('retry-after'), baseUrl);
      }
      return response;
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
  return readFailure(error, baseUrl);
}

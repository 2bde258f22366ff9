// HTTP to a model server: a JSON request, an answer as server-sent events or JSON, and every failure as a ModelError.
// Must never follow a redirect (it would carry the key elsewhere) or put a key into a message.
import { originOf, readFailure, readStatus } from './answer-failure.ts';
import { ModelError } from './model.ts';
import { withPatience } from './patient-fetch.ts';

export type Fetch = typeof globalThis.fetch;

export interface HttpRequest {
  readonly url: string;
  readonly method: 'GET' | 'POST';
  readonly headers: Readonly<Record<string, string>>;
  readonly body: unknown;
  readonly signal: AbortSignal;
  /** What may open connections; the global one by default. */
  readonly fetch?: Fetch | undefined;
}

/** An answer of a model is text; more than this is a server gone mad. */
const mostBytes = 16 * 1024 * 1024;
const mostErrorBytes = 64 * 1024;
const mostErrorCharacters = 500;

/** Sends the request and checks the status. @throws ModelError */
export async function openAnswer(request: HttpRequest): Promise<Response> {
  let response: Response;
  try {
    response = await (request.fetch ?? fetch)(
      request.url,
      withPatience({
        method: request.method,
        headers: { 'content-type': 'application/json', ...request.headers },
        signal: request.signal,
        redirect: 'manual',
        ...(request.body === undefined ? {} : { body: JSON.stringify(request.body) }),
      }),
    );
  } catch (error) {
    throw readFailure(error, request.url);
  }
  return checkAnswer(response, request.url);
}

/** The answer with an end to what it may send, or why it is none. @throws ModelError */
export async function checkAnswer(response: Response, url: string): Promise<Response> {
  if (response.ok) return limitBody(response, mostBytes, url);
  // A broken explanation is none.
  const detail = await limitBody(response, mostErrorBytes, url)
    .text()
    .catch(() => '');
  throw readStatus(response.status, detail.slice(0, mostErrorCharacters), response.headers, url);
}

/** All of an answer that is no stream. @throws ModelError */
export async function readWholeText(response: Response, url: string): Promise<string> {
  try {
    return await response.text();
  } catch (error) {
    throw readFailure(error, url);
  }
}

/** The same answer, broken off where it goes on without end. */
function limitBody(response: Response, most: number, url: string): Response {
  if (response.body === null) return response;
  let bytes = 0;
  const limit = new TransformStream<Uint8Array, Uint8Array>({
    transform(chunk, controller) {
      bytes += chunk.byteLength;
      if (bytes > most) controller.error(new ModelError('runaway', `${originOf(url)} sent more than ${most} bytes for one answer`));
      else controller.enqueue(chunk);
    },
  });
  const { status, statusText, headers } = response;
  return new Response(response.body.pipeThrough(limit), { status, statusText, headers });
}

/** The `data:` lines of a stream, one by one, until it ends. @throws ModelError if it breaks or grows without end. */
export async function* readEvents(response: Response, url: string): AsyncGenerator<string> {
  if (response.body === null) throw new ModelError('broken-answer', `${originOf(url)} answered without a body`);
  const decoder = new TextDecoder();
  let text = '';
  try {
    const body: AsyncIterable<Uint8Array> = response.body;
    for await (const chunk of body) {
      text += decoder.decode(chunk, { stream: true });
      const lines = text.split('\n');
      text = lines.pop() ?? '';
      for (const line of lines) {
        if (line.startsWith('data:')) yield line.slice(5).trim();
      }
    }
  } catch (error) {
    throw readFailure(error, url);
  }
  if (text.startsWith('data:')) yield text.slice(5).trim();
}

/** @throws ModelError `broken-answer` if it is no JSON object. */
export function readObject(text: string, url: string): Readonly<Record<string, unknown>> {
  try {
    const parsed: unknown = JSON.parse(text);
    if (isRecord(parsed)) return parsed;
  } catch (error) {
    const hint = /^\s*</.test(text) ? ', which looks like a web page; check model.baseUrl' : '';
    throw new ModelError('broken-answer', `${originOf(url)} answered with something that is no JSON: ${text.slice(0, 100)}${hint}`, {
      cause: error,
    });
  }
  throw new ModelError('broken-answer', `${originOf(url)} answered with JSON that is no object`);
}

/** The value at a path of keys and indexes, or undefined. */
export function valueAt(value: unknown, ...path: readonly (string | number)[]): unknown {
  let current = value;
  for (const key of path) {
    if (Array.isArray(current) && typeof key === 'number') current = current[key];
    else if (isRecord(current) && typeof key === 'string') current = current[key];
    else return undefined;
  }
  return current;
}

export function numberAt(value: unknown, ...path: readonly (string | number)[]): number | undefined {
  const found = valueAt(value, ...path);
  return typeof found === 'number' && Number.isFinite(found) ? found : undefined;
}

export function textAt(value: unknown, ...path: readonly (string | number)[]): string | undefined {
  const found = valueAt(value, ...path);
  return typeof found === 'string' ? found : undefined;
}

function isRecord(value: unknown): value is Readonly<Record<string, unknown>> {
  return typeof value === 'object' && value !== null && !Array.isArray(value);
}

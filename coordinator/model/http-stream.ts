// HTTP to a model server: a JSON request, an answer as server-sent events or JSON, and every failure as a ModelError.
// Must never follow a redirect (it would carry the key elsewhere) or put a key into a message.
import { isHephaestusError } from '../../base/errors.ts';
import { ModelError } from './model.ts';

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
const mostErrorCharacters = 500;

/** Sends the request and checks the status. @throws ModelError */
export async function openAnswer(request: HttpRequest): Promise<Response> {
  let response: Response;
  try {
    response = await (request.fetch ?? fetch)(request.url, {
      method: request.method,
      headers: { 'content-type': 'application/json', ...request.headers },
      signal: request.signal,
      redirect: 'manual',
      ...(request.body === undefined ? {} : { body: JSON.stringify(request.body) }),
    });
  } catch (error) {
    throw readFailure(error, request.url);
  }
  if (response.ok) return response;
  const detail = (await response.text().catch(() => '')).slice(0, mostErrorCharacters);
  throw readStatus(response.status, detail, response.headers.get('retry-after'), request.url);
}

/** The `data:` lines of a stream, one by one, until it ends. @throws ModelError if it breaks or grows without end. */
export async function* readEvents(response: Response, url: string): AsyncGenerator<string> {
  if (response.body === null) throw new ModelError('broken-answer', `${originOf(url)} answered without a body`);
  const decoder = new TextDecoder();
  let text = '';
  let bytes = 0;
  try {
    const body: AsyncIterable<Uint8Array> = response.body;
    for await (const chunk of body) {
      bytes += chunk.byteLength;
      if (bytes > mostBytes) throw new ModelError('broken-answer', `${originOf(url)} sent more than ${mostBytes} bytes for one answer`);
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
    throw new ModelError('broken-answer', `${originOf(url)} answered with something that is no JSON: ${text.slice(0, 100)}`, {
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

/** What a thrown error of fetch means. */
export function readFailure(error: unknown, url: string): ModelError {
  if (error instanceof ModelError) return error;
  if (isHephaestusError(error) && error.code === 'offline.refused') return new ModelError('refused', error.message, { cause: error });
  const name = error instanceof Error ? error.name : '';
  if (name === 'TimeoutError')
    return new ModelError('timeout', `${originOf(url)} did not answer in time; raise model.requestTimeoutMs if the model is slow`, {
      cause: error,
    });
  if (name === 'AbortError') return new ModelError('timeout', `the request to ${originOf(url)} was stopped`, { cause: error });
  const cause = error instanceof Error && error.cause instanceof Error ? error.cause.message : String(error);
  const isConnection = /ECONNREFUSED|ENOTFOUND|EAI_AGAIN|EHOSTUNREACH|ENETUNREACH|connect/i.test(cause);
  return isConnection
    ? new ModelError('unreachable', `no model server answers at ${originOf(url)} (${cause}); check model.baseUrl`, { cause: error })
    : new ModelError('broken-answer', `the answer of ${originOf(url)} broke off: ${cause}`, { cause: error });
}

export function readStatus(status: number, detail: string, retryAfter: string | null, url: string): ModelError {
  const said = `${originOf(url)} answered ${status}${detail === '' ? '' : `: ${detail.replaceAll(/\s+/g, ' ')}`}`;
  if (status === 401 || status === 403) return new ModelError('refused', `${said}. Check the secret that model.key names`);
  if (status === 404) return new ModelError('model-absent', `${said}. Check model.model and model.baseUrl`);
  if (status === 408) return new ModelError('timeout', said);
  // 529 is Anthropic's for an overload of the whole service.
  if (status === 429 || status === 529 || status >= 500)
    return new ModelError('overloaded', said, { retryAfterMs: readRetryAfter(retryAfter) });
  return new ModelError('bad-request', said);
}

function readRetryAfter(value: string | null): number | undefined {
  if (value === null) return undefined;
  const seconds = Number(value);
  // The date form needs a clock that agrees with the server's; our own backoff is as good.
  return Number.isFinite(seconds) && seconds >= 0 ? seconds * 1000 : undefined;
}

/** Scheme, host and port: never the path or query, which may hold a key. */
function originOf(url: string): string {
  return URL.canParse(url) ? new URL(url).origin : 'the model server';
}

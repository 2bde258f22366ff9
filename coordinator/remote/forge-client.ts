// A small client for forges that speak JSON over HTTP: time limits, pages, and reads repeated where that is safe.
// Must never send a request twice that may have changed something.
import type { Clock } from '../../base/clock.ts';
import { HephaestusError } from '../../base/errors.ts';
import type { Secret } from '../../base/secret.ts';
import { forgeFailure, rateLimitWaitMs } from './forge-failure.ts';

export interface ForgeClientOptions {
  /** `Gitea`, `GitLab`. */
  readonly forge: string;
  /** Without a slash at its end: `https://HOST/api/v1`. */
  readonly baseUrl: string;
  /** For messages: `owner/name`. */
  readonly repository: string;
  readonly token: () => Promise<Secret | undefined>;
  /** The header that carries the token. */
  readonly authorize: (token: string) => readonly [name: string, value: string];
  readonly clock: Clock;
  /** For one request. Default 30 s. */
  readonly timeoutMs?: number | undefined;
  /** What may open connections; the global one by default. */
  readonly fetch?: typeof globalThis.fetch | undefined;
}

export type Query = Readonly<Record<string, string | number | boolean>>;
/** An answer's object; its members are read with care, since it comes from outside. */
export type JsonObject = Readonly<Record<string, unknown>>;

const readAttempts = 3;
const longestWaitMs = 60_000;
const mostPages = 50;
const pageSize = 50;
/** Answers that are kept to ask only whether they changed. */
const keptAnswers = 200;

export class ForgeClient {
  readonly #options: ForgeClientOptions;
  /** By path and query, the one used longest ago first. */
  readonly #answers = new Map<string, { readonly etag: string; readonly text: string }>();

  constructor(options: ForgeClientOptions) {
    this.#options = options;
  }

  async get(path: string, query: Query = {}): Promise<JsonObject> {
    return asObject(await this.#json('GET', path, query, undefined));
  }

  /** @returns undefined for 404. */
  async find(path: string, query: Query = {}): Promise<JsonObject | undefined> {
    try {
      return await this.get(path, query);
    } catch (error) {
      if (error instanceof HephaestusError && error.code === 'remote.not-found') return undefined;
      throw error;
    }
  }

  /** Page after page, until the caller has enough. */
  async *list(path: string, query: Query = {}, sizeParameter = 'limit'): AsyncGenerator<JsonObject> {
    let before = '';
    for (let page = 1; page <= mostPages; page++) {
      const items = await this.#json('GET', path, { ...query, [sizeParameter]: pageSize, page }, undefined);
      if (!Array.isArray(items) || items.length === 0) return;
      // Some lists have no pages (Gitea's comments of an issue) and come whole each time.
      const first = textOf(asObject(items[0]), 'id');
      if (first !== '' && first === before) return;
      before = first;
      for (const item of items) yield asObject(item);
    }
  }

  async send(method: 'POST' | 'PATCH' | 'PUT', path: string, body: JsonObject): Promise<JsonObject> {
    return asObject(await this.#json(method, path, {}, body));
  }

  async #json(method: string, path: string, query: Query, body: JsonObject | undefined): Promise<unknown> {
    const { clock } = this.#options;
    for (let attempt = 1; ; attempt++) {
      const outcome = await this.#once(method, path, query, body);
      if (outcome.kind === 'answered') return outcome.value;
      const waitMs =
        method === 'GET' || outcome.limitedMs !== undefined
          ? (outcome.limitedMs ?? (outcome.isPassing ? 250 * 4 ** (attempt - 1) : undefined))
          : undefined;
      if (waitMs === undefined || waitMs > longestWaitMs || attempt >= readAttempts) throw outcome.error;
      await clock.sleep(waitMs);
    }
  }

  async #once(method: string, path: string, query: Query, body: JsonObject | undefined): Promise<Outcome> {
    const { baseUrl, clock, timeoutMs } = this.#options;
    const parameters = new URLSearchParams(
      Object.entries(query).map(([name, value]): [string, string] => [name, String(value)]),
    ).toString();
    const token = await this.#options.token();
    const [name, value] = token === undefined ? ['accept', 'application/json'] : this.#options.authorize(token.reveal());
    const place = `${path}${parameters === '' ? '' : `?${parameters}`}`;
    const known = method === 'GET' ? this.#answers.get(place) : undefined;
    let status: number | undefined;
    let headers: Record<string, string> = {};
    let said = '';
    try {
      const response = await (this.#options.fetch ?? fetch)(`${baseUrl}${place}`, {
        method,
        headers: {
          accept: 'application/json',
          'user-agent': 'hephaestus',
          [name]: value,
          ...(known === undefined ? {} : { 'if-none-match': known.etag }),
          ...(body === undefined ? {} : { 'content-type': 'application/json' }),
        },
        ...(body === undefined ? {} : { body: JSON.stringify(body) }),
        // A POST that is redirected would arrive as a GET.
        redirect: method === 'GET' ? 'follow' : 'manual',
        signal: AbortSignal.timeout(timeoutMs ?? 30_000),
      });
      headers = Object.fromEntries(response.headers);
      const answered = await response.text();
      // Unchanged: what it was is still here (RFC 9110, section 13.1.2).
      const text = known !== undefined && response.status === 304 ? known.text : answered;
      if (method === 'GET') this.#keep(place, response, text, known?.etag);
      if (response.ok || (known !== undefined && response.status === 304))
        return { kind: 'answered', value: text === '' ? {} : (JSON.parse(text) as unknown) };
      status = response.status;
      said = messageOf(text);
    } catch (error) {
      said = error instanceof Error ? describe(error) : String(error);
    }
    const isRead = method === 'GET';
    const nowMs = clock.now();
    const { forge, repository } = this.#options;
    return {
      kind: 'failed',
      limitedMs: status === undefined ? undefined : rateLimitWaitMs(status, headers, said, nowMs),
      isPassing: status === undefined || status >= 500 || status === 408,
      error: forgeFailure({ forge, repository, status, headers, said, isRead, nowMs, cause: undefined }),
    };
  }

  #keep(place: string, response: Response, text: string, knownEtag: string | undefined): void {
    const etag = response.headers.get('etag') ?? (response.status === 304 ? knownEtag : undefined);
    this.#answers.delete(place);
    if (etag !== undefined && etag !== '' && (response.ok || response.status === 304)) this.#answers.set(place, { etag, text });
    const [oldest] = this.#answers.keys();
    if (this.#answers.size > keptAnswers && oldest !== undefined) this.#answers.delete(oldest);
  }
}

type Outcome =
  | { readonly kind: 'answered'; readonly value: unknown }
  | { readonly kind: 'failed'; readonly limitedMs: number | undefined; readonly isPassing: boolean; readonly error: HephaestusError };

function messageOf(text: string): string {
  try {
    const { message, error, error_description: description, scope } = asObject(JSON.parse(text));
    const found = message ?? error;
    const said = typeof found === 'string' ? found : JSON.stringify(found ?? '');
    // GitLab names what a token lacks beside its message (RFC 6750, section 3.1).
    const told = typeof description === 'string' ? `${said}: ${description}` : said;
    return typeof scope === 'string' ? `${told} (required scope(s): [${scope}])` : told;
  } catch {
    // An error page of a proxy in front of the forge.
    return text.slice(0, 200);
  }
}

function describe(error: Error): string {
  return error.cause instanceof Error ? `${error.message}: ${error.cause.message}` : error.message;
}

function asObject(value: unknown): JsonObject {
  return typeof value === 'object' && value !== null ? (value as JsonObject) : {};
}

export function textOf(object: JsonObject, ...path: readonly string[]): string {
  let value: unknown = object;
  for (const name of path) value = asObject(value)[name];
  return typeof value === 'string' ? value : typeof value === 'number' ? String(value) : '';
}

/** An ISO time in an answer, as Unix milliseconds. */
export function timeOf(object: JsonObject, ...path: readonly string[]): number | undefined {
  const ms = Date.parse(textOf(object, ...path));
  return Number.isNaN(ms) ? undefined : ms;
}

// Speaks to GitHub's API: authentication, time limits, rate limits, conditional requests, and what its failures mean. The only file that knows octokit.
// Must never send a request twice that may have changed something.
import { App, Octokit, RequestError } from 'octokit';
import type { Clock } from '../../base/clock.ts';
import { HephaestusError } from '../../base/errors.ts';
import { Secret } from '../../base/secret.ts';
import { forgeFailure, rateLimitWaitMs } from './forge-failure.ts';

/** A personal access token, or a GitHub App's key with the installation, which is looked up if it isn't given. */
export type GitHubCredential =
  | { readonly kind: 'token'; readonly token: Secret }
  | { readonly kind: 'app'; readonly appId: string; readonly privateKey: Secret; readonly installationId: number | undefined };

export interface GitHubClientOptions {
  /** `https://api.github.com`, or `https://HOST/api/v3` for Enterprise. */
  readonly baseUrl: string;
  readonly owner: string;
  readonly name: string;
  /** Asked once a connection. */
  readonly credential: () => Promise<GitHubCredential | undefined>;
  readonly clock: Clock;
  /** For one request. Default 30 s. */
  readonly timeoutMs?: number | undefined;
  /** A rate limit that ends sooner is waited for, a longer one is an error that says when. Default 60 s. */
  readonly longestWaitMs?: number | undefined;
  /** What may open connections; the global one by default. */
  readonly fetch?: typeof globalThis.fetch | undefined;
}

export type GitHubApi = Octokit;

/** What GitHub says that a credential may: an App's permissions (`contents: write`), or a classic token's scopes. */
export type GitHubGrant =
  | { readonly kind: 'app'; readonly permissions: Readonly<Record<string, string>> }
  | { readonly kind: 'scopes'; readonly scopes: readonly string[] }
  /** A fine-grained token, of which GitHub doesn't tell; or none. */
  | { readonly kind: 'untold' };

interface Connection {
  readonly api: Octokit;
  readonly token: () => Promise<Secret | undefined>;
  /** Undefined for a token. */
  readonly permissions: (() => Promise<Readonly<Record<string, string>>>) | undefined;
}

type RequestHook = Parameters<typeof Octokit.prototype.hook.wrap<'request'>>[1];
type Send = Parameters<RequestHook>[0];
type Sent = Parameters<RequestHook>[1];
type Received = Awaited<ReturnType<RequestHook>>;

/** Attempts at a request that changes nothing. */
const readAttempts = 3;
const keptAnswers = 200;

export class GitHubClient {
  readonly #options: GitHubClientOptions;
  readonly #answers = new Map<string, { readonly etag: string; readonly answer: Received }>();
  #connection: Promise<Connection> | undefined;

  constructor(options: GitHubClientOptions) {
    this.#options = options;
  }

  async api(): Promise<GitHubApi> {
    return (await this.#connect()).api;
  }

  /** A token for git over https: the personal one, or one of the installation that lives an hour. */
  async token(): Promise<Secret | undefined> {
    const connection = await this.#connect();
    try {
      return await connection.token();
    } catch (error) {
      throw this.#failure(error, false);
    }
  }

  /** Whether it acts as a GitHub App, whose commits GitHub signs. */
  async isApp(): Promise<boolean> {
    return (await this.#connect()).permissions !== undefined;
  }

  /** @param headers of an answer to any request */
  async grant(headers: Readonly<Record<string, unknown>>): Promise<GitHubGrant> {
    const { permissions } = await this.#connect();
    if (permissions !== undefined) {
      try {
        return { kind: 'app', permissions: await permissions() };
      } catch (error) {
        throw this.#failure(error, false);
      }
    }
    const scopes = headers['x-oauth-scopes'];
    return typeof scopes === 'string' ? { kind: 'scopes', scopes: scopes.split(/, */).filter((one) => one !== '') } : { kind: 'untold' };
  }

  async #connect(): Promise<Connection> {
    const connecting = (this.#connection ??= this.#open());
    try {
      return await connecting;
    } catch (error) {
      // The next call tries anew.
      this.#connection = undefined;
      throw error;
    }
  }

  async #open(): Promise<Connection> {
    const { baseUrl, owner, name } = this.#options;
    const credential = await this.#options.credential();
    // Both plugins would repeat requests that may have been carried out.
    const request = this.#options.fetch === undefined ? {} : { request: { fetch: this.#options.fetch } };
    const settings = { baseUrl, userAgent: 'hephaestus', retry: { enabled: false }, throttle: { enabled: false }, ...request };
    if (credential?.kind !== 'app') {
      const token = credential?.token;
      const api = new Octokit(token === undefined ? settings : { ...settings, auth: token.reveal() });
      this.#guard(api);
      return { api, token: async () => token, permissions: undefined };
    }
    const app = new App({ appId: credential.appId, privateKey: credential.privateKey.reveal(), Octokit: Octokit.defaults(settings) });
    this.#guard(app.octokit);
    const installationId =
      credential.installationId ?? (await app.octokit.request('GET /repos/{owner}/{repo}/installation', { owner, repo: name })).data.id;
    const api = await app.getInstallationOctokit(installationId);
    this.#guard(api);
    const grant = async (refresh: boolean) =>
      (await api.auth({ type: 'installation', installationId, refresh })) as {
        readonly token: string;
        readonly permissions: Readonly<Record<string, string>>;
      };
    return {
      api,
      token: async () => new Secret((await grant(false)).token),
      // Asked anew: somebody may just have granted what was missing.
      permissions: async () => (await grant(true)).permissions,
    };
  }

  #guard(api: Octokit): void {
    api.hook.wrap('request', async (send, sent) => this.#send(send, sent));
  }

  async #send(send: Send, sent: Sent): Promise<Received> {
    const isRead = sent.method === 'GET' || sent.method === 'HEAD';
    for (let attempt = 1; ; attempt++) {
      try {
        return whole(isRead ? await this.#sendConditionally(send, sent) : await send(this.#limit(sent)));
      } catch (error) {
        const waitMs = this.#waitMs(error, isRead, attempt);
        if (waitMs === undefined) throw this.#failure(error, isRead);
        await this.#options.clock.sleep(waitMs);
      }
    }
  }

  /** A rate limit refuses before anything is done, so that any request may be repeated after it; other failures only let reads be. */
  #waitMs(error: unknown, isRead: boolean, attempt: number): number | undefined {
    if (attempt >= readAttempts) return undefined;
    const longestWaitMs = this.#options.longestWaitMs ?? 60_000;
    const limitedMs =
      error instanceof RequestError ? rateLimitWaitMs(error.status, headersOf(error), error.message, this.#options.clock.now()) : undefined;
    if (limitedMs !== undefined) return limitedMs <= longestWaitMs ? limitedMs : undefined;
    const passing = !(error instanceof RequestError) || error.status >= 500 || error.status === 408;
    return isRead && passing ? 250 * 4 ** (attempt - 1) : undefined;
  }

  /** An answer that hasn't changed costs nothing of the rate limit (304). */
  async #sendConditionally(send: Send, sent: Sent): Promise<Received> {
    const key = JSON.stringify([
      sent.url,
      Object.entries(sent).filter(([name]) => !['headers', 'request', 'mediaType', 'hook'].includes(name)),
    ]);
    const known = this.#answers.get(key);
    if (known !== undefined) sent.headers['if-none-match'] = known.etag;
    try {
      const answer = await send(this.#limit(sent));
      const etag = answer.headers.etag;
      this.#answers.delete(key);
      if (etag !== undefined) this.#answers.set(key, { etag, answer });
      const [oldest] = this.#answers.keys();
      if (this.#answers.size > keptAnswers && oldest !== undefined) this.#answers.delete(oldest);
      return answer;
    } catch (error) {
      if (known !== undefined && error instanceof RequestError && error.status === 304) return known.answer;
      throw error;
    }
  }

  /** In place: the hooks below this one (authentication) are bound to this very object, whatever they are called with. */
  #limit(sent: Sent): Sent {
    sent.request = { ...sent.request, signal: AbortSignal.timeout(this.#options.timeoutMs ?? 30_000) };
    return sent;
  }

  #failure(error: unknown, isRead: boolean): HephaestusError {
    if (error instanceof HephaestusError) return error;
    const { owner, name, clock } = this.#options;
    // octokit says 500 where there was no answer at all.
    const status = error instanceof RequestError && error.response !== undefined ? error.status : undefined;
    const headers = error instanceof RequestError ? headersOf(error) : {};
    const said = error instanceof Error ? error.message : String(error);
    return forgeFailure({
      forge: 'GitHub',
      repository: `${owner}/${name}`,
      status,
      headers,
      said,
      isRead,
      nowMs: clock.now(),
      cause: error,
    });
  }
}

/** octokit passes on what it got when the connection breaks within an answer; all that is asked for here is JSON, so that text is half of one. */
function whole(answer: Received): Received {
  if (typeof answer.data === 'string' && answer.status !== 204 && answer.status !== 205)
    throw new Error('the connection broke within the answer');
  return answer;
}

function headersOf(error: RequestError): Readonly<Record<string, string>> {
  const headers = error.response?.headers ?? {};
  return Object.fromEntries(Object.entries(headers).map(([name, value]) => [name.toLowerCase(), String(value)]));
}

// A GitLab in memory over a real bare repository: the part of the API (v4) that the adapter uses, and git over http.
// Must never be kinder than GitLab: it refuses what GitLab refuses, with GitLab's statuses and words.
import { execFileSync } from 'node:child_process';
import { createHash } from 'node:crypto';
import type { IncomingMessage, ServerResponse } from 'node:http';
import type { Plan } from './fake-github.ts';
import { disturb, GitHttpServer } from './git-http-server.ts';

type Json = Readonly<Record<string, unknown>>;
interface Answer {
  readonly status: number;
  readonly body: unknown;
}

interface MergeRequest {
  readonly iid: number;
  title: string;
  description: string;
  readonly source_branch: string;
  state: 'opened' | 'closed' | 'merged';
  labels: string[];
  reviewers: number[];
}

export class FakeGitLab {
  readonly token = 'glpat-right';
  archived = false;
  hasIssues = true;
  /** Of the token. */
  scopes: readonly string[] = ['api', 'write_repository'];
  expiresAt: string | null = null;
  /** Below the developer's 30, nothing may be pushed. */
  accessLevel = 30;
  readonly mergeRequests: MergeRequest[] = [];
  readonly issues: { iid: number; title: string; description: string; state: 'opened' | 'closed'; labels: string }[] = [];
  readonly notes: { id: number; place: string; body: string; author?: { id: number; username: string }; created_at?: string }[] = [];
  statuses: Json[] = [];
  plans: Plan[] = [];
  /** Decides on the fate of an API request, `METHOD /path`: cut before it has an effect, or after. */
  intercept: ((what: string) => 'before' | 'after' | undefined) | undefined;
  readonly requests: string[] = [];
  /** Answers that had not changed. */
  notModified = 0;
  readonly #repository: string;
  readonly #server: GitHttpServer;
  #url = '';

  constructor(bareRepository: string) {
    this.#repository = bareRepository;
    this.#server = new GitHttpServer({
      root: bareRepository,
      tokens: [this.token],
      resolvePath: (path) => /^\/acme\/web\/shop(?:\.git)?(\/(?:info\/refs|git-[\w-]+))$/.exec(path)?.[1],
      fallback: (request, response) => void this.#handle(request, response),
    });
  }

  get url(): string {
    return `${this.#url}/acme/web/shop`;
  }

  async listen(): Promise<void> {
    this.#url = await this.#server.listen();
  }

  async close(): Promise<void> {
    await this.#server.close();
  }

  async #handle(request: IncomingMessage, response: ServerResponse): Promise<void> {
    const url = new URL(request.url ?? '/', this.#url);
    const path = url.pathname.replace(/^\/api\/v4/, '');
    const method = request.method ?? 'GET';
    this.requests.push(`${method} ${path}`);
    const chunks: Buffer[] = [];
    for await (const chunk of request) chunks.push(chunk as Buffer);
    const text = Buffer.concat(chunks).toString('utf8');
    const fate = this.intercept?.(`${method} ${path}`);
    if (fate === 'before') return void response.destroy();
    const plan = this.plans.find(({ match, times }) => times > 0 && match.test(`${method} ${path}`));
    if (plan !== undefined) plan.times--;
    if (plan !== undefined && plan.after !== true) return disturb(response, plan.disturbance);
    const isLetIn = request.headers['private-token'] === this.token;
    const answer = isLetIn
      ? this.#answer(method, path, url.searchParams, (text === '' ? {} : JSON.parse(text)) as Json)
      : { status: 401, body: { message: '401 Unauthorized' } };
    if (fate === 'after') return void response.destroy();
    if (plan !== undefined) return disturb(response, plan.disturbance);
    const content = JSON.stringify(answer.body);
    const etag = `W/"${createHash('sha256').update(content).digest('hex').slice(0, 32)}"`;
    if (method === 'GET' && answer.status === 200 && request.headers['if-none-match'] === etag) {
      this.notModified++;
      response.writeHead(304, { etag }).end();
      return;
    }
    response.writeHead(answer.status, { 'content-type': 'application/json', ...(method === 'GET' ? { etag } : {}) }).end(content);
  }

  #answer(method: string, path: string, query: URLSearchParams, body: Json): Answer {
    const page = (items: readonly unknown[]): Answer => {
      const size = Math.min(100, Number(query.get('per_page') ?? '20'));
      const from = (Number(query.get('page') ?? '1') - 1) * size;
      return { status: 200, body: items.slice(from, from + size) };
    };
    if (path === '/personal_access_tokens/self')
      return { status: 200, body: { id: 1, active: true, revoked: false, scopes: this.scopes, expires_at: this.expiresAt } };
    const allowed = method === 'GET' ? ['api', 'read_api'] : ['api'];
    if (!this.scopes.some((scope) => allowed.includes(scope)))
      return {
        status: 403,
        body: {
          error: 'insufficient_scope',
          error_description: 'The request requires higher privileges than provided by the access token.',
          scope: allowed.join(' '),
        },
      };
    if (path === '/users') return page(query.get('username') === 'ann' ? [{ id: 77, username: 'ann' }] : []);
    if (path === '/projects/acme%2Fweb%2Fshop') {
      const permissions = { project_access: { access_level: this.accessLevel }, group_access: null };
      const issues = this.hasIssues ? 'enabled' : 'disabled';
      return {
        status: 200,
        body: { id: 5, path_with_namespace: 'acme/web/shop', archived: this.archived, issues_access_level: issues, permissions },
      };
    }
    const [, kind = '', number = '', part = '', id = ''] =
      /^\/projects\/5\/([^/]+)(?:\/([^/]+))?(?:\/([^/]+))?(?:\/([^/]+))?$/.exec(path) ?? [];
    if (method !== 'GET' && this.archived) return { status: 403, body: { message: '403 Forbidden - project is archived' } };
    if (kind === 'repository' && number === 'files') return this.#file(decodeURIComponent(part), query.get('ref') ?? '');
    if (kind === 'repository' && id === 'statuses') return page(this.statuses);
    if (kind === 'members') return id === '77' || part === '77' ? { status: 200, body: { id: 77, access_level: 30 } } : notFound;
    if (part === 'notes') return this.#noteCalls(method, `${kind}/${number}`, id, body, page);
    if (kind === 'merge_requests') return this.#mergeRequestCalls(method, number, query, body, page);
    if (kind !== 'issues') return notFound;
    if (method === 'GET') return page(this.issues.toReversed().map((issue) => this.#showIssue(issue)));
    const { title, description, labels } = body as { title: string; description: string; labels: string };
    const made = { iid: this.issues.length + 1, title, description, labels, state: 'opened' as const };
    this.issues.push(made);
    return { status: 201, body: this.#showIssue(made) };
  }

  #mergeRequestCalls(
    method: string,
    number: string,
    query: URLSearchParams,
    body: Json,
    page: (items: readonly unknown[]) => Answer,
  ): Answer {
    if (method === 'GET' && number !== '') {
      const known = this.mergeRequests.find(({ iid }) => String(iid) === number);
      return known === undefined ? notFound : { status: 200, body: this.#show(known) };
    }
    if (method === 'GET') {
      const [branch, state] = [query.get('source_branch'), query.get('state') ?? 'all'];
      const found = this.mergeRequests.filter(
        (one) => (branch === null || one.source_branch === branch) && (state === 'all' || one.state === state),
      );
      return page(found.toReversed().map((one) => this.#show(one)));
    }
    if (method === 'POST') {
      const { title, description, source_branch: branch } = body as { title: string; description: string; source_branch: string };
      if (this.#head(branch) === '') return { status: 422, body: { message: ['Source branch does not exist'] } };
      const open = this.mergeRequests.find((one) => one.source_branch === branch && one.state === 'opened');
      if (open !== undefined)
        return {
          status: 409,
          body: { message: [`Another open merge request already exists for this source branch: !${String(open.iid)}`] },
        };
      const made: MergeRequest = {
        iid: this.mergeRequests.length + 1,
        title,
        description,
        source_branch: branch,
        state: 'opened',
        labels: [],
        reviewers: [],
      };
      this.mergeRequests.push(made);
      return { status: 201, body: this.#show(made) };
    }
    const one = this.mergeRequests.find(({ iid }) => String(iid) === number);
    if (one === undefined) return notFound;
    if (typeof body['title'] === 'string') one.title = body['title'];
    if (typeof body['description'] === 'string') one.description = body['description'];
    if (body['state_event'] === 'close') one.state = 'closed';
    if (typeof body['add_labels'] === 'string') one.labels.push(...body['add_labels'].split(','));
    if (Array.isArray(body['reviewer_ids'])) one.reviewers = body['reviewer_ids'] as number[];
    return { status: 200, body: this.#show(one) };
  }

  #noteCalls(method: string, place: string, id: string, body: Json, page: (items: readonly unknown[]) => Answer): Answer {
    if (method === 'GET') return page(this.notes.filter((note) => note.place === place));
    const text = (body['body'] as string).trim();
    const known = this.notes.find((note) => String(note.id) === id);
    if (method === 'PUT' && known === undefined) return notFound;
    if (known === undefined) this.notes.push({ id: this.notes.length + 1, place, body: text });
    else known.body = text;
    return { status: 201, body: known ?? this.notes.at(-1) };
  }

  #file(path: string, ref: string): Answer {
    if (
      this.#git(['cat-file', '-t', `${ref}:${path}`])
        ?.toString('utf8')
        .trim() !== 'blob'
    )
      return { status: 404, body: { message: '404 File Not Found' } };
    return { status: 200, body: { encoding: 'base64', content: this.#git(['cat-file', 'blob', `${ref}:${path}`])?.toString('base64') } };
  }

  #show(one: MergeRequest): Json {
    return {
      ...one,
      sha: this.#head(one.source_branch),
      draft: one.title.startsWith('Draft:'),
      merge_commit_sha: one.state === 'merged' ? this.#head('main') : null,
      web_url: `${this.url}/-/merge_requests/${String(one.iid)}`,
    };
  }

  #showIssue(issue: FakeGitLab['issues'][number]): Json {
    return { ...issue, web_url: `${this.url}/-/issues/${String(issue.iid)}` };
  }

  #head(branch: string): string {
    return (
      this.#git(['rev-parse', '--verify', '--quiet', `refs/heads/${branch}`])
        ?.toString('utf8')
        .trim() ?? ''
    );
  }

  #git(args: readonly string[]): Buffer | undefined {
    try {
      return execFileSync('git', args, {
        cwd: this.#repository,
        stdio: ['ignore', 'pipe', 'ignore'],
        env: { PATH: '/usr/local/bin:/usr/bin:/bin', GIT_CONFIG_GLOBAL: '/dev/null' },
      });
    } catch {
      return undefined;
    }
  }
}

const notFound: Answer = { status: 404, body: { message: '404 Not Found' } };

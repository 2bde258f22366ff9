// A Gitea in memory over a real bare repository: the part of the API (v1) that the adapter uses, and git over http.
// Must never be kinder than Gitea: it refuses what Gitea refuses, with Gitea's statuses and words.
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

interface Pull {
  readonly number: number;
  title: string;
  body: string;
  readonly head: string;
  state: 'open' | 'closed';
  merged: boolean;
  reviewers: string[];
}

export class FakeGitea {
  readonly token = 'gitea_right';
  /** Of the token. */
  scopes: readonly string[] = ['write:repository', 'write:issue'];
  archived = false;
  hasIssues = true;
  readonly pulls: Pull[] = [];
  readonly issues: { number: number; title: string; body: string; state: 'open' | 'closed'; labels: number[] }[] = [];
  readonly comments: { id: number; number: string; body: string; user?: { login: string }; created_at?: string }[] = [];
  readonly labels: { id: number; name: string }[] = [];
  readonly #labelled: { readonly number: string; readonly id: number }[] = [];
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
      resolvePath: (path) => /^\/acme\/shop(?:\.git)?(\/(?:info\/refs|git-[\w-]+))$/.exec(path)?.[1],
      fallback: (request, response) => void this.#handle(request, response),
    });
  }

  /** Names, each once: a label that is there is not added again. */
  labelsOf(number: string): readonly string[] {
    const ids = new Set(this.#labelled.filter((one) => one.number === number).map(({ id }) => id));
    return this.labels.filter(({ id }) => ids.has(id)).map(({ name }) => name);
  }

  get url(): string {
    return `${this.#url}/acme/shop`;
  }

  async listen(): Promise<void> {
    this.#url = await this.#server.listen();
  }

  async close(): Promise<void> {
    await this.#server.close();
  }

  async #handle(request: IncomingMessage, response: ServerResponse): Promise<void> {
    const url = new URL(request.url ?? '/', this.#url);
    const path = url.pathname.replace(/^\/api\/v1/, '');
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
    const isLetIn = request.headers.authorization === `token ${this.token}`;
    const answer = isLetIn
      ? this.#answer(method, path, url.searchParams, (text === '' ? {} : JSON.parse(text)) as Json)
      : { status: 401, body: { message: 'invalid username, password or token' } };
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
    const rest = /^\/repos\/acme\/shop(\/.*)?$/.exec(path);
    if (rest === null) return notFound;
    const [kind, number = '', part] = (rest[1] ?? '').slice(1).split('/');
    const scope = `${method === 'GET' ? 'read' : 'write'}:${kind === 'issues' ? 'issue' : 'repository'}`;
    if (!this.scopes.some((one) => one === scope || one === scope.replace('read', 'write')))
      return {
        status: 403,
        body: {
          message: `token does not have at least one of required scope(s), required=[${scope}], token scope=${this.scopes.join(',')}`,
        },
      };
    if (method !== 'GET' && this.archived) return { status: 423, body: { message: 'acme/shop is archived' } };
    const page = (items: readonly unknown[]): Answer => {
      const size = Math.min(50, Number(query.get('limit') ?? '30'));
      const from = (Number(query.get('page') ?? '1') - 1) * size;
      return { status: 200, body: items.slice(from, from + size) };
    };
    if (kind === '') {
      const permissions = { admin: false, push: true, pull: true };
      return { status: 200, body: { full_name: 'acme/shop', archived: this.archived, has_issues: this.hasIssues, permissions } };
    }
    if (kind === 'contents')
      return this.#contents(decodeURIComponent((rest[1] ?? '').slice('/contents/'.length)), query.get('ref') ?? 'HEAD');
    if (kind === 'branches') return { status: 422, body: { message: '[NewBranchName]: Required' } };
    if (kind === 'commits') return page(this.statuses);
    if (kind === 'collaborators') return { status: 200, body: { permission: number === 'ann' ? 'write' : 'read' } };
    if (kind === 'labels' && method === 'GET') return page(this.labels);
    if (kind === 'labels') {
      this.labels.push({ id: this.labels.length + 1, name: body['name'] as string });
      return { status: 201, body: this.labels.at(-1) };
    }
    if (kind === 'pulls') return this.#pullRequests(method, number, part, { state: query.get('state') ?? 'open', body }, page);
    if (kind !== 'issues') return notFound;
    if (number === 'comments') {
      const comment = this.comments.find(({ id }) => String(id) === part);
      if (comment === undefined) return notFound;
      comment.body = body['body'] as string;
      return { status: 200, body: comment };
    }
    if (part === 'comments' && method === 'GET') return page(this.comments.filter((comment) => comment.number === number));
    if (part === 'comments') {
      this.comments.push({ id: this.comments.length + 1, number, body: body['body'] as string, user: { login: 'hephaestus' } });
      return { status: 201, body: this.comments.at(-1) };
    }
    if (part === 'labels') {
      const labels = body['labels'] as number[];
      if (labels.some((id) => !this.labels.some((label) => label.id === id)))
        return { status: 404, body: { message: 'label does not exist' } };
      this.issues.find((issue) => String(issue.number) === number)?.labels.push(...labels);
      this.#labelled.push(...labels.map((id) => ({ number, id })));
      return { status: 200, body: [] };
    }
    if (!this.hasIssues) return notFound;
    if (method === 'GET') return page(this.issues.toReversed().map((issue) => this.#showIssue(issue)));
    if (typeof body['title'] !== 'string') return { status: 422, body: { message: '[Title]: Required' } };
    const made = {
      number: this.#nextNumber(),
      title: body['title'],
      body: body['body'] as string,
      state: 'open' as const,
      labels: [],
    };
    this.issues.push(made);
    return { status: 201, body: this.#showIssue(made) };
  }

  #pullRequests(
    method: string,
    number: string,
    part: string | undefined,
    { state, body }: { readonly state: string; readonly body: Json },
    page: (items: readonly unknown[]) => Answer,
  ): Answer {
    if (method === 'GET' && number === '') {
      const asked = this.pulls.filter(({ state: own }) => state === 'all' || own === state);
      return page(asked.toReversed().map((pull) => this.#showPull(pull)));
    }
    if (method === 'POST' && number === '') {
      const { title, head, base } = body as { title: string; head: string; base: string };
      if (head === base)
        return { status: 422, body: { message: 'Invalid PullRequest: There are no changes between the head and the base' } };
      if (this.#head(head) === '' || this.#head(base) === '') return notFound;
      if (this.pulls.some((pull) => pull.head === head && pull.state === 'open')) {
        return { status: 409, body: { message: `pull request already exists for these targets [head_branch: ${head}]` } };
      }
      this.pulls.push({
        number: this.#nextNumber(),
        title,
        body: body['body'] as string,
        head,
        state: 'open',
        merged: false,
        reviewers: [],
      });
      return { status: 201, body: this.#showPull(this.pulls.at(-1)) };
    }
    const pull = this.pulls.find((one) => String(one.number) === number);
    if (pull === undefined) return notFound;
    if (part === 'reviews') return page([]);
    if (part === 'requested_reviewers') pull.reviewers = body['reviewers'] as string[];
    else if (method === 'PATCH') Object.assign(pull, body);
    return { status: method === 'GET' ? 200 : 201, body: this.#showPull(pull) };
  }

  #contents(path: string, ref: string): Answer {
    const type = this.#git(['cat-file', '-t', `${ref}:${path}`])
      ?.toString('utf8')
      .trim();
    if (type === undefined) return notFound;
    if (type !== 'blob') return { status: 200, body: [] };
    const content = this.#git(['cat-file', 'blob', `${ref}:${path}`])?.toString('base64');
    return { status: 200, body: { type: 'file', encoding: 'base64', content } };
  }

  #showPull(pull: Pull | undefined): Json {
    if (pull === undefined) return {};
    const { number, title, body, state, merged, head } = pull;
    const sha = this.#head(head);
    return {
      merge_commit_sha: merged ? this.#head('main') : null,
      number,
      title,
      body,
      state,
      merged,
      draft: title.startsWith('WIP:'),
      html_url: `${this.url}/pulls/${String(number)}`,
      head: { ref: head, sha },
    };
  }

  #showIssue(issue: FakeGitea['issues'][number]): Json {
    return { ...issue, html_url: `${this.url}/issues/${String(issue.number)}` };
  }

  #nextNumber(): number {
    return this.pulls.length + this.issues.length + 1;
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

const notFound: Answer = { status: 404, body: { message: "The target couldn't be found." } };

// A GitHub in memory over a real bare repository: the part of the REST API (Enterprise paths) that the adapter uses, and git over http.
// Must never be kinder than GitHub: it refuses what GitHub refuses, with GitHub's statuses and words.
import { execFileSync } from 'node:child_process';
import type { IncomingMessage, ServerResponse } from 'node:http';
import { FakeGitDatabase, type Actor } from './fake-github-git.ts';
import { disturb, GitHttpServer, type Disturbance } from './git-http-server.ts';
import { openGitHubDescription } from './github-api/github-description.ts';

interface Pull {
  readonly number: number;
  title: string;
  body: string;
  readonly head: string;
  readonly base: string;
  readonly draft: boolean;
  state: 'open' | 'closed';
  merged: boolean;
  reviewers: string[];
  readonly labels: string[];
  /** Of the head while the branch was there. */
  sha?: string;
}

interface Issue {
  readonly number: number;
  readonly title: string;
  readonly body: string;
  labels: string[];
  state: 'open' | 'closed';
}

interface Comment {
  readonly id: number;
  readonly number: number;
  body: string;
  readonly user?: { readonly login: string; readonly type: string };
  readonly author_association?: string;
  readonly created_at?: string;
}

/** Done to API requests of which `METHOD /path` matches; `after` lets the request take effect before the answer is lost. */
export interface Plan {
  readonly match: RegExp;
  readonly disturbance: Disturbance & { readonly headers?: Readonly<Record<string, string>> };
  readonly after?: boolean;
  times: number;
}

type Json = Readonly<Record<string, unknown>>;
interface Answer {
  readonly status: number;
  readonly body?: unknown;
  readonly headers?: Readonly<Record<string, string>>;
}

export class FakeGitHub {
  readonly owner = 'acme';
  name = 'shop';
  /** Names that redirect to the present one. */
  readonly formerNames: string[] = [];
  archived = false;
  hasIssues = true;
  hasDrafts = true;
  canPush = true;
  readonly pulls: Pull[] = [];
  readonly issues: Issue[] = [];
  readonly comments: Comment[] = [];
  /** Reviews and their comments on lines, by number of the pull request. */
  readonly reviews: Json[] = [];
  readonly lineComments: Json[] = [];
  checkRuns: Json[] = [];
  statuses: Json[] = [];
  plans: Plan[] = [];
  /** Decides on the fate of an API request, `METHOD /path`: cut before it has an effect, or after. */
  intercept: ((what: string) => 'before' | 'after' | undefined) | undefined;
  /** `METHOD /path` of every API request, and how many were answered 304. */
  readonly requests: string[] = [];
  notModified = 0;
  /** A classic token, one with fine-grained permissions, and the one that the App's installation gets. */
  readonly token = 'ghp_right';
  readonly fineGrainedToken = 'github_pat_right';
  readonly installationToken = 'ghs_right';
  /** Of the classic token. */
  scopes = ['repo'];
  /** Of the fine-grained token and the App's installation. */
  permissions: Record<string, string> = {
    metadata: 'read',
    contents: 'write',
    pull_requests: 'write',
    issues: 'write',
    checks: 'read',
    statuses: 'read',
  };
  /** Types of the rules that hold for every branch. */
  rules: readonly string[] = [];
  /** Of the GitHub App that is installed here. */
  appId: number | undefined;
  /** What was asked or answered otherwise than GitHub describes its API, and what was asked incompletely. */
  readonly undescribed: string[] = [];
  readonly incomplete: string[] = [];
  readonly #database: FakeGitDatabase;
  readonly #repository: string;
  readonly #server: GitHttpServer;
  #url = '';

  constructor(bareRepository: string) {
    this.#repository = bareRepository;
    this.#database = new FakeGitDatabase(bareRepository);
    this.#server = new GitHttpServer({
      root: bareRepository,
      tokens: [this.token, this.fineGrainedToken, this.installationToken],
      resolvePath: (path) => /^\/acme\/[\w-]+?(?:\.git)?(\/(?:info\/refs|git-[\w-]+))$/.exec(path)?.[1],
      fallback: (request, response) => {
        this.#handle(request, response).catch((error: unknown) => {
          this.undescribed.push(`${request.method ?? ''} ${request.url ?? ''}: ${String(error)}`);
          response.destroy();
        });
      },
    });
  }

  get git(): GitHttpServer {
    return this.#server;
  }

  get url(): string {
    return `${this.#url}/${this.owner}/${this.name}`;
  }

  async listen(): Promise<void> {
    this.#url = await this.#server.listen();
  }

  async close(): Promise<void> {
    await this.#server.close();
  }

  async #handle(request: IncomingMessage, response: ServerResponse): Promise<void> {
    const url = new URL(request.url ?? '/', this.#url);
    const path = url.pathname.replace(/^\/api\/v3/, '');
    const method = request.method ?? 'GET';
    this.requests.push(`${method} ${path}`);
    const chunks: Buffer[] = [];
    for await (const chunk of request) chunks.push(chunk as Buffer);
    const text = Buffer.concat(chunks).toString('utf8');
    const body = (text === '' ? {} : JSON.parse(text)) as Json;

    const fate = this.intercept?.(`${method} ${path}`);
    if (fate === 'before') return void response.destroy();
    const plan = this.plans.find(({ match, times }) => times > 0 && match.test(`${method} ${path}`));
    if (plan !== undefined) plan.times--;
    if (plan !== undefined && plan.after !== true) {
      for (const [name, value] of Object.entries(plan.disturbance.headers ?? {})) response.setHeader(name, value);
      return disturb(response, plan.disturbance);
    }
    const asApp = this.#answerApp(method, path, request.headers.authorization ?? '');
    const actor = this.#actorOf(request.headers.authorization ?? '');
    const call = { method, path, query: Object.fromEntries(url.searchParams), body: text === '' ? undefined : body };
    const api = await openGitHubDescription();
    const problems = api.problemsOfRequest(call);
    if (problems === undefined) this.undescribed.push(`${method} ${path}`);
    const admitted = (): Answer => {
      if (actor === undefined) return { status: 401, body: { message: 'Bad credentials' } };
      const refusal = this.#refuse(method, path, actor);
      if (refusal !== undefined) return refusal;
      if (problems === undefined || problems.length === 0) return this.#answer(method, path, url.searchParams, body, actor);
      this.incomplete.push(`${method} ${path}: ${problems.join('; ')}`);
      return { status: 422, body: { message: `Invalid request.\n\n${problems.join('\n')}` } };
    };
    const answer = asApp ?? admitted();
    for (const problem of api.problemsOfAnswer(call, answer.status, answer.body))
      this.undescribed.push(`answer to ${method} ${path}: ${problem}`);
    if (fate === 'after') return void response.destroy();
    if (plan !== undefined) return disturb(response, plan.disturbance);
    const content = answer.body === undefined ? '' : JSON.stringify(answer.body);
    const etag = `"${Buffer.from(content).toString('base64').slice(-40)}${String(content.length)}"`;
    if (method === 'GET' && request.headers['if-none-match'] === etag) {
      this.notModified++;
      response.writeHead(304, { etag }).end();
      return;
    }
    response
      .writeHead(answer.status, {
        'content-type': 'application/json; charset=utf-8',
        ...(method === 'GET' ? { etag } : {}),
        ...(actor === 'classic' ? { 'x-oauth-scopes': this.scopes.join(', ') } : {}),
        ...answer.headers,
        ...locationOf(answer),
      })
      .end(content);
  }

  /** The calls that an App makes with a token that it signed itself. */
  #answerApp(method: string, path: string, authorization: string): Answer | undefined {
    const [, claims] = authorization.replace(/^bearer /i, '').split('.');
    if (this.appId === undefined || claims === undefined || !/^bearer /i.test(authorization)) return undefined;
    const { iss } = JSON.parse(Buffer.from(claims, 'base64url').toString('utf8')) as { iss: number | string };
    if (String(iss) !== String(this.appId)) return { status: 401, body: { message: 'Integration not found' } };
    if (method === 'GET' && /^\/repos\/[^/]+\/[^/]+\/installation$/.test(path)) return { status: 200, body: { id: 7 } };
    if (method !== 'POST' || path !== '/app/installations/7/access_tokens') return notFound;
    const expires = new Date(Date.now() + 3_600_000).toISOString();
    return {
      status: 201,
      body: { token: this.installationToken, expires_at: expires, permissions: this.permissions, repository_selection: 'selected' },
    };
  }

  #actorOf(authorization: string): Actor | undefined {
    switch (authorization.replace(/^(?:token|bearer) /i, '')) {
      case this.token:
        return 'classic';
      case this.fineGrainedToken:
        return 'fine-grained';
      case this.installationToken:
        return this.appId === undefined ? undefined : 'app';
    }
    return undefined;
  }

  /** What a credential may not do; GitHub looks at that before it reads the request. */
  #refuse(method: string, path: string, actor: Actor): Answer | undefined {
    const [, kind = '', number = '', part = ''] = /^\/repos\/[^/]+\/[^/]+\/([^/]+)(?:\/([^/]+))?(?:\/([^/]+))?/.exec(path) ?? [];
    if (kind === '' || (method !== 'GET' && this.archived)) return undefined;
    const isWrite = method !== 'GET';
    if (actor === 'classic') {
      const may = this.scopes.includes('repo');
      return isWrite && !may ? { ...notFound, headers: { 'x-accepted-oauth-scopes': 'repo' } } : undefined;
    }
    const wanted = part === 'check-runs' ? 'checks' : part === 'status' ? 'statuses' : (permissionOf[kind] ?? 'metadata');
    const isPull = this.pulls.some((pull) => String(pull.number) === number);
    const names = kind === 'issues' && isPull ? ['issues', 'pull_requests'] : [wanted];
    const level = isWrite ? 'write' : 'read';
    if (names.some((name) => this.permissions[name] === 'write' || (!isWrite && this.permissions[name] === 'read'))) return undefined;
    const message = `Resource not accessible by ${actor === 'app' ? 'integration' : 'personal access token'}`;
    const accepted = names.map((name) => `${name}=${level}`).join('; ');
    return { status: 403, body: { message }, headers: { 'x-accepted-github-permissions': accepted } };
  }

  #answer(method: string, path: string, query: URLSearchParams, body: Json, actor: Actor): Answer {
    const [, owner, name, rest = ''] = /^\/repos\/([^/]+)\/([^/]+)(\/.*)?$/.exec(path) ?? [];
    if (owner !== this.owner || name === undefined) return notFound;
    if (this.formerNames.includes(name))
      return { status: 301, body: { url: `${this.#url}/api/v3/repos/${this.owner}/${this.name}${rest}` } };
    if (name !== this.name) return notFound;
    if (method !== 'GET' && this.archived) return { status: 403, body: { message: 'Repository was archived so is read-only.' } };
    if (method !== 'GET' && !this.canPush) return { status: 403, body: { message: 'Resource not accessible by personal access token' } };
    const [kind, number, part] = rest.slice(1).split('/');
    if (rest === '') return { status: 200, body: this.#description() };
    if (kind === 'git') return this.#database.answer(method, number ?? '', body, actor);
    if (kind === 'rules') return { status: 200, body: this.rules.map((type) => ({ type })) };
    if (kind === 'contents') return this.#contents(decodeURIComponent(rest.slice('/contents/'.length)), query.get('ref') ?? 'HEAD');
    if (kind === 'pulls') return this.#pullRequests(method, number, part, query, body);
    if (kind === 'issues') return this.#issueCalls(method, number, part, query, body);
    if (kind === 'commits' && part === 'check-runs')
      return { status: 200, body: { total_count: this.checkRuns.length, check_runs: this.checkRuns } };
    if (kind === 'commits' && part === 'status') return { status: 200, body: { state: 'success', statuses: this.statuses } };
    return notFound;
  }

  #description(): Json {
    return {
      id: 1,
      name: this.name,
      full_name: `${this.owner}/${this.name}`,
      owner: { login: this.owner },
      archived: this.archived,
      private: true,
      has_issues: this.hasIssues,
      default_branch: 'main',
      permissions: { admin: false, push: this.canPush, pull: true },
    };
  }

  #contents(path: string, ref: string): Answer {
    const show = this.#git(['rev-parse', '--verify', '--quiet', `${ref}:${path}`]);
    if (show === undefined) return notFound;
    const sha = show.toString('utf8').trim();
    if (this.#git(['cat-file', '-t', sha])?.toString('utf8').trim() !== 'blob') return { status: 200, body: [] };
    const content = this.#git(['cat-file', 'blob', sha]) ?? Buffer.alloc(0);
    return {
      status: 200,
      body: {
        type: 'file',
        encoding: 'base64',
        size: content.length,
        name: path.split('/').at(-1),
        path,
        content: content.toString('base64'),
        sha,
      },
    };
  }

  #pullRequests(method: string, number: string | undefined, part: string | undefined, query: URLSearchParams, body: Json): Answer {
    if (method === 'GET' && number === undefined) {
      const head = query.get('head')?.split(':')[1];
      const state = query.get('state') ?? 'open';
      const found = this.pulls.filter((pull) => (head === undefined || pull.head === head) && (state === 'all' || pull.state === state));
      return { status: 200, body: found.toReversed().map((pull) => this.#showPull(pull)) };
    }
    if (method === 'POST' && number === undefined) return this.#createPull(body);
    const pull = this.pulls.find((one) => String(one.number) === number);
    if (pull === undefined) return notFound;
    if (method === 'GET' && part === 'reviews') return { status: 200, body: this.reviews.filter((one) => one['number'] === pull.number) };
    if (method === 'GET' && part === 'comments')
      return { status: 200, body: this.lineComments.filter((one) => one['number'] === pull.number) };
    if (method === 'PATCH') {
      Object.assign(pull, body);
      return { status: 200, body: this.#showPull(pull) };
    }
    if (method === 'POST' && part === 'requested_reviewers') {
      pull.reviewers = [
        ...(body['reviewers'] as string[]),
        ...((body['team_reviewers'] as string[] | undefined) ?? []).map((team) => `team:${team}`),
      ];
      return { status: 201, body: this.#showPull(pull) };
    }
    return { status: 200, body: this.#showPull(pull) };
  }

  #createPull(body: Json): Answer {
    const { title, head, base, draft } = body as { title: string; head: string; base: string; draft?: boolean };
    const refuse = (message: string): Answer => ({
      status: 422,
      body: { message: 'Validation Failed', errors: [{ resource: 'PullRequest', code: 'custom', message }] },
    });
    if (draft === true && !this.hasDrafts)
      return { status: 422, body: { message: 'Draft pull requests are not supported in this repository.' } };
    if (this.#git(['rev-parse', '--verify', '--quiet', `refs/heads/${head}`]) === undefined) return refuse('head is invalid');
    if (this.#git(['rev-parse', '--verify', '--quiet', `refs/heads/${base}`]) === undefined) return refuse('base is invalid');
    if (this.pulls.some((pull) => pull.head === head && pull.state === 'open'))
      return refuse(`A pull request already exists for ${this.owner}:${head}.`);
    const pull: Pull = {
      number: this.#nextNumber(),
      title,
      body: (body['body'] as string | undefined) ?? '',
      head,
      base,
      draft: draft ?? false,
      state: 'open',
      merged: false,
      reviewers: [],
      labels: [],
    };
    this.pulls.push(pull);
    return { status: 201, body: this.#showPull(pull) };
  }

  #issueCalls(method: string, number: string | undefined, part: string | undefined, query: URLSearchParams, body: Json): Answer {
    if (number === 'comments' && method === 'PATCH') {
      const comment = this.comments.find(({ id }) => String(id) === part);
      if (comment === undefined) return notFound;
      comment.body = body['body'] as string;
      return { status: 200, body: comment };
    }
    if (part === 'comments') {
      if (method === 'GET') return { status: 200, body: this.comments.filter((comment) => String(comment.number) === number) };
      const user = { login: 'hephaestus[bot]', type: 'Bot' };
      this.comments.push({
        id: this.comments.length + 1,
        number: Number(number),
        body: body['body'] as string,
        user,
        author_association: 'NONE',
      });
      return { status: 201, body: this.comments.at(-1) };
    }
    if (!this.hasIssues) return { status: 410, body: { message: 'Issues has been disabled in this repository.' } };
    const issue = this.issues.find((one) => String(one.number) === number);
    if (part === 'labels' && method === 'POST') {
      const labelled = issue ?? this.pulls.find((one) => String(one.number) === number);
      for (const label of body['labels'] as string[]) if (labelled?.labels.includes(label) === false) labelled.labels.push(label);
      return { status: 200, body: [] };
    }
    if (method === 'GET' && number === undefined) {
      const label = query.get('labels');
      const page = Number(query.get('page') ?? '1');
      const size = Number(query.get('per_page') ?? '30');
      const found = this.issues.filter(({ labels }) => label === null || labels.includes(label)).toReversed();
      const next = `${this.#url}/api/v3/repos/${this.owner}/${this.name}/issues?${new URLSearchParams({ ...Object.fromEntries(query), page: String(page + 1) }).toString()}`;
      const headers = found.length > page * size ? { link: `<${next}>; rel="next"` } : {};
      return { status: 200, headers, body: found.slice((page - 1) * size, page * size).map((one) => this.#showIssue(one)) };
    }
    if (method === 'POST' && number === undefined) {
      const made: Issue = {
        number: this.#nextNumber(),
        title: body['title'] as string,
        body: body['body'] as string,
        labels: [...(body['labels'] as string[])],
        state: 'open',
      };
      this.issues.push(made);
      return { status: 201, body: this.#showIssue(made) };
    }
    return issue === undefined ? notFound : { status: 200, body: this.#showIssue(issue) };
  }

  #showPull(pull: Pull): Json {
    const sha = this.#headOf(pull.head) ?? pull.sha ?? '';
    pull.sha = sha;
    const { number, title, body, state, draft, merged, head, base } = pull;
    return {
      number,
      title,
      body,
      state,
      draft,
      html_url: `${this.url}/pull/${String(number)}`,
      merged_at: merged ? '2026-03-01T00:00:00Z' : null,
      merge_commit_sha: merged ? this.#headOf('main') : sha,
      head: { ref: head, sha },
      base: { ref: base },
    };
  }

  #showIssue(issue: Issue): Json {
    const { number, title, body, state, labels } = issue;
    return { number, title, body, state, labels: labels.map((name) => ({ name })), html_url: `${this.url}/issues/${String(number)}` };
  }

  #headOf(branch: string): string | undefined {
    return this.#git(['rev-parse', '--verify', '--quiet', `refs/heads/${branch}`])
      ?.toString('utf8')
      .trim();
  }

  #nextNumber(): number {
    return this.pulls.length + this.issues.length + 1;
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

const permissionOf: Readonly<Record<string, string>> = { contents: 'contents', git: 'contents', pulls: 'pull_requests', issues: 'issues' };

const notFound: Answer = { status: 404, body: { message: 'Not Found' } };

function locationOf(answer: Answer): Record<string, string> {
  return answer.status === 301 ? { location: (answer.body as { url: string }).url } : {};
}

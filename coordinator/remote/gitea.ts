// The adapter for Gitea and Forgejo: files and branches by git with the same token, everything else by the API (v1).
// Must never create before it looked, nor believe a create whose answer was lost: it looks again.
import { isHephaestusError } from '../../base/errors.ts';
import { hasMark, withMark } from './body-mark.ts';
import { textOf, timeOf, type ForgeClient, type JsonObject } from './forge-client.ts';
import { checkGitea } from './gitea-check.ts';
import { listGiteaComments } from './gitea-comments.ts';
import { createOnce } from './create-once.ts';
import type {
  ChangeRequest,
  ChangeRequestDraft,
  ChangeRequestText,
  CheckRun,
  GitCredential,
  Issue,
  KnownChangeRequest,
  OpenChangeRequest,
  Remote,
  RemoteCheck,
  RemoteComment,
  RemoteCommit,
  RemoteGit,
  RemoteRepository,
  RemoteUpdate,
  Unsupported,
} from './remote.ts';

export interface GiteaRemoteOptions {
  readonly repository: RemoteRepository;
  readonly git: RemoteGit;
  readonly client: ForgeClient;
  readonly owner: string;
  readonly name: string;
  readonly credential: () => Promise<GitCredential | undefined>;
}

/** Gitea's mark of a draft is a prefix of the title. */
const draftPrefix = 'WIP: ';

export class GiteaRemote implements Remote {
  readonly #options: GiteaRemoteOptions;
  readonly #path: string;

  constructor(options: GiteaRemoteOptions) {
    this.#options = options;
    this.#path = `/repos/${encodeURIComponent(options.owner)}/${encodeURIComponent(options.name)}`;
  }

  async gitCredential(): Promise<GitCredential | undefined> {
    return this.#options.credential();
  }

  async getFileContents(path: string, revision: string | undefined): Promise<Buffer | undefined> {
    const place = path.split('/').map(encodeURIComponent).join('/');
    const file = await this.#options.client.find(`${this.#path}/contents/${place}`, revision === undefined ? {} : { ref: revision });
    if (file?.['type'] !== 'file') return undefined;
    return Buffer.from(textOf(file, 'content'), 'base64');
  }

  async updateFileContents(update: RemoteUpdate): Promise<RemoteCommit> {
    return this.#options.git.pushFiles(this.#options.repository, await this.gitCredential(), update);
  }

  async findChangeRequest(branch: string): Promise<ChangeRequest | undefined> {
    let latest: ChangeRequest | undefined;
    // There is no filter by branch; the newest come first.
    for await (const pull of this.#options.client.list(`${this.#path}/pulls`, { state: 'all', sort: 'newest' })) {
      if (textOf(pull, 'head', 'ref') !== branch) continue;
      const found = toChangeRequest(pull);
      if (found.state === 'open') return found;
      latest ??= found;
    }
    return latest;
  }

  async createChangeRequest(draft: ChangeRequestDraft): Promise<ChangeRequest & { readonly kind: 'created' | 'existing' }> {
    return createOnce(
      async () => this.findChangeRequest(draft.branch),
      async () => {
        const { body, branch: head, target: base } = draft;
        return toChangeRequest(await this.#options.client.send('POST', `${this.#path}/pulls`, { title: titled(draft), body, head, base }));
      },
    );
  }

  async getChangeRequest({ number }: KnownChangeRequest): Promise<ChangeRequest | undefined> {
    const pull = await this.#options.client.find(`${this.#path}/pulls/${encodeURIComponent(number)}`);
    return pull === undefined ? undefined : toChangeRequest(pull);
  }

  async listOpenChangeRequests(most: number): Promise<readonly OpenChangeRequest[]> {
    const found: OpenChangeRequest[] = [];
    for await (const pull of this.#options.client.list(`${this.#path}/pulls`, { state: 'open', sort: 'recentupdate' })) {
      if (found.length >= most) break;
      found.push({ ...toChangeRequest(pull), reference: `refs/pull/${textOf(pull, 'number')}/head` });
    }
    return found;
  }

  async listComments(number: string): Promise<readonly RemoteComment[]> {
    return listGiteaComments(this.#options.client, this.#path, number);
  }

  async updateChangeRequest(number: string, change: ChangeRequestText | { readonly state: 'closed' }): Promise<undefined> {
    const body = 'title' in change ? { title: titled(change), body: change.body } : change;
    await this.#options.client.send('PATCH', `${this.#path}/pulls/${encodeURIComponent(number)}`, body);
  }

  async createIssue(request: {
    readonly key: string;
    readonly title: string;
    readonly body: string;
  }): Promise<(Issue & { readonly kind: 'created' | 'existing' }) | Unsupported> {
    if ((await this.#options.client.get(this.#path))['has_issues'] !== true) {
      return { kind: 'unsupported', reason: 'issues are switched off in this repository' };
    }
    return createOnce(
      async () => this.#findIssue(request.key),
      async () => {
        const body = withMark(request.body, 'issue', request.key);
        return toIssue(await this.#options.client.send('POST', `${this.#path}/issues`, { title: request.title, body }));
      },
    );
  }

  async comment(number: string, comment: { readonly key: string; readonly body: string }): Promise<undefined> {
    const path = `${this.#path}/issues/${encodeURIComponent(number)}/comments`;
    const find = async (): Promise<JsonObject | undefined> => {
      for await (const one of this.#options.client.list(path)) if (hasMark(textOf(one, 'body'), 'comment', comment.key)) return one;
      return undefined;
    };
    const body = withMark(comment.body, 'comment', comment.key);
    const made = await createOnce(find, async () => this.#options.client.send('POST', path, { body }));
    if (made.kind === 'existing' && textOf(made, 'body') !== body) {
      await this.#options.client.send('PATCH', `${this.#path}/issues/comments/${textOf(made, 'id')}`, { body });
    }
  }

  async addLabels(number: string, labels: readonly string[]): Promise<undefined> {
    const known = new Map<string, unknown>();
    for await (const label of this.#options.client.list(`${this.#path}/labels`)) known.set(textOf(label, 'name'), label['id']);
    const ids: unknown[] = [];
    for (const name of labels) {
      ids.push(known.get(name) ?? (await this.#options.client.send('POST', `${this.#path}/labels`, { name, color: '#b5651d' }))['id']);
    }
    await this.#options.client.send('POST', `${this.#path}/issues/${encodeURIComponent(number)}/labels`, { labels: ids });
  }

  async requestReviewers(number: string, reviewers: readonly string[]): Promise<undefined> {
    const names = reviewers.map((name) => name.replace(/^@/, ''));
    await this.#options.client.send('POST', `${this.#path}/pulls/${encodeURIComponent(number)}/requested_reviewers`, {
      reviewers: names.filter((name) => !name.includes('/')),
      team_reviewers: names.filter((name) => name.includes('/')).map((name) => name.slice(name.indexOf('/') + 1)),
    });
  }

  async checkRuns(commit: string): Promise<readonly CheckRun[]> {
    const runs = new Map<string, CheckRun>();
    // Every report of a check is kept, the newest first.
    for await (const status of this.#options.client.list(`${this.#path}/commits/${commit}/statuses`, { sort: 'recentupdate' })) {
      const name = textOf(status, 'context');
      const url = textOf(status, 'target_url');
      if (!runs.has(name)) runs.set(name, { name, state: runState(textOf(status, 'status')), url: url === '' ? undefined : url });
    }
    return [...runs.values()];
  }

  async check(): Promise<readonly RemoteCheck[]> {
    const { client, owner, name } = this.#options;
    return checkGitea(client, this.#path, `${owner}/${name}`);
  }

  async #findIssue(key: string): Promise<Issue | undefined> {
    try {
      for await (const issue of this.#options.client.list(`${this.#path}/issues`, { state: 'all', type: 'issues' })) {
        if (hasMark(textOf(issue, 'body'), 'issue', key)) return toIssue(issue);
      }
    } catch (error) {
      if (!isHephaestusError(error) || error.code !== 'remote.not-found') throw error;
    }
    return undefined;
  }
}

function titled({ title, draft = true }: Pick<ChangeRequestDraft, 'title' | 'draft'>): string {
  return draft ? `${draftPrefix}${title}` : title;
}

function toChangeRequest(pull: JsonObject): ChangeRequest {
  const title = textOf(pull, 'title');
  const state = pull['merged'] === true ? 'merged' : textOf(pull, 'state') === 'open' ? 'open' : 'closed';
  return {
    number: textOf(pull, 'number'),
    url: textOf(pull, 'html_url'),
    branch: textOf(pull, 'head', 'ref'),
    commit: textOf(pull, 'head', 'sha'),
    state,
    draft: pull['draft'] === true || title.startsWith(draftPrefix),
    title: title.replace(draftPrefix, ''),
    body: textOf(pull, 'body'),
    mergeCommit: state === 'merged' ? textOf(pull, 'merge_commit_sha') || undefined : undefined,
    mergedAtMs: timeOf(pull, 'merged_at'),
  };
}

function toIssue(issue: JsonObject): Issue {
  return { number: textOf(issue, 'number'), url: textOf(issue, 'html_url'), state: textOf(issue, 'state') === 'open' ? 'open' : 'closed' };
}

function runState(status: string): CheckRun['state'] {
  if (status === 'success' || status === 'warning') return 'passed';
  if (status === 'skipped') return 'skipped';
  return status === 'pending' ? 'pending' : 'failed';
}

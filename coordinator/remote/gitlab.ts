// The adapter for GitLab, hosted or self-managed: files and branches by git with the same token, everything else by the API (v4).
// Must never create before it looked, nor believe a create whose answer was lost: it looks again.
import { hasMark, withMark } from './body-mark.ts';
import { createOnce } from './create-once.ts';
import { textOf, timeOf, type ForgeClient, type JsonObject } from './forge-client.ts';
import { checkGitLab } from './gitlab-check.ts';
import { listGitLabComments } from './gitlab-comments.ts';
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

export interface GitLabRemoteOptions {
  readonly repository: RemoteRepository;
  readonly git: RemoteGit;
  readonly client: ForgeClient;
  /** `group/subgroup/name` */
  readonly project: string;
  readonly credential: () => Promise<GitCredential | undefined>;
  readonly nowMs: () => number;
}

const draftPrefix = 'Draft: ';
const ourLabel = 'hephaestus';
/** Merge requests and issues count by themselves at GitLab, so that numbers are written as people write them: `!12` and `#12`. */
export class GitLabRemote implements Remote {
  readonly #options: GitLabRemoteOptions;

  constructor(options: GitLabRemoteOptions) {
    this.#options = options;
  }

  async gitCredential(): Promise<GitCredential | undefined> {
    return this.#options.credential();
  }

  async getFileContents(path: string, revision: string | undefined): Promise<Buffer | undefined> {
    const file = await this.#options.client.find(`${await this.#path()}/repository/files/${encodeURIComponent(path)}`, {
      ref: revision ?? 'HEAD',
    });
    return file === undefined ? undefined : Buffer.from(textOf(file, 'content'), 'base64');
  }

  async updateFileContents(update: RemoteUpdate): Promise<RemoteCommit> {
    return this.#options.git.pushFiles(this.#options.repository, await this.gitCredential(), update);
  }

  async findChangeRequest(branch: string): Promise<ChangeRequest | undefined> {
    let latest: ChangeRequest | undefined;
    const query = { source_branch: branch, state: 'all', order_by: 'created_at', sort: 'desc' };
    for await (const request of this.#options.client.list(`${await this.#path()}/merge_requests`, query, 'per_page')) {
      const found = toChangeRequest(request);
      if (found.state === 'open') return found;
      latest ??= found;
    }
    return latest;
  }

  async createChangeRequest(draft: ChangeRequestDraft): Promise<ChangeRequest & { readonly kind: 'created' | 'existing' }> {
    return createOnce(
      async () => this.findChangeRequest(draft.branch),
      async () =>
        toChangeRequest(
          await this.#options.client.send('POST', `${await this.#path()}/merge_requests`, {
            title: titled(draft),
            description: draft.body,
            source_branch: draft.branch,
            target_branch: draft.target,
            remove_source_branch: true,
          }),
        ),
    );
  }

  async getChangeRequest({ number }: KnownChangeRequest): Promise<ChangeRequest | undefined> {
    const request = await this.#options.client.find(await this.#numbered(number));
    return request === undefined ? undefined : toChangeRequest(request);
  }

  async listOpenChangeRequests(most: number): Promise<readonly OpenChangeRequest[]> {
    const found: OpenChangeRequest[] = [];
    const query = { state: 'opened', order_by: 'updated_at', sort: 'desc' };
    for await (const request of this.#options.client.list(`${await this.#path()}/merge_requests`, query, 'per_page')) {
      if (found.length >= most) break;
      found.push({ ...toChangeRequest(request), reference: `refs/merge-requests/${textOf(request, 'iid')}/head` });
    }
    return found;
  }

  async listComments(number: string): Promise<readonly RemoteComment[]> {
    return listGitLabComments(this.#options.client, await this.#path(), await this.#numbered(number));
  }

  async updateChangeRequest(number: string, change: ChangeRequestText | { readonly state: 'closed' }): Promise<undefined> {
    const body = 'title' in change ? { title: titled(change), description: change.body } : { state_event: 'close' };
    await this.#options.client.send('PUT', await this.#numbered(number), body);
  }

  async createIssue(request: {
    readonly key: string;
    readonly title: string;
    readonly body: string;
  }): Promise<(Issue & { readonly kind: 'created' | 'existing' }) | Unsupported> {
    const project = await this.#project();
    if (textOf(project, 'issues_access_level') === 'disabled')
      return { kind: 'unsupported', reason: 'issues are switched off in this project' };
    const path = `${await this.#path()}/issues`;
    return createOnce(
      async () => {
        for await (const issue of this.#options.client.list(path, { scope: 'all', order_by: 'created_at', sort: 'desc' }, 'per_page')) {
          if (hasMark(textOf(issue, 'description'), 'issue', request.key)) return toIssue(issue);
        }
        return undefined;
      },
      async () => {
        const description = withMark(request.body, 'issue', request.key);
        return toIssue(await this.#options.client.send('POST', path, { title: request.title, description, labels: ourLabel }));
      },
    );
  }

  async comment(number: string, comment: { readonly key: string; readonly body: string }): Promise<undefined> {
    const path = `${await this.#numbered(number)}/notes`;
    const body = withMark(comment.body, 'comment', comment.key);
    const made = await createOnce<JsonObject>(
      async () => {
        for await (const note of this.#options.client.list(path, {}, 'per_page'))
          if (hasMark(textOf(note, 'body'), 'comment', comment.key)) return note;
        return undefined;
      },
      async () => this.#options.client.send('POST', path, { body }),
    );
    // GitLab takes the blank end of a note away.
    if (made['kind'] === 'existing' && textOf(made, 'body').trim() !== body.trim())
      await this.#options.client.send('PUT', `${path}/${textOf(made, 'id')}`, { body });
  }

  async addLabels(number: string, labels: readonly string[]): Promise<undefined> {
    await this.#options.client.send('PUT', await this.#numbered(number), { add_labels: labels.join(',') });
  }

  async requestReviewers(number: string, reviewers: readonly string[]): Promise<undefined> {
    const ids: unknown[] = [];
    for (const name of reviewers) {
      for await (const user of this.#options.client.list('/users', { username: name.replace(/^@/, '') }, 'per_page')) ids.push(user['id']);
    }
    if (ids.length > 0) await this.#options.client.send('PUT', await this.#numbered(number), { reviewer_ids: ids });
  }

  async checkRuns(commit: string): Promise<readonly CheckRun[]> {
    const runs: CheckRun[] = [];
    for await (const status of this.#options.client.list(`${await this.#path()}/repository/commits/${commit}/statuses`, {}, 'per_page')) {
      const url = textOf(status, 'target_url');
      runs.push({ name: textOf(status, 'name'), state: runState(textOf(status, 'status')), url: url === '' ? undefined : url });
    }
    return runs;
  }

  async check(): Promise<readonly RemoteCheck[]> {
    return checkGitLab(this.#options.client, this.#options.project, this.#options.nowMs());
  }

  async #project(): Promise<JsonObject> {
    return this.#options.client.get(`/projects/${encodeURIComponent(this.#options.project)}`);
  }

  /** By id, so that a project that was renamed or moved is still the one. */
  async #path(): Promise<string> {
    return `/projects/${textOf(await this.#project(), 'id')}`;
  }

  async #numbered(number: string): Promise<string> {
    return `${await this.#path()}/${number.startsWith('#') ? 'issues' : 'merge_requests'}/${encodeURIComponent(number.replace(/^[!#]/, ''))}`;
  }
}

function titled({ title, draft = true }: Pick<ChangeRequestDraft, 'title' | 'draft'>): string {
  return draft ? `${draftPrefix}${title}` : title;
}

function toChangeRequest(request: JsonObject): ChangeRequest {
  const state = textOf(request, 'state');
  return {
    number: `!${textOf(request, 'iid')}`,
    url: textOf(request, 'web_url'),
    branch: textOf(request, 'source_branch'),
    commit: textOf(request, 'sha'),
    state: state === 'merged' ? 'merged' : state === 'closed' ? 'closed' : 'open',
    draft: request['draft'] === true,
    title: textOf(request, 'title').replace(draftPrefix, ''),
    body: textOf(request, 'description'),
    mergeCommit:
      state === 'merged'
        ? // A fast-forward has neither a merge nor a squash.
          textOf(request, 'merge_commit_sha') || textOf(request, 'squash_commit_sha') || textOf(request, 'sha') || undefined
        : undefined,
    mergedAtMs: timeOf(request, 'merged_at'),
  };
}

function toIssue(issue: JsonObject): Issue {
  return {
    number: `#${textOf(issue, 'iid')}`,
    url: textOf(issue, 'web_url'),
    state: textOf(issue, 'state') === 'closed' ? 'closed' : 'open',
  };
}

function runState(status: string): CheckRun['state'] {
  if (status === 'success') return 'passed';
  if (status === 'skipped' || status === 'manual') return 'skipped';
  return status === 'failed' || status === 'canceled' ? 'failed' : 'pending';
}

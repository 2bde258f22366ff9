// The adapter for GitHub and GitHub Enterprise: branches by git with the same token, everything else by the API.
// Must never create before it looked, nor believe a create whose answer was lost: it looks again.
import { isHephaestusError } from '../../base/errors.ts';
import type { GitHubApi, GitHubClient } from './github-client.ts';
import { hasMark, withMark } from './body-mark.ts';
import { createOnce } from './create-once.ts';
import { checkGitHub } from './github-check.ts';
import { toChangeRequest } from './github-pull.ts';
import { listGitHubComments } from './github-comments.ts';
import { chooseCommits, makeGitHubCommit } from './github-commits.ts';
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

export interface GitHubRemoteOptions {
  readonly repository: RemoteRepository;
  readonly git: RemoteGit;
  readonly client: GitHubClient;
  /** As the URL has it; a renamed repository is found under its new name. */
  readonly owner: string;
  readonly name: string;
}

interface Target {
  readonly owner: string;
  readonly repo: string;
}

/** Finds our issues without GitHub's search, whose index lags behind. */
const ourLabel = 'hephaestus';
const mostPages = 20;

export class GitHubRemote implements Remote {
  readonly #options: GitHubRemoteOptions;

  constructor(options: GitHubRemoteOptions) {
    this.#options = options;
  }

  async gitCredential(): Promise<GitCredential | undefined> {
    const token = await this.#options.client.token();
    return token === undefined ? undefined : { kind: 'password', username: 'x-access-token', password: token };
  }

  async getFileContents(path: string, revision: string | undefined): Promise<Buffer | undefined> {
    const { api, target } = await this.#open();
    const asked = revision === undefined ? { ...target, path } : { ...target, path, ref: revision };
    const file = await orUndefined(async () => (await api.rest.repos.getContent(asked)).data);
    if (file === undefined || Array.isArray(file) || file.type !== 'file') return undefined;
    if (file.encoding === 'base64') return Buffer.from(file.content, 'base64');
    // Above 1 MB the contents are left out, and the blob has them.
    const blob = await api.rest.git.getBlob({ ...target, file_sha: file.sha });
    return Buffer.from(blob.data.content, 'base64');
  }

  /** By git, and where GitHub would sign it the commit by its API; the branch is moved by git in either case, since only git moves it on a condition. */
  async updateFileContents(update: RemoteUpdate): Promise<RemoteCommit> {
    const { git, repository, client } = this.#options;
    const credential = await this.gitCredential();
    const how = await chooseCommits(client, repository.conventions?.commits ?? 'auto', update.files);
    if (how.kind === 'push') {
      const { commit } = await git.pushFiles(repository, credential, update);
      return { commit, note: how.note };
    }
    const { api, target } = await this.#open();
    let note: string | undefined;
    const { commit } = await git.pushFiles(repository, credential, update, async (planned) => {
      const made = await makeGitHubCommit(api, target, planned);
      note = made.note;
      return made.commit;
    });
    return { commit, note };
  }

  async findChangeRequest(branch: string): Promise<ChangeRequest | undefined> {
    const { api, target } = await this.#open();
    const { data } = await api.rest.pulls.list({
      ...target,
      state: 'all',
      head: `${target.owner}:${branch}`,
      sort: 'created',
      direction: 'desc',
      per_page: 100,
    });
    // An owner that GitHub doesn't know would make it leave the filter out.
    const ours = data.filter((pull) => pull.head.ref === branch);
    const found = ours.find((pull) => pull.state === 'open') ?? ours[0];
    return found === undefined ? undefined : toChangeRequest(found);
  }

  async createChangeRequest(draft: ChangeRequestDraft): Promise<ChangeRequest & { readonly kind: 'created' | 'existing' }> {
    const create = async (asDraft: boolean): Promise<ChangeRequest> => {
      const { api, target } = await this.#open();
      const { title, body, branch: head, target: base } = draft;
      const { data } = await api.rest.pulls.create({ ...target, title, body, head, base, draft: asDraft, maintainer_can_modify: true });
      return toChangeRequest(data);
    };
    return createOnce(
      async () => this.findChangeRequest(draft.branch),
      async () => {
        try {
          return await create(draft.draft ?? true);
        } catch (error) {
          // Private repositories of a free plan have no drafts.
          if (isHephaestusError(error) && error.code === 'remote.refused' && /draft/i.test(error.message)) return create(false);
          throw error;
        }
      },
    );
  }

  async getChangeRequest({ number }: KnownChangeRequest): Promise<ChangeRequest | undefined> {
    const { api, target } = await this.#open();
    return orUndefined(async () => toChangeRequest((await api.rest.pulls.get({ ...target, pull_number: Number(number) })).data));
  }

  async listOpenChangeRequests(most: number): Promise<readonly OpenChangeRequest[]> {
    const { api, target } = await this.#open();
    const asked = { ...target, state: 'open', sort: 'updated', direction: 'desc', per_page: Math.min(100, most) } as const;
    const { data } = await api.rest.pulls.list(asked);
    return data.map((pull) => ({ ...toChangeRequest(pull), reference: `refs/pull/${String(pull.number)}/head` }));
  }

  async listComments(number: string): Promise<readonly RemoteComment[]> {
    const { api, target } = await this.#open();
    return listGitHubComments(api, target, Number(number));
  }

  async updateChangeRequest(number: string, change: ChangeRequestText | { readonly state: 'closed' }): Promise<undefined> {
    const { api, target } = await this.#open();
    const update = 'title' in change ? { title: change.title, body: change.body } : change;
    await api.rest.pulls.update({ ...target, pull_number: Number(number), ...update });
  }

  async createIssue(request: {
    readonly key: string;
    readonly title: string;
    readonly body: string;
  }): Promise<(Issue & { readonly kind: 'created' | 'existing' }) | Unsupported> {
    try {
      return await createOnce<Issue>(
        async () => this.#findIssue(request.key),
        async () => {
          const { api, target } = await this.#open();
          const body = withMark(request.body, 'issue', request.key);
          const { data } = await api.rest.issues.create({ ...target, title: request.title, body, labels: [ourLabel] });
          return { number: String(data.number), url: data.html_url, state: 'open' };
        },
      );
    } catch (error) {
      if (!isHephaestusError(error) || error.code !== 'remote.disabled') throw error;
      return { kind: 'unsupported', reason: 'issues are switched off in this repository' };
    }
  }

  async comment(number: string, comment: { readonly key: string; readonly body: string }): Promise<undefined> {
    const { api, target } = await this.#open();
    const find = async (): Promise<{ id: number; body?: string } | undefined> => {
      const pages = api.paginate.iterator(api.rest.issues.listComments, { ...target, issue_number: Number(number), per_page: 100 });
      for await (const { data } of pages) {
        const found = data.find(({ body }) => hasMark(body, 'comment', comment.key));
        if (found !== undefined) return found;
      }
      return undefined;
    };
    const body = withMark(comment.body, 'comment', comment.key);
    const made = await createOnce(
      find,
      async () => (await api.rest.issues.createComment({ ...target, issue_number: Number(number), body })).data,
    );
    if (made.kind === 'existing' && made.body !== body) await api.rest.issues.updateComment({ ...target, comment_id: made.id, body });
  }

  async addLabels(number: string, labels: readonly string[]): Promise<undefined> {
    const { api, target } = await this.#open();
    await api.rest.issues.addLabels({ ...target, issue_number: Number(number), labels: [...labels] });
  }

  async requestReviewers(number: string, reviewers: readonly string[]): Promise<undefined> {
    const { api, target } = await this.#open();
    const names = reviewers.map((name) => name.replace(/^@/, ''));
    await api.rest.pulls.requestReviewers({
      ...target,
      pull_number: Number(number),
      reviewers: names.filter((name) => !name.includes('/')),
      team_reviewers: names.filter((name) => name.includes('/')).map((name) => name.slice(name.indexOf('/') + 1)),
    });
  }

  async checkRuns(commit: string): Promise<readonly CheckRun[]> {
    const { api, target } = await this.#open();
    // Fine-grained tokens can't be given the permission for one of the two.
    const runs = (await orRefused(async () => api.paginate(api.rest.checks.listForRef, { ...target, ref: commit, per_page: 100 }))) ?? [];
    const { data: combined } = await api.rest.repos.getCombinedStatusForRef({ ...target, ref: commit, per_page: 100 });
    return [
      ...runs.map((run): CheckRun => ({ name: run.name, state: runState(run.status, run.conclusion), url: run.html_url ?? undefined })),
      ...combined.statuses.map((status): CheckRun => ({
        name: status.context,
        state: status.state === 'success' ? 'passed' : status.state === 'pending' ? 'pending' : 'failed',
        url: status.target_url ?? undefined,
      })),
    ];
  }

  async check(): Promise<readonly RemoteCheck[]> {
    const { owner, name, client, repository } = this.#options;
    return checkGitHub(client, { owner, name, commits: repository.conventions?.commits ?? 'auto' });
  }

  /** Under its present name: GitHub answers for the old one with a redirect that a POST doesn't survive. */
  async #open(): Promise<{ api: GitHubApi; target: Target }> {
    const api = await this.#options.client.api();
    const { data } = await api.rest.repos.get({ owner: this.#options.owner, repo: this.#options.name });
    return { api, target: { owner: data.owner.login, repo: data.name } };
  }

  async #findIssue(key: string): Promise<Issue | undefined> {
    const { api, target } = await this.#open();
    // Labelled ones first; a person may have taken the label off, so that the newest of all are looked through as well.
    for (const filter of [{ labels: ourLabel }, {}]) {
      let page = 0;
      const pages = api.paginate.iterator(api.rest.issues.listForRepo, {
        ...target,
        ...filter,
        state: 'all',
        sort: 'created',
        direction: 'desc',
        per_page: 100,
      });
      for await (const { data } of pages) {
        const found = data.find((issue) => issue.pull_request === undefined && hasMark(issue.body ?? undefined, 'issue', key));
        if (found !== undefined)
          return { number: String(found.number), url: found.html_url, state: found.state === 'open' ? 'open' : 'closed' };
        if (++page >= ('labels' in filter ? mostPages : 3)) break;
      }
    }
    return undefined;
  }
}

function runState(status: string, conclusion: string | null): CheckRun['state'] {
  if (status !== 'completed') return 'pending';
  if (conclusion === 'success' || conclusion === 'neutral') return 'passed';
  return conclusion === 'skipped' ? 'skipped' : 'failed';
}

async function orRefused<T>(ask: () => Promise<T>): Promise<T | undefined> {
  try {
    return await ask();
  } catch (error) {
    if (isHephaestusError(error) && error.code === 'remote.permission-denied') return undefined;
    throw error;
  }
}

async function orUndefined<T>(ask: () => Promise<T>): Promise<T | undefined> {
  try {
    return await ask();
  } catch (error) {
    if (isHephaestusError(error) && error.code === 'remote.not-found') return undefined;
    throw error;
  }
}

// The adapter for any git remote by path, https or ssh: its change request is a pushed branch, with the report as its message and as a file here.
// Must never pretend to have what plain git has not: issues, labels, reviewers and checks are said to be unsupported.
import { HephaestusError } from '../../base/errors.ts';
import type { ReportFiles } from './report-file.ts';
import type {
  ChangeRequest,
  ChangeRequestDraft,
  ChangeRequestText,
  GitCredential,
  KnownChangeRequest,
  OpenChangeRequest,
  Remote,
  RemoteCheck,
  RemoteCommit,
  RemoteGit,
  RemoteRepository,
  RemoteUpdate,
  Unsupported,
} from './remote.ts';

export interface PlainGitRemoteOptions {
  readonly repository: RemoteRepository;
  readonly git: RemoteGit;
  readonly credential: (signal?: AbortSignal) => Promise<GitCredential | undefined>;
  readonly reports: ReportFiles;
}

export class PlainGitRemote implements Remote {
  readonly #options: PlainGitRemoteOptions;

  constructor(options: PlainGitRemoteOptions) {
    this.#options = options;
  }

  async gitCredential(signal?: AbortSignal): Promise<GitCredential | undefined> {
    return this.#options.credential(signal);
  }

  async getFileContents(path: string, revision: string | undefined): Promise<Buffer | undefined> {
    const { git, repository } = this.#options;
    return git.readFile(repository, await this.gitCredential(), path, revision);
  }

  async updateFileContents(update: RemoteUpdate): Promise<RemoteCommit> {
    const { git, repository } = this.#options;
    return git.pushFiles(repository, await this.gitCredential(), update);
  }

  async findChangeRequest(branch: string): Promise<ChangeRequest | undefined> {
    const commit = (await this.#branches(branch)).get(branch);
    return commit === undefined ? undefined : this.#changeRequest(branch, commit, 'open');
  }

  /** The branch is the change request, so that pushing it made it; this looks whether it is there as it should be. */
  async createChangeRequest(draft: ChangeRequestDraft): Promise<ChangeRequest & { readonly kind: 'created' | 'existing' }> {
    const { git, repository } = this.#options;
    const head = (await this.#branches(draft.branch)).get(draft.branch);
    if (head === draft.commit) {
      const report = await this.#options.reports.write(draft.branch, draft);
      return { kind: 'created', ...this.#changeRequest(draft.branch, head, 'open'), body: draft.body, title: draft.title, report };
    }
    const merged = head === undefined ? await git.mergedAs(repository, await this.gitCredential(), draft.target, draft.commit) : undefined;
    if (merged !== undefined) {
      return { kind: 'existing', ...this.#changeRequest(draft.branch, draft.commit, 'merged', merged) };
    }
    throw new HephaestusError({
      code: head === undefined ? 'remote.branch-missing' : 'repository.branch-taken',
      kind: 'operational',
      // Pushing again begins with a look.
      retry: head === undefined ? 'safe' : 'never',
      message:
        head === undefined
          ? `the branch ${draft.branch} is not at ${repository.url}; push it first`
          : `the branch ${draft.branch} at ${repository.url} is at ${head.slice(0, 12)}, not at our ${draft.commit.slice(0, 12)}: somebody changed it, and it is left alone`,
    });
  }

  /** Merged if it is part of the target, in whatever shape; a branch that is gone without that was declined. */
  async getChangeRequest({ branch, target, commit }: KnownChangeRequest): Promise<ChangeRequest> {
    const { git, repository } = this.#options;
    const head = (await this.#branches(branch)).get(branch);
    const merged = await git.mergedAs(repository, await this.gitCredential(), target, head ?? commit);
    if (merged !== undefined) return this.#changeRequest(branch, head ?? commit, 'merged', merged);
    const report = await this.#options.reports.read(branch);
    return { ...this.#changeRequest(branch, head ?? commit, head === undefined ? 'closed' : 'open'), ...report };
  }

  /** Which of them are meant to be merged, nobody says; what they change is in the commits. */
  async listOpenChangeRequests(): Promise<readonly OpenChangeRequest[]> {
    return [...(await this.#branches('*'))].map(([branch, commit]) => ({
      ...this.#changeRequest(branch, commit, 'open'),
      reference: `refs/heads/${branch}`,
    }));
  }

  async listComments(): Promise<Unsupported> {
    return this.#unsupported('a plain git remote has no comments');
  }

  /** The file is written anew; the message of the commit stays as it was pushed. */
  async updateChangeRequest(number: string, change: ChangeRequestText | { readonly state: 'closed' }): Promise<Unsupported | undefined> {
    if (!('title' in change)) return this.#unsupported('a branch on a plain git remote is not closed; delete it there');
    await this.#options.reports.write(number, change);
    return undefined;
  }

  async createIssue(): Promise<Unsupported> {
    return this.#unsupported('a plain git remote has no issues; the diagnosis stays with the incident');
  }

  async comment(number: string, comment: { readonly key: string; readonly body: string }): Promise<undefined> {
    await this.#options.reports.remark(number, comment);
  }

  async addLabels(): Promise<Unsupported> {
    return this.#unsupported('a plain git remote has no labels');
  }

  async requestReviewers(): Promise<Unsupported> {
    return this.#unsupported('a plain git remote has no reviewers');
  }

  async checkRuns(): Promise<Unsupported> {
    return this.#unsupported('a plain git remote has no checks');
  }

  async check(): Promise<readonly RemoteCheck[]> {
    try {
      const branches = await this.#branches('*');
      return [{ name: 'remote', ok: true, message: `answers; ${String(branches.size)} branches` }];
    } catch (error) {
      return [{ name: 'remote', ok: false, message: HephaestusError.from(error).message }];
    }
  }

  async #branches(pattern: string): Promise<ReadonlyMap<string, string>> {
    const { git, repository } = this.#options;
    return git.remoteBranches(repository, await this.gitCredential(), pattern);
  }

  #changeRequest(
    branch: string,
    commit: string,
    state: ChangeRequest['state'],
    merged?: { readonly commit: string; readonly atMs: number },
  ): ChangeRequest {
    const url = `branch ${branch} of ${this.#options.repository.url}`;
    const about = { number: branch, url, branch, commit, state, draft: false, title: '', body: '' };
    return { ...about, mergeCommit: merged?.commit, mergedAtMs: merged?.atMs };
  }

  #unsupported(reason: string): Unsupported {
    return { kind: 'unsupported', reason };
  }
}

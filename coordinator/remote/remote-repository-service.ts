// The Remote Repository Service: one connection a repository, made by its provider's adapter, and the operations on it.
// Must never know how a forge is spoken to; adapters do.
import { join } from 'node:path';
import type { Clock } from '../../base/clock.ts';
import type { Logger } from '../../base/logger.ts';
import type { Outbound } from '../../base/outbound.ts';
import { readForgeAddress } from './forge-address.ts';
import { ForgeClient } from './forge-client.ts';
import { readCredential, toGitCredential } from './git-credential.ts';
import { PlainGitRemote } from './git.ts';
import { GiteaRemote } from './gitea.ts';
import { readGitHubAddress, readGitHubCredential } from './github-address.ts';
import { GitHubClient } from './github-client.ts';
import { GitHubRemote } from './github.ts';
import { GitLabRemote } from './gitlab.ts';
import { createReportFiles } from './report-file.ts';
import type {
  GitCredential,
  OpenChangeRequest,
  Remote,
  RemoteCheck,
  RemoteCommit,
  RemoteGit,
  RemoteRepository,
  RemoteUpdate,
  SecretReader,
} from './remote.ts';

export interface RemoteServiceOptions {
  readonly git: RemoteGit;
  readonly readSecret: SecretReader;
  /** For private keys, which ssh reads from files; only this user may read it. */
  readonly keyFolder: string;
  /** For reports of change requests on plain git. */
  readonly reportFolder: string;
  readonly clock: Clock;
  readonly logger: Logger;
  /** For one request to a forge's API. Default 30 s. */
  readonly apiTimeoutMs?: number | undefined;
  /** Asked before any remote is reached; without it all may be. */
  readonly outbound?: Outbound | undefined;
}

/** What a change request or issue became, for those who asked for it. */
export interface RemoteOutcome {
  readonly kind: 'created' | 'existing';
  readonly url: string;
  readonly number: string;
  readonly remote: string;
  readonly branch: string;
  readonly commit: string;
  readonly state: 'open' | 'merged' | 'closed';
  /** File on this host with the words of it, where the remote has no place for them. */
  readonly report?: string | undefined;
}

export class RemoteRepositoryService {
  readonly #options: RemoteServiceOptions;
  readonly #logger: Logger;
  readonly #connections = new Map<string, { readonly key: string; readonly remote: Remote }>();

  constructor(options: RemoteServiceOptions) {
    this.#options = options;
    this.#logger = options.logger.withContext({ component: 'remote-repository-service' });
  }

  /** The connection of a repository; made anew when its settings changed. */
  connect(repository: RemoteRepository): Remote {
    this.#options.outbound?.admit(repository.url, `repository ${repository.name}`);
    const { provider, url, credential, defaultBranch, conventions } = repository;
    const key = JSON.stringify([provider, url, credential, defaultBranch, conventions?.commits]);
    const known = this.#connections.get(repository.id);
    if (known?.key === key) return known.remote;
    const remote = this.#open(repository);
    this.#connections.set(repository.id, { key, remote });
    this.#logger.debug('connection made', { repository: repository.name, provider: repository.provider });
    return remote;
  }

  disconnect(repository: { readonly id: string }): void {
    this.#connections.delete(repository.id);
  }

  async gitCredential(repository: RemoteRepository, signal?: AbortSignal): Promise<GitCredential | undefined> {
    return this.connect(repository).gitCredential(signal);
  }

  async getFileContents(repository: RemoteRepository, path: string, revision: string | undefined): Promise<Buffer | undefined> {
    return this.connect(repository).getFileContents(path, revision);
  }

  async updateFileContents(repository: RemoteRepository, update: RemoteUpdate): Promise<RemoteCommit> {
    return this.connect(repository).updateFileContents(update);
  }

  async createChangeRequest(
    repository: RemoteRepository,
    request: {
      readonly branch: string;
      readonly target: string;
      readonly commit: string;
      readonly title: string;
      readonly body: string;
      readonly draft?: boolean | undefined;
    },
  ): Promise<RemoteOutcome> {
    const { kind, number, url, branch, commit, state, report } = await this.connect(repository).createChangeRequest(request);
    this.#logger.info(kind === 'created' ? 'change request created' : 'change request was there', {
      repository: repository.name,
      branch,
      number,
      state,
    });
    return { kind, url, number, remote: repository.url, branch, commit, state, report };
  }

  async createIssue(
    repository: RemoteRepository,
    request: { readonly key: string; readonly title: string; readonly body: string },
  ): Promise<RemoteOutcome | { readonly kind: 'unsupported'; readonly reason: string }> {
    const outcome = await this.connect(repository).createIssue(request);
    if (outcome.kind === 'unsupported') return outcome;
    const { kind, number, url, state } = outcome;
    this.#logger.info(kind === 'created' ? 'issue created' : 'issue was there', { repository: repository.name, number, state });
    return { kind, url, number, remote: repository.url, branch: '', commit: '', state };
  }

  async listOpenChangeRequests(repository: RemoteRepository, most: number): Promise<readonly OpenChangeRequest[]> {
    return this.connect(repository).listOpenChangeRequests(most);
  }

  async check(repository: RemoteRepository): Promise<readonly RemoteCheck[]> {
    return this.connect(repository).check();
  }

  #open(repository: RemoteRepository): Remote {
    const { clock, git, keyFolder, reportFolder, readSecret, outbound } = this.#options;
    const fetch = outbound?.fetch;
    const credential = async (): Promise<GitCredential | undefined> =>
      toGitCredential(repository, await readCredential(repository, readSecret), keyFolder);
    switch (repository.provider) {
      case 'git':
        return new PlainGitRemote({ repository, git, credential, reports: createReportFiles(join(reportFolder, repository.name)) });
      case 'github': {
        const address = readGitHubAddress(repository.url);
        const client = new GitHubClient({
          ...address,
          clock,
          credential: async () => readGitHubCredential(await readCredential(repository, readSecret)),
          timeoutMs: this.#options.apiTimeoutMs,
          fetch,
        });
        return new GitHubRemote({ repository, git, client, owner: address.owner, name: address.name });
      }
      case 'gitea': {
        const { origin, owner, name } = readForgeAddress(repository.url);
        const client = new ForgeClient({
          forge: 'Gitea',
          baseUrl: `${origin}/api/v1`,
          repository: `${owner}/${name}`,
          token: async () => readCredential(repository, readSecret),
          authorize: (token) => ['authorization', `token ${token}`],
          clock,
          timeoutMs: this.#options.apiTimeoutMs,
          fetch,
        });
        return new GiteaRemote({ repository, git, client, owner, name, credential });
      }
      case 'gitlab': {
        const { origin, owner, name } = readForgeAddress(repository.url, true);
        const project = `${owner}/${name}`;
        const client = new ForgeClient({
          forge: 'GitLab',
          baseUrl: `${origin}/api/v4`,
          repository: project,
          token: async () => readCredential(repository, readSecret),
          authorize: (token) => ['private-token', token],
          clock,
          timeoutMs: this.#options.apiTimeoutMs,
          fetch,
        });
        return new GitLabRemote({ repository, git, client, project, credential, nowMs: () => clock.now() });
      }
    }
  }
}

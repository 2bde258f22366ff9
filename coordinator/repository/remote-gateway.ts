// What the Repository Service needs of the remote side: credentials for git, change requests, issues and checks.
// Must never be implemented here; remote/remote-repository-service.ts is one, compose.ts joins them.
import type { GitCredential } from './git.ts';
import type { ListedChange } from './open-changes.ts';
import type { FileChange, PublishOutcome, PushedCommit, Repository } from './repository.ts';

export interface RemoteGateway {
  /** For git over https or ssh; undefined where none is configured. @throws HephaestusError `remote.credential-missing` and the like. */
  gitCredential(repository: Repository, signal?: AbortSignal): Promise<GitCredential | undefined>;
  /** Commits to a branch of ours and pushes it, by git or as the forge does it. */
  updateFileContents(
    repository: Repository,
    update: { readonly branch: string; readonly base: string; readonly files: readonly FileChange[]; readonly message: string },
  ): Promise<PushedCommit>;
  /** Looks for an open or closed one of this branch first. */
  createChangeRequest(
    repository: Repository,
    request: {
      readonly branch: string;
      readonly target: string;
      readonly commit: string;
      readonly title: string;
      readonly body: string;
      readonly draft?: boolean | undefined;
    },
  ): Promise<PublishOutcome>;
  createIssue(
    repository: Repository,
    request: { readonly key: string; readonly title: string; readonly body: string },
  ): Promise<PublishOutcome | { readonly kind: 'unsupported'; readonly reason: string }>;
  /** Whoever made them; plain git answers with all its branches. */
  listOpenChangeRequests(repository: Repository, most: number): Promise<readonly ListedChange[]>;
  /** Asks the forge's API; the Repository Service checks git itself. */
  check(repository: Repository): Promise<readonly { name: string; ok: boolean; message: string }[]>;
}

// What a remote is: the contract that every adapter (one file a forge) fulfils, and what it needs from outside.
// Must never import an SDK or run git; adapters do the one, the Repository Service's mirrors the other.
import type { Secret } from '../../base/secret.ts';

/** As much of a repository as its remote side needs. */
export interface RemoteRepository {
  readonly id: string;
  readonly name: string;
  readonly provider: 'git' | 'github' | 'gitlab' | 'gitea';
  /** Without credentials. */
  readonly url: string;
  readonly defaultBranch: string | undefined;
  /** Name of the secret. */
  readonly credential: string | undefined;
  readonly conventions?: { readonly commits: 'auto' | 'api' | 'push' } | undefined;
}

/** What git shows to the remote. */
export type GitCredential =
  | { readonly kind: 'password'; readonly username: string; readonly password: Secret }
  | { readonly kind: 'ssh-key'; readonly privateKeyFile: string };

/** The value of a named secret, or undefined if there is none of that name. */
export type SecretReader = (name: string) => Promise<Secret | undefined>;

export interface RemoteUpdate {
  /** Of ours: begins with `hephaestus/`. */
  readonly branch: string;
  /** Commit that the change is made on. */
  readonly base: string;
  /** Undefined content deletes. */
  readonly files: readonly { readonly path: string; readonly content: Buffer | undefined }[];
  readonly message: string;
}

export interface RemoteCommit {
  readonly commit: string;
  /** What people should know of how it was made. */
  readonly note?: string | undefined;
}

/** A commit that the forge itself is to make. */
export interface PlannedCommit {
  readonly parent: string;
  readonly parentTree: string;
  readonly tree: string;
  readonly message: string;
  /** `mode` as git writes it; undefined content deletes. */
  readonly files: readonly { readonly path: string; readonly mode: string; readonly content: Buffer | undefined }[];
}

export type ChangeRequestState = 'open' | 'merged' | 'closed';

export interface ChangeRequest {
  readonly number: string;
  /** Where a person looks at it. */
  readonly url: string;
  readonly branch: string;
  /** Head of the branch. */
  readonly commit: string;
  /** `closed` is closed without merging: a person's no. */
  readonly state: ChangeRequestState;
  readonly draft: boolean;
  /** As people see it, without the mark of a draft. */
  readonly title: string;
  readonly body: string;
  /** File on this host that holds both, where the remote has no place for them. */
  readonly report?: string | undefined;
  /** The commit by which it came into its target: a merge, a squash or the last one of a rebase. Undefined unless merged. */
  readonly mergeCommit: string | undefined;
  /** Undefined unless merged, and where the remote doesn't say when. */
  readonly mergedAtMs: number | undefined;
}

/** One that is open now, whoever made it. */
export interface OpenChangeRequest {
  readonly number: string;
  readonly url: string;
  /** At a fork it may be a branch that the repository itself hasn't got. */
  readonly branch: string;
  /** Where git finds its head at the remote: `refs/pull/7/head`. */
  readonly reference: string;
  readonly commit: string;
  readonly title: string;
  readonly body: string;
}

/** What is remembered of a change request that is asked for again. */
export interface KnownChangeRequest {
  readonly number: string;
  readonly branch: string;
  readonly target: string;
  /** Head of the branch as we pushed it. */
  readonly commit: string;
}

export interface RemoteComment {
  /** Unique within the change request. */
  readonly id: string;
  readonly author: string;
  readonly body: string;
  readonly createdAtMs: number;
  /** Where in the code, for a comment of a review. */
  readonly path: string | undefined;
  readonly line: number | undefined;
  /** Written by us: it carries our mark. */
  readonly isOurs: boolean;
  /** Of a person who may write to the repository, as far as the forge says so; bots and passers-by may not. */
  readonly mayWrite: boolean;
}

export interface ChangeRequestDraft {
  readonly branch: string;
  /** Branch that it is to be merged into. */
  readonly target: string;
  readonly commit: string;
  readonly title: string;
  /** Markdown. */
  readonly body: string;
  /** Default true; where the forge has none it is made without. */
  readonly draft?: boolean | undefined;
}

/** `draft` as it is to stay: at some forges the title carries it. */
export interface ChangeRequestText {
  readonly title: string;
  readonly body: string;
  readonly draft: boolean;
}

export interface Issue {
  readonly number: string;
  readonly url: string;
  readonly state: 'open' | 'closed';
}

export interface CheckRun {
  readonly name: string;
  readonly state: 'pending' | 'passed' | 'failed' | 'skipped';
  readonly url: string | undefined;
}

/** The remote has no such thing, for good. */
export interface Unsupported {
  readonly kind: 'unsupported';
  readonly reason: string;
}

/** A line of a diagnosis. */
export interface RemoteCheck {
  readonly name: string;
  readonly ok: boolean;
  readonly message: string;
}

/**
 * One repository at one remote. Every create looks first and is safe to call twice; every call throws HephaestusError `remote.*` or
 * `git.*` that says what is wrong and what to do, with `retry: 'ambiguous'` only where even a look couldn't tell.
 */
export interface Remote {
  gitCredential(signal?: AbortSignal): Promise<GitCredential | undefined>;
  /** A file at a branch, tag or commit (undefined: the default branch); undefined if it isn't there. */
  getFileContents(path: string, revision: string | undefined): Promise<Buffer | undefined>;
  /** One commit on a branch of ours; the same update twice is one commit. Never over somebody else's commits. */
  updateFileContents(update: RemoteUpdate): Promise<RemoteCommit>;
  /** The open one of this branch, else the latest closed one. */
  findChangeRequest(branch: string): Promise<ChangeRequest | undefined>;
  createChangeRequest(draft: ChangeRequestDraft): Promise<ChangeRequest & { readonly kind: 'created' | 'existing' }>;
  /** As it is now; undefined if it is gone. */
  getChangeRequest(known: KnownChangeRequest): Promise<ChangeRequest | undefined>;
  /** Open change requests of anybody, the latest first, at most so many. Plain git: every branch there is, in no order. */
  listOpenChangeRequests(most: number): Promise<readonly OpenChangeRequest[]>;
  /** What people wrote on it, oldest first. */
  listComments(number: string): Promise<readonly RemoteComment[] | Unsupported>;
  /** New title and body, or the end of it without merging. */
  updateChangeRequest(number: string, change: ChangeRequestText | { readonly state: 'closed' }): Promise<Unsupported | undefined>;
  /** `key` is the incident's; an issue that carries it, open or closed, is the one. */
  createIssue(request: {
    readonly key: string;
    readonly title: string;
    readonly body: string;
  }): Promise<(Issue & { readonly kind: 'created' | 'existing' }) | Unsupported>;
  /** On a change request or issue; one comment a key, replaced if it is there. */
  comment(number: string, comment: { readonly key: string; readonly body: string }): Promise<Unsupported | undefined>;
  addLabels(number: string, labels: readonly string[]): Promise<Unsupported | undefined>;
  requestReviewers(number: string, reviewers: readonly string[]): Promise<Unsupported | undefined>;
  /** What the forge's CI says of a commit. */
  checkRuns(commit: string): Promise<readonly CheckRun[] | Unsupported>;
  /** Reaches the remote with the credential and names what is missing. */
  check(): Promise<readonly RemoteCheck[]>;
}

/** Git as remotes need it; the Repository Service's mirrors are it. */
export interface RemoteGit {
  readFile(
    repository: RemoteRepository,
    credential: GitCredential | undefined,
    path: string,
    revision: string | undefined,
  ): Promise<Buffer | undefined>;
  /** `make` has the forge make the commit, without a branch; its hash is pushed if it is what was planned. */
  pushFiles(
    repository: RemoteRepository,
    credential: GitCredential | undefined,
    update: RemoteUpdate,
    make?: (commit: PlannedCommit) => Promise<string>,
  ): Promise<{ commit: string }>;
  /** Branches by name, asked of the remote itself; `pattern` as of git ls-remote. */
  remoteBranches(
    repository: RemoteRepository,
    credential: GitCredential | undefined,
    pattern: string,
  ): Promise<ReadonlyMap<string, string>>;
  /**
   * The commit by which another one came into a branch, at the remote now: itself, or what it was squashed, rebased or picked to.
   * Undefined if it didn't.
   */
  mergedAs(
    repository: RemoteRepository,
    credential: GitCredential | undefined,
    branch: string,
    commit: string,
  ): Promise<{ readonly commit: string; readonly atMs: number } | undefined>;
}

// What a repository is to us, and the contract of the Repository Service that solutions build on.
// Must never name a forge or run git; mirror.ts, work-tree.ts and remote/ do.
import type { Conventions } from './convention-settings.ts';
import type { Habits } from './habits.ts';

/** In the order of the ladder. */
export const rungs = ['parsed', 'applied', 'syntax', 'builds', 'tests', 'reproduced'] as const;

export type Rung = (typeof rungs)[number];

export type OperationalMode = 'observe' | 'suggest' | 'deploy';

/** Argument lists, run without a shell; undefined is found out from the repository where that is possible. */
export interface RepositoryCommands {
  readonly setup: readonly string[] | undefined;
  readonly build: readonly string[] | undefined;
  readonly test: readonly string[] | undefined;
  /** Gets the incident as JSON on standard input; exit status 0 means that the problem doesn't show. */
  readonly reproduce: readonly string[] | undefined;
}

export interface Repository {
  readonly id: string;
  /** Unique; letters, digits, dot, dash, underscore. */
  readonly name: string;
  readonly provider: 'git' | 'github' | 'gitlab' | 'gitea';
  /** Without credentials. */
  readonly url: string;
  /** Undefined: the remote's HEAD. */
  readonly defaultBranch: string | undefined;
  readonly mode: OperationalMode;
  /** The rung that mode `deploy` demands. */
  readonly gate: Rung;
  /** Services whose incidents belong here; `*` matches any part. */
  readonly services: readonly string[];
  /** Glob patterns that an edit may touch; empty means all but what the path policy always refuses. */
  readonly allowedPaths: readonly string[];
  /** People who have to approve what waits for approval; 1 if undefined. With 2, nothing reaches the remote by hand past them. */
  readonly approvals?: number | undefined;
  readonly commands: RepositoryCommands;
  /** Which models may see its code and logs; undefined means any (records of earlier versions). */
  readonly models?: 'any' | 'local' | undefined;
  /** Name of the secret for the remote; never the secret. */
  readonly credential: string | undefined;
  /** Undefined in what older versions kept: the defaults. */
  readonly conventions?: Conventions | undefined;
  /** Name of the secret that its forge's webhooks are proven with; undefined: none are taken. */
  readonly webhookSecret?: string | undefined;
  /** For very large repositories: `partial` fetches file contents only when they are read, `shallow` no old history. Undefined is `full`. */
  readonly clone?: 'full' | 'partial' | 'shallow' | undefined;
  readonly lastFetchedAtMs: number | undefined;
  readonly lastError: string | undefined;
}

export interface Commit {
  /** 40 hex digits. */
  readonly hash: string;
  readonly author: string;
  readonly authoredAtMs: number;
  readonly committedAtMs: number;
  readonly subject: string;
  readonly body: string;
}

/** A place in the code, with how sure we are (0 to 1) and why. */
export interface CodeLocation {
  readonly path: string;
  readonly line: number | undefined;
  readonly function: string | undefined;
  readonly score: number;
  readonly reasons: readonly string[];
}

export interface SuspectCommit {
  readonly commit: Commit;
  readonly score: number;
  readonly reasons: readonly string[];
  /** Unified diff of the commit, limited to the located files. */
  readonly diff: string;
}

/** What is asked of the locator: frames innermost first, and words of the message for when no frame helps. */
export interface LocateQuery {
  readonly frames: readonly {
    readonly file: string | undefined;
    readonly line: number | undefined;
    /** 1-based; what a source map is asked by. */
    readonly column?: number | undefined;
    readonly function: string | undefined;
    readonly module: string | undefined;
    readonly inApp: boolean;
    readonly source: string | undefined;
    /** How its place was found where it isn't as logged: `by the source map of dist/app.js`. */
    readonly via?: string | undefined;
  }[];
  readonly language: string | undefined;
  readonly message: string;
  readonly template: string;
}

export interface FoundLine {
  readonly path: string;
  /** 1-based. */
  readonly line: number;
  readonly text: string;
}

export interface FileChange {
  readonly path: string;
  /** Undefined deletes the file. */
  readonly content: Buffer | undefined;
}

export interface PushedCommit {
  readonly commit: string;
  /** What people should know of how it was made. */
  readonly note?: string | undefined;
}

/** A change that was applied somewhere else. */
export type Applied =
  | { readonly kind: 'applied'; readonly files: readonly FileChange[] }
  /** It is there already. */
  | { readonly kind: 'nothing' }
  | { readonly kind: 'conflict'; readonly paths: readonly string[] };

/** What an open change request would bring, whoever made it. */
export interface OpenChange {
  /** As people write it; on plain git the branch. */
  readonly number: string;
  readonly url: string;
  readonly title: string;
  readonly commit: string;
  /** Where it left the revision that was asked about. */
  readonly base: string;
  /** When its head was committed. */
  readonly atMs: number;
  /** Title, branch, description and messages. */
  readonly words: string;
  readonly paths: readonly string[];
  /** Unified, from `base` to `commit`; cut at 128 KiB. */
  readonly diff: string;
}

/** A checkout that belongs to one piece of work; nothing else writes to it. */
export interface WorkTree extends AsyncDisposable {
  readonly directory: string;
  readonly baseCommit: string;
}

export type PublishOutcome = {
  readonly kind: 'created' | 'existing';
  /** Where a person looks at it; for plain git the remote and branch in words. */
  readonly url: string;
  readonly number: string;
  readonly remote: string;
  readonly branch: string;
  readonly commit: string;
  /** `closed`: a person said no (closed without merging); it is not proposed again unless asked. */
  readonly state: 'open' | 'merged' | 'closed';
  /** File on this host with the words of it, where the remote has no place for them. */
  readonly report?: string | undefined;
};

/** `taken-back`: it was there, and a later commit of the revision reverts it. */
export type FixPresence = 'held' | 'taken-back' | 'missing';

/** The Repository Service. Every call throws HephaestusError with what to do; `retry: 'ambiguous'` means look before acting again. */
export interface RepositoryService {
  /** Brings the local mirror up to date (makes it the first time) and answers with the default branch and its head. */
  initialize(repository: Repository, signal?: AbortSignal): Promise<{ branch: string; head: string }>;
  listFiles(repository: Repository, revision: string): Promise<readonly string[]>;
  /** Where other repositories are put in; nothing of them is mirrored. */
  listSubmodules(repository: Repository, revision: string): Promise<readonly string[]>;
  getFileContents(repository: Repository, path: string, revision: string): Promise<Buffer | undefined>;
  /** Many files at once, by path; those that aren't there, are no regular files, or are larger than `mostBytes` are left out. */
  readFiles(repository: Repository, paths: readonly string[], revision: string, mostBytes: number): Promise<ReadonlyMap<string, Buffer>>;
  /** Lines of text files that hold `text` literally. */
  findText(repository: Repository, text: string, revision: string): Promise<readonly FoundLine[]>;
  /** The commit of a branch, tag or beginning of a hash, as of the last `initialize`. */
  resolve(repository: Repository, revision: string): Promise<string>;
  locate(repository: Repository, revision: string, query: LocateQuery): Promise<readonly CodeLocation[]>;
  suspectCommits(
    repository: Repository,
    revision: string,
    locations: readonly CodeLocation[],
    firstSeenAtMs: number,
  ): Promise<readonly SuspectCommit[]>;
  /** The newest commits that touched a path. */
  history(repository: Repository, revision: string, path: string, limit: number): Promise<readonly Commit[]>;
  createWorkTree(repository: Repository, revision: string): Promise<WorkTree>;
  /**
   * Commits files on top of `base` to a branch of ours (`hephaestus/…`) and pushes it; the same content, base and message twice are one
   * commit, also where the forge makes and signs it. On plain git the message is all that a reviewer gets: put the report into it. Somebody else's commits on the branch are never
   * overwritten: `repository.branch-taken`.
   */
  updateFileContents(
    repository: Repository,
    request: {
      branch: string;
      base: string;
      files: readonly FileChange[];
      message: string;
    },
  ): Promise<PushedCommit>;
  /** Looks for an open or closed one of this branch first. */
  createChangeRequest(
    repository: Repository,
    request: { branch: string; commit: string; title: string; body: string; draft?: boolean },
  ): Promise<PublishOutcome>;
  /** Looks for one with this key first. `kind: 'unsupported'` where the remote has no issues (plain git). */
  createIssue(
    repository: Repository,
    request: { key: string; title: string; body: string },
  ): Promise<PublishOutcome | { readonly kind: 'unsupported'; readonly reason: string }>;
  /**
   * Whether a revision, as a deployment or a log names it, contains a fix: the commit, or what it was picked to.
   * Undefined where the repository knows no such revision. As of the last `initialize`.
   */
  holdsFix(
    repository: Repository,
    revision: string,
    fix: { readonly commit: string; readonly solutionId: string },
  ): Promise<FixPresence | undefined>;
  /** Whether a commit is part of a revision's history; as of the last `initialize`. */
  contains(repository: Repository, revision: string, commit: string): Promise<boolean>;
  /** What open change requests (on plain git: unmerged branches) would change, the latest 50; as of the last `initialize`, asked of the remote. */
  openChanges(repository: Repository, revision: string): Promise<readonly OpenChange[]>;
  /** What the history says of the team's ways, for a change of these files. */
  habits(repository: Repository, revision: string, paths: readonly string[]): Promise<Habits>;
  /** What leads from one commit to another, applied to a third. `from: undefined` is the first parent of `to`, and the other way round. */
  applyElsewhere(
    repository: Repository,
    change: { readonly from: string | undefined; readonly to: string | undefined; readonly onto: string },
  ): Promise<Applied>;
  /** Reaches the remote and says what is wrong. */
  check(repository: Repository): Promise<readonly { name: string; ok: boolean; message: string }[]>;
  /** Removes what is kept locally. */
  remove(repository: Repository): Promise<void>;
}

/** The store that the Repository Service's records live in. */
export interface RepositoryStore {
  add(repository: Repository): Promise<void>;
  update(repository: Repository): Promise<void>;
  get(idOrName: string): Promise<Repository | undefined>;
  list(): Promise<readonly Repository[]>;
  remove(id: string): Promise<void>;
}

// Real git repositories in a temporary folder: a bare remote, a colleague's clone, and a Repository Service on top of it.
// Must never use the host's git configuration, nor leave anything behind.
import { execFileSync } from 'node:child_process';
import { mkdirSync, mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { dirname, join } from 'node:path';
import { systemClock } from '../../base/clock.ts';
import { silentLogger } from '../../base/logger.ts';
import type { Secret } from '../../base/secret.ts';
import { RemoteRepositoryService } from '../../coordinator/remote/remote-repository-service.ts';
import { hephaestusIdentity } from '../../coordinator/repository/branch-writer.ts';
import { Git, type GitOptions } from '../../coordinator/repository/git.ts';
import { MirrorDisk, type MirrorDiskOptions } from '../../coordinator/repository/mirror-disk.ts';
import { Mirrors } from '../../coordinator/repository/mirrors.ts';
import { GitRepositoryService } from '../../coordinator/repository/repository-service.ts';
import type { Repository, RepositoryStore } from '../../coordinator/repository/repository.ts';
import { WorkTrees } from '../../coordinator/repository/work-tree.ts';

export interface CommitOptions {
  readonly message: string;
  /** `null` deletes. */
  readonly files: Readonly<Record<string, string | null>>;
  /** ISO time; default a fixed one. */
  readonly date?: string;
  readonly author?: string;
  readonly branch?: string;
}

export class GitFixture {
  readonly folder = mkdtempSync(join(tmpdir(), 'hephaestus git-'));
  readonly remote = join(this.folder, 'remote.git');
  readonly clone = join(this.folder, 'colleague');

  constructor(branch = 'main') {
    this.git(['init', '--quiet', '--bare', `--initial-branch=${branch}`, this.remote], this.folder);
    this.git(['init', '--quiet', `--initial-branch=${branch}`, this.clone], this.folder);
    this.git(['remote', 'add', 'origin', this.remote]);
  }

  git(args: readonly string[], cwd = this.clone, env: Readonly<Record<string, string>> = {}): string {
    return execFileSync('git', args, {
      cwd,
      encoding: 'utf8',
      stdio: ['ignore', 'pipe', 'pipe'],
      env: {
        PATH: '/usr/local/bin:/usr/bin:/bin',
        HOME: this.folder,
        GIT_CONFIG_GLOBAL: '/dev/null',
        GIT_CONFIG_NOSYSTEM: '1',
        GIT_AUTHOR_NAME: 'Colleague',
        GIT_AUTHOR_EMAIL: 'colleague@example.com',
        GIT_COMMITTER_NAME: 'Colleague',
        GIT_COMMITTER_EMAIL: 'colleague@example.com',
        ...env,
      },
    }).trim();
  }

  /** Commits as a colleague and pushes. @returns the hash */
  commit(options: CommitOptions): string {
    for (const [path, content] of Object.entries(options.files)) {
      const file = join(this.clone, path);
      if (content === null) rmSync(file);
      else {
        mkdirSync(dirname(file), { recursive: true });
        writeFileSync(file, content);
      }
    }
    const date = options.date ?? '2026-03-01T10:00:00Z';
    this.git(['add', '--all']);
    this.git(['commit', '--quiet', '--allow-empty', '-m', options.message], this.clone, {
      GIT_AUTHOR_DATE: date,
      GIT_COMMITTER_DATE: date,
      GIT_AUTHOR_NAME: options.author ?? 'Colleague',
    });
    this.git(['push', '--quiet', '--force', 'origin', `HEAD:refs/heads/${options.branch ?? 'main'}`]);
    return this.git(['rev-parse', 'HEAD']);
  }

  remoteHead(branch: string): string | undefined {
    const listed = this.git(['ls-remote', this.remote, `refs/heads/${branch}`]);
    return listed === '' ? undefined : listed.slice(0, 40);
  }

  dispose(): void {
    rmSync(this.folder, { recursive: true, force: true });
  }
}

/** A repository as an operator would have added it. */
export function makeRepository(url: string, changes: Partial<Repository> = {}): Repository {
  return {
    id: 'repository-1',
    name: 'shop',
    provider: 'git',
    url,
    defaultBranch: undefined,
    mode: 'suggest',
    gate: 'tests',
    services: [],
    allowedPaths: [],
    commands: { setup: undefined, build: undefined, test: undefined, reproduce: undefined },
    credential: undefined,
    lastFetchedAtMs: undefined,
    lastError: undefined,
    ...changes,
  };
}

/** Keeps repositories in memory. */
export class MemoryRepositoryStore implements RepositoryStore {
  readonly #repositories = new Map<string, Repository>();

  async add(repository: Repository): Promise<void> {
    this.#repositories.set(repository.id, repository);
  }

  async update(repository: Repository): Promise<void> {
    this.#repositories.set(repository.id, repository);
  }

  async get(idOrName: string): Promise<Repository | undefined> {
    return this.#repositories.get(idOrName) ?? [...this.#repositories.values()].find(({ name }) => name === idOrName);
  }

  async list(): Promise<readonly Repository[]> {
    return [...this.#repositories.values()];
  }

  async remove(id: string): Promise<void> {
    this.#repositories.delete(id);
  }
}

export interface ServiceParts {
  readonly service: GitRepositoryService;
  readonly remotes: RemoteRepositoryService;
  readonly mirrors: Mirrors;
  readonly workTrees: WorkTrees;
  readonly store: MemoryRepositoryStore;
  readonly stateFolder: string;
}

/** The Repository Service with its real parts, as compose.ts joins them. */
export function makeRepositoryService(
  stateFolder: string,
  options: { secrets?: Readonly<Record<string, Secret>>; git?: GitOptions; disk?: Partial<MirrorDiskOptions> } = {},
): ServiceParts {
  const git = new Git({ homeDirectory: stateFolder, ...options.git });
  const mirrors = new Mirrors({
    git,
    directory: join(stateFolder, 'repositories'),
    identity: hephaestusIdentity,
    disk: new MirrorDisk({
      directory: join(stateFolder, 'repositories'),
      maxBytes: Number.MAX_SAFE_INTEGER,
      maxIdleMs: Number.MAX_SAFE_INTEGER,
      leastFreeBytes: 0,
      clock: systemClock,
      logger: silentLogger,
      ...options.disk,
    }),
  });
  const remotes = new RemoteRepositoryService({
    git: mirrors,
    readSecret: async (name) => options.secrets?.[name],
    keyFolder: join(stateFolder, 'keys'),
    reportFolder: join(stateFolder, 'reports'),
    clock: systemClock,
    apiTimeoutMs: 2000,
    logger: silentLogger,
  });
  const store = new MemoryRepositoryStore();
  const workTrees = new WorkTrees({ git, directory: join(stateFolder, 'work-trees') });
  const service = new GitRepositoryService({ mirrors, workTrees, remotes, store, clock: systemClock, logger: silentLogger });
  return { service, remotes, mirrors, workTrees, store, stateFolder };
}

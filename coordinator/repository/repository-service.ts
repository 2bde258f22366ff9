// The Repository Service: the mirror, what is found in it, work trees, and our branches; the remote side is asked through a gateway.
// Must never change anything at a remote but branches of ours and what the gateway does.
import { HephaestusError } from '../../base/errors.ts';
import type { Clock } from '../../base/clock.ts';
import type { Logger } from '../../base/logger.ts';
import { readHabits, type Habits } from './habits.ts';
import { grep, listFiles, listSubmodules, readFileAt, readFilesAt, readHistory } from './history.ts';
import { locateInMirror } from './location-search.ts';
import { holdsFix, isAncestor } from './merge-search.ts';
import type { Mirrors } from './mirrors.ts';
import { mostOpenChanges, readOpenChanges } from './open-changes.ts';
import { PathIndex } from './path-index.ts';
import type { RemoteGateway } from './remote-gateway.ts';
import type {
  Applied,
  CodeLocation,
  Commit,
  FileChange,
  FixPresence,
  FoundLine,
  LocateQuery,
  OpenChange,
  PublishOutcome,
  PushedCommit,
  Repository,
  RepositoryService,
  RepositoryStore,
  SuspectCommit,
  WorkTree,
} from './repository.ts';
import { revisionNames } from './revision-name.ts';
import { findSuspectCommits } from './suspect-commit.ts';
import { applyElsewhere } from './three-way.ts';
import type { WorkTrees } from './work-tree.ts';

export interface RepositoryServiceOptions {
  readonly mirrors: Mirrors;
  readonly workTrees: WorkTrees;
  readonly remotes: RemoteGateway;
  readonly store: RepositoryStore;
  readonly clock: Clock;
  readonly logger: Logger;
  /** Runs what reaches a remote, and records it; undefined: nobody keeps a record. */
  readonly witness?: OutwardWitness | undefined;
}

/** @throws what `run` throws, or before it if the act couldn't be recorded */
export type OutwardWitness = <Result>(
  act: string,
  repository: Repository,
  detail: Readonly<Record<string, unknown>>,
  run: () => Promise<Result>,
) => Promise<Result>;

/** Indexes of file lists kept in memory, the newest used last; a list of 100,000 paths takes some 30 MB. */
const keptIndexes = 4;

export class GitRepositoryService implements RepositoryService {
  readonly #options: RepositoryServiceOptions;
  readonly #logger: Logger;
  readonly #indexes = new Map<string, PathIndex>();

  constructor(options: RepositoryServiceOptions) {
    this.#options = options;
    this.#logger = options.logger.withContext({ component: 'repository-service' });
  }

  async initialize(repository: Repository, signal?: AbortSignal): Promise<{ branch: string; head: string }> {
    const { mirrors, remotes } = this.#options;
    try {
      const state = await mirrors.update(repository, await remotes.gitCredential(repository, signal), signal);
      await this.#record(repository, undefined);
      this.#logger.debug('mirror is up to date', { repository: repository.name, ...state });
      return state;
    } catch (error) {
      const failure = HephaestusError.from(error);
      if (failure.code !== 'aborted') await this.#record(repository, failure.message);
      throw inRepository(repository, failure);
    }
  }

  async listFiles(repository: Repository, revision: string): Promise<readonly string[]> {
    return (await this.#index(repository, revision)).index.paths;
  }

  async listSubmodules(repository: Repository, revision: string): Promise<readonly string[]> {
    const mirror = this.#options.mirrors.of(repository);
    return listSubmodules(mirror, await mirror.resolve(revision));
  }

  async getFileContents(repository: Repository, path: string, revision: string): Promise<Buffer | undefined> {
    const mirror = this.#options.mirrors.of(repository);
    return readFileAt(mirror, await mirror.resolve(revision), path);
  }

  async readFiles(
    repository: Repository,
    paths: readonly string[],
    revision: string,
    mostBytes: number,
  ): Promise<ReadonlyMap<string, Buffer>> {
    const mirror = this.#options.mirrors.of(repository);
    return readFilesAt(mirror, await mirror.resolve(revision), paths, mostBytes);
  }

  async findText(repository: Repository, text: string, revision: string): Promise<readonly FoundLine[]> {
    const mirror = this.#options.mirrors.of(repository);
    return grep(mirror, await mirror.resolve(revision), text);
  }

  async resolve(repository: Repository, revision: string): Promise<string> {
    return this.#options.mirrors.of(repository).resolve(revision);
  }

  async locate(repository: Repository, revision: string, query: LocateQuery): Promise<readonly CodeLocation[]> {
    const { index, commit } = await this.#index(repository, revision);
    return locateInMirror(this.#options.mirrors.of(repository), commit, index, query, nameInCode(repository));
  }

  async suspectCommits(
    repository: Repository,
    revision: string,
    locations: readonly CodeLocation[],
    firstSeenAtMs: number,
  ): Promise<readonly SuspectCommit[]> {
    const mirror = this.#options.mirrors.of(repository);
    return findSuspectCommits(mirror, await mirror.resolve(revision), locations, firstSeenAtMs);
  }

  async history(repository: Repository, revision: string, path: string, limit: number): Promise<readonly Commit[]> {
    const mirror = this.#options.mirrors.of(repository);
    return readHistory(mirror, await mirror.resolve(revision), path, limit);
  }

  async createWorkTree(repository: Repository, revision: string): Promise<WorkTree> {
    const mirror = this.#options.mirrors.of(repository);
    await this.#options.mirrors.requireRoom();
    return this.#options.workTrees.create(mirror, await mirror.resolve(revision));
  }

  async updateFileContents(
    repository: Repository,
    request: { branch: string; base: string; files: readonly FileChange[]; message: string },
  ): Promise<PushedCommit> {
    try {
      const { branch, base, files } = request;
      const paths = files.map(({ path }) => path);
      return await this.#witnessed('forge.push', repository, { branch, base, paths }, async () =>
        this.#options.remotes.updateFileContents(repository, request),
      );
    } catch (error) {
      throw inRepository(repository, HephaestusError.from(error));
    }
  }

  async createChangeRequest(
    repository: Repository,
    request: { branch: string; commit: string; title: string; body: string; draft?: boolean },
  ): Promise<PublishOutcome> {
    const target = repository.defaultBranch ?? (await this.initialize(repository)).branch;
    const { branch, commit, title } = request;
    return this.#witnessed('forge.change-request', repository, { branch, commit, title, target }, () =>
      this.#options.remotes.createChangeRequest(repository, { ...request, target }),
    );
  }

  async createIssue(
    repository: Repository,
    request: { key: string; title: string; body: string },
  ): Promise<PublishOutcome | { readonly kind: 'unsupported'; readonly reason: string }> {
    const { key, title } = request;
    return this.#witnessed('forge.issue', repository, { key, title }, () => this.#options.remotes.createIssue(repository, request));
  }

  #witnessed<Result>(
    act: string,
    repository: Repository,
    detail: Readonly<Record<string, unknown>>,
    run: () => Promise<Result>,
  ): Promise<Result> {
    const { witness } = this.#options;
    return witness === undefined ? run() : witness(act, repository, detail, run);
  }

  async holdsFix(
    repository: Repository,
    revision: string,
    fix: { readonly commit: string; readonly solutionId: string },
  ): Promise<FixPresence | undefined> {
    const mirror = this.#options.mirrors.of(repository);
    for (const name of revisionNames(revision)) {
      // No branches: what "main" was when it ran, nobody knows any more.
      const commit = (await mirror.find(`refs/tags/${name}`)) ?? (/^[0-9a-f]{7,40}$/.test(name) ? await mirror.find(name) : undefined);
      if (commit !== undefined) return holdsFix(mirror, commit, fix);
    }
    return undefined;
  }

  async contains(repository: Repository, revision: string, commit: string): Promise<boolean> {
    const mirror = this.#options.mirrors.of(repository);
    return isAncestor(mirror, commit, await mirror.resolve(revision));
  }

  async openChanges(repository: Repository, revision: string): Promise<readonly OpenChange[]> {
    const { mirrors, remotes } = this.#options;
    const mirror = mirrors.of(repository);
    const listed = await remotes.listOpenChangeRequests(repository, mostOpenChanges);
    const fetch = async (reference: string): Promise<void> =>
      mirrors.fetchReference(repository, await remotes.gitCredential(repository), reference);
    return readOpenChanges(mirror, await mirror.resolve(revision), listed, fetch);
  }

  async habits(repository: Repository, revision: string, paths: readonly string[]): Promise<Habits> {
    const mirror = this.#options.mirrors.of(repository);
    return readHabits(mirror, await mirror.resolve(revision), paths);
  }

  async applyElsewhere(
    repository: Repository,
    change: { readonly from: string | undefined; readonly to: string | undefined; readonly onto: string },
  ): Promise<Applied> {
    const mirror = this.#options.mirrors.of(repository);
    const from = change.from ?? (await mirror.text(['rev-parse', '--verify', '--end-of-options', `${change.to ?? ''}^1^{commit}`]));
    const to = change.to ?? (await mirror.text(['rev-parse', '--verify', '--end-of-options', `${change.from ?? ''}^1^{commit}`]));
    return applyElsewhere(mirror, from, to, change.onto);
  }

  async check(repository: Repository): Promise<readonly { name: string; ok: boolean; message: string }[]> {
    const checks: { name: string; ok: boolean; message: string }[] = [];
    try {
      const { branch, head } = await this.initialize(repository);
      checks.push({ name: 'mirror', ok: true, message: `up to date with ${branch} at ${head.slice(0, 12)}` });
      const files = await this.listFiles(repository, head);
      checks.push({ name: 'files', ok: files.length > 0, message: `${String(files.length)} files` });
    } catch (error) {
      checks.push({ name: 'mirror', ok: false, message: HephaestusError.from(error).message });
    }
    try {
      checks.push(...(await this.#options.remotes.check(repository)));
    } catch (error) {
      checks.push({ name: 'remote', ok: false, message: HephaestusError.from(error).message });
    }
    return checks;
  }

  async remove(repository: Repository): Promise<void> {
    for (const key of this.#indexes.keys()) if (key.startsWith(`${repository.id}\0`)) this.#indexes.delete(key);
    await this.#options.mirrors.remove(repository);
  }

  async #index(repository: Repository, revision: string): Promise<{ index: PathIndex; commit: string }> {
    const mirror = this.#options.mirrors.of(repository);
    const commit = await mirror.resolve(revision);
    const key = `${repository.id}\0${commit}`;
    const index = this.#indexes.get(key) ?? new PathIndex(await listFiles(mirror, commit));
    this.#indexes.delete(key);
    this.#indexes.set(key, index);
    const [oldest] = this.#indexes.keys();
    if (this.#indexes.size > keptIndexes && oldest !== undefined) this.#indexes.delete(oldest);
    return { index, commit };
  }

  /** Remembered for operators; what is stored else is left as it is now, not as it was when the work began. */
  async #record(repository: Repository, lastError: string | undefined): Promise<void> {
    const { store, clock } = this.#options;
    const current = await store.get(repository.id);
    if (current === undefined) return;
    const lastFetchedAtMs = lastError === undefined ? clock.now() : current.lastFetchedAtMs;
    await store.update({ ...current, lastFetchedAtMs, lastError });
  }
}

/** The last part of the URL: what packages and module paths call it. */
function nameInCode(repository: Repository): string {
  const last = repository.url.replace(/\/+$/, '').split(/[/:]/).at(-1) ?? '';
  return last.replace(/\.git$/, '');
}

function inRepository(repository: Repository, failure: HephaestusError): HephaestusError {
  if (failure.message.startsWith('repository ')) return failure;
  return new HephaestusError({
    code: failure.code,
    kind: failure.kind,
    retry: failure.retry,
    details: failure.details,
    message: `repository ${repository.name}: ${failure.message}`,
    cause: failure,
  });
}

// All mirrors of this coordinator: one object for each repository, so that its turns hold for everybody.
// Must never choose a credential; callers say how the remote is reached.
import { rm } from 'node:fs/promises';
import { join } from 'node:path';
import { HephaestusError, isHephaestusError } from '../../base/errors.ts';
import { BranchWriter, type BranchUpdate, type CommitIdentity, type CommitMaker } from './branch-writer.ts';
import type { Git, GitCredential } from './git.ts';
import { readFileAt } from './history.ts';
import { findMerge } from './merge-search.ts';
import { Mirror, type CloneKind } from './mirror.ts';
import type { DiskReport, MirrorDisk } from './mirror-disk.ts';

export interface MirrorsOptions {
  readonly git: Git;
  /** `<state directory>/repositories` */
  readonly directory: string;
  readonly identity: CommitIdentity;
  /** Their share of the disk. */
  readonly disk: MirrorDisk;
}

/** As much of a repository as a mirror needs. */
export interface MirroredRepository {
  readonly id: string;
  readonly url: string;
  readonly defaultBranch: string | undefined;
  readonly clone?: CloneKind | undefined;
}

export class Mirrors {
  readonly #options: MirrorsOptions;
  readonly #mirrors = new Map<string, Mirror>();

  constructor(options: MirrorsOptions) {
    this.#options = options;
  }

  of(repository: MirroredRepository): Mirror {
    const known = this.#mirrors.get(repository.id);
    if (known !== undefined) return known;
    const mirror = new Mirror({
      git: this.#options.git,
      directory: join(this.#folderOf(repository), 'mirror.git'),
      clone: repository.clone ?? 'full',
      onUse: () => this.#options.disk.use(repository.id),
    });
    this.#mirrors.set(repository.id, mirror);
    return mirror;
  }

  async update(
    repository: MirroredRepository,
    credential: GitCredential | undefined,
    signal?: AbortSignal,
  ): Promise<{ branch: string; head: string }> {
    const update = async () => this.of(repository).update({ url: repository.url, credential }, repository.defaultBranch, signal);
    await this.requireRoom();
    try {
      return await update();
    } catch (error) {
      if (!isHephaestusError(error) || error.code !== 'git.disk-full') throw error;
      // It began with room, and took more than there was.
      const { removed } = await this.sweep(undefined, Number.MAX_SAFE_INTEGER);
      if (removed === 0) throw error;
      return update();
    }
  }

  /** @throws HephaestusError `repository.disk-full` */
  async requireRoom(): Promise<void> {
    await this.#options.disk.requireRoom(async (neededBytes) => this.sweep(undefined, neededBytes));
  }

  /** Removes mirrors that are too many, too old or of no repository; `known` ids, undefined: all are. */
  async sweep(known: ReadonlySet<string> | undefined, neededBytes = 0): Promise<DiskReport> {
    const { disk, directory } = this.#options;
    return disk.sweep(
      (id) => known?.has(id) ?? true,
      async (id, unusedSinceMs) => {
        const mirror = this.#mirrors.get(id);
        if (mirror !== undefined && !(await mirror.remove(() => disk.usedAtMs(id) <= unusedSinceMs))) return false;
        await rm(join(directory, id), { recursive: true, force: true });
        return true;
      },
      neededBytes,
    );
  }

  /** Brings the commits of a reference that isn't mirrored (`refs/pull/7/head`); nothing names them afterwards but their hashes. */
  async fetchReference(repository: MirroredRepository, credential: GitCredential | undefined, reference: string): Promise<void> {
    await this.of(repository).fetchReference({ url: repository.url, credential }, reference);
  }

  /** A file as it is at the remote now. */
  async readFile(
    repository: MirroredRepository,
    credential: GitCredential | undefined,
    path: string,
    revision: string | undefined,
  ): Promise<Buffer | undefined> {
    const { head } = await this.update(repository, credential);
    const mirror = this.of(repository);
    return readFileAt(mirror, revision === undefined ? head : await mirror.resolve(revision), path);
  }

  /** Commits files to a branch of ours and pushes it; `make` has the remote make the commit. */
  async pushFiles(
    repository: MirroredRepository,
    credential: GitCredential | undefined,
    update: BranchUpdate,
    make?: CommitMaker,
  ): Promise<{ commit: string }> {
    const { git, identity } = this.#options;
    if (!(await this.of(repository).knows(update.base))) await this.update(repository, credential);
    return new BranchWriter({ git, mirror: this.of(repository), identity }).write(
      { url: repository.url, credential },
      update,
      undefined,
      make,
    );
  }

  /** Branches at the remote, by name, asked of the remote itself. */
  async remoteBranches(
    repository: MirroredRepository,
    credential: GitCredential | undefined,
    pattern: string,
  ): Promise<ReadonlyMap<string, string>> {
    const listed = await this.#options.git.text(['ls-remote', '--heads', '--', repository.url, pattern], {
      remoteUrl: repository.url,
      credential,
      timeoutMs: 60_000,
    });
    return new Map([...listed.matchAll(/^([0-9a-f]{40})\trefs\/heads\/(.+)$/gm)].map((match) => [match[2] ?? '', match[1] ?? '']));
  }

  /** The commit by which another one came into a branch, at the remote now. */
  async mergedAs(
    repository: MirroredRepository,
    credential: GitCredential | undefined,
    branch: string,
    commit: string,
  ): Promise<{ commit: string; atMs: number } | undefined> {
    await this.update(repository, credential);
    return findMerge(this.of(repository), `refs/heads/${branch}`, commit);
  }

  async remove(repository: MirroredRepository): Promise<void> {
    await this.of(repository).remove();
    this.#options.disk.forget(repository.id);
    this.#mirrors.delete(repository.id);
    await rm(this.#folderOf(repository), { recursive: true, force: true });
  }

  #folderOf(repository: MirroredRepository): string {
    if (!/^[\w-]{1,100}$/.test(repository.id)) {
      throw new HephaestusError({
        code: 'repository.id-invalid',
        kind: 'validation',
        message: `'${repository.id.slice(0, 100)}' is no repository id`,
      });
    }
    return join(this.#options.directory, repository.id);
  }
}

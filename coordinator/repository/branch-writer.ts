// Writes our branches: a commit that is the same whenever its content, base and message are, pushed without overwriting anybody.
// Must never touch a branch outside `hephaestus/`, follow a symbolic link, or force over a commit that isn't ours.
import { randomUUID } from 'node:crypto';
import { rm } from 'node:fs/promises';
import { join } from 'node:path';
import { HephaestusError, isHephaestusError } from '../../base/errors.ts';
import type { Git } from './git.ts';
import { withoutUserInformation } from './git-failure.ts';
import { scratchIndexPrefix, type Mirror, type RemoteAccess } from './mirror.ts';
import type { FileChange } from './repository.ts';

/** A commit as it is to be: its tree is known before anything of it is at the remote. */
export interface PlannedCommit {
  readonly parent: string;
  readonly parentTree: string;
  readonly tree: string;
  readonly message: string;
  readonly files: readonly {
    readonly path: string;
    /** Six digits, as git writes it. */
    readonly mode: string;
    /** Undefined deletes. */
    readonly content: Buffer | undefined;
  }[];
}

/** Makes the commit at the remote, without a branch, and answers with its hash; where the forge is to sign it. */
export type CommitMaker = (commit: PlannedCommit) => Promise<string>;

export interface CommitIdentity {
  readonly name: string;
  readonly email: string;
}

export const hephaestusIdentity: CommitIdentity = { name: 'Hephaestus', email: 'hephaestus@localhost' };

/** Every branch of ours begins with it. */
export const branchPrefix = 'hephaestus/';

export interface BranchUpdate {
  readonly branch: string;
  readonly base: string;
  readonly files: readonly FileChange[];
  readonly message: string;
}

export interface BranchWriterOptions {
  readonly git: Git;
  readonly mirror: Mirror;
  readonly identity: CommitIdentity;
}

const noObject = '0'.repeat(40);

export class BranchWriter {
  readonly #options: BranchWriterOptions;

  constructor(options: BranchWriterOptions) {
    this.#options = options;
  }

  /**
   * Commits and pushes. If the remote has the very commit already, nothing is pushed. With `make` the remote makes the commit, which is
   * another one each time; there the same tree, parent and message is the same commit.
   *
   * @throws HephaestusError `repository.branch-taken` if somebody else's commit is on the branch,
   * `repository.path-refused`, `repository.nothing-changed`, or `git.*`.
   */
  async write(access: RemoteAccess, update: BranchUpdate, signal?: AbortSignal, make?: CommitMaker): Promise<{ commit: string }> {
    await this.#checkBranchName(update.branch);
    return this.#options.mirror.exclusive(async () => {
      const planned = await this.#plan(update);
      const before = await this.#remoteCommit(access, update.branch, signal);
      if (before !== undefined) await this.#fetchCommit(access, before, signal);
      if (before !== undefined && (await this.#is(before, planned))) return { commit: before };
      const commit = make === undefined ? await this.#commit(update.branch, planned) : await this.#obtain(access, planned, make, signal);
      if (before !== undefined) await this.#checkOurs(update, before, commit);
      return { commit: await this.#push(access, update.branch, { before, commit, planned }, signal) };
    });
  }

  async #checkBranchName(branch: string): Promise<void> {
    const answer = branch.startsWith(branchPrefix)
      ? await this.#options.git.run(['check-ref-format', `refs/heads/${branch}`], { statuses: [0, 1] })
      : undefined;
    if (answer?.status === 0) return;
    throw new HephaestusError({
      code: 'repository.branch-refused',
      kind: 'validation',
      message: `'${branch.slice(0, 200)}' is no branch of ours; its name must begin with ${branchPrefix} and be valid for git`,
    });
  }

  async #plan(update: BranchUpdate): Promise<PlannedCommit> {
    const { mirror } = this.#options;
    const base = await mirror.resolve(update.base);
    const environment = { GIT_INDEX_FILE: join(mirror.directory, `${scratchIndexPrefix}${randomUUID()}`) };
    try {
      await mirror.run(['read-tree', base], { environment });
      const files: PlannedCommit['files'][number][] = [];
      for (const { path, content } of update.files) {
        const mode = await this.#modeOf(base, path);
        // Read from the index, before anything of the change is in it.
        const filter = await mirror.text(['check-attr', '--cached', '-z', 'filter', '--', path], { environment });
        if (filter.split('\0')[2] === 'lfs') throw pathRefused(path, 'its content is kept by Git LFS, not in the repository');
        const blob = content === undefined ? noObject : await mirror.text(['hash-object', '-w', '--stdin'], { input: content });
        const line = content === undefined ? `0 ${noObject}\t${path}\0` : `${mode} ${blob}\t${path}\0`;
        await mirror.run(['update-index', '-z', '--index-info'], { environment, input: line });
        files.push({ path, mode, content });
      }
      const tree = await mirror.text(['write-tree'], { environment });
      const parentTree = await mirror.text(['rev-parse', `${base}^{tree}`]);
      if (tree === parentTree) throw nothingChanged(base);
      return { parent: base, parentTree, tree, message: `${update.message.replaceAll('\r\n', '\n').trimEnd()}\n`, files };
    } finally {
      await rm(environment.GIT_INDEX_FILE, { force: true });
    }
  }

  async #commit(branch: string, { parent, tree, message }: PlannedCommit): Promise<string> {
    const { mirror, identity } = this.#options;
    // One second after the base: the same whenever it is made, and after its parent.
    const seconds = Number(await mirror.text(['show', '-s', '--format=%ct', parent])) + 1;
    const date = `${String(seconds)} +0000`;
    const commit = await mirror.text(['commit-tree', tree, '-p', parent, '-F', '-'], {
      input: message,
      environment: {
        GIT_AUTHOR_NAME: identity.name,
        GIT_AUTHOR_EMAIL: identity.email,
        GIT_AUTHOR_DATE: date,
        GIT_COMMITTER_NAME: identity.name,
        GIT_COMMITTER_EMAIL: identity.email,
        GIT_COMMITTER_DATE: date,
      },
    });
    // Kept from being collected until the remote has it.
    await mirror.run(['update-ref', `refs/ours/${branch}`, commit]);
    return commit;
  }

  /** Has the remote make the commit, and takes it only if it is what was planned. */
  async #obtain(access: RemoteAccess, planned: PlannedCommit, make: CommitMaker, signal: AbortSignal | undefined): Promise<string> {
    const commit = await make(planned);
    await this.#fetchCommit(access, commit, signal);
    if (await this.#is(commit, planned)) return commit;
    throw new HephaestusError({
      code: 'repository.commit-differs',
      kind: 'operational',
      message: `the commit ${commit.slice(0, 12)} that the forge made is not the one that was asked for; nothing was pushed`,
    });
  }

  /** Whether a commit has the tree, parent and words that were planned, whoever made it. */
  async #is(commit: string, { tree, parent, message }: PlannedCommit): Promise<boolean> {
    const [trees, parents, words] = (await this.#options.mirror.text(['show', '-s', '--format=%T%x00%P%x00%B', commit])).split('\0');
    return trees === tree && parents === parent && words?.trimEnd() === message.trimEnd();
  }

  /** File mode in the base, or that of a new file. @throws HephaestusError for what an edit must not touch. */
  async #modeOf(base: string, path: string): Promise<string> {
    const segments = path.split('/');
    if (path.includes('\0') || segments.some((segment) => segment === '' || segment === '.' || segment === '..' || isGitDirectory(segment)))
      throw pathRefused(path, 'it is not a plain path inside the repository');
    const ancestors = segments.map((_, index) => segments.slice(0, index + 1).join('/'));
    const listed = await this.#options.mirror.text(['ls-tree', '-z', base, '--', ...ancestors.map((ancestor) => `:(literal)${ancestor}`)]);
    const modes = new Map(listed.split('\0').map((row) => [row.slice(row.indexOf('\t') + 1), row.slice(0, 6)]));
    for (const ancestor of ancestors.slice(0, -1)) {
      const mode = modes.get(ancestor);
      if (mode !== undefined && mode !== '040000') throw pathRefused(path, `${ancestor} is no folder`);
    }
    const mode = modes.get(path);
    if (mode === '120000') throw pathRefused(path, 'it is a symbolic link');
    if (mode === '160000') throw pathRefused(path, 'it is a submodule');
    if (mode === '040000') throw pathRefused(path, 'it is a folder');
    return mode ?? '100644';
  }

  /** @returns the commit at the remote: ours, or the same one that another coordinator was quicker with */
  async #push(
    access: RemoteAccess,
    branch: string,
    { before, commit, planned }: { readonly before: string | undefined; readonly commit: string; readonly planned: PlannedCommit },
    signal: AbortSignal | undefined,
  ): Promise<string> {
    const { git, mirror } = this.#options;
    const reference = `refs/heads/${branch}`;
    try {
      await git.run(
        [
          'push',
          '--porcelain',
          '--no-verify',
          '--no-signed',
          `--force-with-lease=${reference}:${before ?? ''}`,
          '--',
          withoutUserInformation(access.url),
          `${commit}:${reference}`,
        ],
        { directory: mirror.directory, remoteUrl: access.url, credential: access.credential, signal, timeoutMs: 300_000 },
      );
      return commit;
    } catch (error) {
      // A push whose answer was lost may have arrived: look.
      if (!isHephaestusError(error) || signal?.aborted === true) throw error;
      const there = await this.#remoteCommit(access, branch, signal).catch(() => undefined);
      if (there === commit) return commit;
      if (error.code === 'git.non-fast-forward') {
        if (there !== undefined) await this.#fetchCommit(access, there, signal);
        if (there !== undefined && (await this.#is(there, planned))) return there;
        throw branchTaken(branch, 'somebody pushed to it meanwhile', error);
      }
      // The look-up showed that it didn't arrive, or failed too; doing it again begins with the same look-up.
      throw error.retry === 'ambiguous'
        ? new HephaestusError({ code: error.code, kind: error.kind, retry: 'safe', message: error.message, cause: error })
        : error;
    }
  }

  async #remoteCommit(access: RemoteAccess, branch: string, signal: AbortSignal | undefined): Promise<string | undefined> {
    const listed = await this.#options.git.text(['ls-remote', '--', withoutUserInformation(access.url), `refs/heads/${branch}`], {
      remoteUrl: access.url,
      credential: access.credential,
      signal,
      timeoutMs: 120_000,
    });
    return /^([0-9a-f]{40})\t/.exec(listed)?.[1];
  }

  async #fetchCommit(access: RemoteAccess, commit: string, signal: AbortSignal | undefined): Promise<void> {
    const { git, mirror } = this.#options;
    if (await mirror.knows(commit)) return;
    await git.run(['fetch', '--no-tags', '--no-write-fetch-head', '--no-recurse-submodules', '--quiet', 'origin', commit], {
      directory: mirror.directory,
      remoteUrl: access.url,
      credential: access.credential,
      signal,
    });
  }

  /** Ours is a branch on which every commit beyond the history that the mirror knows was made by us: by git, or by the forge as `commit` was. */
  async #checkOurs(update: BranchUpdate, head: string, commit: string): Promise<void> {
    const { mirror, identity } = this.#options;
    const makers = '--format=%ce %ae';
    const mine = await mirror.text(['show', '-s', makers, commit]);
    const all = await mirror.text(['log', makers, head, '--not', update.base, `--exclude=${branchPrefix}*`, '--branches']);
    const strangers = all.split('\n').filter((one) => one !== '' && one !== mine && !one.startsWith(`${identity.email} `));
    if (strangers.length > 0 || all === '') throw branchTaken(update.branch, 'it holds commits that are not ours', undefined);
  }
}

function isGitDirectory(segment: string): boolean {
  return /^\.git$/i.test(segment) || /^git~\d+$/i.test(segment);
}

function pathRefused(path: string, why: string): HephaestusError {
  return new HephaestusError({
    code: 'repository.path-refused',
    kind: 'validation',
    message: `'${path.slice(0, 300)}' cannot be changed: ${why}`,
  });
}

function nothingChanged(base: string): HephaestusError {
  return new HephaestusError({
    code: 'repository.nothing-changed',
    kind: 'validation',
    message: `the files are the same as in ${base.slice(0, 12)}; there is nothing to commit`,
  });
}

function branchTaken(branch: string, why: string, cause: HephaestusError | undefined): HephaestusError {
  return new HephaestusError({
    code: 'repository.branch-taken',
    kind: 'operational',
    message: `the branch ${branch} at the remote is left alone: ${why}; merge, rename or delete it there, then propose again`,
    cause,
  });
}

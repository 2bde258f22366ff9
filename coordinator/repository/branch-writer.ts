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
   * Commits and pushes. If the remote has the very commit already, nothing is pushed.
   *
   * @throws HephaestusError `repository.branch-taken` if somebody else's commit is on the branch,
   * `repository.path-refused`, `repository.nothing-changed`, or `git.*`.
   */
  async write(access: RemoteAccess, update: BranchUpdate, signal?: AbortSignal): Promise<{ commit: string }> {
    await this.#checkBranchName(update.branch);
    return this.#options.mirror.exclusive(async () => {
      const commit = await this.#commit(update);
      await this.#push(access, update, commit, signal);
      return { commit };
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

  async #commit(update: BranchUpdate): Promise<string> {
    const { mirror, identity } = this.#options;
    const base = await mirror.resolve(update.base);
    const environment = { GIT_INDEX_FILE: join(mirror.directory, `${scratchIndexPrefix}${randomUUID()}`) };
    try {
      await mirror.run(['read-tree', base], { environment });
      for (const file of update.files) {
        const mode = await this.#modeOf(base, file.path);
        const blob = file.content === undefined ? noObject : await mirror.text(['hash-object', '-w', '--stdin'], { input: file.content });
        const line = file.content === undefined ? `0 ${noObject}\t${file.path}\0` : `${mode} ${blob}\t${file.path}\0`;
        await mirror.run(['update-index', '-z', '--index-info'], { environment, input: line });
      }
      const tree = await mirror.text(['write-tree'], { environment });
      if (tree === (await mirror.text(['rev-parse', `${base}^{tree}`]))) throw nothingChanged(base);
      // One second after the base: the same whenever it is made, and after its parent.
      const seconds = Number(await mirror.text(['show', '-s', '--format=%ct', base])) + 1;
      const date = `${String(seconds)} +0000`;
      const commit = await mirror.text(['commit-tree', tree, '-p', base, '-F', '-'], {
        input: `${update.message.replaceAll('\r\n', '\n').trimEnd()}\n`,
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
      await mirror.run(['update-ref', `refs/ours/${update.branch}`, commit]);
      return commit;
    } finally {
      await rm(environment.GIT_INDEX_FILE, { force: true });
    }
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

  async #push(access: RemoteAccess, update: BranchUpdate, commit: string, signal: AbortSignal | undefined): Promise<void> {
    const { git, mirror } = this.#options;
    const before = await this.#remoteCommit(access, update.branch, signal);
    if (before === commit) return;
    if (before !== undefined) await this.#checkOurs(access, update, before, signal);
    const reference = `refs/heads/${update.branch}`;
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
    } catch (error) {
      // A push whose answer was lost may have arrived: look.
      if (!isHephaestusError(error) || signal?.aborted === true) throw error;
      if ((await this.#remoteCommit(access, update.branch, signal).catch(() => undefined)) === commit) return;
      if (error.code === 'git.non-fast-forward') throw branchTaken(update.branch, 'somebody pushed to it meanwhile', error);
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

  /** Ours is a branch on which every commit beyond the history that the mirror knows was committed by us. */
  async #checkOurs(access: RemoteAccess, update: BranchUpdate, head: string, signal: AbortSignal | undefined): Promise<void> {
    const { git, mirror, identity } = this.#options;
    await git.run(['fetch', '--no-tags', '--no-write-fetch-head', '--no-recurse-submodules', '--quiet', 'origin', head], {
      directory: mirror.directory,
      remoteUrl: access.url,
      credential: access.credential,
      signal,
    });
    const committers = await mirror.text(['log', '--format=%ce', head, '--not', update.base, `--exclude=${branchPrefix}*`, '--branches']);
    const strangers = new Set(committers.split('\n').filter((email) => email !== '' && email !== identity.email));
    if (strangers.size > 0 || committers === '') throw branchTaken(update.branch, 'it holds commits that are not ours', undefined);
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

// One repository's bare mirror: made, brought up to date, mended, and read; one writer at a time.
// Must never push, keep a credential, or let a half-made clone be seen: it is cloned aside and renamed.
import { mkdir, readdir, rename, rm, stat } from 'node:fs/promises';
import { join } from 'node:path';
import { HephaestusError, isHephaestusError } from '../../base/errors.ts';
import type { Git, GitAnswer, GitCall, GitCredential } from './git.ts';
import { withoutUserInformation } from './git-failure.ts';
import { Turns } from './turns.ts';

/** How the remote is reached. */
export interface RemoteAccess {
  readonly url: string;
  readonly credential: GitCredential | undefined;
}

export interface MirrorOptions {
  readonly git: Git;
  /** The bare repository; its parent holds what is being cloned. */
  readonly directory: string;
  /**
   * For very large repositories: `partial` leaves file contents at the remote until they are read (`--filter=blob:none`), `shallow` leaves
   * old history there for good.
   */
  readonly clone: CloneKind;
  /** Told whenever the mirror is used. */
  readonly onUse?: (() => void) | undefined;
}

export type CloneKind = 'full' | 'partial' | 'shallow';

/** Commits of each branch that a shallow mirror has: enough for blame of what is young, and for any change request. */
const shallowDepth = 1000;

/** What the remote has: `head` is the commit of `branch`. */
export interface MirrorState {
  readonly branch: string;
  readonly head: string;
}

/** Packs that a mirror holds before they are made one; git's own limit (gc.autoPackLimit) is 50. */
const mostPacks = 50;

/** Index files of commits that are being made in the mirror begin with it. */
export const scratchIndexPrefix = 'hephaestus-index-';

const hash = /^[0-9a-f]{40}$/;

export class Mirror {
  readonly #options: MirrorOptions;
  readonly #turns = new Turns();
  #access: RemoteAccess | undefined;
  #cleaned = false;

  constructor(options: MirrorOptions) {
    this.#options = options;
  }

  get directory(): string {
    return this.#options.directory;
  }

  /** Runs `work` while nothing else writes to the mirror. */
  async exclusive<T>(work: () => Promise<T>): Promise<T> {
    return this.#turns.take(work);
  }

  /**
   * Clones or fetches: branches and tags as they are at the remote, deleted ones gone, force-pushed ones replaced.
   * A damaged mirror is cloned again.
   *
   * @throws HephaestusError `git.*`, or `repository.empty` if the remote has no commit or not the branch that was asked for.
   */
  async update(access: RemoteAccess, defaultBranch: string | undefined, signal?: AbortSignal): Promise<MirrorState> {
    return this.exclusive(async () => {
      this.#options.onUse?.();
      this.#access = access;
      await this.#cleanUp();
      if (!(await exists(join(this.directory, 'HEAD')))) await this.#clone(access, signal);
      try {
        return await this.#fetch(access, defaultBranch, signal);
      } catch (error) {
        if (!isHephaestusError(error) || error.code !== 'git.corrupt') throw error;
        await this.#clone(access, signal);
        return await this.#fetch(access, defaultBranch, signal);
      }
    });
  }

  /** Commits of a reference that no mirrored branch holds; the mirror gets no reference of its own to them. */
  async fetchReference(access: RemoteAccess, reference: string): Promise<void> {
    if (!/^refs\/[\w./-]{1,200}$/.test(reference) || reference.includes('..')) return;
    const words = [
      'fetch',
      '--no-tags',
      '--no-write-fetch-head',
      '--no-recurse-submodules',
      '--quiet',
      ...this.#limit(),
      'origin',
      reference,
    ];
    await this.exclusive(async () =>
      this.#options.git.run(words, { directory: this.directory, remoteUrl: access.url, credential: access.credential, timeoutMs: 60_000 }),
    );
  }

  /** Runs a reading git command in the mirror. */
  async run(args: readonly string[], call: Omit<GitCall, 'directory'> = {}): Promise<GitAnswer> {
    this.#options.onUse?.();
    // A partial mirror fetches what it lacks while it is read.
    const access = this.#options.clone === 'partial' ? this.#access : undefined;
    const remote = access === undefined ? {} : { remoteUrl: access.url, credential: access.credential };
    return this.#options.git.run(args, { directory: this.directory, ...remote, ...call });
  }

  async text(args: readonly string[], call: Omit<GitCall, 'directory'> = {}): Promise<string> {
    return (await this.run(args, call)).stdout.toString('utf8').replace(/\n$/, '');
  }

  /** The commit that a branch, tag or (abbreviated) hash names. @throws HephaestusError `git.unknown-revision` */
  async resolve(revision: string): Promise<string> {
    // A revision may come from outside: no options, no ranges, no reflog or search syntax.
    if (!/^[\w][\w./+@-]*$/.test(revision) || revision.includes('..') || revision.includes('@{')) {
      throw new HephaestusError({
        code: 'git.unknown-revision',
        kind: 'validation',
        message: `'${revision.slice(0, 100)}' is no branch, tag or commit; give the name of one`,
      });
    }
    return this.text(['rev-parse', '--verify', '--end-of-options', `${revision}^{commit}`]);
  }

  /** As `resolve`, undefined where there is no such revision. */
  async find(revision: string): Promise<string | undefined> {
    try {
      return await this.resolve(revision);
    } catch (error) {
      if (isHephaestusError(error) && error.code === 'git.unknown-revision') return undefined;
      throw error;
    }
  }

  /** Whether a commit (full hash) is in the mirror; false too while there is no mirror. */
  async knows(commit: string): Promise<boolean> {
    if (!hash.test(commit) || !(await exists(join(this.directory, 'HEAD')))) return false;
    return (await this.run(['cat-file', '-e', `${commit}^{commit}`], { statuses: [0, 1, 128] })).status === 0;
  }

  /** @param mayGo asked when nothing writes to it; @returns false if it may not */
  async remove(mayGo: () => boolean = () => true): Promise<boolean> {
    return this.exclusive(async () => {
      if (!mayGo()) return false;
      await rm(this.directory, { recursive: true, force: true });
      return true;
    });
  }

  async #clone(access: RemoteAccess, signal: AbortSignal | undefined): Promise<void> {
    const aside = `${this.directory}.cloning`;
    await rm(aside, { recursive: true, force: true });
    await mkdir(aside, { recursive: true });
    const { git } = this.#options;
    try {
      await git.run(['init', '--bare', '--quiet', '.'], { directory: aside });
      await this.#configure(aside, access);
      await this.#fetchInto(aside, access, signal);
      await rm(this.directory, { recursive: true, force: true });
      await rename(aside, this.directory);
    } finally {
      await rm(aside, { recursive: true, force: true });
    }
  }

  async #configure(directory: string, access: RemoteAccess): Promise<void> {
    const settings: [string, string][] = [
      ['remote.origin.url', withoutUserInformation(access.url)],
      // Work trees fetch single commits from the mirror.
      ['uploadpack.allowAnySHA1InWant', 'true'],
      ['core.logAllRefUpdates', 'false'],
    ];
    if (this.#options.clone === 'partial')
      settings.push(
        ['core.repositoryFormatVersion', '1'],
        ['extensions.partialClone', 'origin'],
        ['remote.origin.promisor', 'true'],
        ['remote.origin.partialCloneFilter', 'blob:none'],
      );
    for (const [name, value] of settings) await this.#options.git.run(['config', name, value], { directory });
  }

  async #fetch(access: RemoteAccess, wanted: string | undefined, signal: AbortSignal | undefined): Promise<MirrorState> {
    const configured = await this.text(['config', '--get', 'remote.origin.url'], { statuses: [0, 1] });
    if (configured !== withoutUserInformation(access.url)) await this.#configure(this.directory, access);
    await this.#fetchInto(this.directory, access, signal);
    const branch = wanted ?? (await this.#remoteHead(access, signal));
    const head = await this.text(['rev-parse', '--verify', '--quiet', `refs/heads/${branch}^{commit}`], { statuses: [0, 1] });
    if (!hash.test(head)) throw noSuchBranch(access.url, branch);
    await this.run(['symbolic-ref', 'HEAD', `refs/heads/${branch}`]);
    await this.#tidy();
    return { branch, head };
  }

  async #fetchInto(directory: string, access: RemoteAccess, signal: AbortSignal | undefined): Promise<void> {
    await this.#options.git.run(
      [
        'fetch',
        '--prune',
        '--no-tags',
        '--no-write-fetch-head',
        '--no-recurse-submodules',
        '--quiet',
        '--force',
        ...this.#limit(),
        'origin',
        '+refs/heads/*:refs/heads/*',
        '+refs/tags/*:refs/tags/*',
      ],
      { directory, remoteUrl: access.url, credential: access.credential, signal },
    );
  }

  async #remoteHead(access: RemoteAccess, signal: AbortSignal | undefined): Promise<string> {
    const answer = await this.#options.git.text(['ls-remote', '--symref', '--', withoutUserInformation(access.url), 'HEAD'], {
      remoteUrl: access.url,
      credential: access.credential,
      signal,
    });
    const named = /^ref: refs\/heads\/(\S+)\tHEAD$/m.exec(answer)?.[1];
    if (named !== undefined) return named;
    // HEAD may be detached or point to a branch that was never pushed: a lone branch, main or master is meant then.
    const branches = (await this.text(['for-each-ref', '--format=%(refname:strip=2)', 'refs/heads']))
      .split('\n')
      .filter((name) => name !== '');
    const usual = branches.length === 1 ? branches[0] : branches.find((name) => name === 'main' || name === 'master');
    if (usual === undefined) throw noSuchBranch(access.url, undefined);
    return usual;
  }

  #limit(): readonly string[] {
    return { full: [], partial: ['--filter=blob:none'], shallow: [`--depth=${String(shallowDepth)}`] }[this.#options.clone];
  }

  /** Locks and clones of a process that was killed; this process is the only one that writes here. */
  async #cleanUp(): Promise<void> {
    if (this.#cleaned) return;
    this.#cleaned = true;
    await rm(`${this.directory}.cloning`, { recursive: true, force: true });
    const entries = await readdir(this.directory, { recursive: true, withFileTypes: true }).catch(() => []);
    const left = entries.filter((entry) => entry.isFile() && (entry.name.endsWith('.lock') || entry.name.startsWith(scratchIndexPrefix)));
    for (const entry of left) await rm(join(entry.parentPath, entry.name), { force: true });
  }

  /** Each fetch adds a pack; many slow every read down, so that they are made one from time to time. */
  async #tidy(): Promise<void> {
    const packs = await readdir(join(this.directory, 'objects', 'pack')).catch(() => []);
    if (packs.filter((name) => name.endsWith('.pack')).length <= mostPacks) return;
    await this.run(['gc', '--quiet'], { timeoutMs: 600_000 });
  }
}

async function exists(path: string): Promise<boolean> {
  return stat(path).then(
    () => true,
    () => false,
  );
}

function noSuchBranch(url: string, branch: string | undefined): HephaestusError {
  const where = withoutUserInformation(url);
  return new HephaestusError({
    code: 'repository.empty',
    kind: 'validation',
    message:
      branch === undefined
        ? `${where} has no default branch that can be told; push a first commit, or set defaultBranch`
        : `${where} has no branch ${branch}; push a first commit to it, or set defaultBranch to one that exists`,
  });
}

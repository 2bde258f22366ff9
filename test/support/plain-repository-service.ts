// A Repository Service over one local git repository, plain and slow, for tests of what builds upon it.
// Must never be taken for the real one: it locates by the end of the path and suspects the last commit that touched it.
import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { execFile } from 'node:child_process';
import { promisify } from 'node:util';
import type { Commit, OpenChange, PublishOutcome, RepositoryService } from '../../coordinator/repository/repository.ts';
import { writeFile, mkdir } from 'node:fs/promises';
import { dirname } from 'node:path';

const run = promisify(execFile);

export async function git(directory: string, ...words: readonly string[]): Promise<string> {
  const identity = {
    GIT_AUTHOR_NAME: 'A',
    GIT_AUTHOR_EMAIL: 'a@test.invalid',
    GIT_COMMITTER_NAME: 'A',
    GIT_COMMITTER_EMAIL: 'a@test.invalid',
  };
  const { stdout } = await run('git', ['-C', directory, '-c', 'init.defaultBranch=main', ...words], {
    env: { PATH: process.env['PATH'], GIT_CONFIG_GLOBAL: '/dev/null', GIT_CONFIG_NOSYSTEM: '1', ...identity },
    maxBuffer: 64 * 1024 * 1024,
  });
  return stdout;
}

/** Makes a repository whose commits are the given trees, one after the other; `null` deletes a file. */
export async function makeRepository(
  directory: string,
  commits: readonly { readonly subject: string; readonly files: Readonly<Record<string, string | Buffer | null>> }[],
): Promise<void> {
  await mkdir(directory, { recursive: true });
  await git(directory, 'init', '--quiet');
  for (const { subject, files } of commits) {
    for (const [path, text] of Object.entries(files)) {
      await mkdir(dirname(join(directory, path)), { recursive: true });
      if (text === null) await rm(join(directory, path));
      else await writeFile(join(directory, path), text);
    }
    await git(directory, 'add', '--all');
    await git(directory, 'commit', '--quiet', '--allow-empty', '--message', subject);
  }
}

export interface PlainRepositoryService extends RepositoryService {
  /** Outward acts so far, look-ups that found something not counted. */
  readonly acts: string[];
  /** Titles and bodies of issues by key; only where `issues` is on. */
  readonly issues: Map<string, { title: string; body: string }>;
}

export function plainRepositoryService(
  directory: string,
  options: { readonly issues: boolean; readonly openChanges?: readonly OpenChange[] },
): PlainRepositoryService {
  const acts: string[] = [];
  const issues = new Map<string, { title: string; body: string }>();
  const show = async (revision: string, path: string): Promise<Buffer | undefined> => {
    try {
      const { stdout } = await run('git', ['-C', directory, 'show', `${revision}:${path}`], {
        encoding: 'buffer',
        maxBuffer: 64 * 1024 * 1024,
      });
      return stdout;
    } catch {
      return undefined;
    }
  };
  const listFiles = async (revision: string): Promise<string[]> =>
    (await git(directory, 'ls-tree', '-r', '--name-only', revision)).split('\n').filter((line) => line !== '');
  const outcome = (kind: PublishOutcome['kind'], branch: string, commit: string): PublishOutcome => ({
    kind,
    url: `${directory} ${branch}`,
    number: '',
    remote: directory,
    branch,
    commit,
    state: 'open',
  });

  return {
    acts,
    issues,
    async initialize() {
      return { branch: 'main', head: (await git(directory, 'rev-parse', 'main')).trim() };
    },
    listFiles: async (_repository, revision) => listFiles(revision),
    getFileContents: async (_repository, path, revision) => show(revision, path),
    async readFiles(_repository, paths, revision, mostBytes) {
      const files = new Map<string, Buffer>();
      for (const path of paths) {
        const content = await show(revision, path);
        if (content !== undefined && content.length <= mostBytes) files.set(path, content);
      }
      return files;
    },
    async findText(_repository, text, revision) {
      const found = await git(directory, 'grep', '-n', '-I', '-F', '-e', text, revision).catch(() => '');
      return [...found.matchAll(/^[^:\n]+:([^:\n]+):(\d+):(.*)$/gm)].map(([, path = '', line = '', content = '']) => ({
        path,
        line: Number(line),
        text: content,
      }));
    },
    resolve: async (_repository, revision) => (await git(directory, 'rev-parse', revision)).trim(),
    async locate(_repository, revision, query) {
      const files = await listFiles(revision);
      return query.frames.flatMap((frame) => {
        const path = frame.inApp ? files.find((file) => frame.file === file || frame.file?.endsWith(`/${file}`) === true) : undefined;
        return path === undefined
          ? []
          : [{ path, line: frame.line, function: frame.function, score: 0.9, reasons: ['frame of the trace'] }];
      });
    },
    async suspectCommits(_repository, revision, locations) {
      const path = locations[0]?.path;
      if (path === undefined) return [];
      const format = '%H%x00%an%x00%at%x00%ct%x00%s%x00%b';
      const [hash = '', author = '', authored = '', committed = '', subject = '', body = ''] = (
        await git(directory, 'log', '-1', `--format=${format}`, revision, '--', path)
      ).split('\0');
      const commit: Commit = {
        hash,
        author,
        authoredAtMs: Number(authored) * 1000,
        committedAtMs: Number(committed) * 1000,
        subject,
        body,
      };
      const diff = await git(directory, 'show', '--format=', hash);
      return [{ commit, score: 0.8, reasons: ['last to touch the file'], diff }];
    },
    async history(_repository, revision, path, limit) {
      const format = '--format=%H%x00%an%x00%at%x00%ct%x00%s';
      const listed = await git(directory, 'log', `-${String(limit)}`, format, revision, '--', path);
      return listed
        .trim()
        .split('\n')
        .filter((line) => line !== '')
        .map((line) => {
          const [hash = '', author = '', authored, committed, subject = ''] = line.split('\0');
          return { hash, author, authoredAtMs: Number(authored) * 1000, committedAtMs: Number(committed) * 1000, subject, body: '' };
        });
    },
    async createWorkTree(_repository, revision) {
      const folder = await mkdtemp(join(tmpdir(), 'heph-tree-'));
      await git(folder, 'clone', '--quiet', '--no-hardlinks', directory, folder);
      await git(folder, 'checkout', '--quiet', '--detach', revision);
      return { directory: folder, baseCommit: revision, [Symbol.asyncDispose]: async () => rm(folder, { recursive: true, force: true }) };
    },
    async updateFileContents(_repository, request) {
      const known = await git(directory, 'rev-parse', '--verify', '--quiet', `refs/heads/${request.branch}`).catch(() => '');
      if (known !== '') return { commit: known.trim() };
      acts.push(`push ${request.branch}`);
      const folder = await mkdtemp(join(tmpdir(), 'heph-push-'));
      try {
        await git(folder, 'clone', '--quiet', directory, folder);
        await git(folder, 'checkout', '--quiet', '-b', request.branch, request.base);
        for (const { path, content } of request.files) {
          if (content === undefined) await rm(join(folder, path));
          else await writeFile(join(folder, path), content);
        }
        await git(folder, 'add', '--all');
        await git(folder, 'commit', '--quiet', '--message', request.message);
        await git(folder, 'push', '--quiet', 'origin', request.branch);
        return { commit: (await git(folder, 'rev-parse', 'HEAD')).trim() };
      } finally {
        await rm(folder, { recursive: true, force: true });
      }
    },
    createChangeRequest: async (_repository, { branch, commit }) => outcome('existing', branch, commit),
    async createIssue(_repository, { key, title, body }) {
      if (!options.issues) return { kind: 'unsupported', reason: 'This remote has no issues.' };
      if (issues.has(key)) return outcome('existing', '', '');
      acts.push(`issue ${key}`);
      issues.set(key, { title, body });
      return outcome('created', '', '');
    },
    async contains(_repository, revision, commit) {
      return git(directory, 'merge-base', '--is-ancestor', commit, revision).then(
        () => true,
        () => false,
      );
    },
    listSubmodules: async () => [],
    openChanges: async () => options.openChanges ?? [],
    habits: async () => ({ conventional: false, scope: undefined, signsOff: false }),
    holdsFix: async () => undefined,
    async applyElsewhere(_repository, { from = '', to = '', onto }) {
      const listed = await git(directory, 'diff', '--name-only', from, to);
      const paths = listed.split('\n').filter((path) => path !== '');
      const files = await Promise.all(paths.map(async (path) => ({ path, content: await show(to, path) })));
      const moved = (await git(directory, 'diff', '--name-only', from, onto, '--', ...paths)).trim();
      return moved === '' ? { kind: 'applied', files } : { kind: 'conflict', paths };
    },
    check: async () => [],
    remove: async () => undefined,
  };
}

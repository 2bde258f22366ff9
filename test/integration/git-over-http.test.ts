// States how git behaves against a real http-backend: credentials, refusals, servers that hang or break, and what never leaves.
// Must never reach beyond loopback.
import { execFileSync, spawnSync } from 'node:child_process';
import { chmodSync, existsSync, readdirSync, readFileSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { afterEach, beforeEach, describe, expect, test } from 'vitest';
import { Secret } from '../../base/secret.ts';
import { Git } from '../../coordinator/repository/git.ts';
import { GitFixture, makeRepository, makeRepositoryService, type ServiceParts } from '../support/git-fixture.ts';
import { GitHttpServer } from '../support/git-http-server.ts';
import type { Repository } from '../../coordinator/repository/repository.ts';

let fixture: GitFixture;
let server: GitHttpServer;
let url: string;
let head: string;

beforeEach(async () => {
  fixture = new GitFixture();
  head = fixture.commit({ message: 'one', files: { 'a.txt': 'one\n' } });
  server = new GitHttpServer({ root: fixture.folder, tokens: ['right-token'] });
  url = await server.listen();
});

afterEach(async () => {
  await server.close();
  fixture.dispose();
});

const readIfThere = (file: string): string => {
  try {
    return readFileSync(file, 'utf8');
  } catch {
    return '';
  }
};

const connect = (token: string | undefined, git = {}): { parts: ServiceParts; repository: Repository } => ({
  parts: makeRepositoryService(
    join(fixture.folder, 'state'),
    token === undefined ? { git } : { git, secrets: { token: new Secret(token) } },
  ),
  repository: makeRepository(`${url}/remote.git`, token === undefined ? {} : { credential: 'token' }),
});

describe('credentials', () => {
  test('open the repository, and are found in no file, argument or message', async () => {
    const { parts, repository } = connect('right-token');
    expect(await parts.service.initialize(repository)).toEqual({ branch: 'main', head });
    // grep answers 1 for "nothing found", which is what is wanted.
    const found = spawnSync('grep', ['-rlaE', `right-token|${Buffer.from('git:right-token').toString('base64')}`, parts.stateFolder]);
    expect(found.status).toBe(1);
  });

  test('are in no argument of any process while git works, nor in what it keeps', async () => {
    const { parts, repository } = connect('right-token');
    const secrets = ['right-token', Buffer.from('git:right-token').toString('base64')];
    const shown: string[] = [];
    let looks = 0;
    server.intercept = () => {
      looks++;
      for (const entry of readdirSync('/proc').filter((name) => /^\d+$/.test(name))) {
        // A process may end meanwhile.
        const words = readIfThere(`/proc/${entry}/cmdline`);
        if (secrets.some((secret) => words.includes(secret))) shown.push(words.replaceAll('\0', ' '));
      }
      return undefined;
    };
    await parts.service.initialize(repository);
    const files = [{ path: 'a.txt', content: Buffer.from('two\n') }];
    await parts.service.updateFileContents(repository, { branch: 'hephaestus/x', base: head, files, message: 'Two' });
    await using tree = await parts.service.createWorkTree(repository, 'main');
    expect(looks).toBeGreaterThan(4);
    expect(shown).toEqual([]);
    const configurations = [join(parts.mirrors.of(repository).directory, 'config'), join(tree.directory, '.git/config')];
    for (const file of configurations) expect(secrets.filter((secret) => readFileSync(file, 'utf8').includes(secret))).toEqual([]);
  });

  test.each([
    ['wrong', 'git.authentication'],
    [undefined, 'git.authentication'],
  ])('that are %s are refused with a message that says what to do', async (token, code) => {
    const { parts, repository } = connect(token);
    await expect(parts.service.initialize(repository)).rejects.toMatchObject({
      code,
      retry: 'never',
      message: expect.stringMatching(/repository shop: .*credential.*expired/) as unknown,
    });
  });

  test('that are named but have no value are said to be missing', async () => {
    const { parts } = connect(undefined);
    const repository = makeRepository(`${url}/remote.git`, { credential: 'forgotten' });
    await expect(parts.service.initialize(repository)).rejects.toMatchObject({
      code: 'remote.credential-missing',
      message: expect.stringContaining("'forgotten'") as unknown,
    });
  });

  test('as a private key for ssh are in a file that only this user reads', async () => {
    const key = '-----BEGIN OPENSSH PRIVATE KEY-----\nAAAA\n-----END OPENSSH PRIVATE KEY-----';
    const { parts } = connect(key);
    const credential = await parts.remotes.gitCredential(makeRepository('git@forge.example:acme/shop.git', { credential: 'token' }));
    expect(credential?.kind).toBe('ssh-key');
    if (credential?.kind !== 'ssh-key') return;
    expect(readFileSync(credential.privateKeyFile, 'utf8')).toBe(`${key}\n`);
    expect(execFileSync('stat', ['-c', '%a', credential.privateKeyFile], { encoding: 'utf8' }).trim()).toBe('600');
  });
});

describe('a server', () => {
  test('that breaks is tried again later, and the mirror stays as it was', async () => {
    const { parts, repository } = connect('right-token');
    await parts.service.initialize(repository);
    server.disturbance = { kind: 'status', status: 503 };
    await expect(parts.service.initialize(repository)).rejects.toMatchObject({ code: 'git.network', retry: 'safe' });
    server.disturbance = { kind: 'cut' };
    await expect(parts.service.initialize(repository)).rejects.toMatchObject({ retry: 'safe' });
    expect(await parts.service.getFileContents(repository, 'a.txt', 'main')).toEqual(Buffer.from('one\n'));
    server.disturbance = undefined;
    expect(await parts.service.initialize(repository)).toEqual({ branch: 'main', head });
  });

  test('that hangs is given up, and half a clone is not kept', async () => {
    server.disturbance = { kind: 'hang' };
    const { parts, repository } = connect('right-token', { remoteTimeoutMs: 700 });
    await expect(parts.service.initialize(repository)).rejects.toMatchObject({ code: 'git.network', retry: 'safe' });
    expect(existsSync(join(parts.stateFolder, 'repositories/repository-1'))).toBe(true);
    expect(readdirSync(join(parts.stateFolder, 'repositories/repository-1'))).toEqual([]);
  });

  test('that is not there is unreachable', async () => {
    const { parts, repository } = connect('right-token');
    await server.close();
    await expect(parts.service.initialize(repository)).rejects.toMatchObject({ code: 'git.network' });
    server = new GitHttpServer({ root: fixture.folder });
    await server.listen();
  });

  test('that does not know the repository says so', async () => {
    const { parts } = connect('right-token');
    const repository = makeRepository(`${url}/other.git`, { credential: 'token' });
    await expect(parts.service.initialize(repository)).rejects.toMatchObject({ code: 'git.not-found', retry: 'never' });
  });

  test('that loses the answer to a push is asked whether it arrived', async () => {
    const { parts, repository } = connect('right-token');
    await parts.service.initialize(repository);
    // The remote takes the push, and the connection breaks before it says so.
    const hook = join(fixture.remote, 'hooks/post-receive');
    writeFileSync(hook, '#!/bin/sh\nkill -9 $PPID\n');
    chmodSync(hook, 0o755);
    const request = { branch: 'hephaestus/x', base: head, files: [{ path: 'a.txt', content: Buffer.from('two\n') }], message: 'Two' };
    const { commit } = await parts.service.updateFileContents(repository, request);
    expect(fixture.remoteHead('hephaestus/x')).toBe(commit);
  });

  test('can be given up by the caller', async () => {
    server.disturbance = { kind: 'hang' };
    const { parts, repository } = connect('right-token');
    const stop = new AbortController();
    const pending = parts.service.initialize(repository, stop.signal);
    const outcome = pending.catch((error: unknown) => error);
    await expect.poll(() => server.requests.length).toBeGreaterThan(0);
    stop.abort();
    expect(await outcome).toMatchObject({ code: 'aborted' });
  });
});

describe('git itself', () => {
  test('speaks only the protocols that are allowed', async () => {
    const git = new Git();
    for (const remote of ['ext::sh -c "touch /tmp/hephaestus-ext"', 'git://127.0.0.1/x', 'http://example.invalid/x']) {
      await expect(git.run(['ls-remote', remote], { remoteUrl: remote })).rejects.toMatchObject({ code: 'git.protocol-refused' });
    }
  });

  test('that writes without end is stopped at the limit', async () => {
    const git = new Git();
    await expect(git.run(['cat-file', 'blob', 'HEAD:a.txt'], { directory: fixture.clone, maxBytes: 2 })).rejects.toMatchObject({
      code: 'git.output-too-large',
    });
    const cut = await git.run(['cat-file', 'blob', 'HEAD:a.txt'], { directory: fixture.clone, maxBytes: 2, truncate: true });
    expect([cut.stdout.toString('utf8'), cut.truncated]).toEqual(['on', true]);
  });

  test('that is not installed is named', async () => {
    await expect(new Git({ binary: 'no-such-git' }).run(['version'])).rejects.toMatchObject({
      code: 'git.not-started',
      message: expect.stringContaining('install git') as unknown,
    });
  });
});

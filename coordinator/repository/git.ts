// Runs the git binary: argument lists, an environment of our own, time and output limits, credentials through the environment only.
// Must never take configuration from the host or its users, run a hook, or let a credential into an argument, a URL or a message.
import { HephaestusError } from '../../base/errors.ts';
import { isOnThisHost, type Outbound } from '../../base/outbound.ts';
import { runProcess } from '../../base/process.ts';
import type { Secret } from '../../base/secret.ts';
import { gitFailure } from './git-failure.ts';

/** What the remote wants to see. `privateKeyFile` is for ssh, the pair for https. */
export type GitCredential =
  | { readonly kind: 'password'; readonly username: string; readonly password: Secret }
  | { readonly kind: 'ssh-key'; readonly privateKeyFile: string };

export interface GitOptions {
  /** Default `git`, looked up in `searchPath`. */
  readonly binary?: string | undefined;
  /** PATH of the child; git, ssh and nothing else is looked up there. */
  readonly searchPath?: string | undefined;
  /** HOME of the child: ssh keeps known_hosts there. Without it git and ssh see no home at all. */
  readonly homeDirectory?: string | undefined;
  /** Asked before any remote is reached; without it all may be. */
  readonly outbound?: Outbound | undefined;
  /** For calls that stay on this machine. Default 60 s. */
  readonly localTimeoutMs?: number | undefined;
  /** For calls that talk to a remote. Default 15 min, for large clones. */
  readonly remoteTimeoutMs?: number | undefined;
  /** A transfer slower than 1 kB/s for this long is given up. Default 60 s. */
  readonly stallTimeoutMs?: number | undefined;
}

export interface GitCall {
  readonly directory?: string | undefined;
  readonly input?: Buffer | string | undefined;
  readonly signal?: AbortSignal | undefined;
  /** The remote's URL, for calls that talk to one: decides the time limit, the allowed protocol and the credential's scope. */
  readonly remoteUrl?: string | undefined;
  readonly credential?: GitCredential | undefined;
  readonly timeoutMs?: number | undefined;
  /** More output than this is an error, or with `truncate` the end of reading. Default 64 MiB. */
  readonly maxBytes?: number | undefined;
  readonly truncate?: boolean | undefined;
  /** Exit statuses that are answers; default 0 alone. `git grep` says 1 for "nothing found". */
  readonly statuses?: readonly number[] | undefined;
  /** `GIT_INDEX_FILE`, author and committer, and the like. */
  readonly environment?: Readonly<Record<string, string>> | undefined;
}

export interface GitAnswer {
  readonly status: number;
  readonly stdout: Buffer;
  readonly stderr: string;
  /** True if the output was cut at `maxBytes`. */
  readonly truncated: boolean;
}

const defaultMaxBytes = 64 * 1024 * 1024;

export class Git {
  readonly #options: GitOptions;

  constructor(options: GitOptions = {}) {
    this.#options = options;
  }

  /** @throws HephaestusError `git.*` as classified in git-failure.ts. */
  async run(args: readonly string[], call: GitCall = {}): Promise<GitAnswer> {
    const timeoutMs =
      call.timeoutMs ??
      (call.remoteUrl === undefined ? (this.#options.localTimeoutMs ?? 60_000) : (this.#options.remoteTimeoutMs ?? 900_000));
    if (call.remoteUrl !== undefined) this.#options.outbound?.admit(call.remoteUrl, `git ${args[0] ?? ''}`);
    const answer = await this.#spawn(args, call, timeoutMs);
    if ((call.statuses ?? [0]).includes(answer.status) || (answer.truncated && call.truncate === true)) return answer;
    throw gitFailure({ args, stderr: answer.stderr, stdout: answer.stdout.toString('utf8'), remoteUrl: call.remoteUrl });
  }

  /** Standard output as text without its last newline. */
  async text(args: readonly string[], call: GitCall = {}): Promise<string> {
    const answer = await this.run(args, call);
    return answer.stdout.toString('utf8').replace(/\n$/, '');
  }

  async #spawn(args: readonly string[], call: GitCall, timeoutMs: number): Promise<GitAnswer> {
    const maxBytes = call.maxBytes ?? defaultMaxBytes;
    const result = await runProcess({
      command: this.#options.binary ?? 'git',
      args,
      cwd: call.directory ?? '/',
      env: this.#environment(call),
      input: call.input,
      timeoutMs,
      // The runner keeps the first and the last half; ours is the first.
      maxOutputBytes: maxBytes * 2,
      signal: call.signal,
      graceMs: 500,
    });
    switch (result.kind) {
      case 'exited': {
        const truncated = result.stdout.length > maxBytes || result.lostBytes > 0;
        if (truncated && call.truncate !== true) throw tooMuchOutput(args, maxBytes);
        const stdout = truncated ? result.stdout.subarray(0, maxBytes) : result.stdout;
        return { status: result.exitCode, stdout, stderr: result.stderr.toString('utf8'), truncated };
      }
      case 'timed-out':
        throw timedOut(args, timeoutMs, call.remoteUrl);
      case 'aborted':
        throw new HephaestusError({
          code: 'aborted',
          kind: 'system',
          retry: 'ambiguous',
          message: `git ${args[0] ?? ''} was stopped`,
          cause: call.signal?.reason,
        });
      case 'killed':
        throw new HephaestusError({
          code: 'git.killed',
          kind: 'system',
          retry: args.includes('push') ? 'ambiguous' : 'safe',
          message: `git ${args[0] ?? ''} was ended by ${result.signal}; if that repeats, look for the out-of-memory killer in the kernel's log`,
        });
      case 'not-started':
        throw notStarted(this.#options.binary ?? 'git', result.errno, result.message);
    }
  }

  #environment(call: GitCall): Record<string, string> {
    const home = this.#options.homeDirectory ?? '/nonexistent';
    return {
      PATH: this.#options.searchPath ?? '/usr/local/bin:/usr/bin:/bin',
      HOME: home,
      XDG_CONFIG_HOME: '/nonexistent',
      LC_ALL: 'C.UTF-8',
      LANGUAGE: 'C',
      GIT_TERMINAL_PROMPT: '0',
      GIT_ASKPASS: '/bin/false',
      SSH_ASKPASS: '/bin/false',
      GIT_CONFIG_NOSYSTEM: '1',
      GIT_CONFIG_GLOBAL: '/dev/null',
      GIT_ATTR_NOSYSTEM: '1',
      GIT_OPTIONAL_LOCKS: '0',
      GIT_PAGER: 'cat',
      GIT_SSH_COMMAND: sshCommand(home, call.credential),
      GIT_SSH_VARIANT: 'ssh',
      ...this.#configuration(call),
      ...call.environment,
    };
  }

  #configuration(call: GitCall): Record<string, string> {
    const stallSeconds = Math.max(1, Math.round((this.#options.stallTimeoutMs ?? 60_000) / 1000));
    // Offline, git itself refuses whatever would lead elsewhere, such as a submodule or an alternate.
    const isKept = this.#options.outbound?.isOffline === true && !(call.remoteUrl !== undefined && isOnThisHost(call.remoteUrl));
    const mayLeave = isKept ? 'never' : 'always';
    const entries: [string, string][] = [
      ['core.hooksPath', '/dev/null'],
      ['core.fsmonitor', 'false'],
      ['core.quotePath', 'false'],
      ['core.autocrlf', 'false'],
      ['core.protectNTFS', 'true'],
      ['credential.helper', ''],
      ['gc.auto', '0'],
      ['maintenance.auto', 'false'],
      ['submodule.recurse', 'false'],
      ['advice.detachedHead', 'false'],
      ['init.defaultBranch', 'main'],
      ['http.followRedirects', this.#options.outbound?.isOffline === true ? 'false' : 'initial'],
      ['http.lowSpeedLimit', '1000'],
      ['http.lowSpeedTime', String(stallSeconds)],
      ['protocol.allow', 'never'],
      ['protocol.file.allow', 'always'],
      ['protocol.https.allow', mayLeave],
      ['protocol.ssh.allow', mayLeave],
    ];
    // Unencrypted http is for tests and for a proxy on this very host.
    if (call.remoteUrl !== undefined && isLoopbackHttp(call.remoteUrl)) entries.push(['protocol.http.allow', 'always']);
    if (call.remoteUrl !== undefined && call.credential?.kind === 'password' && /^https?:/i.test(call.remoteUrl)) {
      const { origin } = new URL(call.remoteUrl);
      // Scoped to the origin, so that a redirect to another host doesn't get it.
      entries.push([`http.${origin}/.extraHeader`, `Authorization: Basic ${basic(call.credential)}`]);
    }
    const environment: Record<string, string> = { GIT_CONFIG_COUNT: String(entries.length) };
    for (const [index, [key, value]] of entries.entries()) {
      environment[`GIT_CONFIG_KEY_${String(index)}`] = key;
      environment[`GIT_CONFIG_VALUE_${String(index)}`] = value;
    }
    return environment;
  }
}

/** True for http to this host itself, the one case in which it may go unencrypted. */
export function isLoopbackHttp(url: string): boolean {
  if (!URL.canParse(url)) return false;
  const { protocol, hostname } = new URL(url);
  return protocol === 'http:' && (hostname === 'localhost' || hostname === '[::1]' || /^127\.\d+\.\d+\.\d+$/.test(hostname));
}

function basic(credential: { username: string; password: Secret }): string {
  return Buffer.from(`${credential.username}:${credential.password.reveal()}`, 'utf8').toString('base64');
}

function sshCommand(home: string, credential: GitCredential | undefined): string {
  const options = [
    ['BatchMode', 'yes'],
    ['ConnectTimeout', '20'],
    ['ServerAliveInterval', '15'],
    ['ServerAliveCountMax', '4'],
    // First contact is trusted and remembered; a changed host key is refused.
    ['StrictHostKeyChecking', 'accept-new'],
    ['UserKnownHostsFile', `${home}/known_hosts`],
    ...(credential?.kind === 'ssh-key'
      ? [
          ['IdentitiesOnly', 'yes'],
          ['IdentityFile', credential.privateKeyFile],
        ]
      : []),
  ].map(([name, value]) => `-o ${shellQuote(`${name ?? ''}=${value ?? ''}`)}`);
  return ['ssh', '-F', 'none', ...options].join(' ');
}

// git hands GIT_SSH_COMMAND to a shell.
function shellQuote(text: string): string {
  return `'${text.replaceAll("'", `'\\''`)}'`;
}

function timedOut(args: readonly string[], timeoutMs: number, remoteUrl: string | undefined): HephaestusError {
  const where = remoteUrl === undefined ? '' : ` from ${remoteUrl}`;
  return new HephaestusError({
    code: remoteUrl === undefined ? 'git.timeout' : 'git.network',
    kind: 'operational',
    // A push that timed out may have arrived.
    retry: args.includes('push') ? 'ambiguous' : 'safe',
    message: `git ${args[0] ?? ''} had no answer${where} within ${String(Math.round(timeoutMs / 1000))} s; it will be tried again, check the network and the remote if it goes on`,
  });
}

function tooMuchOutput(args: readonly string[], maxBytes: number): HephaestusError {
  return new HephaestusError({
    code: 'git.output-too-large',
    kind: 'system',
    message: `git ${args[0] ?? ''} wrote more than ${String(maxBytes)} bytes; the repository or file is larger than this operation takes`,
  });
}

function notStarted(binary: string, errno: string, reason: string): HephaestusError {
  return new HephaestusError({
    code: 'git.not-started',
    kind: 'system',
    message:
      errno === 'ENOENT'
        ? `cannot start ${binary}: there is no such program, or its folder is gone; install git 2.34 or newer on the coordinator's host`
        : `cannot start ${binary}: ${reason}`,
  });
}

// Where a repository's own commands run: no network, no secrets, nothing writable but the work tree, and limits that hold.
// Must never fall back to running unconfined by itself; only the operator's word does that.
import { spawn } from 'node:child_process';
import { access, constants, stat } from 'node:fs/promises';
import { dirname, join } from 'node:path';
import type { Readable } from 'node:stream';
import { HephaestusError } from '../../base/errors.ts';
import { watchNamespace } from './namespace-watch.ts';
import { createOutputTail } from './output-tail.ts';

export interface SandboxOptions {
  /** `bubblewrap` refuses where bwrap is missing; `none-by-my-choice` runs commands as they are. */
  readonly isolation: 'bubblewrap' | 'none-by-my-choice';
  /** Where commands are found, as in PATH. */
  readonly searchPath: readonly string[];
  /** Further folders that commands may read, such as package caches or tool chains. */
  readonly readOnlyPaths: readonly string[];
  /** Of all processes together, resident. */
  readonly maxMemoryBytes: number;
  readonly maxProcesses: number;
  /** Of one file that a command writes. */
  readonly maxFileBytes: number;
  /** A command that prints more is killed. */
  readonly maxOutputBytes: number;
}

export const defaultSandboxOptions: SandboxOptions = {
  isolation: 'bubblewrap',
  searchPath: ['/usr/local/sbin', '/usr/local/bin', '/usr/sbin', '/usr/bin', '/sbin', '/bin'],
  readOnlyPaths: [],
  maxMemoryBytes: 2 * 1024 ** 3,
  maxProcesses: 256,
  maxFileBytes: 1024 ** 3,
  maxOutputBytes: 16 * 1024 ** 2,
};

export interface SandboxRequest {
  /** The work tree: the working directory, and all that is writable. */
  readonly directory: string;
  readonly command: readonly string[];
  readonly stdin: string | undefined;
  readonly timeoutMs: number;
  readonly signal: AbortSignal;
}

export interface SandboxRun {
  /** Undefined if it was killed or could not begin. */
  readonly exitStatus: number | undefined;
  readonly stoppedBy: 'time' | 'memory' | 'processes' | 'output' | 'signal' | undefined;
  /** Standard output and error as they came, the last 64 KiB, control characters removed. */
  readonly output: string;
  readonly durationMs: number;
}

export interface Sandbox {
  /** @throws HephaestusError `sandbox.unavailable`; AbortError if the signal fires. */
  run(request: SandboxRequest): Promise<SandboxRun>;
  /** Whether commands can be run here, and what to do if not. */
  check(): Promise<{ ok: boolean; message: string }>;
}

const systemPaths = ['/usr', '/bin', '/sbin', '/lib', '/lib32', '/lib64', '/libx32', '/nix'];

/** What programs need of /etc; the rest of it may hold secrets. */
const etcPaths = [
  'alternatives',
  'ld.so.cache',
  'ld.so.conf',
  'ld.so.conf.d',
  'ssl/certs',
  'ssl/openssl.cnf',
  'ca-certificates',
  'pki/tls/certs',
  'nsswitch.conf',
  'localtime',
  'mime.types',
  'java-17-openjdk',
  'java-21-openjdk',
  'java-11-openjdk',
].map((name) => `/etc/${name}`);

const pollMs = 200;

export function createSandbox(options: SandboxOptions): Sandbox {
  const check = async (): Promise<{ ok: boolean; message: string }> => {
    if (options.isolation === 'none-by-my-choice') return { ok: true, message: 'commands run unconfined, by configuration' };
    for (const program of ['bwrap', 'prlimit']) {
      if ((await findProgram(program, options.searchPath)) === undefined) return { ok: false, message: missing(program) };
    }
    const trial = await runConfined(
      { directory: '/tmp', command: ['true'], stdin: undefined, timeoutMs: 10_000, signal: new AbortController().signal },
      options,
    );
    if (trial.exitStatus === 0) return { ok: true, message: 'bubblewrap works' };
    return {
      ok: false,
      message: `bubblewrap can't make namespaces here: ${trial.output.trim()}. Allow unprivileged user namespaces, or run validation on another host`,
    };
  };
  return {
    check,
    async run(request) {
      request.signal.throwIfAborted();
      if (options.isolation === 'none-by-my-choice') return runUnconfined(request, options);
      for (const program of ['bwrap', 'prlimit']) {
        if ((await findProgram(program, options.searchPath)) === undefined)
          throw new HephaestusError({ code: 'sandbox.unavailable', kind: 'system', message: missing(program) });
      }
      return runConfined(request, options);
    },
  };
}

function missing(program: string): string {
  const install = program === 'bwrap' ? 'bubblewrap' : 'util-linux';
  return `${program} is not installed, so nothing can be validated safely: install the package ${install}, or set sandbox.isolation: none-by-my-choice in the configuration`;
}

async function runConfined(request: SandboxRequest, options: SandboxOptions): Promise<SandboxRun> {
  const { directory } = request;
  const args = ['--unshare-all', '--die-with-parent', '--new-session', '--cap-drop', 'ALL', '--clearenv', '--hostname', 'sandbox'];
  args.push('--proc', '/proc', '--dev', '/dev', '--tmpfs', '/tmp', '--tmpfs', '/run', '--tmpfs', '/var/tmp');
  for (const path of [...systemPaths, ...etcPaths]) args.push('--ro-bind-try', path, path);
  for (const path of [...(await toolFolders([...options.searchPath, dirname(request.command[0] ?? '')])), ...options.readOnlyPaths])
    args.push('--ro-bind-try', path, path);
  args.push('--bind', directory, directory);
  // What a command writes into .git would be run later by git itself (hooks, filters).
  if (await exists(join(directory, '.git'))) args.push('--ro-bind', join(directory, '.git'), join(directory, '.git'));
  for (const [name, value] of Object.entries(environment(options))) args.push('--setenv', name, value);
  args.push('--chdir', directory, '--info-fd', '3', '--', 'prlimit', ...limits(request, options), '--', ...request.command);
  return supervise(['bwrap', ...args], request, options, true);
}

async function runUnconfined(request: SandboxRequest, options: SandboxOptions): Promise<SandboxRun> {
  return supervise([...request.command], request, options, false);
}

/** Address space is no measure for runtimes that reserve terabytes (V8, Go), so that data and CPU time are limited here and memory by watching. */
function limits(request: SandboxRequest, options: SandboxOptions): readonly string[] {
  const cpuSeconds = Math.ceil(request.timeoutMs / 1000) * 2 + 1;
  return [`--cpu=${cpuSeconds}`, `--fsize=${options.maxFileBytes}`, '--core=0', '--nofile=4096', `--data=${options.maxMemoryBytes * 2}`];
}

function environment(options: SandboxOptions): Readonly<Record<string, string>> {
  return {
    PATH: options.searchPath.join(':'),
    HOME: '/tmp',
    TMPDIR: '/tmp',
    LANG: 'C.UTF-8',
    CI: '1',
    NO_COLOR: '1',
    GOFLAGS: '-mod=mod',
    GOPROXY: 'off',
    GOTOOLCHAIN: 'local',
    npm_config_offline: 'true',
    npm_config_update_notifier: 'false',
    PYTHONDONTWRITEBYTECODE: '1',
    PYTHONUNBUFFERED: '1',
    GIT_CONFIG_GLOBAL: '/dev/null',
  };
}

async function supervise(
  command: readonly string[],
  request: SandboxRequest,
  options: SandboxOptions,
  confined: boolean,
): Promise<SandboxRun> {
  const [program = '', ...args] = command;
  const startedAt = performance.now();
  // A group of its own, so that a kill reaches every descendant that stayed in it; the namespace holds the rest.
  const child = spawn(program, args, {
    cwd: request.directory,
    env: environment(options),
    stdio: ['pipe', 'pipe', 'pipe', confined ? 'pipe' : 'ignore'],
    detached: true,
  });
  const tail = createOutputTail(64 * 1024);
  let stoppedBy: SandboxRun['stoppedBy'];
  const kill = (reason: NonNullable<SandboxRun['stoppedBy']>): void => {
    stoppedBy ??= reason;
    if (child.pid === undefined) return;
    try {
      process.kill(-child.pid, 'SIGKILL');
    } catch {
      // It ended by itself between the decision and the kill.
    }
  };
  let outputBytes = 0;
  const take = (chunk: Buffer): void => {
    outputBytes += chunk.length;
    tail.add(chunk);
    if (outputBytes > options.maxOutputBytes) kill('output');
  };
  child.stdout?.on('data', take);
  child.stderr?.on('data', take);
  // A command that doesn't read its input closes the pipe; that is its right.
  child.stdin?.on('error', () => undefined);
  child.stdin?.end(request.stdin ?? '');

  const timer = setTimeout(() => kill('time'), request.timeoutMs);
  const onAbort = (): void => kill('signal');
  request.signal.addEventListener('abort', onAbort, { once: true });
  const watch = confined ? watchNamespace(child.stdio[3] as Readable, { pollMs, options, onExcess: kill }) : undefined;
  try {
    const exit = await new Promise<{ code: number | null; failure: Error | undefined }>((resolve) => {
      child.once('error', (failure) => resolve({ code: null, failure }));
      child.once('close', (code) => resolve({ code, failure: undefined }));
    });
    request.signal.throwIfAborted();
    const output = exit.failure === undefined ? tail.text() : `${program} could not be started: ${exit.failure.message}`;
    return {
      exitStatus: stoppedBy === undefined ? (exit.code ?? undefined) : undefined,
      stoppedBy: stoppedBy ?? (exit.code === null && exit.failure === undefined ? 'signal' : undefined),
      output,
      durationMs: performance.now() - startedAt,
    };
  } finally {
    clearTimeout(timer);
    watch?.stop();
    request.signal.removeEventListener('abort', onAbort);
  }
}

/** A program's folder may be a list of links into its parent (`…/node/bin`, pyenv's shims), which has to be readable, too; a home never is. */
async function toolFolders(searchPath: readonly string[]): Promise<readonly string[]> {
  const folders: string[] = [];
  for (const folder of searchPath) {
    if (!folder.startsWith('/')) continue;
    if (systemPaths.some((path) => folder === path || folder.startsWith(`${path}/`)) || !(await exists(folder))) continue;
    const parent = dirname(folder);
    const isHome = parent === '/' || parent === '/root' || dirname(parent) === '/home' || parent.endsWith('/.local');
    folders.push(isHome ? folder : parent);
  }
  return folders;
}

/** The first executable of this name, or undefined. */
export async function findProgram(name: string, searchPath: readonly string[]): Promise<string | undefined> {
  for (const folder of searchPath) {
    const path = join(folder, name);
    try {
      await access(path, constants.X_OK);
      if ((await stat(path)).isFile()) return path;
    } catch {
      continue;
    }
  }
  return undefined;
}

async function exists(path: string): Promise<boolean> {
  try {
    await access(path);
    return true;
  } catch {
    return false;
  }
}

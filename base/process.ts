// Runs a program to its end: no shell, its own process group, a time limit, bounded output, nothing left running.
// Must never pass on this process's environment; the caller gives what the program may see.
import { spawn, type ChildProcess } from 'node:child_process';
import { CappedOutput } from './capped-output.ts';
import { errnoOf } from './errors.ts';

export interface ProcessRequest {
  /** A path, or a name that is looked up in `env.PATH`. */
  readonly command: string;
  readonly args: readonly string[];
  readonly cwd: string;
  /** The whole environment; without PATH only a path can be run. */
  readonly env: Readonly<Record<string, string>>;
  /** Written to standard input, which is closed then; default empty. */
  readonly input?: string | Uint8Array | undefined;
  readonly timeoutMs: number;
  /** Kept of each of the two outputs: the first and the last half of it. */
  readonly maxOutputBytes: number;
  readonly signal?: AbortSignal | undefined;
  /** Between the request to end (SIGTERM) and SIGKILL; default 2000. */
  readonly graceMs?: number | undefined;
}

export interface ProcessOutput {
  readonly stdout: Buffer;
  readonly stderr: Buffer;
  /** Bytes of both that were beyond `maxOutputBytes` and are gone. */
  readonly lostBytes: number;
  readonly durationMs: number;
}

export type ProcessResult =
  | ({ readonly kind: 'exited'; readonly exitCode: number } & ProcessOutput)
  /** Ended by a signal that was not ours: a crash, the out-of-memory killer. */
  | ({ readonly kind: 'killed'; readonly signal: NodeJS.Signals } & ProcessOutput)
  | ({ readonly kind: 'timed-out' } & ProcessOutput)
  | ({ readonly kind: 'aborted' } & ProcessOutput)
  /** Nothing ran. `errno` is ENOENT if there is no such program or folder. */
  | { readonly kind: 'not-started'; readonly errno: string; readonly message: string };

/** Time that pipes held by a runaway descendant get to close once the program has ended. */
const drainMs = 500;

/** After SIGKILL; what still isn't gone then is left to the kernel. */
const abandonMs = 5000;

/** Never rejects for what the program does; every end is a kind of result. */
export async function runProcess(request: ProcessRequest): Promise<ProcessResult> {
  const startMs = performance.now();
  const stdout = new CappedOutput(request.maxOutputBytes);
  const stderr = new CappedOutput(request.maxOutputBytes);
  const output = (): ProcessOutput => ({
    stdout: stdout.bytes(),
    stderr: stderr.bytes(),
    lostBytes: stdout.lostBytes + stderr.lostBytes,
    durationMs: performance.now() - startMs,
  });
  if (request.signal?.aborted === true) return { kind: 'aborted', ...output() };

  let child: ChildProcess;
  try {
    child = spawn(request.command, request.args, { cwd: request.cwd, env: { ...request.env }, detached: true, stdio: 'pipe' });
  } catch (error) {
    return notStarted(error);
  }
  const { promise: ended, resolve: end } = Promise.withResolvers<ProcessResult>();
  let reason: 'timed-out' | 'aborted' | undefined;
  let killTimer: NodeJS.Timeout | undefined;
  const stop = (why: 'timed-out' | 'aborted'): void => {
    if (reason !== undefined) return;
    reason = why;
    signalGroup(child, 'SIGTERM');
    killTimer = setTimeout(() => {
      signalGroup(child, 'SIGKILL');
      // In uninterruptible sleep, or another user's by now: the caller must not wait with it.
      killTimer = setTimeout(() => end({ kind: why, ...output() }), abandonMs);
    }, request.graceMs ?? 2000);
  };
  const onAbort = (): void => stop('aborted');
  const timeout = setTimeout(() => stop('timed-out'), request.timeoutMs);
  request.signal?.addEventListener('abort', onAbort, { once: true });

  child.stdout?.on('data', (chunk: Buffer) => stdout.add(chunk));
  child.stderr?.on('data', (chunk: Buffer) => stderr.add(chunk));
  // A program that doesn't read its input closes the pipe; what it then does decides, not the EPIPE.
  child.stdin?.on('error', () => undefined);
  child.stdin?.end(request.input ?? '');
  child.on('error', (error) => {
    if (child.pid === undefined) end(notStarted(error));
  });
  let drainTimer: NodeJS.Timeout | undefined;
  child.on('exit', () => {
    clearTimeout(killTimer);
    // Children that it left behind still hold the pipes, and would outlive a sandboxed run.
    signalGroup(child, 'SIGKILL');
    drainTimer = setTimeout(() => {
      child.stdout?.destroy();
      child.stderr?.destroy();
    }, drainMs);
  });
  child.on('close', (exitCode, signal) => {
    if (reason !== undefined) end({ kind: reason, ...output() });
    else if (signal === null) end({ kind: 'exited', exitCode: exitCode ?? 0, ...output() });
    else end({ kind: 'killed', signal, ...output() });
  });

  try {
    return await ended;
  } finally {
    clearTimeout(timeout);
    clearTimeout(killTimer);
    clearTimeout(drainTimer);
    request.signal?.removeEventListener('abort', onAbort);
  }
}

/** One sentence on how it ended, for a log or a report. */
export function describeProcessResult(result: ProcessResult): string {
  switch (result.kind) {
    case 'exited':
      return `exit status ${result.exitCode}`;
    case 'killed':
      return `killed by ${result.signal}`;
    case 'timed-out':
      return `stopped after ${Math.round(result.durationMs)} ms: out of time`;
    case 'aborted':
      return 'stopped on request';
    case 'not-started':
      return `not started: ${result.message}`;
  }
}

function notStarted(error: unknown): ProcessResult {
  return { kind: 'not-started', errno: errnoOf(error) ?? 'EUNKNOWN', message: error instanceof Error ? error.message : String(error) };
}

function signalGroup(child: ChildProcess, signal: NodeJS.Signals): void {
  if (child.pid === undefined) return;
  try {
    // `detached` made it the leader of a group whose id is its own.
    process.kill(-child.pid, signal);
  } catch (error) {
    // ESRCH: the whole group has ended, which is what was wanted. EPERM: a set-user-ID program, beyond our reach;
    // the caller is answered after abandonMs.
    const errno = errnoOf(error);
    if (errno !== 'ESRCH' && errno !== 'EPERM') throw error;
  }
}

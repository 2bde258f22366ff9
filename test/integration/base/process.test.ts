// A program is run to its end, whatever it does, and nothing of it is left.
// Must never measure time; it waits for the processes to be gone.
import { readFileSync } from 'node:fs';
import { mkdtemp, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { describe, expect, it, vi } from 'vitest';
import { describeProcessResult, runProcess, type ProcessRequest, type ProcessResult } from '../../../base/process.ts';

function run(script: string, more: Partial<ProcessRequest> = {}): Promise<ProcessResult> {
  const env = { PATH: '/usr/bin:/bin' };
  return runProcess({ command: '/bin/sh', args: ['-c', script], cwd: tmpdir(), env, timeoutMs: 20_000, maxOutputBytes: 10_000, ...more });
}

function outputOf(result: ProcessResult): string {
  return result.kind === 'not-started' ? '' : result.stdout.toString('utf8');
}

/** A zombie, whose new parent hasn't collected it, has ended. */
function isRunning(pid: number): boolean {
  try {
    return !/^State:\s+Z/m.test(readFileSync(`/proc/${pid}/status`, 'utf8'));
  } catch {
    // ENOENT is the answer that is asked for.
    return false;
  }
}

describe('runProcess', () => {
  it('gives back status and both outputs', async () => {
    const result = await run('echo out; echo err >&2; exit 3');
    expect(result).toMatchObject({ kind: 'exited', exitCode: 3, lostBytes: 0 });
    expect(outputOf(result)).toBe('out\n');
    expect(result.kind === 'exited' ? result.stderr.toString('utf8') : '').toBe('err\n');
    expect(describeProcessResult(result)).toBe('exit status 3');
  });

  it('passes input and only the environment that was given', async () => {
    const result = await run('cat; env | sort | grep -v -e ^PWD= -e ^SHLVL= -e ^_=', {
      input: 'hello\n',
      env: { PATH: '/usr/bin:/bin', A: 'b' },
    });
    expect(outputOf(result)).toBe('hello\nA=b\nPATH=/usr/bin:/bin\n');
  });

  it('does not mind a program that leaves its input unread', async () => {
    expect(await run('exit 0', { input: Buffer.alloc(4 * 1024 * 1024) })).toMatchObject({ kind: 'exited', exitCode: 0 });
  });

  it('passes arguments untouched by any shell', async () => {
    const result = await run('', { command: '/bin/echo', args: ['$HOME', '; rm -rf /', '*'] });
    expect(outputOf(result)).toBe('$HOME ; rm -rf / *\n');
  });

  it('caps the output, however much there is', async () => {
    const result = await run('head -c 3000000 /dev/zero | tr "\\0" x; echo end', { maxOutputBytes: 1000 });
    expect(result).toMatchObject({ kind: 'exited', exitCode: 0, lostBytes: 3_000_004 - 1000 });
    expect(outputOf(result)).toMatch(/xend\n$/);
  });

  it('stops a program that is out of time, with all its children', async () => {
    const result = await run('sleep 1000 & echo $!; trap "" TERM; sleep 1000 & wait; wait', { timeoutMs: 300, graceMs: 100 });
    expect(result.kind).toBe('timed-out');
    const child = Number(outputOf(result));
    expect(child).toBeGreaterThan(1);
    await vi.waitFor(() => expect(isRunning(child)).toBe(false));
  });

  it('stops on request', async () => {
    const controller = new AbortController();
    const running = run('echo started; sleep 1000', { signal: controller.signal });
    controller.abort();
    expect((await running).kind).toBe('aborted');
    expect((await run('echo no', { signal: AbortSignal.abort() })).kind).toBe('aborted');
  });

  it('ends with the program, not with children that hold its pipes, and ends those', async () => {
    const result = await run('sleep 1000 & echo $!');
    expect(result).toMatchObject({ kind: 'exited', exitCode: 0 });
    await vi.waitFor(() => expect(isRunning(Number(outputOf(result)))).toBe(false));
  });

  it('ends although a descendant fled into a session of its own', async () => {
    const result = await run('setsid sleep 1000 & echo $!');
    expect(result).toMatchObject({ kind: 'exited', exitCode: 0 });
    process.kill(Number(outputOf(result)), 'SIGKILL');
  });

  it('tells a crash from an exit', async () => {
    expect(await run('kill -SEGV $$')).toMatchObject({ kind: 'killed', signal: 'SIGSEGV' });
  });

  it('says why nothing ran', async () => {
    expect(await run('', { command: 'no-such-program' })).toMatchObject({ kind: 'not-started', errno: 'ENOENT' });
    expect(await run('', { cwd: '/no/such/folder' })).toMatchObject({ kind: 'not-started', errno: 'ENOENT' });
    expect(await run('', { args: ['a\0b'] })).toMatchObject({ kind: 'not-started' });
    const folder = await mkdtemp(join(tmpdir(), 'hephaestus-process-'));
    try {
      await writeFile(join(folder, 'data'), 'not a program', { mode: 0o600 });
      expect(await run('', { command: join(folder, 'data') })).toMatchObject({ kind: 'not-started', errno: 'EACCES' });
    } finally {
      await rm(folder, { recursive: true });
    }
  });
});

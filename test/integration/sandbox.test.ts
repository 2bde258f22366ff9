// What a command can and can't do in the sandbox, tried for real.
// Must never be skipped: without bubblewrap nothing could be proven, and these tests say so.
import { mkdir, mkdtemp, readFile, rm, writeFile } from 'node:fs/promises';
import { createServer } from 'node:http';
import type { AddressInfo } from 'node:net';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { createSandbox, defaultSandboxOptions, type SandboxRun } from '../../coordinator/solutions/sandbox.ts';
import { searchPath } from '../support/solution-bench.ts';

let directory = '';
beforeEach(async () => {
  directory = await mkdtemp(join(tmpdir(), 'heph-sandbox-'));
});
afterEach(async () => {
  await rm(directory, { recursive: true, force: true });
});

async function shell(
  script: string,
  options: { timeoutMs?: number; stdin?: string; limits?: Partial<typeof defaultSandboxOptions>; signal?: AbortSignal } = {},
): Promise<SandboxRun> {
  const sandbox = createSandbox({ ...defaultSandboxOptions, searchPath, ...options.limits });
  const signal = options.signal ?? new AbortController().signal;
  return sandbox.run({ directory, command: ['sh', '-c', script], stdin: options.stdin, timeoutMs: options.timeoutMs ?? 20_000, signal });
}

describe('the sandbox', () => {
  it('runs a command with its input, and gives its status and output', async () => {
    expect(await shell('cat; exit 3', { stdin: 'hello' })).toMatchObject({ exitStatus: 3, output: 'hello', stoppedBy: undefined });
  });

  it('lets nothing be written but the work tree and a private /tmp', async () => {
    const run = await shell(
      'echo in > inside; echo t > /tmp/t && echo tmp-ok; for d in / /usr /etc /root /var "$PWD/.."; do echo x > $d/heph-x 2>/dev/null && echo "wrote $d"; done; true',
    );
    expect(await readFile(join(directory, 'inside'), 'utf8')).toBe('in\n');
    expect(run.output).toContain('tmp-ok');
    // The parents of the work tree are made for it inside the sandbox alone; what is written there is gone with it.
    await expect(readFile(join(directory, '..', 'heph-x'))).rejects.toThrow('ENOENT');
    await expect(readFile('/usr/heph-x')).rejects.toThrow('ENOENT');
    await expect(readFile('/root/heph-x')).rejects.toThrow('ENOENT');
  });

  it('shows no secrets: not the environment, not homes, not /etc/shadow, not other processes', async () => {
    process.env['HEPH_TEST_SECRET'] = 'sesame';
    const run = await shell('env; cat /etc/shadow; ls -A /root/.ssh /home; ls /proc | grep -c "^[0-9]"');
    delete process.env['HEPH_TEST_SECRET'];
    expect(run.output).not.toMatch(/sesame|root:/);
    expect(Number(run.output.trim().split('\n').at(-1))).toBeLessThan(10);
  });

  it('has no network, loopback of the host included', async () => {
    const server = createServer((_, response) => response.end('reached'));
    await new Promise<void>((resolve) => {
      server.listen(0, '127.0.0.1', resolve);
    });
    const { port } = server.address() as AddressInfo;
    const run = await shell(
      `node -e "fetch('http://127.0.0.1:${port}').then(r=>r.text()).then(console.log, e=>console.log('blocked', e.cause?.code))"`,
    );
    server.close();
    expect(run.output).toContain('blocked');
  });

  it('keeps what is in .git as it was', async () => {
    await mkdir(join(directory, '.git', 'hooks'), { recursive: true });
    await writeFile(join(directory, '.git', 'config'), 'before');
    await shell('echo evil > .git/hooks/post-checkout; echo evil > .git/config');
    expect(await readFile(join(directory, '.git', 'config'), 'utf8')).toBe('before');
  });

  it('kills what takes too long, with everything that it started', async () => {
    const run = await shell('(sleep 300 & sleep 300 & setsid sleep 300 &) ; sleep 300', { timeoutMs: 700 });
    expect(run).toMatchObject({ stoppedBy: 'time', exitStatus: undefined });
  });

  it('kills what takes too much memory, too many processes, or prints too much', async () => {
    const megabyte = 1024 ** 2;
    const memory = await shell('node -e "const a=[];for(;;)a.push(Buffer.alloc(1e6,1))"', { limits: { maxMemoryBytes: 300 * megabyte } });
    expect(memory.exitStatus).not.toBe(0);
    const processes = await shell('for i in $(seq 60); do sleep 30 & done; wait', { limits: { maxProcesses: 20 } });
    expect(processes.stoppedBy).toBe('processes');
    const output = await shell('yes', { limits: { maxOutputBytes: megabyte } });
    expect(output.stoppedBy).toBe('output');
    expect(output.output.length).toBeLessThan(200_000);
  });

  it('stops when it is told to', async () => {
    await expect(shell('sleep 300', { signal: AbortSignal.timeout(300) })).rejects.toThrow('timeout');
  });

  it('refuses clearly where bubblewrap is missing, and runs unconfined only by choice', async () => {
    const without = { ...defaultSandboxOptions, searchPath: ['/nowhere'] };
    await expect(shell('true', { limits: without })).rejects.toThrow('install the package bubblewrap');
    expect((await createSandbox(without).check()).ok).toBe(false);
    expect(await shell('echo free', { limits: { isolation: 'none-by-my-choice' } })).toMatchObject({ exitStatus: 0 });
  });
});

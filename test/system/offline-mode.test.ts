// Offline mode in a network namespace in which every address but loopback is a trap: nothing may fall in, and work goes on.
// Must never pass without the traps: the same coordinator without the setting falls into them.
import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, describe, expect, it } from 'vitest';
import { runProcess } from '../../base/process.ts';

interface Told {
  readonly models: readonly string[];
  readonly checks: Readonly<Record<string, string>>;
  readonly solutions: readonly string[];
  readonly caught: readonly string[];
}

const folder = mkdtempSync(join(tmpdir(), 'hephaestus-traps-'));
afterAll(() => rmSync(folder, { recursive: true, force: true }));
writeFileSync(join(folder, 'resolv.conf'), 'nameserver 203.0.113.53\noptions timeout:2 attempts:1\n');

/** All of IPv4 is local to lo (ip-route(8), type local), and names are asked of an address in it. */
const enter = [
  'ip link set lo up',
  'ip route add local default dev lo',
  `mount --bind ${join(folder, 'resolv.conf')} "$(readlink -f /etc/resolv.conf)"`,
].join(' && ');

async function inNamespace(command: string): Promise<{ readonly exitCode: number; readonly stdout: string; readonly stderr: string }> {
  const result = await runProcess({
    command: 'unshare',
    args: ['--map-root-user', '--net', '--mount', 'sh', '-c', `${enter} && ${command}`],
    cwd: join(import.meta.dirname, '../..'),
    env: { PATH: process.env['PATH'] ?? '/usr/sbin:/usr/bin:/sbin:/bin', HOME: folder, TMPDIR: tmpdir() },
    timeoutMs: 240_000,
    maxOutputBytes: 4 * 1024 ** 2,
  });
  if (result.kind !== 'exited') return { exitCode: -1, stdout: '', stderr: result.kind };
  return { exitCode: result.exitCode, stdout: result.stdout.toString(), stderr: result.stderr.toString() };
}

const trial = await inNamespace('true');
if (trial.exitCode !== 0)
  console.warn(`skipped: no network namespace can be made here (${trial.stderr.trim()}); it needs unshare, ip and user namespaces`);

async function work(mode: 'offline' | 'online'): Promise<Told> {
  const { exitCode, stdout, stderr } = await inNamespace(`exec ${process.execPath} test/support/trapped-coordinator.ts ${mode}`);
  expect(stderr).toBe('');
  expect(exitCode).toBe(0);
  return JSON.parse(stdout) as Told;
}

describe.skipIf(trial.exitCode !== 0)('a coordinator', () => {
  it('offline opens no connection that leaves the host, says so by name, and goes on with what is there', async () => {
    const { models, checks, solutions, caught } = await work('offline');
    expect(caught).toEqual([]);
    expect(models.join('\n')).toMatch(/hosted failed: .*api\.anthropic\.com.*offline: true/);
    expect(models.join('\n')).toMatch(/other failed: .*models\.example\.com.*offline: true/);
    expect(checks['plain']).toMatch(/git\.example\.com.*offline: true/);
    expect(checks['forge']).toMatch(/github\.com.*offline: true/);
    expect(checks['ssh']).toMatch(/git\.example\.com.*offline: true/);
    expect(checks['shop']).not.toContain('failed');
    expect(solutions).toHaveLength(4);
    expect(solutions.filter((told) => told.includes('offline: true') && told.includes('FAILED'))).toHaveLength(3);
    expect(solutions.filter((told) => told.includes('builtin'))).toHaveLength(1);
  });

  it('without the setting would have gone out', async () => {
    const { caught } = await work('online');
    const everything = caught.join('\n');
    for (const name of ['api.anthropic.com', 'models.example.com', 'git.example.com', 'github.com']) expect(everything).toContain(name);
    expect(everything).toContain('203.0.113.7:443');
  });
});

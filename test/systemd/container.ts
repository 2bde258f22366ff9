// A Debian root booted with systemd-nspawn: made once and cached, copied for a run, entered by nsenter.
// Must never touch the cached root, nor leave a container running.
import { execFileSync, spawn, spawnSync, type ChildProcess } from 'node:child_process';
import { once } from 'node:events';
import { chmodSync, existsSync, mkdirSync, mkdtempSync, readFileSync, readdirSync, renameSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { setTimeout as delay } from 'node:timers/promises';

export interface Finished {
  readonly code: number | null;
  /** Both streams. */
  readonly output: string;
}

/** What the packages depend on, and what the test itself uses; no Node. */
const packages = 'systemd,systemd-sysv,libnss-systemd,dbus,git,bubblewrap,python3,logrotate,procps,rsyslog';
const release = 'bookworm';
const bootSeconds = 120;
const rebootSeconds = 120;

/** Undefined if a root can be booted here; otherwise what is missing. */
export function whyNot(): string | undefined {
  if (process.platform !== 'linux' || process.getuid?.() !== 0) return 'it takes root on Linux';
  for (const program of ['systemd-nspawn', 'nsenter', 'dpkg-deb']) {
    if (spawnSync('sh', ['-c', `command -v ${program}`]).status !== 0) return `${program} is missing (systemd-container, util-linux, dpkg)`;
  }
  return undefined;
}

export function hasRoot(cache: string): boolean {
  return existsSync(join(cache, release));
}

/** @param cache is kept; @throws Error if there is no root in it and debootstrap can't make one */
export function ensureRoot(cache: string): string {
  const root = join(cache, release);
  if (existsSync(root)) return root;
  mkdirSync(cache, { recursive: true });
  const unfinished = mkdtempSync(join(cache, 'unfinished-'));
  try {
    execFileSync('debootstrap', ['--variant=minbase', `--include=${packages}`, release, unfinished, 'http://deb.debian.org/debian'], {
      stdio: ['ignore', 'ignore', 'inherit'],
    });
    // A temporary folder is closed to all but its maker; nobody but root could find a file in a system whose / is.
    chmodSync(unfinished, 0o755);
    renameSync(unfinished, root);
  } finally {
    rmSync(unfinished, { recursive: true, force: true });
  }
  return root;
}

export class Container {
  readonly folder: string;
  readonly root: string;
  #booted: ChildProcess | undefined;
  #leader = 0;

  constructor(base: string) {
    this.folder = mkdtempSync(join(tmpdir(), 'hephaestus-systemd-'));
    this.root = join(this.folder, 'root');
    execFileSync('cp', ['-a', '--reflink=auto', base, this.root]);
  }

  async boot(): Promise<void> {
    const child = spawn(
      'systemd-nspawn',
      [
        '--quiet',
        '-D',
        this.root,
        '--boot',
        '--register=no',
        '--keep-unit',
        '--private-network',
        '--console=pipe',
        '--kill-signal=SIGRTMIN+3',
      ],
      { stdio: ['ignore', 'ignore', 'pipe'], env: { ...process.env, SYSTEMD_NSPAWN_API_VFS_WRITABLE: '1' } },
    );
    this.#booted = child;
    let said = '';
    child.stderr.on('data', (chunk: Buffer) => (said += chunk.toString()));
    const deadline = performance.now() + bootSeconds * 1000;
    while (performance.now() < deadline && child.exitCode === null) {
      this.#leader = leaderOf(child.pid ?? 0);
      if (this.#leader !== 0 && /running|degraded/.test(this.run('systemctl is-system-running').output)) return;
      await delay(200);
    }
    throw new Error(`the root did not boot: ${said}`);
  }

  /** In all of the container's namespaces, by its shell. */
  run(script: string, seconds = 120): Finished {
    const enter = [
      '-t',
      String(this.#leader),
      '-m',
      '-u',
      '-i',
      '-n',
      '-p',
      '-C',
      '-r',
      '-w',
      '--',
      '/usr/bin/env',
      '-i',
      'PATH=/usr/sbin:/usr/bin:/sbin:/bin',
      'HOME=/root',
      'LC_ALL=C.UTF-8',
    ];
    const { status, stdout, stderr } = spawnSync('nsenter', [...enter, 'sh', '-c', script], { encoding: 'utf8', timeout: seconds * 1000 });
    return { code: status, output: `${stdout}${stderr}` };
  }

  /** As `systemctl reboot` does it; nspawn ends, since nothing keeps it, and is started again. */
  async reboot(): Promise<void> {
    const child = this.#booted;
    if (child === undefined) throw new Error('nothing runs that could be booted again');
    const gone = once(child, 'exit');
    this.run('systemctl reboot');
    await Promise.race([gone, delay(rebootSeconds * 1000, undefined, { ref: false })]);
    if (child.exitCode === null && child.signalCode === null) throw new Error('the root did not go down');
    await this.boot();
  }

  async end(): Promise<void> {
    const child = this.#booted;
    if (child !== undefined && child.exitCode === null) {
      const gone = once(child, 'exit');
      child.kill('SIGTERM');
      await Promise.race([gone, delay(20_000, undefined, { ref: false })]);
      if (child.exitCode === null) child.kill('SIGKILL');
    }
    rmSync(this.folder, { recursive: true, force: true });
  }
}

/** The container's first process: nspawn's child whose child runs systemd. */
function leaderOf(pid: number): number {
  for (const name of readdirSync('/proc')) {
    if (!/^\d+$/.test(name)) continue;
    try {
      const status = readFileSync(`/proc/${name}/status`, 'utf8');
      if (/^PPid:\t(\d+)$/m.exec(status)?.[1] === String(pid) && readFileSync(`/proc/${name}/comm`, 'utf8').trim() === 'systemd')
        return Number(name);
    } catch {
      // It ended meanwhile.
    }
  }
  return 0;
}

// How the host does: a handful of small files under /proc and a statfs for each disk, read anew for each heartbeat.
// Must never spawn a process; a heartbeat costs well under a millisecond of CPU.
import { readFileSync } from 'node:fs';
import { statfs } from 'node:fs/promises';
import type { Clock } from '../../base/clock.ts';
import type { DiskVitals, HostVitals } from '../record.ts';

export interface VitalsReader {
  /** Never rejects: what can't be read is 0 or left out. */
  read(): Promise<HostVitals>;
}

interface CpuTimes {
  readonly busy: number;
  readonly total: number;
}

/** @param restarts of the agent. @param proc `/proc` but in tests. */
export function createVitalsReader(clock: Clock, restarts: () => number, proc = '/proc'): VitalsReader {
  let lastCpu: CpuTimes = { busy: 0, total: 0 };
  let lastOwn = { microseconds: 0, atMs: clock.monotonicMs() };

  return {
    async read() {
      // At once: the kernel writes these files as they are read, and four trips to another thread for each cost more than that.
      const [stat, load, memory, uptime, mounts] = ['stat', 'loadavg', 'meminfo', 'uptime', 'self/mounts'].map((name) =>
        readText(`${proc}/${name}`),
      );
      const cpu = parseCpuTimes(stat ?? '');
      const spentTotal = cpu.total - lastCpu.total;
      const cpuShare = spentTotal > 0 ? (cpu.busy - lastCpu.busy) / spentTotal : 0;
      lastCpu = cpu;

      const usage = process.cpuUsage();
      const own = { microseconds: usage.user + usage.system, atMs: clock.monotonicMs() };
      const ownElapsedMs = own.atMs - lastOwn.atMs;
      const agentCpuShare = ownElapsedMs > 0 ? (own.microseconds - lastOwn.microseconds) / 1000 / ownElapsedMs : 0;
      lastOwn = own;

      const [load1 = 0, load5 = 0, load15 = 0] = (load ?? '').split(' ').map(Number);
      const kib = parseMemory(memory ?? '');
      const available = kib('MemAvailable');
      return {
        sampledAtMs: clock.now(),
        cpuShare,
        load1,
        load5,
        load15,
        memoryUsedBytes: Math.max(0, kib('MemTotal') - available) * 1024,
        memoryAvailableBytes: available * 1024,
        swapUsedBytes: Math.max(0, kib('SwapTotal') - kib('SwapFree')) * 1024,
        disks: await readDisks(mounts ?? ''),
        uptimeMs: Math.round((Number.parseFloat(uptime ?? '') || 0) * 1000),
        agentMemoryBytes: process.memoryUsage.rss(),
        agentCpuShare,
        agentRestarts: restarts(),
      };
    },
  };
}

/** The first line of /proc/stat (proc_stat(5)): user nice system idle iowait irq softirq steal …, in ticks. */
export function parseCpuTimes(stat: string): CpuTimes {
  const [head = ''] = stat.split('\n', 1);
  const [user = 0, nice = 0, system = 0, idle = 0, iowait = 0, irq = 0, softirq = 0, steal = 0] = head.split(/ +/).slice(1).map(Number);
  const busy = user + nice + system + irq + softirq + steal;
  return { busy, total: busy + idle + iowait };
}

function parseMemory(meminfo: string): (key: string) => number {
  const values = new Map(
    meminfo.split('\n').map((line) => {
      const [key = '', rest = ''] = line.split(':');
      return [key, Number.parseInt(rest, 10) || 0] as const;
    }),
  );
  return (key) => values.get(key) ?? 0;
}

/** File systems on a device of their own; a device that is mounted twice counts once. */
const diskTypes = new Set(['ext2', 'ext3', 'ext4', 'xfs', 'btrfs', 'zfs', 'f2fs', 'jfs', 'reiserfs', 'vfat', 'overlay']);
const mostDisks = 64;

/** `device mount type options 0 0` a line; spaces in a mount's name are written as \040 (fstab(5)). */
export function parseMounts(mounts: string): readonly string[] {
  const byDevice = new Map<string, string>();
  for (const line of mounts.split('\n')) {
    const [device, mount, type] = line.split(' ');
    if (device === undefined || mount === undefined || type === undefined || !diskTypes.has(type) || byDevice.has(device)) continue;
    byDevice.set(
      device,
      mount.replaceAll(/\\([0-7]{3})/g, (_, octal: string) => String.fromCodePoint(Number.parseInt(octal, 8))),
    );
  }
  return [...byDevice.values()].slice(0, mostDisks);
}

async function readDisks(mounts: string): Promise<readonly DiskVitals[]> {
  const disks = await Promise.all(
    parseMounts(mounts).map(async (mount) => {
      try {
        const { blocks, bavail, bsize, files, ffree } = await statfs(mount);
        return {
          mount,
          sizeBytes: blocks * bsize,
          availableBytes: bavail * bsize,
          inodesUsedShare: files > 0 ? (files - ffree) / files : 0,
        };
      } catch {
        // Unmounted meanwhile, or not ours to look at.
        return undefined;
      }
    }),
  );
  return disks.filter((disk) => disk !== undefined);
}

function readText(path: string): string | undefined {
  try {
    return readFileSync(path, 'utf8');
  } catch {
    return undefined;
  }
}

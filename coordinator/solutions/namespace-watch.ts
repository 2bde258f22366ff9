// Watches what runs in a sandbox: how many processes, and how much memory they hold together.
// Must never kill by itself; it tells the sandbox.
import { readFile, readdir, readlink } from 'node:fs/promises';
import type { Readable } from 'node:stream';

export interface NamespaceWatch {
  stop(): void;
}

interface WatchOptions {
  readonly pollMs: number;
  readonly options: { readonly maxMemoryBytes: number; readonly maxProcesses: number };
  readonly onExcess: (reason: 'memory' | 'processes') => void;
}

const pageBytes = 4096;

/** @param information bwrap's `--info-fd`: JSON with the pid of its child. */
export function watchNamespace(information: Readable, watch: WatchOptions): NamespaceWatch {
  let stopped = false;
  let timer: NodeJS.Timeout | undefined;
  let text = '';
  information.on('data', (chunk: Buffer) => {
    text += chunk.toString('utf8');
  });
  information.on('error', () => undefined);
  information.once('end', () => {
    const pid = /"child-pid":\s*(\d+)/.exec(text)?.[1];
    if (pid !== undefined && !stopped) void begin(pid);
  });

  const begin = async (pid: string): Promise<void> => {
    const namespace = await readNamespace(pid);
    if (namespace === undefined) return;
    const poll = async (): Promise<void> => {
      const { processes, residentBytes } = await measure(namespace);
      if (stopped) return;
      if (processes > watch.options.maxProcesses) watch.onExcess('processes');
      else if (residentBytes > watch.options.maxMemoryBytes) watch.onExcess('memory');
      timer = setTimeout(() => void poll(), watch.pollMs);
    };
    await poll();
  };
  return {
    stop() {
      stopped = true;
      clearTimeout(timer);
    },
  };
}

async function measure(namespace: string): Promise<{ processes: number; residentBytes: number }> {
  let processes = 0;
  let residentBytes = 0;
  for (const pid of (await readdir('/proc')).filter((name) => /^\d+$/.test(name))) {
    if ((await readNamespace(pid)) !== namespace) continue;
    processes += 1;
    try {
      residentBytes += Number((await readFile(`/proc/${pid}/statm`, 'utf8')).split(' ')[1] ?? 0) * pageBytes;
    } catch {
      // It ended while we looked.
    }
  }
  return { processes, residentBytes };
}

/** The pid namespace of a process, as the kernel names it; undefined if it is gone or not ours to see. */
async function readNamespace(pid: string): Promise<string | undefined> {
  try {
    return await readlink(`/proc/${pid}/ns/pid`);
  } catch {
    return undefined;
  }
}

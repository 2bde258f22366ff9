// Which processes have a file open for writing, as /proc says; it decides how long a file without a name is held.
// Must never be asked often: it looks at every descriptor of the host.
import { readdirSync, readFileSync, readlinkSync, statSync } from 'node:fs';
import { factsOf, fileKey } from './file-identity.ts';

export interface Writers {
  /** Those of the files that some process has open for writing. */
  readonly written: ReadonlySet<string>;
  /** False if some processes may not be looked into, so that a file may have writers nevertheless. */
  readonly isComplete: boolean;
}

/** @param keys files by device and inode (file-identity.ts). @param proc `/proc` but in tests. */
export function findWriters(keys: ReadonlySet<string>, proc = '/proc'): Writers {
  const written = new Set<string>();
  let isComplete = true;
  for (const pid of readdirSync(proc)) {
    if (!/^\d+$/.test(pid) || written.size === keys.size) continue;
    let descriptors: readonly string[];
    try {
      descriptors = readdirSync(`${proc}/${pid}/fd`);
    } catch (error) {
      // Ended meanwhile, or another user's.
      isComplete &&= !(error instanceof Error && 'code' in error && (error.code === 'EACCES' || error.code === 'EPERM'));
      continue;
    }
    for (const descriptor of descriptors) {
      const key = writtenThrough(`${proc}/${pid}`, descriptor);
      if (key !== undefined && keys.has(key)) written.add(key);
    }
  }
  return { written, isComplete };
}

/** The file behind a descriptor that is open for writing; undefined for anything else. */
function writtenThrough(process: string, descriptor: string): string | undefined {
  try {
    const path = `${process}/fd/${descriptor}`;
    const target = readlinkSync(path);
    // Sockets, pipes and devices are no log files.
    if (!target.startsWith('/') || target.startsWith('/dev/')) return undefined;
    // Octal flags of open(2); the lowest two bits are 0 for reading only (proc_pid_fdinfo(5)).
    const flags = /^flags:\s*([0-7]+)$/m.exec(readFileSync(`${process}/fdinfo/${descriptor}`, 'latin1'))?.[1] ?? '0';
    if ((Number.parseInt(flags, 8) & 3) === 0) return undefined;
    return fileKey(factsOf(statSync(path, { bigint: true })));
  } catch {
    // Closed meanwhile.
    return undefined;
  }
}

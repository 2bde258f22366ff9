// What tells this host and this boot from others.
// Must never be used as proof: the certificate is; this is for people and for noticing clones.
import { readFile, readlink } from 'node:fs/promises';

export interface HostIdentity {
  /** machine-id(5); empty where there is none. */
  readonly machineId: string;
  /** Changes with every boot; empty if unknown. */
  readonly bootId: string;
  /** `virtual` under a hypervisor, otherwise empty. */
  readonly virtualization: string;
  /** Such as `Europe/Berlin`; empty if unknown. */
  readonly timeZone: string;
}

/** @param root `/` but in tests. */
export async function readHostIdentity(root = '/'): Promise<HostIdentity> {
  const processor = await readText(`${root}proc/cpuinfo`);
  return {
    machineId: await readText(`${root}etc/machine-id`),
    bootId: await readText(`${root}proc/sys/kernel/random/boot_id`),
    // The processor says so itself (CPUID leaf 1, ECX bit 31), whatever the hypervisor is.
    virtualization: /^flags\s*:.*\bhypervisor\b/m.test(processor) ? 'virtual' : '',
    timeZone: await readTimeZone(root),
  };
}

/** localtime(5) is a link into the time zone database; Intl would say the same for 8 MB of memory. */
async function readTimeZone(root: string): Promise<string> {
  try {
    return /\/zoneinfo\/(?:posix\/|right\/)?(.+)$/.exec(await readlink(`${root}etc/localtime`))?.[1] ?? '';
  } catch {
    // A copy instead of a link, or none, which means UTC; Debian says it in a file of its own.
    return readText(`${root}etc/timezone`);
  }
}

async function readText(path: string): Promise<string> {
  try {
    return (await readFile(path, 'utf8')).trim();
  } catch {
    // Containers and small images have none; an unknown identity is said as empty.
    return '';
  }
}

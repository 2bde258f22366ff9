// What the host is: read at the start and every hour, and handed out as the same object until something changed.
// Must never block the loop or spawn a process.
import { cpus, hostname, networkInterfaces, release, totalmem, uptime, arch } from 'node:os';
import { isDeepStrictEqual } from 'node:util';
import type { Clock } from '../../base/clock.ts';
import type { HostFacts } from '../record.ts';
import { readHostIdentity } from './identity.ts';
import { readOsRelease } from './os-release.ts';

export interface FactsReader {
  /** Never rejects: what can't be found out is empty. */
  read(): Promise<HostFacts>;
}

const refreshMs = 3_600_000;

export function createFactsReader(options: { readonly agentVersion: string; readonly clock: Clock }): FactsReader {
  const { clock } = options;
  let facts: HostFacts | undefined;
  let readAtMs = 0;
  let reading: Promise<HostFacts> | undefined;

  async function refresh(): Promise<HostFacts> {
    const fresh = await gather(options.agentVersion, clock.now());
    readAtMs = clock.monotonicMs();
    // The boot time is computed from the uptime and wobbles by a millisecond.
    if (facts === undefined || !isDeepStrictEqual({ ...fresh, bootedAtMs: 0 }, { ...facts, bootedAtMs: 0 })) facts = fresh;
    return facts;
  }

  return {
    async read() {
      if (facts !== undefined && clock.monotonicMs() - readAtMs < refreshMs) return facts;
      reading ??= refresh().finally(() => {
        reading = undefined;
      });
      return reading;
    },
  };
}

async function gather(agentVersion: string, nowMs: number): Promise<HostFacts> {
  const [identity, os] = await Promise.all([readHostIdentity(), readOsRelease()]);
  return {
    hostname: hostname(),
    os: os['NAME'] ?? '',
    osVersion: os['VERSION_ID'] ?? '',
    kernel: release(),
    architecture: arch(),
    cpuModel: cpus()[0]?.model.trim() ?? '',
    cpuCores: cpus().length,
    memoryBytes: totalmem(),
    virtualization: identity.virtualization,
    machineId: identity.machineId,
    bootId: identity.bootId,
    bootedAtMs: Math.round(nowMs - uptime() * 1000),
    agentVersion,
    timeZone: identity.timeZone,
    addresses: Object.values(networkInterfaces())
      .flatMap((list) => list ?? [])
      .filter(({ internal }) => !internal)
      .map(({ address }) => address)
      .toSorted(),
  };
}

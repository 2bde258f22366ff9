// What the host is: read at the start and every hour, and handed out as the same object until something changed.
// Must never call what blocks the loop or spawns for long; of systeminformation only osInfo is used.
import { cpus, hostname, networkInterfaces, release, totalmem, uptime, arch } from 'node:os';
import { isDeepStrictEqual } from 'node:util';
import { osInfo } from 'systeminformation';
import type { Clock } from '../../base/clock.ts';
import type { Logger } from '../../base/logger.ts';
import type { HostFacts } from '../record.ts';
import { readHostIdentity } from './identity.ts';

export interface FactsReader {
  /** Never rejects: what can't be found out is empty. */
  read(): Promise<HostFacts>;
}

const refreshMs = 3_600_000;

export function createFactsReader(options: { readonly agentVersion: string; readonly clock: Clock; readonly logger: Logger }): FactsReader {
  const { clock, logger } = options;
  let facts: HostFacts | undefined;
  let readAtMs = 0;
  let reading: Promise<HostFacts> | undefined;

  async function refresh(): Promise<HostFacts> {
    const fresh = await gather(options.agentVersion, clock.now(), logger);
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

async function gather(agentVersion: string, nowMs: number, logger: Logger): Promise<HostFacts> {
  const [identity, os] = await Promise.all([
    readHostIdentity(),
    osInfo().catch((error: unknown) => {
      logger.debug('operating system not known', { err: error });
      return undefined;
    }),
  ]);
  return {
    hostname: hostname(),
    os: os?.distro ?? '',
    osVersion: os?.release ?? '',
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
    timeZone: Intl.DateTimeFormat().resolvedOptions().timeZone,
    addresses: Object.values(networkInterfaces())
      .flatMap((list) => list ?? [])
      .filter(({ internal }) => !internal)
      .map(({ address }) => address)
      .toSorted(),
  };
}

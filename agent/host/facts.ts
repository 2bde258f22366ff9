// What the host is: read at the start and every hour, and handed out as the same object until something changed.
// Must never block the loop: what takes long is asked in a process of its own (machine-facts.ts), and first answers don't wait for it.
import { cpus, hostname, networkInterfaces, release, totalmem, uptime, arch } from 'node:os';
import { isDeepStrictEqual } from 'node:util';
import type { Clock } from '../../base/clock.ts';
import type { Logger } from '../../base/logger.ts';
import type { HostFacts } from '../record.ts';
import { readHostIdentity } from './identity.ts';
import { askMachine, type MachineAnswer, type MachineFacts } from './machine-facts.ts';
import { readOsRelease } from './os-release.ts';

export interface FactsReader {
  /**
   * Never rejects: what can't be found out is empty. The kernel's files answer at once; what systeminformation adds is in
   * the answers that follow.
   */
  read(): Promise<HostFacts>;
}

export interface FactsReaderOptions {
  readonly agentVersion: string;
  readonly clock: Clock;
  readonly logger: Logger;
  /** Instead of starting a process. */
  readonly askMachine?: (() => Promise<MachineAnswer>) | undefined;
}

const refreshMs = 3_600_000;

export function createFactsReader(options: FactsReaderOptions): FactsReader {
  const { clock, logger } = options;
  let machine: MachineFacts | undefined;
  let facts: HostFacts | undefined;
  let readAtMs = 0;
  let reading: Promise<HostFacts> | undefined;

  async function refresh(): Promise<HostFacts> {
    readAtMs = clock.monotonicMs();
    await adopt();
    void askAnew();
    return facts ?? (await gather(options.agentVersion, clock.now()));
  }

  async function askAnew(): Promise<void> {
    const answer = await (options.askMachine ?? askMachine)();
    if (answer.kind === 'unavailable') {
      logger.warn('systeminformation is not available, the kernel alone says what this host is', { reason: answer.reason });
      return;
    }
    machine = answer.facts;
    await adopt();
  }

  async function adopt(): Promise<void> {
    const fresh = lay(machine, await gather(options.agentVersion, clock.now()));
    // The boot time is computed from the uptime and wobbles by a millisecond.
    if (facts === undefined || !isDeepStrictEqual({ ...fresh, bootedAtMs: 0 }, { ...facts, bootedAtMs: 0 })) facts = fresh;
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

/** What systeminformation knows wins, but for the processor, which the kernel names in full. */
function lay(machine: MachineFacts | undefined, facts: HostFacts): HostFacts {
  if (machine === undefined) return facts;
  return {
    ...facts,
    os: machine.os || facts.os,
    osVersion: machine.osVersion || facts.osVersion,
    cpuModel: facts.cpuModel || machine.cpuModel,
    cpuCores: facts.cpuCores || machine.cpuCores,
    virtualization: machine.virtualization || facts.virtualization,
    manufacturer: machine.manufacturer,
    model: machine.model,
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
    manufacturer: '',
    model: '',
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

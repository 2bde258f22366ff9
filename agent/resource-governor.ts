// Keeps the agent within the CPU and memory that its configuration grants, by saying how much may be pulled and when.
// Must never stop shipping altogether: under pressure it becomes slow and small, and lag shows it.
import type { Clock } from '../base/clock.ts';
import type { NodeSettings } from './config.ts';
import type { PullAllowance } from './session/shipment-feed.ts';

/** What the process used so far; process.cpuUsage and process.memoryUsage.rss but in tests. */
export interface ProcessUsage {
  cpuMicroseconds(): number;
  residentBytes(): number;
}

export const ownUsage: ProcessUsage = {
  cpuMicroseconds: () => {
    const { user, system } = process.cpuUsage();
    return user + system;
  },
  residentBytes: () => process.memoryUsage.rss(),
};

/** Above the memory limit one batch of this size at a time is pulled. */
const smallPullBytes = 64 * 1024;
/** Unused CPU of so long may be spent at once, so that a short burst isn't slowed. */
const burstMs = 1000;
const longestWaitMs = 1000;

/** @returns what the log stream asks before each pull. */
export function createResourceGovernor(clock: Clock, usage: ProcessUsage, limits: () => NodeSettings['limits']): () => PullAllowance {
  /** CPU milliseconds granted and not used; negative when too much was used. */
  let balanceMs = burstMs;
  let lastAtMs = clock.monotonicMs();
  let lastCpuMs = usage.cpuMicroseconds() / 1000;

  function cpuWaitMs(share: number): number {
    const nowMs = clock.monotonicMs();
    const cpuMs = usage.cpuMicroseconds() / 1000;
    balanceMs = Math.min(burstMs, balanceMs + (nowMs - lastAtMs) * share - (cpuMs - lastCpuMs));
    lastAtMs = nowMs;
    lastCpuMs = cpuMs;
    return balanceMs >= 0 ? 0 : Math.min(longestWaitMs, -balanceMs / share);
  }

  return () => {
    const { maxCpuShare, maxMemoryBytes, maxBytesPerSecond = Number.POSITIVE_INFINITY } = limits();
    const waitMs = maxCpuShare === undefined ? 0 : cpuWaitMs(maxCpuShare);
    if (maxMemoryBytes === undefined || usage.residentBytes() <= maxMemoryBytes)
      // No batch takes longer than a second to send: whoever is next, a quiet file perhaps, waits no longer.
      return { waitMs, maxBytes: Math.max(smallPullBytes, maxBytesPerSecond), onlyAlone: false };
    return { waitMs, maxBytes: smallPullBytes, onlyAlone: true };
  };
}

// Benchmark `ship-wan`: as `ship`, through a link that delays every byte by 50 ms in each direction.
// Must never bound the link's rate: what is measured is what windows and credits allow at that distance.
import { copyFile } from 'node:fs/promises';
import { join } from 'node:path';
import { parseCoordinatorAddress } from '../agent/session/coordinator-address.ts';
import { openWorkbench } from './agent-process.ts';
import { openDelayedLink } from './delayed-link.ts';
import { givenFile, writeLogSample } from './log-sample.ts';
import type { BenchmarkOptions, BenchmarkResult } from './main.ts';
import { shipFile } from './ship.ts';

const sampleBytes = 200_000_000;
const delayMs = 50;

export async function run(options: BenchmarkOptions): Promise<BenchmarkResult> {
  const bench = await openWorkbench();
  const target = parseCoordinatorAddress(bench.address);
  if (target === undefined) throw new Error(`no address: ${bench.address}`);
  const link = await openDelayedLink(target, delayMs);
  try {
    const path = join(bench.folder, 'sample.log');
    const given = await givenFile(options.data);
    if (given === undefined) await writeLogSample(path, sampleBytes);
    else await copyFile(given.path, path);
    const bytes = (await givenFile(path))?.bytes ?? 0;
    const { wallSeconds } = await shipFile(bench, path, link.address);
    const { payloadBytes, batches } = bench.received();
    const agent = await bench.agent();
    return {
      figures: {
        mbPerSecond: bytes / 1e6 / wallSeconds,
        wireMbPerSecond: payloadBytes / 1e6 / wallSeconds,
        wallSeconds,
        'agent.peakRssMb': agent.peakRssMb,
      },
      conditions: {
        megabytes: bytes / 1e6,
        batches,
        oneWayDelayMs: delayMs,
        compressionRatio: bytes / payloadBytes,
        agentCpuSeconds: agent.cpuSeconds,
      },
    };
  } finally {
    link.close();
    await bench.close();
  }
}

// Benchmark `ship`: a 500 MB file through the agent (framing, compression, TLS, acknowledgements) to a receiving half.
// Must never count the enrolment or the start: CPU is measured over the whole life, wall time from the first byte.
import { copyFile } from 'node:fs/promises';
import { join } from 'node:path';
import { openWorkbench, waitUntil, waitWhileGrowing, type Workbench } from './agent-process.ts';
import { endOfLines, givenFile, writeLogSample } from './log-sample.ts';
import type { BenchmarkOptions, BenchmarkResult } from './main.ts';

const sampleBytes = 500_000_000;

export async function run(options: BenchmarkOptions): Promise<BenchmarkResult> {
  const bench = await openWorkbench();
  try {
    const path = join(bench.folder, 'sample.log');
    const given = await givenFile(options.data);
    if (given === undefined) await writeLogSample(path, sampleBytes);
    else await copyFile(given.path, path);
    const bytes = given?.bytes ?? (await givenFile(path))?.bytes ?? 0;

    const { wallSeconds } = await shipFile(bench, path);
    const agent = await bench.agent();
    const coordinator = await bench.coordinator();
    const { batches, payloadBytes, records, breaches } = bench.received();
    const megabytes = bytes / 1e6;
    return {
      figures: {
        'agent.mbPerCpuSecond': megabytes / agent.cpuSeconds,
        'agent.peakRssMb': agent.peakRssMb,
        'coordinator.peakRssMb': coordinator.peakRssMb,
        wallSeconds,
        mbPerSecond: megabytes / wallSeconds,
      },
      conditions: { megabytes, records, batches, breaches, compressionRatio: bytes / payloadBytes, agentCpuSeconds: agent.cpuSeconds },
      table: [`${megabytes.toFixed(0)} MB, ${records} records in ${batches} batches, compressed ${(bytes / payloadBytes).toFixed(1)} : 1`],
    };
  } finally {
    await bench.close();
  }
}

/**
 * Starts the agent on a file and waits until all its lines have arrived; the time is from the first byte.
 *
 * @param address where the agent connects; default the receiving half itself
 */
export async function shipFile(bench: Workbench, path: string, address?: string): Promise<{ readonly wallSeconds: number }> {
  const end = await endOfLines(path);
  await bench.startAgent([{ id: 'sample', file: { include: [path] } }], address);
  await waitUntil(() => bench.received().bytes > 0, 60_000);
  const startedAtMs = performance.now();
  await waitWhileGrowing(() => bench.received().settledBytes, end);
  return { wallSeconds: (performance.now() - startedAtMs) / 1000 };
}

// Benchmark `idle`: what an agent costs over two minutes with 200 quiet files and nothing to do.
// Must never count the start: measuring begins once all files are found and the session has settled.
import { mkdir, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';
import { openWorkbench, waitUntil } from './agent-process.ts';
import type { BenchmarkOptions, BenchmarkResult } from './main.ts';

const files = 200;
const settleMs = 10_000;

/** `--` followed by a number of seconds shortens it. */
export async function run({ rest }: BenchmarkOptions): Promise<BenchmarkResult> {
  const seconds = Number(rest[0] ?? 120);
  const bench = await openWorkbench();
  try {
    const folder = join(bench.folder, 'logs');
    await mkdir(folder);
    await Promise.all(Array.from({ length: files }, (_, index) => writeFile(join(folder, `quiet-${index}.log`), `one line of ${index}\n`)));
    await bench.startAgent([{ id: 'quiet', file: { include: [join(folder, '*.log')] } }]);
    await waitUntil(() => bench.received().records >= files, 60_000);
    await sleep(settleMs);
    const before = await bench.agent();
    const startedAtMs = performance.now();
    await sleep(seconds * 1000);
    const after = await bench.agent();
    const wallSeconds = (performance.now() - startedAtMs) / 1000;
    return {
      figures: { rssMb: after.rssMb, cpuPercent: ((after.cpuSeconds - before.cpuSeconds) / wallSeconds) * 100 },
      conditions: { files, seconds: wallSeconds, peakRssMb: after.peakRssMb },
    };
  } finally {
    await bench.close();
  }
}

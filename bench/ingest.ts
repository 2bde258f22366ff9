// Benchmark `ingest`: one node ships compressed batches to a real coordinator process (TLS, analysis, SQLite, acknowledgements).
// Must never count the start or this process: CPU is the coordinator's, as /proc says, while the batches come.
import { mkdtemp, readFile, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { startCoordinatorProcess } from '../test/support/coordinator-process.ts';
import { batchOf } from '../test/support/coordinator-stage.ts';
import { givenFile, writeLogSample } from './log-sample.ts';
import type { BenchmarkOptions, BenchmarkResult } from './main.ts';

const sampleBytes = 200_000_000;
const batchBytes = 512 * 1024;
/** clock ticks a second on Linux (getconf CLK_TCK). */
const ticksPerSecond = 100;

export async function run(options: BenchmarkOptions): Promise<BenchmarkResult> {
  const folder = await mkdtemp(join(tmpdir(), 'hephaestus-ingest-'));
  try {
    const given = await givenFile(options.data);
    const path = given?.path ?? join(folder, 'sample.log');
    if (given === undefined) await writeLogSample(path, sampleBytes);
    const batches = cutBatches(await readFile(path));
    const bytes = batches.reduce((sum, batch) => sum + batch.value.uncompressedLength, 0);
    const entries = batches.reduce((sum, batch) => sum + batch.value.recordLengths.length, 0);

    await using coordinator = await startCoordinatorProcess({ log: { level: 'warn' } });
    const node = await coordinator.joinNode();
    const session = await node.hello(1);
    const stream = session.openLogStream();
    const before = await costOf(coordinator.pid());
    const startedMs = performance.now();
    let credit = session.welcome.initialCreditBytes;
    let [sent, acknowledged] = [0, 0];
    while (acknowledged < batches.length) {
      for (let batch = batches[sent]; batch !== undefined && credit > 0; batch = batches[sent]) {
        credit -= batch.value.payload.length;
        stream.send(batch);
        sent++;
      }
      const { sequence, creditBytes, nack } = await stream.receive();
      if (nack !== undefined) throw new Error(`a batch was refused: ${nack.message}`);
      acknowledged = sequence;
      credit += creditBytes;
    }
    const wallSeconds = (performance.now() - startedMs) / 1000;
    const after = await costOf(coordinator.pid());
    const cpuSeconds = after.cpuSeconds - before.cpuSeconds;
    const megabytes = bytes / 1e6;
    return {
      figures: {
        'coordinator.mbPerCpuSecond': megabytes / cpuSeconds,
        'coordinator.entriesPerCpuSecond': entries / cpuSeconds,
        'coordinator.peakRssMb': after.peakRssMb,
        batchesPerSecond: batches.length / wallSeconds,
        mbPerSecond: megabytes / wallSeconds,
        wallSeconds,
      },
      conditions: { megabytes, entries, batches: batches.length, batchBytes, cpuSeconds },
      table: [`${megabytes.toFixed(0)} MB, ${entries} entries in ${batches.length} batches: ${cpuSeconds.toFixed(1)} CPU seconds`],
    };
  } finally {
    await rm(folder, { recursive: true });
  }
}

function cutBatches(bytes: Buffer): ReturnType<typeof batchOf>[] {
  const batches: ReturnType<typeof batchOf>[] = [];
  for (let start = 0; start < bytes.length;) {
    const cut = start + batchBytes >= bytes.length ? bytes.length : bytes.lastIndexOf(10, start + batchBytes) + 1;
    const lines = bytes.toString('utf8', start, cut).split('\n').slice(0, -1);
    batches.push(batchOf(lines, { epoch: 1, sequence: batches.length + 1, start, compress: true }));
    start = cut;
  }
  return batches;
}

/** proc(5): utime and stime are fields 14 and 15 of stat. */
async function costOf(pid: number): Promise<{ readonly cpuSeconds: number; readonly peakRssMb: number }> {
  const stat = await readFile(`/proc/${pid}/stat`, 'utf8');
  const fields = stat.slice(stat.lastIndexOf(')') + 2).split(' ');
  const status = await readFile(`/proc/${pid}/status`, 'utf8');
  const peakKb = Number(/^VmHWM:\s+(\d+)/m.exec(status)?.[1] ?? 0);
  return { cpuSeconds: (Number(fields[11]) + Number(fields[12])) / ticksPerSecond, peakRssMb: peakKb / 1024 };
}

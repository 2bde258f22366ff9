// Measures what following and framing cost by themselves: MB per CPU second of reading a file that is there.
// Must never include the session: bench/ship.ts measures the whole agent.
import { mkdtempSync, openSync, rmSync, statSync, writeSync, closeSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { createFramerChoice } from '../agent/framing/source-framer.ts';
import { FileSource } from '../agent/sources/file-source.ts';
import { systemClock } from '../base/clock.ts';
import { silentLogger } from '../base/logger.ts';
import type { BenchmarkOptions, BenchmarkResult } from './main.ts';

const megabytes = 200;
const quietFiles = 200;
const idleSeconds = 20;
const settleSeconds = 7;

/** Arguments behind the name: a log file to read instead of the made one. */
export async function run(options: BenchmarkOptions): Promise<BenchmarkResult> {
  const folder = mkdtempSync(join(tmpdir(), 'hephaestus-bench-'));
  try {
    const path = options.rest[0] ?? makeFile(join(folder, 'app.log'));
    const figures: Record<string, number> = {};
    for (const multiline of [true, false]) {
      figures[multiline ? 'traces.mbPerCpuSecond' : 'lines.mbPerCpuSecond'] = await readThrough(path, multiline);
    }
    figures['idle.cpuPercent'] = await idle(folder);
    figures['rssMb'] = process.memoryUsage().rss / 1e6;
    return { figures, conditions: { megabytes: statSync(path).size / 1e6, quietFiles, idleSeconds } };
  } finally {
    rmSync(folder, { recursive: true, force: true });
  }
}

function makeFile(path: string): string {
  const lines: string[] = [];
  for (let line = 0; line < 10_000; line += 1) {
    const second = String(line % 60).padStart(2, '0');
    lines.push(
      `2026-11-23T03:12:${second}Z INFO  [worker-${line % 8}] request handled path=/api/items/${line} status=200 duration=${line % 97}ms id=a${line}\n`,
    );
  }
  const block = Buffer.from(lines.join(''));
  const descriptor = openSync(path, 'w');
  for (let written = 0; written < megabytes * 1e6; written += block.length) writeSync(descriptor, block);
  closeSync(descriptor);
  return path;
}

async function readThrough(path: string, multiline: boolean): Promise<number> {
  const source = makeSource([path], multiline);
  await source.open([]);
  const { size } = statSync(path);
  const abort = new AbortController();
  const before = process.cpuUsage();
  let read = 0;
  while (read < size) {
    const shipment = await source.next(512 * 1024, abort.signal);
    if (shipment.kind === 'chunk' && shipment.end.kind === 'file') read = shipment.end.offset;
    if (shipment.kind === 'chunk') source.acknowledge(shipment.end);
  }
  const used = process.cpuUsage(before);
  await source.close();
  return size / (used.user + used.system);
}

async function idle(folder: string): Promise<number> {
  for (let file = 0; file < quietFiles; file += 1) writeFileSync(join(folder, `quiet${file}.txt`), 'a line\n');
  const source = makeSource([join(folder, 'quiet*.txt')], true);
  await source.open([]);
  const abort = new AbortController();
  for (let file = 0; file < quietFiles; file += 1) {
    const shipment = await source.next(512 * 1024, abort.signal);
    if (shipment.kind === 'chunk') source.acknowledge(shipment.end);
  }
  const waiting = source.next(512 * 1024, abort.signal).catch(() => undefined);
  // Files that changed lately are looked at often; that isn't idleness.
  await systemClock.sleep(settleSeconds * 1000);
  const before = process.cpuUsage();
  await systemClock.sleep(idleSeconds * 1000);
  const used = process.cpuUsage(before);
  abort.abort();
  await waiting;
  await source.close();
  return (used.user + used.system) / (idleSeconds * 10_000);
}

function makeSource(include: readonly string[], multiline: boolean): FileSource {
  const framer = createFramerChoice({ multiline });
  return new FileSource({ id: 'bench', include, exclude: [], start: 'beginning', framer, clock: systemClock, logger: silentLogger });
}

// Benchmark `ship-beside`: one file through our agent, Fluent Bit and rsyslog in turn, in one run.
// Must never stop at the first: shippers alternate, so that a busy machine costs all of them alike.
import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { openWorkbench } from './agent-process.ts';
import { givenFile, writeLogSample } from './log-sample.ts';
import type { BenchmarkOptions, BenchmarkResult } from './main.ts';
import { otherShippers, shipWithOther, type OtherShipper } from './other-shippers.ts';
import { shipFile } from './ship.ts';

const sampleBytes = 500_000_000;
const usage = 'say where the others are: npm run bench -- ship-beside fluent-bit=/path/fluent-bit rsyslog=/path/rsyslogd [rounds=3]';

interface Round {
  readonly cpuSeconds: number;
  readonly peakRssMb: number;
  readonly wallSeconds: number;
  readonly lines: number;
}

/** `rest`: NAME=PROGRAM of each other shipper, and how many rounds. */
export async function run({ data, rest }: BenchmarkOptions): Promise<BenchmarkResult> {
  const given = new Map(rest.map((part) => [part.slice(0, part.indexOf('=')), part.slice(part.indexOf('=') + 1)]));
  const rounds = Number(given.get('rounds') ?? 3);
  given.delete('rounds');
  const others = [...given].map(([name, program]) => {
    const known = otherShippers.find((one) => one === name);
    if (known === undefined) throw new Error(usage);
    return { name: known, program };
  });
  if (others.length === 0 || !Number.isInteger(rounds) || rounds < 1) throw new Error(usage);
  const folder = await mkdtemp(join(tmpdir(), 'hephaestus-bench-'));
  try {
    const file = await givenFile(data);
    const sample = file?.path ?? join(folder, 'sample.log');
    if (file === undefined) await writeLogSample(sample, sampleBytes);
    const bytes = file?.bytes ?? (await givenFile(sample))?.bytes ?? 0;
    const results = new Map<string, Round[]>();
    const add = (name: string, round: Round): void => void results.set(name, [...(results.get(name) ?? []), round]);
    for (let round = 0; round < rounds; round += 1) {
      add('agent', await ownRound(sample));
      for (const { name, program } of others) add(name, await otherRound(name, program, folder, sample));
    }
    return summary(results, bytes / 1e6);
  } finally {
    await rm(folder, { recursive: true, force: true });
  }
}

async function ownRound(sample: string): Promise<Round> {
  const bench = await openWorkbench();
  try {
    const { wallSeconds } = await shipFile(bench, sample);
    const { cpuSeconds, peakRssMb } = await bench.agent();
    return { cpuSeconds, peakRssMb, wallSeconds, lines: bench.received().records };
  } finally {
    await bench.close();
  }
}

async function otherRound(name: OtherShipper, program: string, folder: string, sample: string): Promise<Round> {
  const { cpuSeconds, peakRssMb, wallSeconds, deliveredLines } = await shipWithOther(name, program, folder, sample);
  return { cpuSeconds, peakRssMb, wallSeconds, lines: deliveredLines };
}

function summary(results: ReadonlyMap<string, readonly Round[]>, megabytes: number): BenchmarkResult {
  const figures: Record<string, number> = {};
  const table = ['shipper       MB per CPU second    peak MB    wall s    lines delivered'];
  for (const [name, rounds] of results) {
    const middle = (of: (round: Round) => number): number => {
      const sorted = rounds.map(of).toSorted((a, b) => a - b);
      return ((sorted[(sorted.length - 1) >> 1] ?? Number.NaN) + (sorted[sorted.length >> 1] ?? Number.NaN)) / 2;
    };
    const rate = middle((round) => megabytes / round.cpuSeconds);
    const peakRssMb = middle((round) => round.peakRssMb);
    const wallSeconds = middle((round) => round.wallSeconds);
    Object.assign(figures, { [`${name}.mbPerCpuSecond`]: rate, [`${name}.peakRssMb`]: peakRssMb, [`${name}.wallSeconds`]: wallSeconds });
    const lines = [...new Set(rounds.map((round) => round.lines))].join(', ');
    table.push(
      `${name.padEnd(14)}${rate.toFixed(0).padStart(17)}${peakRssMb.toFixed(0).padStart(11)}${wallSeconds.toFixed(1).padStart(10)}    ${lines}`,
    );
  }
  return { figures, conditions: { megabytes, rounds: Math.max(...[...results.values()].map((rounds) => rounds.length)) }, table };
}

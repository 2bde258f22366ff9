// Benchmark `mining-speed`: raw lines a second on one core, headers, masks and templates included.
// Must never feed the same line object from a warm cache only: it reads the whole mixed stream over and over.
import { Analyzer } from '../analysis/analyzer.ts';
import { findLoghub, readMixed } from './loghub.ts';
import type { BenchmarkOptions, BenchmarkResult } from './main.ts';

/** Replays measured; the first one, which learns and compiles, is reported apart. */
const replays = 20;

/** Lines of the flood that shows memory to be bounded. */
const floodLines = 1_000_000;

export async function run(options: BenchmarkOptions): Promise<BenchmarkResult> {
  const folder = findLoghub(options.data);
  if (folder === undefined) throw new Error(`No labelled logs below ${options.data}; expected folders with *_structured_corrected.csv.`);
  const lines = readMixed(folder);
  const analyzer = new Analyzer();
  const rates: number[] = [];
  for (let replay = 0; replay <= replays; replay++) {
    const started = process.cpuUsage();
    for (const { source, line } of lines) analyzer.analyze(source, line);
    rates.push(lines.length / cpuSeconds(started));
  }
  const [first = 0, ...warm] = rates;
  warm.sort((a, b) => a - b);
  const flood = measureFlood();
  return {
    figures: {
      'mixed.linesPerSecond': Math.round(warm[warm.length >> 1] ?? first),
      'mixed.firstReplayLinesPerSecond': Math.round(first),
      'flood.linesPerSecond': Math.round(flood.linesPerSecond),
      'flood.templates': flood.templates,
      'flood.heapMebibytes': flood.heapMebibytes,
    },
    conditions: { lines: lines.length, replays, statistic: 'lines per CPU second, median of the replays after the first', floodLines },
  };
}

/** CPU time of all threads since `started`: compilation and garbage collection count, neighbours on the machine don't. */
function cpuSeconds(started: NodeJS.CpuUsage): number {
  const { user, system } = process.cpuUsage(started);
  return (user + system) / 1e6;
}

/** Random tokens in sentences of 3 to 14: what a miner without bounds drowns in. */
function measureFlood(): { linesPerSecond: number; templates: number; heapMebibytes: number } {
  const analyzer = new Analyzer();
  // xorshift32: the same flood every time.
  let state = 2463534242;
  const next = (): number => {
    state ^= state << 13;
    state ^= state >>> 17;
    state ^= state << 5;
    return state >>> 0;
  };
  const started = process.cpuUsage();
  for (let i = 0; i < floodLines; i++) {
    let line = 'INFO';
    for (let words = 3 + (next() % 12); words > 0; words--) line += ` ${word(next())}`;
    analyzer.analyze('flood', line);
  }
  const seconds = cpuSeconds(started);
  globalThis.gc?.();
  return {
    linesPerSecond: floodLines / seconds,
    templates: analyzer.templateCount,
    heapMebibytes: Math.round(process.memoryUsage().heapUsed / 1_048_576),
  };
}

function word(seed: number): string {
  let text = '';
  for (let value = seed; value > 25; value = Math.floor(value / 26)) text += String.fromCharCode(97 + (value % 26));
  return text;
}

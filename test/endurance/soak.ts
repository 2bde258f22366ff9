// A soak: logs are written, rotated, truncated and unlinked while agent, coordinator, connections and state disk fail at random.
// Must never end well unless every line arrived once and in order, and no gap was told of.
import { setTimeout as sleep } from 'node:timers/promises';
import { until } from '../support/agent-harness.ts';
import { drawsFrom } from './draw.ts';
import { drawFault, shares } from './faults.ts';
import { logNames, logrotateProgram, SoakStage } from './soak-stage.ts';

export interface SoakOptions {
  readonly minutes: number;
  /** The same seed draws the same faults. */
  readonly seed: number;
  /** Over all logs. */
  readonly linesPerSecond: number;
  /** The folder is kept if something was wrong. */
  readonly keeps: boolean;
}

const tickMs = 50;

/** @returns whether nothing was lost, repeated, out of order or told as a gap */
export async function soak({ minutes, seed, linesPerSecond, keeps }: SoakOptions): Promise<boolean> {
  if (logrotateProgram === undefined) throw new Error('a soak needs logrotate; install it');
  const draw = drawsFrom(seed);
  const stage = await SoakStage.open();
  if (!stage.canFillState) console.log('LEFT OUT: filling the state disk (only root may mount one)');
  const happened = new Map<string, number>();
  const stop = new AbortController();
  const writing = write(stage, linesPerSecond, stop.signal);
  stage.start();
  await until('the first session', () => [...stage.series.values()].every(({ arrived }) => arrived > 0), 60_000);
  const startedAtMs = performance.now();
  let nextReportMs = 60_000;
  let isEnding = false;
  const end = (signal: string): void => {
    console.log(`${signal}: no more faults; what is under way is waited for and counted`);
    isEnding = true;
  };
  process.once('SIGINT', end);
  process.once('SIGTERM', end);
  try {
    while (!isEnding && performance.now() - startedAtMs < minutes * 60_000) {
      const fault = drawFault(stage, draw);
      happened.set(fault.name, (happened.get(fault.name) ?? 0) + 1);
      stage.note(`fault: ${fault.name}`);
      await fault.happen(stage, draw);
      await sleep(200 + draw() * 3000);
      stage.noteMemory();
      if (performance.now() - startedAtMs < nextReportMs) continue;
      nextReportMs += 60_000;
      report(stage, happened, performance.now() - startedAtMs);
    }
    stop.abort();
    await writing;
    const all = (): boolean => [...stage.series.values()].every((series) => series.arrived >= series.written);
    await until('every line at the coordinator', all, 300_000).catch((error: unknown) => console.log(String(error)));
    const heartbeats = stage.coordinator.heartbeats.length;
    await until('what might come again', () => stage.coordinator.heartbeats.length > heartbeats + 5, 60_000);
    const isFine = report(stage, happened, performance.now() - startedAtMs);
    if (!isFine) console.log(`seed ${seed}; the agent said at last: ${stage.agent.errors.slice(-4000)}`);
    await stage.close(keeps && !isFine);
    return isFine;
  } catch (error) {
    console.log(`seed ${seed}; faults so far ${JSON.stringify(Object.fromEntries(happened))}`);
    await stage.close(keeps);
    throw error;
  }
}

async function write(stage: SoakStage, linesPerSecond: number, signal: AbortSignal): Promise<void> {
  const due = new Map(logNames.map((name) => [name, 0]));
  let lastMs = performance.now();
  while (!signal.aborted) {
    await sleep(tickMs);
    const nowMs = performance.now();
    for (const name of logNames) {
      const lines = (due.get(name) ?? 0) + ((nowMs - lastMs) / 1000) * linesPerSecond * shares[name];
      if (lines >= 1 && stage.resting.has(name)) continue;
      if (lines >= 1) stage.seriesOf(name).write(Math.floor(lines));
      due.set(name, lines % 1);
    }
    lastMs = nowMs;
  }
}

function report(stage: SoakStage, happened: ReadonlyMap<string, number>, elapsedMs: number): boolean {
  const { gaps: all, breaches } = stage.coordinator.ledger;
  // Deleted while the agent was down or right before: nobody can know that nothing followed, and the gap says so, without bytes.
  const gaps = all.filter(({ source, bytes }) => source !== 'unlinked' || bytes > 0);
  const outcomes = [...stage.series.values()].map((series) => series.outcome());
  const sum = (of: (outcome: (typeof outcomes)[number]) => number): number => outcomes.reduce((total, each) => total + of(each), 0);
  const [lost, repeated, outOfOrder] = [sum((each) => each.lost), sum((each) => each.repeated), sum((each) => each.outOfOrder)];
  console.log(
    `${(elapsedMs / 60_000).toFixed(1)} min: written ${sum(({ written }) => written)}, not arrived ${lost}, repeated ${repeated}, ` +
      `out of order ${outOfOrder}, gaps ${gaps.length}, breaches ${breaches.length}; agent started ${stage.starts} times, ` +
      `at most ${Math.round(stage.peakResidentMb)} MB resident`,
  );
  console.log(`  faults: ${[...happened].map(([name, count]) => `${name} ${count}`).join(', ')}`);
  for (const each of outcomes) if (each.repeated + each.outOfOrder > 0 || each.lost > 0) console.log(`  ${JSON.stringify(each)}`);
  for (const { source, reason, bytes, detail } of gaps.slice(0, 10))
    console.log(`  gap in ${source} (${reason}, ${bytes} bytes): ${detail}`);
  for (const breach of breaches.slice(0, 10)) console.log(`  breach: ${breach}`);
  return lost === 0 && repeated === 0 && outOfOrder === 0 && gaps.length === 0 && breaches.length === 0;
}

// A real agent beside a real receiving half, each a process of its own, and what they cost as /proc says.
// Must never measure from inside: the agent runs as it is packaged, bundled, with the runtime's settings of its package.
import { spawn, type ChildProcess } from 'node:child_process';
import { once } from 'node:events';
import { mkdtemp, readFile, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { createInterface } from 'node:readline';
import { setTimeout as sleep } from 'node:timers/promises';
import { fileURLToPath } from 'node:url';
import { stringify } from 'yaml';
import { bundlePrograms } from '../packaging/bundles.ts';
import { agent as agentProduct } from '../packaging/product.ts';

const longestStallMs = 60_000;
const root = fileURLToPath(new URL('..', import.meta.url));

/** What a process used so far. */
export interface ProcessCost {
  readonly cpuSeconds: number;
  readonly rssMb: number;
  readonly peakRssMb: number;
}

/** What the receiving half says after each batch of commits. */
export interface ReceivedTotals {
  readonly bytes: number;
  /** Of the files, as they lie there: redaction makes what arrives shorter. */
  readonly settledBytes: number;
  readonly records: number;
  readonly batches: number;
  readonly payloadBytes: number;
  readonly breaches: number;
}

export interface Workbench {
  readonly folder: string;
  readonly agent: () => Promise<ProcessCost>;
  readonly coordinator: () => Promise<ProcessCost>;
  readonly received: () => ReceivedTotals;
  /** Starts the agent. @param address where it connects; default the receiving half itself. */
  startAgent(sources: readonly object[], address?: string): Promise<void>;
  readonly address: string;
  close(): Promise<void>;
}

export async function openWorkbench(): Promise<Workbench> {
  const folder = await mkdtemp(join(tmpdir(), 'hephaestus-bench-'));
  await bundlePrograms(root, agentProduct, folder);
  const [program] = agentProduct.programs;
  if (program === undefined) throw new Error('the agent has no program');
  const bundle = join(folder, program.bundle);
  const coordinator = spawn(process.execPath, [join(root, 'bench', 'receiving-half.ts')], { stdio: ['ignore', 'pipe', 'inherit'] });
  let totals: ReceivedTotals = { bytes: 0, settledBytes: 0, records: 0, batches: 0, payloadBytes: 0, breaches: 0 };
  const { promise: hello, resolve } = Promise.withResolvers<{ readonly address: string; readonly joinToken: string }>();
  createInterface({ input: coordinator.stdout }).on('line', (line) => {
    const said = JSON.parse(line) as ReceivedTotals | { readonly address: string; readonly joinToken: string };
    if ('address' in said) resolve(said);
    else totals = said;
  });
  const { address, joinToken } = await hello;
  await writeFile(join(folder, 'token'), joinToken);
  let agent: ChildProcess | undefined;

  return {
    folder,
    address,
    received: () => totals,
    agent: () => costOf(agent?.pid),
    coordinator: () => costOf(coordinator.pid),
    async startAgent(sources, connectTo = address) {
      const file = join(folder, 'agent.yaml');
      const settings = { coordinator: connectTo, stateDirectory: join(folder, 'state'), joinTokenFile: join(folder, 'token'), sources };
      await writeFile(file, stringify(settings));
      const log = join(folder, 'agent.log');
      const { flags, environment } = program.runtime;
      agent = spawn('/bin/sh', ['-c', `exec "$@" 2>"$0"`, log, process.execPath, ...flags, bundle, '--config', file, 'run'], {
        stdio: 'ignore',
        env: { ...process.env, ...environment },
      });
    },
    async close() {
      await Promise.all([agent, coordinator].map(end));
      await rm(folder, { recursive: true, force: true });
    },
  };
}

/** Waits until `isDone`, and says if it takes longer than `limitMs`. */
export async function waitUntil(isDone: () => boolean, limitMs: number): Promise<void> {
  const startedAtMs = performance.now();
  while (!isDone()) {
    if (performance.now() - startedAtMs > limitMs) throw new Error(`not done after ${limitMs / 1000} s`);
    await sleep(5);
  }
}

/** Waits until `target` is reached, however long that takes while `progress` grows. */
export async function waitWhileGrowing(progress: () => number, target: number): Promise<void> {
  let reached = progress();
  let grewAtMs = performance.now();
  while (reached < target) {
    await sleep(5);
    const now = progress();
    if (now > reached) grewAtMs = performance.now();
    reached = now;
    if (performance.now() - grewAtMs > longestStallMs)
      throw new Error(`stands still at ${reached} of ${target} bytes for ${longestStallMs / 1000} s`);
  }
}

/** From proc(5): user and system ticks (100 a second on every Linux that Node runs on), and the resident set. */
export async function costOf(pid: number | undefined): Promise<ProcessCost> {
  const stat = await readFile(`/proc/${pid}/stat`, 'utf8');
  const fields = stat.slice(stat.lastIndexOf(')') + 2).split(' ');
  const status = await readFile(`/proc/${pid}/status`, 'utf8');
  const kib = (name: string): number => Number(new RegExp(`^${name}:\\s*(\\d+)`, 'm').exec(status)?.[1] ?? 0);
  return {
    cpuSeconds: (Number(fields[11]) + Number(fields[12])) / 100,
    rssMb: (kib('VmRSS') * 1024) / 1e6,
    peakRssMb: (kib('VmHWM') * 1024) / 1e6,
  };
}

/** Ends a process; by force after ten seconds. */
export async function end(child: ChildProcess | undefined): Promise<void> {
  if (child === undefined || child.exitCode !== null || child.signalCode !== null) return;
  const ended = once(child, 'exit');
  child.kill('SIGTERM');
  await Promise.race([ended, sleep(10_000).then(() => child.kill('SIGKILL'))]);
}

// The stage of a soak: a real agent process, a coordinator that counts, a link between them, and logs that are written all the time.
// Must never lose count: what is written goes through a series, what arrives comes from the ledger.
import { spawnSync } from 'node:child_process';
import { appendFileSync, cpSync, mkdirSync, rmSync, statfsSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';
import type { Position } from '../../proto/index.ts';
import { AgentHarness, until, type AgentProcess } from '../support/agent-harness.ts';
import { ScriptedCoordinator } from '../support/scripted-coordinator.ts';
import { ShipmentLedger } from '../support/shipment-ledger.ts';
import type { Life } from '../support/throwaway-authority.ts';
import { FaultLink } from './fault-link.ts';
import { Series } from './series.ts';

/** How each log is rotated, by its name. */
const logs = {
  create: ['create 0644'],
  copytruncate: ['copytruncate'],
  compress: ['create 0644', 'compress'],
  delaycompress: ['create 0644', 'compress', 'delaycompress'],
  olddir: ['create 0644', 'dateext', 'olddir OLD', 'dateformat -%Y%m%d-%s'],
  // These are not rotated by logrotate.
  quiet: [],
  truncated: [],
  unlinked: [],
} as const satisfies Record<string, readonly string[]>;

/** So short that certificates are renewed all the time, and expire while the agent is down. */
const certificateLife = (): Life => ({ fromMs: Date.now() - 5000, toMs: Date.now() + 55_000 });

export type LogName = keyof typeof logs;
export const logNames = Object.keys(logs) as LogName[];

export const logrotateProgram = ['/usr/sbin/logrotate', '/sbin/logrotate', '/usr/bin/logrotate'].find(
  (path) => spawnSync(path, ['--version']).status === 0,
);

export class SoakStage {
  readonly series = new Map<LogName, Series>();
  readonly coordinator: ScriptedCoordinator;
  readonly link: FaultLink;
  readonly harness: AgentHarness;
  readonly #folder: string;
  readonly #notesPath: string;
  #agent: AgentProcess | undefined;
  #rotations = 0;
  #isMounted = false;
  /** Its writer rests. */
  readonly resting = new Set<LogName>();
  starts = 0;
  peakResidentMb = 0;

  private constructor(coordinator: ScriptedCoordinator, link: FaultLink, harness: AgentHarness) {
    this.coordinator = coordinator;
    this.link = link;
    this.harness = harness;
    this.#folder = join(harness.folder, 'logs');
    this.#notesPath = join(harness.folder, 'soak.log');
    for (const name of logNames) {
      mkdirSync(join(this.#folder, name, 'old'), { recursive: true, mode: 0o755 });
      this.series.set(name, new Series(name, this.pathOf(name)));
    }
  }

  static async open(): Promise<SoakStage> {
    const onRecord = (record: string, file: string): void => {
      const [name, number] = record.split(' ', 2);
      const series = stage.series.get(name as LogName);
      if (series === undefined || !Number.isSafeInteger(Number(number)))
        throw new Error(`a record that nobody wrote: ${record.slice(0, 200)}`);
      series.arrive(Number(number), file);
    };
    const onCommit = (file: string, from: Position | undefined, to: Position | undefined): void => {
      const before = stage.series.get(file.split(' ', 1)[0] as LogName)?.lastOf(file);
      stage.note(`${file} settled from ${offsetOf(from)} to ${offsetOf(to)}, behind line ${before}`);
    };
    const ledger = new ShipmentLedger({ keepLines: false, onRecord, onCommit });
    const coordinator = await ScriptedCoordinator.start({ ledger, behaviour: { heartbeatMs: 1000, certificateLife } });
    const link = await FaultLink.open(coordinator.port);
    const harness = await AgentHarness.open({ address: `127.0.0.1:${link.port}`, joinToken: coordinator.joinToken });
    const stage = new SoakStage(coordinator, link, harness);
    await harness.configure({
      log: { level: 'debug', output: 'json' },
      sources: logNames.map((id) => ({ id, file: { include: [stage.pathOf(id)] } })),
    });
    stage.#mountState();
    return stage;
  }

  get agent(): AgentProcess {
    if (this.#agent === undefined) throw new Error('no agent was started');
    return this.#agent;
  }

  /** True if the state lies on a small file system of its own, which can be filled. */
  get canFillState(): boolean {
    return this.#isMounted;
  }

  pathOf(name: LogName): string {
    return join(this.#folder, name, `${name}.log`);
  }

  seriesOf(name: LogName): Series {
    const series = this.series.get(name);
    if (series === undefined) throw new Error(`there is no log ${name}`);
    return series;
  }

  start(): void {
    this.#agent = this.harness.spawn();
    this.#agent.child.stderr?.on('data', (chunk: Buffer) => appendFileSync(this.#notesPath, chunk));
    this.starts += 1;
    this.note(`agent ${this.#agent.child.pid} started`);
  }

  /** Into the file that tells afterwards what happened when, between the agent's own log lines. */
  note(what: string): void {
    appendFileSync(this.#notesPath, `${new Date().toISOString()} ${what}\n`);
  }

  async end(signal: NodeJS.Signals): Promise<void> {
    this.note(`agent ${this.agent.child.pid} gets ${signal}`);
    const status = await this.agent.end(signal);
    // Right after its start nothing is under way yet, and the signal ends it as it ends every program.
    if (signal === 'SIGTERM' && status !== 0 && status !== 'SIGTERM')
      throw new Error(`SIGTERM ended the agent with ${status}: ${this.agent.errors.slice(-2000)}`);
  }

  /** Rotates one log as its name says; its writer goes on in the old file for a moment, as services do. */
  rotate(name: LogName): void {
    this.#rotations += 1;
    this.note(`rotating ${name}, written to ${this.seriesOf(name).written}`);
    const old = join(this.#folder, name, 'old');
    const directives = logs[name].map((line) => line.replace('OLD', old).replace('%s', String(this.#rotations)));
    const rules = join(this.harness.folder, `${name}.conf`);
    const body = ['rotate 100', 'missingok', ...directives].map((line) => `  ${line}\n`).join('');
    writeFileSync(rules, `${this.pathOf(name)} {\n${body}}\n`, { mode: 0o644 });
    const done = spawnSync(logrotateProgram ?? 'logrotate', ['-f', '-s', join(this.harness.folder, 'rotate.state'), rules], {
      encoding: 'utf8',
    });
    if (done.status !== 0) throw new Error(`logrotate failed: ${done.stderr}`);
    this.note(`rotated ${name}`);
    if (name === 'copytruncate') return;
    // Compression may have taken the old file away from under its writer: what it writes then is nobody's.
    if (name !== 'compress') this.seriesOf(name).write(3);
    this.seriesOf(name).reopen();
  }

  /** Does something to a log of which everything arrived, while its writer rests. */
  async whenDrained(name: LogName, act: () => void | Promise<void>): Promise<void> {
    this.resting.add(name);
    await this.drained(name);
    // An agent that has just been started, and hasn't looked yet, can't know that nothing followed.
    const last = this.coordinator.heartbeats.at(-1);
    await until('a heartbeat', () => this.coordinator.heartbeats.at(-1) !== last, 120_000);
    await act();
    this.resting.delete(name);
  }

  /** Until all that was written of a log arrived. */
  async drained(name: LogName, limitMs = 120_000): Promise<void> {
    const series = this.seriesOf(name);
    await until(`all of ${name}`, () => series.arrived >= series.written, limitMs);
  }

  fillState(): void {
    spawnSync('sh', ['-c', `head -c 100000000 /dev/zero > ${join(this.harness.statePath, 'filler')} 2>/dev/null`]);
  }

  emptyState(): void {
    rmSync(join(this.harness.statePath, 'filler'), { force: true });
  }

  /** What the agent said of itself in its last heartbeat. */
  noteMemory(): void {
    const bytes = this.coordinator.heartbeats.at(-1)?.vitals?.agentMemoryBytes ?? 0;
    this.peakResidentMb = Math.max(this.peakResidentMb, bytes / 1e6);
    this.coordinator.heartbeats.splice(0, this.coordinator.heartbeats.length - 1);
    this.coordinator.controlMessages.length = 0;
  }

  async close(keeps: boolean): Promise<void> {
    for (const series of this.series.values()) series.reopen();
    await this.#agent?.end('SIGKILL');
    this.link.close();
    this.coordinator.kill();
    if (keeps) cpSync(this.harness.statePath, join(this.harness.folder, 'state-kept'), { recursive: true });
    if (this.#isMounted) spawnSync('umount', ['-l', this.harness.statePath]);
    await sleep(100);
    if (keeps) console.log(`kept: ${this.harness.folder}`);
    else await this.harness.close();
  }

  /** Only root may; elsewhere that fault is left out. */
  #mountState(): void {
    const { statePath } = this.harness;
    mkdirSync(statePath, { mode: 0o700 });
    this.#isMounted = spawnSync('mount', ['-t', 'tmpfs', '-o', 'size=4m,mode=0700', 'tmpfs', statePath]).status === 0;
    if (this.#isMounted && statfsSync(statePath).blocks > 100_000) throw new Error(`${statePath} is larger than it should be`);
  }
}

function offsetOf(position: Position | undefined): string {
  return position?.at?.$case === 'file' ? String(position.at.value.offset) : 'nowhere';
}

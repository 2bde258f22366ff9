// A scenario of the agent's promise: a real agent process, a coordinator that counts, and numbered lines in files.
// Must never forgive: a number that is missing, repeated or out of order within its file fails, and so does an unexpected gap.
import { appendFileSync, closeSync, existsSync, mkdirSync, openSync, rmSync, writeFileSync, writeSync } from 'node:fs';
import { spawnSync } from 'node:child_process';
import { readFile } from 'node:fs/promises';
import { join } from 'node:path';
import { expect } from 'vitest';
import { AgentHarness, until, type AgentProcess } from './agent-harness.ts';
import { ScriptedCoordinator, type Behaviour } from './scripted-coordinator.ts';

/** Where real logrotate is; undefined if it isn't installed. */
export const logrotateProgram = ['/usr/sbin/logrotate', '/sbin/logrotate', '/usr/bin/logrotate'].find((path) => existsSync(path));

/** The long versions, at the rates and for the durations that are promised, instead of the short ones. */
export const isFullStrength = process.env['HEPHAESTUS_FULL_STRENGTH'] === '1';

export interface ScenarioOptions {
  /** Patterns below the log folder; default `app.log`. */
  readonly include?: readonly string[];
  /** More settings of the one source. */
  readonly file?: Readonly<Record<string, unknown>>;
  readonly source?: Readonly<Record<string, unknown>>;
  readonly settings?: Readonly<Record<string, unknown>>;
  readonly behaviour?: Partial<Behaviour>;
  /** Default true. */
  readonly starts?: boolean;
}

export class Scenario {
  readonly coordinator: ScriptedCoordinator;
  readonly harness: AgentHarness;
  /** The folder of the logs. */
  readonly folder: string;
  #agent: AgentProcess | undefined;
  #written = 0;
  #wrapper: readonly string[] = [];
  readonly #descriptors = new Map<string, number>();

  private constructor(coordinator: ScriptedCoordinator, harness: AgentHarness) {
    this.coordinator = coordinator;
    this.harness = harness;
    this.folder = join(harness.folder, 'logs');
    mkdirSync(this.folder, { mode: 0o755 });
  }

  static async open(options: ScenarioOptions = {}): Promise<Scenario> {
    const coordinator = await ScriptedCoordinator.start({ behaviour: options.behaviour ?? {} });
    const harness = await AgentHarness.open({ address: coordinator.address, joinToken: coordinator.joinToken });
    const scenario = new Scenario(coordinator, harness);
    const include = (options.include ?? ['app.log']).map((pattern) => join(scenario.folder, pattern));
    await harness.configure({ sources: [{ id: 'app', file: { include, ...options.file }, ...options.source }], ...options.settings });
    if (options.starts !== false) scenario.start();
    return scenario;
  }

  get agent(): AgentProcess {
    if (this.#agent === undefined) throw new Error('no agent was started');
    return this.#agent;
  }

  /** How many numbered lines were written. */
  get written(): number {
    return this.#written;
  }

  get ledger() {
    return this.coordinator.ledger;
  }

  at(name: string): string {
    return join(this.folder, name);
  }

  /** Runs the agent behind another program, such as one that sets a limit. */
  wrap(words: readonly string[]): void {
    this.#wrapper = words;
  }

  start(): AgentProcess {
    this.#agent = this.harness.spawn(['run'], {}, this.#wrapper);
    return this.#agent;
  }

  async stop(signal: NodeJS.Signals = 'SIGTERM'): Promise<number | string> {
    return await this.agent.end(signal);
  }

  /** The agent is frozen and sees nothing until `thaw`. */
  freeze(): void {
    this.agent.child.kill('SIGSTOP');
  }

  thaw(): void {
    this.agent.child.kill('SIGCONT');
  }

  /** The next numbered lines as a file holds them. */
  lines(count: number): string {
    const first = this.#written + 1;
    this.#written += count;
    return Array.from({ length: count }, (_unused, index) => `line ${first + index}\n`).join('');
  }

  /** Appends the next numbered lines to a file of the log folder. */
  append(name: string, count: number): void {
    appendFileSync(this.at(name), this.lines(count));
  }

  /** Appends through a descriptor that stays open under this name, whatever happens to the file, until `reopen`. */
  keepWriting(name: string, count: number): void {
    let descriptor = this.#descriptors.get(name);
    if (descriptor === undefined) {
      descriptor = openSync(this.at(name), 'a');
      this.#descriptors.set(name, descriptor);
    }
    writeSync(descriptor, this.lines(count));
  }

  /** What a service does that is told of a rotation. */
  reopen(name: string): void {
    const descriptor = this.#descriptors.get(name);
    if (descriptor !== undefined) closeSync(descriptor);
    this.#descriptors.delete(name);
  }

  logrotate(...directives: readonly string[]): void {
    const body = ['rotate 5', 'nocompress', 'missingok', ...directives].map((line) => `  ${line}\n`).join('');
    const rules = join(this.harness.folder, 'rotate.conf');
    writeFileSync(rules, `${this.at('app.log')} {\n${body}}\n`, { mode: 0o644 });
    const done = spawnSync(logrotateProgram ?? 'logrotate', ['-f', '-s', join(this.harness.folder, 'rotate.state'), rules], {
      encoding: 'utf8',
    });
    if (done.status !== 0) throw new Error(`logrotate failed: ${done.stderr}`);
  }

  /** Waits until the coordinator has so many records (default: as many as numbered lines were written). */
  async arrived(count = this.#written, limitMs = 60_000): Promise<void> {
    await until(`${count} records at the coordinator`, () => this.ledger.records >= count, limitMs).catch((error: unknown) => {
      throw new Error(
        `${String(error)}; there are ${this.ledger.records}, gaps ${JSON.stringify(this.ledger.gaps)}, the agent said: ${this.agent.errors.slice(-2000)}`,
      );
    });
  }

  /** Waits for something said by the agent's last heartbeat. */
  async healthSays(pattern: RegExp, limitMs = 30_000): Promise<void> {
    await until(`${pattern} in a heartbeat`, () => pattern.test(this.coordinator.heartbeats.at(-1)?.health?.reason ?? ''), limitMs);
  }

  /** Two heartbeats that come from now on: what was under way is over. */
  async heartbeats(count = 2): Promise<void> {
    const from = this.coordinator.heartbeats.length;
    await until('heartbeats', () => this.coordinator.heartbeats.length >= from + count);
  }

  /** Everything that came and isn't a numbered line. */
  others(): readonly string[] {
    return this.ledger.allLines().filter((line) => !/^line \d+$/.test(line));
  }

  /**
   * Waits until all has come, and a little longer, and then counts: each number once, in order within its file, nothing else
   * but `others` records, and no gap with bytes.
   */
  async expectEachOnce({ others = 0, gaps = false }: { readonly others?: number; readonly gaps?: boolean } = {}): Promise<void> {
    await this.arrived(this.#written + others);
    await this.heartbeats(3);
    const seen = new Uint32Array(this.#written + 1);
    let outOfOrder = 0;
    for (const lines of this.ledger.lines.values()) {
      let last = 0;
      for (const line of lines) {
        const number = /^line (\d+)\r?$/.exec(line)?.[1];
        if (number === undefined) continue;
        seen[Number(number)] = (seen[Number(number)] ?? 0) + 1;
        if (Number(number) <= last) outOfOrder += 1;
        last = Number(number);
      }
    }
    const missing = seen.subarray(1).filter((times) => times === 0).length;
    const repeated = seen.subarray(1).filter((times) => times > 1).length;
    expect({ missing, repeated, outOfOrder, records: this.ledger.records, breaches: this.ledger.breaches }).toEqual({
      missing: 0,
      repeated: 0,
      outOfOrder: 0,
      records: this.#written + others,
      breaches: [],
    });
    if (!gaps) expect(this.ledger.gaps).toEqual([]);
  }

  /** Resident memory of the agent in MB. */
  async residentMb(): Promise<number> {
    const status = await readFile(`/proc/${this.agent.child.pid}/status`, 'utf8');
    return Number(/^VmRSS:\s*(\d+)/m.exec(status)?.[1]) / 1024;
  }

  async close(): Promise<void> {
    for (const descriptor of this.#descriptors.values()) closeSync(descriptor);
    this.#descriptors.clear();
    await this.harness.close();
    this.coordinator.kill();
    rmSync(this.folder, { recursive: true, force: true });
  }
}

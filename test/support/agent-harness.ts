// An agent for a test: its folder, its configuration, its log lines, run in this process or as a process of its own.
// Must never leave anything behind: close() stops what runs and removes the folder.
import { spawn, type ChildProcess } from 'node:child_process';
import { once } from 'node:events';
import { appendFile, mkdtemp, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';
import { stringify } from 'yaml';
import { compose, type Agent } from '../../agent/compose.ts';
import { agentConfigSchema } from '../../agent/config.ts';
import { readJoinToken } from '../../agent/session/join-token.ts';
import { systemClock } from '../../base/clock.ts';
import { HephaestusError } from '../../base/errors.ts';
import { createLogger } from '../../base/logger.ts';
import { createMetrics } from '../../base/metrics.ts';

/** Names an installed or packaged agent that is tried instead of the source. */
export const agentProgramVariable = 'HEPHAESTUS_AGENT_PROGRAM';
const agentMain = new URL('../../agent/main.ts', import.meta.url).pathname;

export interface HarnessOptions {
  readonly address: string;
  readonly joinToken: string;
  /** Further settings of the configuration file. */
  readonly settings?: Readonly<Record<string, unknown>>;
  readonly ackTimeoutMs?: number;
  readonly greetingTimeoutMs?: number;
  readonly reductionHoldMs?: number;
  /** Where an agent in this process discovers logs; default `/`. */
  readonly hostRoot?: string;
}

export interface RunningAgent {
  readonly agent: Agent;
  /** Resolves when it ended by itself or by stop(); rejects with what it failed with. */
  readonly ended: Promise<void>;
  stop(): Promise<void>;
}

export class AgentHarness {
  readonly folder: string;
  readonly logPath: string;
  readonly statePath: string;
  readonly configPath: string;
  /** What agents in this process logged, as JSON lines. */
  readonly messages: string[] = [];
  #options: HarnessOptions;
  #written = 0;
  readonly #stops: (() => Promise<unknown>)[] = [];

  private constructor(folder: string, options: HarnessOptions) {
    this.folder = folder;
    this.logPath = join(folder, 'app.log');
    this.statePath = join(folder, 'state');
    this.configPath = join(folder, 'agent.yaml');
    this.#options = options;
  }

  static async open(options: HarnessOptions): Promise<AgentHarness> {
    const folder = await mkdtemp(join(tmpdir(), 'hephaestus-agent-'));
    const harness = new AgentHarness(folder, options);
    await writeFile(harness.logPath, '');
    await writeFile(join(folder, 'token'), options.joinToken);
    await harness.configure({});
    return harness;
  }

  get settings(): Readonly<Record<string, unknown>> {
    return {
      coordinator: this.#options.address,
      stateDirectory: this.statePath,
      joinTokenFile: join(this.folder, 'token'),
      sources: [{ id: 'app', file: { include: [this.logPath] } }],
      ...this.#options.settings,
    };
  }

  /** Changes settings and writes the configuration file. */
  async configure(settings: Readonly<Record<string, unknown>>): Promise<void> {
    this.#options = { ...this.#options, settings: { ...this.#options.settings, ...settings } };
    await writeFile(this.configPath, stringify(this.settings));
  }

  /** Appends so many numbered lines. @returns all numbers written so far, as text */
  async write(count: number): Promise<readonly string[]> {
    const lines = Array.from({ length: count }, (_, index) => `line ${this.#written + index}\n`);
    this.#written += count;
    await appendFile(this.logPath, lines.join(''));
    return this.expected();
  }

  /** Every line written so far, in order. */
  expected(): readonly string[] {
    return Array.from({ length: this.#written }, (_, number) => `line ${number}`);
  }

  /** An agent in this process. */
  start(): RunningAgent {
    const stop = new AbortController();
    const { joinToken } = this.#options;
    const agent = compose(agentConfigSchema.parse(this.settings), {
      clock: systemClock,
      metrics: createMetrics({
        prefix: 'hephaestus_agent',
        toError: (thrown) => HephaestusError.from(thrown),
        monotonicMs: () => systemClock.monotonicMs(),
      }),
      logger: createLogger({ level: 'debug', output: 'json', destination: (line) => void this.messages.push(line) }),
      drainMs: 3000,
      ackTimeoutMs: this.#options.ackTimeoutMs,
      greetingTimeoutMs: this.#options.greetingTimeoutMs,
      reductionHoldMs: this.#options.reductionHoldMs,
      hostRoot: this.#options.hostRoot,
      joinToken: async () => {
        const outcome = readJoinToken(joinToken);
        return outcome.kind === 'read' ? outcome.token : undefined;
      },
    });
    const ended = agent.run(stop.signal);
    // Whoever wants to know awaits `ended`.
    ended.catch(() => undefined);
    const end = async (): Promise<void> => {
      stop.abort();
      await ended;
    };
    this.#stops.push(() => end().catch(() => undefined));
    return { agent, ended, stop: end };
  }

  /** The agent as a process: `hephaestus-agent --config FILE …words`, behind `wrapper`, which replaces itself by it. */
  spawn(words: readonly string[] = ['run'], env: Readonly<Record<string, string>> = {}, wrapper: readonly string[] = []): AgentProcess {
    const installed = process.env[agentProgramVariable];
    const agent = installed === undefined ? [process.execPath, agentMain] : [installed];
    const [program = '', ...rest] = [...wrapper, ...agent, '--config', this.configPath, ...words];
    const child = spawn(program, rest, {
      stdio: ['ignore', 'pipe', 'pipe'],
      env: { ...process.env, ...env },
    });
    const running = new AgentProcess(child);
    this.#stops.push(() => running.end('SIGKILL'));
    return running;
  }

  async close(): Promise<void> {
    await Promise.all(this.#stops.map((stop) => stop()));
    await rm(this.folder, { recursive: true, force: true });
  }
}

export class AgentProcess {
  readonly child: ChildProcess;
  output = '';
  errors = '';

  constructor(child: ChildProcess) {
    this.child = child;
    child.stdout?.on('data', (chunk: Buffer) => {
      this.output += chunk.toString();
    });
    child.stderr?.on('data', (chunk: Buffer) => {
      this.errors += chunk.toString();
    });
  }

  /** Waits for its end. @returns exit code, or the signal that ended it */
  async ended(): Promise<number | string> {
    if (this.child.exitCode === null && this.child.signalCode === null) await once(this.child, 'exit');
    return this.child.exitCode ?? this.child.signalCode ?? 'unknown';
  }

  async end(signal: NodeJS.Signals): Promise<number | string> {
    if (this.child.exitCode === null && this.child.signalCode === null) this.child.kill(signal);
    return this.ended();
  }
}

/** Waits for a condition, looking often; says what it waited for when it takes too long. */
export async function until(what: string, isTrue: () => boolean | Promise<boolean>, limitMs = 20_000): Promise<void> {
  const startedAtMs = performance.now();
  while (!(await isTrue())) {
    if (performance.now() - startedAtMs > limitMs) throw new Error(`waited ${limitMs} ms in vain: ${what}`);
    await sleep(10);
  }
}

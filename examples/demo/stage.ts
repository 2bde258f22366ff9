// Sets the demo up in a temporary folder on free loopback ports: coordinator, agent and service as processes of their own.
// Must never leave anything behind once it is struck.
import { once } from 'node:events';
import { mkdir, mkdtemp, readFile, rm, writeFile } from 'node:fs/promises';
import { createServer } from 'node:net';
import { tmpdir } from 'node:os';
import { delimiter, dirname, join } from 'node:path';
import { setTimeout as delay } from 'node:timers/promises';
import { stringify } from 'yaml';
import { HephaestusError } from '../../base/errors.ts';
import { describeProcessResult, runProcess } from '../../base/process.ts';
import { connectOperator, type OperatorConnection } from '../../coordinator/cli/client.ts';
import { makeServiceRepository, type ServiceRepository } from './service-repository.ts';
import { SupervisedProcess } from './supervised-process.ts';

export interface StageOptions {
  /** The project's own folder. */
  readonly project: string;
  /** `auto`, or `ollama:NAME`. */
  readonly model: string;
  readonly onDeath: (name: string, how: string) => void;
}

export interface Stage {
  readonly folder: string;
  readonly repository: ServiceRepository;
  readonly serviceUrl: string;
  readonly serviceLog: string;
  readonly coordinatorAddress: string;
  readonly stateDirectory: string;
  readonly metricsUrl: string;
  readonly isolated: boolean;
  readonly connection: OperatorConnection;
  startAgent(): Promise<void>;
  strike(): Promise<void>;
}

const graceMs = 5000;

export async function setStage(options: StageOptions): Promise<Stage> {
  const folder = await mkdtemp(join(tmpdir(), 'hephaestus-demo-'));
  const processes: SupervisedProcess[] = [];
  let connection: OperatorConnection | undefined;
  const strike = async () => {
    connection?.close();
    // The agent first: what it has read it still delivers.
    for (const each of processes.toReversed()) await each.stop(graceMs);
    await rm(folder, { recursive: true, force: true, maxRetries: 5 });
  };
  try {
    const repository = await makeServiceRepository(join(options.project, 'examples', 'orders', 'service'), folder, Date.now());
    const [coordinatorPort = 0, opsPort = 0, servicePort = 0] = await freePorts(3);
    const isolated = await canIsolate();
    const env = {
      PATH: [dirname(process.execPath), '/usr/local/bin', '/usr/bin', '/bin', '/usr/sbin', '/sbin'].join(delimiter),
      HOME: folder,
    };
    const stateDirectory = join(folder, 'coordinator');
    const logDirectory = join(folder, 'log');
    const serviceLog = join(logDirectory, 'orders.log');
    await mkdir(logDirectory);
    const launch = (name: string, command: readonly string[], directory: string, extra: Readonly<Record<string, string>> = {}) => {
      const child = new SupervisedProcess({
        name,
        command: [process.execPath, ...command],
        directory,
        env: { ...env, ...extra },
        outputFile: join(folder, `${name}.out`),
        onDeath: options.onDeath,
      });
      processes.push(child);
      child.start();
    };

    const coordinatorAddress = `127.0.0.1:${coordinatorPort}`;
    const coordinatorFile = join(folder, 'coordinator.yaml');
    await writeFile(
      coordinatorFile,
      stringify(coordinatorConfiguration({ ...options, isolated, stateDirectory, coordinatorAddress, opsPort, repository })),
    );
    const coordinator = [join(options.project, 'coordinator', 'main.ts'), '--config', coordinatorFile];
    await runToEnd('hephaestus-coordinator init', [...coordinator, 'init'], folder, env);
    launch('coordinator', [...coordinator, 'run'], folder);
    const metricsUrl = `http://127.0.0.1:${opsPort}`;
    await untilReady(`${metricsUrl}/readyz`, join(folder, 'coordinator.out'));
    connection = connectOperator({
      address: coordinatorAddress,
      caPem: await readFile(join(stateDirectory, 'ca.crt')),
      token: (await readFile(join(stateDirectory, 'admin.token'), 'utf8')).trim(),
      timeoutMs: 5000,
    });
    const { nodes } = connection;

    return {
      folder,
      repository,
      serviceUrl: `http://127.0.0.1:${servicePort}`,
      serviceLog,
      coordinatorAddress,
      stateDirectory,
      metricsUrl,
      isolated,
      connection,
      strike,
      async startAgent() {
        launch('orders', ['src/server.js'], repository.deployed, { PORT: String(servicePort), LOG_FILE: serviceLog });
        await untilReady(`http://127.0.0.1:${servicePort}/health`, join(folder, 'orders.out'));
        const { secret } = await nodes.createJoinToken({ ttl: { seconds: 600, nanos: 0 }, useLimit: 1 });
        const tokenFile = join(folder, 'join.token');
        await writeFile(tokenFile, `${secret}\n`, { mode: 0o600 });
        const agentFile = join(folder, 'agent.yaml');
        await writeFile(
          agentFile,
          stringify(agentConfiguration({ coordinatorAddress, stateDirectory: join(folder, 'agent'), serviceLog })),
        );
        const agent = [join(options.project, 'agent', 'main.ts'), '--config', agentFile];
        await runToEnd('hephaestus-agent enroll', [...agent, 'enroll', '--token-file', tokenFile], folder, env);
        launch('agent', [...agent, 'run'], folder);
      },
    };
  } catch (error) {
    await strike();
    throw error;
  }
}

interface CoordinatorSettings {
  readonly model: string;
  readonly isolated: boolean;
  readonly stateDirectory: string;
  readonly coordinatorAddress: string;
  readonly opsPort: number;
  readonly repository: ServiceRepository;
}

function coordinatorConfiguration(settings: CoordinatorSettings): unknown {
  const [provider = 'auto', ...name] = settings.model.split(':');
  return {
    stateDirectory: settings.stateDirectory,
    listen: settings.coordinatorAddress,
    ops: { listen: `127.0.0.1:${settings.opsPort}` },
    model: { provider, ...(name.length === 0 ? {} : { model: name.join(':') }) },
    repositories: [
      {
        name: 'orders',
        provider: 'git',
        url: settings.repository.remote,
        services: ['orders'],
        mode: 'deploy',
        gate: 'reproduced',
        commands: {
          build: [process.execPath, '--check', 'src/server.js'],
          test: [process.execPath, '--test'],
          reproduce: [process.execPath, 'tools/replay.js'],
        },
      },
    ],
    ...(settings.isolated ? {} : { sandbox: { isolation: 'none-by-my-choice' } }),
  };
}

function agentConfiguration(settings: { coordinatorAddress: string; stateDirectory: string; serviceLog: string }): unknown {
  return {
    coordinator: settings.coordinatorAddress,
    stateDirectory: settings.stateDirectory,
    sources: [{ id: 'orders', service: 'orders', file: { include: [settings.serviceLog], start: 'beginning' } }],
  };
}

/** Ports that nobody listens on now; held together, so that they differ. */
async function freePorts(count: number): Promise<number[]> {
  const servers = await Promise.all(
    Array.from({ length: count }, async () => {
      const server = createServer().listen(0, '127.0.0.1');
      await once(server, 'listening');
      return server;
    }),
  );
  const ports = servers.map((server) => {
    const address = server.address();
    return typeof address === 'object' && address !== null ? address.port : 0;
  });
  await Promise.all(servers.map((server) => once(server.close(), 'close')));
  return ports;
}

/** Whether validation can be isolated on this machine: bubblewrap is there and may make namespaces. */
async function canIsolate(): Promise<boolean> {
  const result = await runProcess({
    command: 'bwrap',
    args: ['--ro-bind', '/', '/', '--unshare-all', '--proc', '/proc', '--dev', '/dev', 'true'],
    cwd: '/',
    env: { PATH: '/usr/local/bin:/usr/bin:/bin' },
    timeoutMs: 10_000,
    maxOutputBytes: 4096,
  });
  return result.kind === 'exited' && result.exitCode === 0;
}

async function runToEnd(title: string, words: readonly string[], cwd: string, env: Readonly<Record<string, string>>): Promise<void> {
  const result = await runProcess({ command: process.execPath, args: words, cwd, env, timeoutMs: 30_000, maxOutputBytes: 65_536 });
  if (result.kind === 'exited' && result.exitCode === 0) return;
  const said = 'stderr' in result ? `${result.stdout.toString('utf8')}${result.stderr.toString('utf8')}`.trim() : '';
  throw new HephaestusError({ code: 'demo.step-failed', kind: 'system', message: `${title}: ${describeProcessResult(result)}\n${said}` });
}

const readyWithinMs = 30_000;

async function untilReady(url: string, outputFile: string): Promise<void> {
  const deadline = performance.now() + readyWithinMs;
  while (performance.now() < deadline) {
    const answer = await fetch(url).catch(() => undefined);
    await answer?.arrayBuffer().catch(() => undefined);
    if (answer?.ok === true) return;
    await delay(50);
  }
  const output = await readFile(outputFile, 'utf8').catch(() => '');
  throw new HephaestusError({
    code: 'demo.not-ready',
    kind: 'system',
    message: `${url} was not ready within ${readyWithinMs / 1000} s; its output:\n${output.slice(-4000)}`,
  });
}

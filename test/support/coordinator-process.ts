// The coordinator as a process of its own on a temporary state directory: started, killed and started again.
// Must never end it gently unless asked: most who use this want a crash.
import { spawn, type ChildProcess } from 'node:child_process';
import { once } from 'node:events';
import { mkdtemp, readFile, rm, writeFile } from 'node:fs/promises';
import { createServer } from 'node:net';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';
import { fileURLToPath } from 'node:url';
import { stringify } from 'yaml';
import { openConnection, type Connection } from '../../agent/session/connection.ts';
import { connectOperator, type OperatorConnection } from '../../coordinator/cli/client.ts';
import { enrolNode, type ScriptedNode } from './coordinator-stage.ts';

const program = fileURLToPath(new URL('../../coordinator/main.ts', import.meta.url));
const readyWithinMs = 60_000;

export interface CoordinatorProcess extends AsyncDisposable {
  readonly directory: string;
  readonly port: number;
  readonly operator: OperatorConnection;
  /** Of the process that runs now. */
  pid(): number;
  connect(identity?: { keyPem: string; chainPem: string }): Connection;
  joinNode(name?: string): Promise<ScriptedNode>;
  /** Resolves once it is gone. */
  kill(signal: 'SIGKILL' | 'SIGTERM'): Promise<number | null>;
  /** Resolves once it is ready. */
  start(): Promise<void>;
  /** What it wrote so far. */
  output(): string;
}

export async function startCoordinatorProcess(settings: Record<string, unknown> = {}): Promise<CoordinatorProcess> {
  const directory = await mkdtemp(join(tmpdir(), 'hephaestus-process-'));
  const [port, opsPort] = [await freePort(), await freePort()];
  const configFile = join(directory, 'coordinator.yaml');
  const address = `127.0.0.1:${port}`;
  await writeFile(
    configFile,
    stringify({ stateDirectory: directory, listen: address, ops: { listen: `127.0.0.1:${opsPort}` }, ...settings }),
  );
  const init = spawn(process.execPath, [program, '--config', configFile, 'init'], { stdio: 'ignore' });
  await once(init, 'exit');
  const caPem = await readFile(join(directory, 'ca.crt'), 'utf8');
  const token = (await readFile(join(directory, 'admin.token'), 'utf8')).trim();
  let child: ChildProcess | undefined;
  let written = '';
  const connections = new Set<Connection>();

  const keep = (text: string): void => {
    written = `${written}${text}`.slice(-100_000);
  };

  const start = async (): Promise<void> => {
    const started = spawn(process.execPath, [program, '--config', configFile, 'run'], { stdio: ['ignore', 'pipe', 'pipe'] });
    child = started;
    for (const stream of [started.stdout, started.stderr]) stream.setEncoding('utf8').on('data', keep);
    const deadline = performance.now() + readyWithinMs;
    while (performance.now() < deadline && started.exitCode === null) {
      const answer = await fetch(`http://127.0.0.1:${opsPort}/readyz`).catch(() => undefined);
      if (answer?.ok === true) return;
      await sleep(20);
    }
    throw new Error(`the coordinator did not get ready:\n${written}`);
  };
  const kill: CoordinatorProcess['kill'] = async (signal) => {
    const running = child;
    child = undefined;
    if (running === undefined || running.exitCode !== null || running.signalCode !== null) return null;
    const gone = once(running, 'exit');
    running.kill(signal);
    const [code] = (await gone) as [number | null];
    return code;
  };
  const connect: CoordinatorProcess['connect'] = (identity) => {
    const connection = openConnection({ address: { host: '127.0.0.1', port }, authoritiesPem: caPem, identity });
    connections.add(connection);
    return connection;
  };
  await start();
  const operator = connectOperator({ address, caPem: Buffer.from(caPem), token, timeoutMs: 10_000 });
  return {
    directory,
    port,
    operator,
    connect,
    kill,
    start,
    pid: () => child?.pid ?? 0,
    output: () => written,
    async joinNode(name = 'web-1') {
      const { secret } = await operator.nodes.createJoinToken({ useLimit: 1 });
      return enrolNode(connect, secret, name);
    },
    async [Symbol.asyncDispose]() {
      operator.close();
      for (const connection of connections) connection.close();
      await kill('SIGKILL');
      await rm(directory, { recursive: true, force: true });
    },
  };
}

async function freePort(): Promise<number> {
  const server = createServer().listen(0, '127.0.0.1');
  await once(server, 'listening');
  const address = server.address();
  const port = typeof address === 'object' && address !== null ? address.port : 0;
  await once(server.close(), 'close');
  return port;
}

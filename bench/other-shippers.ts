// Fluent Bit and rsyslog shipping a file with acknowledgements to a second process of their own, and what the shipping one cost.
// Must never tune them down: each gets what its manual advises for throughput without loss.
import { execFile, spawn, type ChildProcess, type ChildProcessByStdio } from 'node:child_process';
import { once } from 'node:events';
import { createReadStream } from 'node:fs';
import { mkdir, mkdtemp, stat, writeFile } from 'node:fs/promises';
import { createServer } from 'node:net';
import { join } from 'node:path';
import { createInterface } from 'node:readline';
import type { Readable } from 'node:stream';
import { setTimeout as sleep } from 'node:timers/promises';
import { promisify } from 'node:util';
import { costOf, end } from './agent-process.ts';

/** How much of what was delivered may stand still before a shipper counts as done. */
const quietMs = 10_000;
const limitMs = 600_000;

export const otherShippers = ['fluent-bit', 'rsyslog'] as const;
export type OtherShipper = (typeof otherShippers)[number];

/** What one run cost and brought. */
export interface OtherRun {
  readonly cpuSeconds: number;
  readonly peakRssMb: number;
  readonly wallSeconds: number;
  readonly deliveredLines: number;
}

interface Settings {
  readonly folder: string;
  readonly sample: string;
  readonly port: number;
}

/** Ships `sample` once. @param program the binary; its libraries and modules are found by its own environment variables. */
export async function shipWithOther(shipper: OtherShipper, program: string, parent: string, sample: string): Promise<OtherRun> {
  const folder = await mkdtemp(join(parent, `${shipper}-`));
  await mkdir(join(folder, 'state'));
  const settings: Settings = { folder, sample, port: await freePort() };
  const receiver = shipper === 'fluent-bit' ? await receiveForward(settings) : await receiveRelp(settings, program);
  await sleep(1500);
  const senderFile = join(folder, 'sender.conf');
  await writeFile(senderFile, shipper === 'fluent-bit' ? fluentBitSender(settings) : rsyslogSender(settings));
  const sender = startProgram(shipper === 'fluent-bit' ? [program, '-q', '-c', senderFile] : rsyslogCommand(program, senderFile));
  try {
    const startedAtMs = performance.now();
    const endedAtMs = await standsStill(receiver.progress, [receiver.process, sender]);
    const { cpuSeconds, peakRssMb } = await costOf(sender.pid);
    // What is still buffered is written at the end, and counts as delivered.
    await end(sender);
    await end(receiver.process);
    return { cpuSeconds, peakRssMb, wallSeconds: (endedAtMs - startedAtMs) / 1000, deliveredLines: await receiver.lines() };
  } finally {
    await Promise.all([sender, receiver.process].map(end));
  }
}

interface Receiver {
  readonly process: ChildProcess;
  /** A number that grows while something comes. */
  readonly progress: () => Promise<number>;
  readonly lines: () => Promise<number>;
}

/** Our own: Fluent Bit as a receiver takes time that grows with the square of a message's size, and would be the bottleneck. */
async function receiveForward({ folder, port }: Settings): Promise<Receiver> {
  const [key, certificate] = [join(folder, 'key.pem'), join(folder, 'certificate.pem')];
  const kind = ['-newkey', 'ec', '-pkeyopt', 'ec_paramgen_curve:prime256v1', '-nodes', '-days', '2', '-subj', '/CN=localhost'];
  await promisify(execFile)('openssl', ['req', '-x509', ...kind, '-keyout', key, '-out', certificate]);
  const child = startProgram([process.execPath, join(import.meta.dirname, 'forward-receiver.ts'), String(port), certificate, key]);
  let lines = 0;
  createInterface({ input: child.stdout }).on('line', (line) => (lines = Number(line)));
  return { process: child, progress: async () => lines, lines: async () => lines };
}

async function receiveRelp(settings: Settings, program: string): Promise<Receiver> {
  const file = join(settings.folder, 'receiver.conf');
  const delivered = join(settings.folder, 'delivered');
  await writeFile(file, rsyslogReceiver(settings, delivered));
  const size = (): Promise<number> =>
    stat(delivered).then(
      (found) => found.size,
      () => 0,
    );
  return { process: startProgram(rsyslogCommand(program, file)), progress: size, lines: () => lineCount(delivered) };
}

function startProgram([program, ...args]: readonly [string, ...string[]]): ChildProcessByStdio<null, Readable, null> {
  return spawn(program, args, { stdio: ['ignore', 'pipe', 'inherit'] });
}

function rsyslogCommand(program: string, file: string): readonly [string, ...string[]] {
  return [program, '-n', '-f', file, '-i', `${file}.pid`];
}

/** TLS, and an acknowledgement for every chunk; the position in a database, so that a restart goes on. */
function fluentBitSender({ folder, sample, port }: Settings): string {
  return `[SERVICE]
  flush 0.2
  log_level error
  daemon off
[INPUT]
  name tail
  path ${sample}
  read_from_head on
  db ${join(folder, 'state', 'tail.db')}
  buffer_chunk_size 512k
  buffer_max_size 1M
  mem_buf_limit 32M
[OUTPUT]
  name forward
  match *
  host 127.0.0.1
  port ${port}
  require_ack_response on
  retry_limit no_limits
  tls on
  tls.verify off
`;
}

const rsyslogCommon = (folder: string): string => `global(workDirectory="${join(folder, 'state')}" maxMessageSize="64k")\n`;

/** RELP with its acknowledgements, without TLS (which is in its favour). */
function rsyslogSender({ folder, sample, port }: Settings): string {
  return `${rsyslogCommon(folder)}module(load="imfile" mode="inotify")
module(load="omrelp")
input(type="imfile" file="${sample}" tag="sample" freshStartTail="off" ruleset="ship")
ruleset(name="ship" queue.type="LinkedList" queue.size="50000" queue.dequeueBatchSize="1024") {
  action(type="omrelp" target="127.0.0.1" port="${port}" windowSize="1024")
}
`;
}

function rsyslogReceiver({ folder, port }: Settings, delivered: string): string {
  return `${rsyslogCommon(folder)}module(load="imrelp")
template(name="raw" type="string" string="%msg%\n")
input(type="imrelp" port="${port}" ruleset="keep")
ruleset(name="keep") { action(type="omfile" file="${delivered}" template="raw" ioBufferSize="256k" flushOnTXEnd="off" flushInterval="1") }
`;
}

/** Resolves, with when it last changed, once a number has stopped growing. */
async function standsStill(progress: () => Promise<number>, processes: readonly ChildProcess[]): Promise<number> {
  const startedAtMs = performance.now();
  let [last, changedAtMs] = [0, startedAtMs];
  while (last === 0 || performance.now() - changedAtMs < quietMs) {
    if (performance.now() - startedAtMs > limitMs) throw new Error(`not all delivered after ${limitMs / 1000} s`);
    for (const child of processes)
      if (child.exitCode !== null) throw new Error(`${child.spawnargs.join(' ')} ended with status ${child.exitCode}`);
    await sleep(100);
    const now = await progress();
    if (now !== last) [last, changedAtMs] = [now, performance.now()];
  }
  return changedAtMs;
}

async function lineCount(path: string): Promise<number> {
  let lines = 0;
  for await (const chunk of createReadStream(path, { highWaterMark: 1 << 20 }) as AsyncIterable<Buffer>) {
    for (let at = chunk.indexOf(10); at !== -1; at = chunk.indexOf(10, at + 1)) lines += 1;
  }
  return lines;
}

async function freePort(): Promise<number> {
  const server = createServer().listen(0, '127.0.0.1');
  await once(server, 'listening');
  const address = server.address();
  server.close();
  await once(server, 'close');
  if (address === null || typeof address === 'string') throw new Error('no port was given');
  return address.port;
}

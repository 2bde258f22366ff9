// A real agent process under faults: killed, starved of disk, alone with a silent or absent coordinator.
// Must never accept a line that is missing, repeated or out of order.
import { execFile } from 'node:child_process';
import { once } from 'node:events';
import { readFile, rm, writeFile } from 'node:fs/promises';
import { createServer, type Socket } from 'node:net';
import { join } from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';
import { promisify } from 'node:util';
import { afterEach, describe, expect, it } from 'vitest';
import { AgentHarness, until } from '../support/agent-harness.ts';
import { ScriptedCoordinator, type ScriptedCoordinatorOptions } from '../support/scripted-coordinator.ts';

const run = promisify(execFile);
const closing: (() => unknown)[] = [];

afterEach(async () => {
  for (const close of closing.splice(0).toReversed()) await close();
});

async function open(script: ScriptedCoordinatorOptions = {}): Promise<{ coordinator: ScriptedCoordinator; harness: AgentHarness }> {
  const coordinator = await ScriptedCoordinator.start(script);
  closing.push(() => coordinator.kill());
  const harness = await AgentHarness.open({ address: coordinator.address, joinToken: coordinator.joinToken });
  closing.push(() => harness.close());
  return { coordinator, harness };
}

async function shipped(coordinator: ScriptedCoordinator, harness: AgentHarness, limitMs = 60_000): Promise<readonly string[]> {
  const last = harness.expected().at(-1) ?? '';
  await until(`${last} at the coordinator`, () => coordinator.ledger.allLines().at(-1) === last, limitMs);
  return coordinator.ledger.allLines();
}

describe('an agent process', () => {
  it('that is killed every 1.3 s while 50,000 lines a second are written neither loses nor repeats one', async () => {
    const { coordinator, harness } = await open({ behaviour: { ackDelayMs: 5 } });
    const writing = new AbortController();
    const writer = (async () => {
      while (!writing.signal.aborted) {
        await harness.write(5000);
        await sleep(100);
      }
    })();
    for (let round = 0; round < 8; round += 1) {
      const running = harness.spawn();
      await sleep(1300);
      await running.end('SIGKILL');
    }
    writing.abort();
    await writer;
    harness.spawn();
    const lines = await shipped(coordinator, harness);
    expect(lines.length).toBe(harness.expected().length);
    expect(lines).toEqual(harness.expected());
    expect(coordinator.ledger.breaches).toEqual([]);
  });

  it('that is stopped by SIGTERM leaves nothing under way and exits with 0', async () => {
    const { coordinator, harness } = await open({ behaviour: { ackDelayMs: 20 } });
    for (let round = 0; round < 3; round += 1) {
      const running = harness.spawn();
      await harness.write(20_000);
      await until('some of it', () => coordinator.ledger.records > round * 20_000);
      expect(await running.end('SIGTERM')).toBe(0);
    }
    harness.spawn();
    expect(await shipped(coordinator, harness)).toEqual(harness.expected());
    expect(coordinator.ledger.breaches).toEqual([]);
  });

  it('goes on while its state directory is full, says so, and recovers', async () => {
    const { coordinator, harness } = await open();
    const running = harness.spawn();
    await harness.write(10);
    await shipped(coordinator, harness);
    // Only root may mount; elsewhere the folder itself is taken away, which fails every write as well.
    const mounted = await run('mount', ['-t', 'tmpfs', '-o', 'size=64k', 'tmpfs', harness.statePath]).then(
      () => true,
      () => false,
    );
    if (mounted) {
      closing.push(() => run('umount', [harness.statePath]).catch(() => undefined));
      await run('sh', ['-c', `head -c 200000 /dev/zero > ${join(harness.statePath, 'filler')} || true`]);
    } else {
      await rm(harness.statePath, { recursive: true });
    }
    await harness.write(1000);
    await shipped(coordinator, harness);
    await until('the reason in a heartbeat', () => coordinator.heartbeats.at(-1)?.health?.reason.includes('positions') === true);
    if (mounted) {
      await rm(join(harness.statePath, 'filler'));
      await until('health again', () => coordinator.heartbeats.at(-1)?.health?.reason === '');
    }
    await harness.write(10);
    expect(await shipped(coordinator, harness)).toEqual(harness.expected());
    expect(await running.end('SIGTERM')).toBe(0);
  });

  it('that meets a listener which says nothing gives up within 30 s and tries again', async () => {
    const { coordinator, harness } = await open();
    const first = harness.spawn();
    await harness.write(10);
    await shipped(coordinator, harness);
    await first.end('SIGTERM');
    const { port } = coordinator;
    coordinator.kill();
    const sockets = new Set<Socket>();
    const silent = createServer((socket) => void sockets.add(socket.on('error', () => undefined).resume())).listen(port, '127.0.0.1');
    await once(silent, 'listening');
    harness.spawn();
    await until('a second attempt', () => sockets.size >= 2, 60_000);
    // An attempt that was given up holds no descriptor.
    await until('the end of the first', () => [...sockets][0]?.closed === true);
    for (const socket of sockets) socket.destroy();
    await once(silent.close(), 'close');
    await coordinator.listen();
    await harness.write(10);
    expect(await shipped(coordinator, harness)).toEqual(harness.expected());
  });

  it('notices a connection that went silent in the middle and connects again', async () => {
    const { coordinator, harness } = await open();
    const frozen: Socket[] = [];
    let isFrozen = false;
    // A middleman that stops passing anything on is a half-open connection to both ends.
    const middleman = createServer((near) => {
      const far = new (near.constructor as typeof Socket)();
      far.connect(coordinator.port, '127.0.0.1');
      for (const socket of [near, far]) socket.on('error', () => undefined);
      near.on('data', (data) => void (isFrozen && frozen.includes(near) ? undefined : far.write(data)));
      far.on('data', (data) => void (isFrozen && frozen.includes(near) ? undefined : near.write(data)));
      near.on('close', () => far.destroy());
      far.on('close', () => near.destroy());
      if (!isFrozen) frozen.push(near);
    }).listen(0, '127.0.0.1');
    closing.push(() => middleman.close());
    await once(middleman, 'listening');
    const address = middleman.address();
    await harness.configure({ coordinator: `127.0.0.1:${typeof address === 'object' ? address?.port : 0}` });
    harness.spawn();
    await harness.write(10);
    await shipped(coordinator, harness);
    isFrozen = true;
    await harness.write(10);
    await until('another session', () => coordinator.hellos.length >= 2, 40_000);
    expect(await shipped(coordinator, harness)).toEqual(harness.expected());
    expect(coordinator.ledger.breaches).toEqual([]);
  });

  it('keeps its memory while the coordinator is away and 5,000 lines a second are written, and then catches up', async () => {
    const { coordinator, harness } = await open();
    const running = harness.spawn();
    await harness.write(10);
    await shipped(coordinator, harness);
    coordinator.kill();
    const residentMb = async (): Promise<number> =>
      Number(/^VmRSS:\s*(\d+)/m.exec(await readFile(`/proc/${running.child.pid}/status`, 'utf8'))?.[1]) / 1000;
    const before = await residentMb();
    for (let round = 0; round < 100; round += 1) {
      await harness.write(500);
      await sleep(100);
    }
    expect(await residentMb()).toBeLessThan(before + 60);
    await coordinator.listen();
    expect(await shipped(coordinator, harness)).toEqual(harness.expected());
  });

  it('starts when every file of its state but the credentials is garbage', async () => {
    const { coordinator, harness } = await open();
    const first = harness.spawn();
    await harness.write(10);
    await shipped(coordinator, harness);
    await first.end('SIGTERM');
    for (const name of ['positions.json', 'epoch.json', 'configuration.json']) await writeFile(join(harness.statePath, name), 'garbage\n');
    harness.spawn();
    await harness.write(10);
    expect(await shipped(coordinator, harness)).toEqual(harness.expected());
    expect(coordinator.ledger.breaches).toEqual([]);
  });
});

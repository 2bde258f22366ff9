// Scenarios 31 to 35: a coordinator that is away, deaf, dumb, or odd.
// Must never stop writing while the coordinator is in trouble.
import { once } from 'node:events';
import { appendFileSync, truncateSync } from 'node:fs';
import { createServer, type Socket } from 'node:net';
import { setTimeout as sleep } from 'node:timers/promises';
import { afterEach, describe, expect, it } from 'vitest';
import { until } from '../../support/agent-harness.ts';
import { isFullStrength, logrotateProgram, Scenario } from '../../support/scenario.ts';

let scenario: Scenario | undefined;

afterEach(async () => {
  await scenario?.close();
  scenario = undefined;
});

async function open(options?: Parameters<typeof Scenario.open>[0]): Promise<Scenario> {
  scenario = await Scenario.open(options);
  return scenario;
}

/** Above what the agent had before; its heap grows until it is collected. */
const mostGrowthMb = 64;

describe.skipIf(logrotateProgram === undefined)('a coordinator that is away', () => {
  it('scenario 31: at 5,000 lines a second with rotations: memory is capped and nothing is missing', async () => {
    const one = await open();
    one.keepWriting('app.log', 10);
    await one.arrived();
    const before = await one.residentMb();
    one.coordinator.kill();
    let most = 0;
    for (let tick = 0; tick < (isFullStrength ? 1800 : 100); tick += 1) {
      one.keepWriting('app.log', 500);
      await sleep(100);
      if (tick % 20 === 19) {
        one.logrotate('create 0644');
        one.keepWriting('app.log', 20);
        one.reopen('app.log');
        most = Math.max(most, await one.residentMb());
      }
    }
    expect(most).toBeLessThan(before + mostGrowthMb);
    await one.coordinator.listen();
    await one.expectEachOnce();
  });

  it('scenario 31: what is destroyed meanwhile becomes a gap of exactly its range', async () => {
    const one = await open();
    one.append('app.log', 100);
    await one.arrived();
    one.coordinator.kill();
    const lost = 'lost lost lost\n'.repeat(5000);
    appendFileSync(one.at('app.log'), lost);
    await sleep(2000);
    truncateSync(one.at('app.log'));
    one.append('app.log', 100);
    await sleep(1000);
    await one.coordinator.listen();
    await one.expectEachOnce({ gaps: true });
    expect(one.ledger.gaps.map(({ bytes }) => bytes)).toEqual([lost.length]);
  });
});

describe('a coordinator', () => {
  it('scenario 32: that stops reading: memory is bounded and heartbeats go on', async () => {
    const one = await open();
    one.append('app.log', 10);
    await one.arrived();
    const before = await one.residentMb();
    one.coordinator.behaviour.isDeaf = true;
    for (let tick = 0; tick < (isFullStrength ? 300 : 30); tick += 1) {
      one.append('app.log', 20_000);
      await sleep(100);
    }
    await one.heartbeats(5);
    expect(await one.residentMb()).toBeLessThan(before + mostGrowthMb);
    one.coordinator.behaviour.isDeaf = false;
    await one.expectEachOnce();
    expect(one.coordinator.hellos).toHaveLength(1);
  });

  it('scenario 33: whose port accepts and says nothing is tried again within 30 s', async () => {
    const one = await open();
    one.append('app.log', 10);
    await one.arrived();
    await one.stop();
    const { port } = one.coordinator;
    one.coordinator.kill();
    const sockets = new Set<Socket>();
    const silent = createServer((socket) => void sockets.add(socket.on('error', () => undefined).resume())).listen(port, '127.0.0.1');
    await once(silent, 'listening');
    one.start();
    await until('a second attempt', () => sockets.size >= 2, 60_000);
    await until('the end of the first', () => [...sockets][0]?.closed === true);
    for (const socket of sockets) socket.destroy();
    await once(silent.close(), 'close');
    await one.coordinator.listen();
    one.append('app.log', 10);
    await one.expectEachOnce();
  });

  it('scenario 34: that goes away politely in the middle of a stream', async () => {
    const one = await open({ behaviour: { ackDelayMs: 10 } });
    for (let round = 0; round < 3; round += 1) {
      one.append('app.log', 20_000);
      await until('some of it', () => one.ledger.records > round * 20_000);
      await one.coordinator.goAway();
      one.append('app.log', 5000);
      await one.coordinator.listen();
    }
    await one.expectEachOnce();
  });

  it('scenario 34: behind a connection that went half-open', async () => {
    const one = await open({ starts: false });
    const frozen: Socket[] = [];
    let isFrozen = false;
    // A middleman that stops passing anything on is a half-open connection to both ends.
    const middleman = createServer((near) => {
      const far = new (near.constructor as typeof Socket)();
      far.connect(one.coordinator.port, '127.0.0.1');
      for (const socket of [near, far]) socket.on('error', () => undefined);
      near.on('data', (data) => void (isFrozen && frozen.includes(near) ? undefined : far.write(data)));
      far.on('data', (data) => void (isFrozen && frozen.includes(near) ? undefined : near.write(data)));
      near.on('close', () => far.destroy());
      far.on('close', () => near.destroy());
      if (!isFrozen) frozen.push(near);
    }).listen(0, '127.0.0.1');
    await once(middleman, 'listening');
    const address = middleman.address();
    await one.harness.configure({ coordinator: `127.0.0.1:${typeof address === 'object' ? address?.port : 0}` });
    one.start();
    one.append('app.log', 10);
    await one.arrived();
    isFrozen = true;
    one.append('app.log', 10);
    await until('another session', () => one.coordinator.hellos.length >= 2, 40_000);
    await one.expectEachOnce();
    middleman.close();
  });

  it('scenario 35: whose acknowledgements are repeated, late, reordered, or for what was never sent', async () => {
    const one = await open({ behaviour: { oddAcks: true, ackDelayMs: 2 } });
    for (let round = 0; round < 50; round += 1) {
      one.append('app.log', 1000);
      await sleep(20);
    }
    await one.arrived();
    await one.stop('SIGKILL');
    one.start();
    one.append('app.log', 1000);
    await one.expectEachOnce();
  });
});

// A real agent process that is stopped in order, or finds its state spoilt; its other faults are in scenarios/.
// Must never accept a line that is missing, repeated or out of order.
import { writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { afterEach, describe, expect, it } from 'vitest';
import { AgentHarness, until } from '../support/agent-harness.ts';
import { ScriptedCoordinator, type ScriptedCoordinatorOptions } from '../support/scripted-coordinator.ts';

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

// Scenarios 1 to 8: rotation and truncation under a running agent.
// Must never wait for a quiet moment to rotate, but where the scenario says drained.
import { copyFileSync, renameSync, truncateSync, writeFileSync } from 'node:fs';
import { setTimeout as sleep } from 'node:timers/promises';
import { afterEach, describe, expect, it } from 'vitest';
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

if (logrotateProgram === undefined) console.warn('SKIPPED: scenarios 1 to 4 need logrotate');

describe.skipIf(logrotateProgram === undefined)('logrotate', () => {
  it.each([
    ['01', 'app.log'],
    ['02', 'app.log*'],
  ])('scenario %s: renames and creates every 20,000 lines at 60,000 a second, pattern %s', async (_number, pattern) => {
    const one = await open({ include: [pattern] });
    one.keepWriting('app.log', 1);
    await one.arrived();
    for (let rotation = 0; rotation < (isFullStrength ? 15 : 6); rotation += 1) {
      for (let burst = 0; burst < 20; burst += 1) {
        one.keepWriting('app.log', 1000);
        await sleep(16);
      }
      one.logrotate('create 0644');
      one.keepWriting('app.log', 50);
      one.reopen('app.log');
    }
    await one.expectEachOnce();
  });

  it('scenario 03: copies and truncates ten times what was drained', async () => {
    const one = await open();
    for (let round = 0; round < 10; round += 1) {
      one.keepWriting('app.log', 2000);
      await one.arrived();
      one.logrotate('copytruncate');
    }
    one.keepWriting('app.log', 10);
    await one.expectEachOnce();
  });

  it.each(['app.log', 'app.log*'])('scenario 04: copies and truncates with an unread tail, pattern %s', async (pattern) => {
    const one = await open({ include: [pattern] });
    for (let round = 0; round < 3; round += 1) {
      one.keepWriting('app.log', 1000);
      await one.arrived();
      one.freeze();
      one.keepWriting('app.log', 3000);
      one.logrotate('copytruncate');
      one.keepWriting('app.log', 20);
      one.thaw();
      await one.arrived();
    }
    await one.expectEachOnce();
  });
});

describe('a truncated file', () => {
  it('scenario 05: written anew to the same size at once, then ten lines more', async () => {
    const one = await open();
    // Numbers of equal length, so that both contents have one size.
    one.append('app.log', 9999);
    await one.arrived();
    const first = one.lines(1000);
    writeFileSync(one.at('app.log'), first);
    await one.arrived();
    const second = one.lines(1000);
    expect(second).toHaveLength(first.length);
    writeFileSync(one.at('app.log'), second);
    one.append('app.log', 10);
    await one.expectEachOnce();
  });

  it('scenario 06: written anew to a larger size with other content', async () => {
    const one = await open();
    one.append('app.log', 500);
    await one.arrived();
    writeFileSync(one.at('app.log'), one.lines(2000));
    await one.expectEachOnce();
    one.append('app.log', 10);
    await one.expectEachOnce();
  });

  it('truncated without a copy while unread: the gap says exactly what is lost', async () => {
    const one = await open();
    one.append('app.log', 100);
    await one.arrived();
    one.coordinator.kill();
    const lost = '0123456789\n'.repeat(1000);
    writeFileSync(one.at('app.log'), lost, { flag: 'a' });
    await sleep(1500);
    truncateSync(one.at('app.log'));
    one.append('app.log', 10);
    await one.coordinator.listen();
    await one.expectEachOnce({ gaps: true });
    expect(one.ledger.gaps.map(({ bytes }) => bytes)).toEqual([lost.length]);
  });
});

describe('files that look alike', () => {
  const heading = `# ${'x'.repeat(1021)}\n`;

  it('scenario 07: a new file shares its first KiB with the old one', async () => {
    const one = await open();
    writeFileSync(one.at('app.log'), heading + one.lines(100));
    await one.arrived(101);
    renameSync(one.at('app.log'), one.at('app.log.1'));
    writeFileSync(one.at('app.log'), heading + one.lines(100));
    await one.expectEachOnce({ others: 2 });
    // And once more in place, as copytruncate leaves it.
    copyFileSync(one.at('app.log'), one.at('app.log.1'));
    writeFileSync(one.at('app.log'), heading + one.lines(300));
    await one.expectEachOnce({ others: 3 });
  });

  it('scenario 08: two live files are equal for 4 KiB and then differ', async () => {
    const one = await open({ include: ['*.log'] });
    const start = `${'y'.repeat(4095)}\n`;
    for (const name of ['a.log', 'b.log']) writeFileSync(one.at(name), start);
    await one.arrived(2);
    for (let round = 0; round < 5; round += 1) {
      one.append('a.log', 100);
      one.append('b.log', 100);
    }
    await one.expectEachOnce({ others: 2 });
  });
});

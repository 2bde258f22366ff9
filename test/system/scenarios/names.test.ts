// Scenarios 9 to 15: inodes, links and names.
// Must never name a file to the agent other than by its patterns.
import {
  appendFileSync,
  linkSync,
  mkdirSync,
  readdirSync,
  readlinkSync,
  renameSync,
  statSync,
  symlinkSync,
  unlinkSync,
  writeFileSync,
} from 'node:fs';
import { setTimeout as sleep } from 'node:timers/promises';
import { afterEach, describe, expect, it } from 'vitest';
import { until } from '../../support/agent-harness.ts';
import { isFullStrength, Scenario } from '../../support/scenario.ts';

let scenario: Scenario | undefined;

afterEach(async () => {
  await scenario?.close();
  scenario = undefined;
});

async function open(options?: Parameters<typeof Scenario.open>[0]): Promise<Scenario> {
  scenario = await Scenario.open(options);
  return scenario;
}

/** The deleted files that a process holds open. */
function deletedHeldBy(pid: number | undefined): readonly string[] {
  return readdirSync(`/proc/${pid}/fd`).flatMap((name) => {
    try {
      const target = readlinkSync(`/proc/${pid}/fd/${name}`);
      return target.endsWith(' (deleted)') ? [target] : [];
    } catch {
      // Closed meanwhile.
      return [];
    }
  });
}

describe('a file', () => {
  it('scenario 09: whose inode is used by another file while the agent is down', async () => {
    const one = await open();
    one.append('app.log', 5000);
    await one.arrived();
    await one.stop();
    const { ino } = statSync(one.at('app.log'));
    unlinkSync(one.at('app.log'));
    // Most file systems hand the number out again soon; where they don't, a new inode under the old name is what is left to test.
    let isReused = false;
    for (let attempt = 0; attempt < 64 && !isReused; attempt += 1) {
      writeFileSync(one.at(`try${attempt}`), '');
      isReused = statSync(one.at(`try${attempt}`)).ino === ino;
      if (isReused) renameSync(one.at(`try${attempt}`), one.at('app.log'));
    }
    if (!isReused) console.warn('this file system did not reuse the inode');
    one.append('app.log', 9000);
    one.start();
    // All of the old file was read, but nobody can know that: the gap has no bytes.
    await one.expectEachOnce({ gaps: true });
    expect(one.ledger.gaps.filter(({ bytes }) => bytes > 0)).toEqual([]);
  });

  it('scenario 10: unlinked while its writer goes on, and let go of afterwards', async () => {
    const one = await open();
    one.keepWriting('app.log', 10);
    await one.arrived();
    unlinkSync(one.at('app.log'));
    for (let round = 0; round < 20; round += 1) {
      one.keepWriting('app.log', 100);
      await sleep(20);
    }
    await one.arrived();
    // A writer that is slow keeps it held for longer than a quiet file would be.
    await sleep(isFullStrength ? 60_000 : 25_000);
    one.keepWriting('app.log', 100);
    await one.arrived();
    expect(deletedHeldBy(one.agent.child.pid)).not.toEqual([]);
    one.reopen('app.log');
    await until('the descriptor is closed', () => deletedHeldBy(one.agent.child.pid).length === 0, 60_000);
    await one.expectEachOnce();
  });

  it('scenario 11: renamed to a name outside the pattern with a backlog', async () => {
    const one = await open({ behaviour: { isDeaf: true } });
    await until('a session', () => one.coordinator.hellos.length > 0);
    for (let burst = 0; burst < (isFullStrength ? 300 : 40); burst += 1) {
      one.keepWriting('app.log', 5000);
      await sleep(100);
    }
    renameSync(one.at('app.log'), one.at('gone-elsewhere'));
    one.keepWriting('app.log', 100);
    writeFileSync(one.at('app.log'), one.lines(100));
    await sleep(1000);
    one.coordinator.behaviour.isDeaf = false;
    await one.expectEachOnce();
  });

  it('scenario 12: moved to another folder and appended to', async () => {
    const one = await open();
    mkdirSync(one.at('archive'));
    one.append('app.log', 100);
    await one.arrived();
    renameSync(one.at('app.log'), one.at('archive/old'));
    one.append('archive/old', 100);
    one.append('app.log', 100);
    await one.expectEachOnce();
  });

  it('scenario 13: behind a symbolic link that is pointed elsewhere', async () => {
    const one = await open();
    mkdirSync(one.at('data'));
    one.append('data/a', 100);
    symlinkSync(one.at('data/a'), one.at('app.log'));
    await one.arrived();
    one.append('data/b', 100);
    symlinkSync(one.at('data/b'), one.at('next'));
    renameSync(one.at('next'), one.at('app.log'));
    one.append('data/a', 50);
    one.append('data/b', 50);
    await one.expectEachOnce();
  });

  it('scenario 14: matched under its own name and a link: once', async () => {
    const one = await open({ include: ['*.log'] });
    one.append('app.log', 100);
    symlinkSync(one.at('app.log'), one.at('current.log'));
    await one.arrived();
    one.append('app.log', 100);
    await one.expectEachOnce();
  });

  it('scenario 15: written through a hard link outside the watched folder', async () => {
    const one = await open();
    mkdirSync(one.at('elsewhere'));
    one.append('app.log', 10);
    linkSync(one.at('app.log'), one.at('elsewhere/writer'));
    await one.arrived();
    // Quiet for so long that it isn't looked at often any more.
    await sleep(6000);
    const writtenAtMs = performance.now();
    appendFileSync(one.at('elsewhere/writer'), one.lines(1));
    await one.arrived();
    console.info(`scenario 15: seen after ${Math.round(performance.now() - writtenAtMs)} ms`);
    await one.expectEachOnce();
  });
});

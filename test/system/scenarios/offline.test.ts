// Scenarios 25 to 30: what happens while the agent is down, killed, or can't keep its state.
// Must never count on a graceful end.
import { execFile } from 'node:child_process';
import { copyFileSync, readFileSync, renameSync, rmSync, truncateSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';
import { promisify } from 'node:util';
import { afterEach, describe, expect, it } from 'vitest';
import { isFullStrength, logrotateProgram, Scenario } from '../../support/scenario.ts';

const run = promisify(execFile);
let scenario: Scenario | undefined;
let mountedAt: string | undefined;

afterEach(async () => {
  if (mountedAt !== undefined) await run('umount', ['-l', mountedAt]).catch(() => undefined);
  mountedAt = undefined;
  await scenario?.close();
  scenario = undefined;
});

async function open(options?: Parameters<typeof Scenario.open>[0]): Promise<Scenario> {
  scenario = await Scenario.open(options);
  return scenario;
}

describe('while the agent is down', () => {
  it('scenario 25: appended, renamed, begun anew', async () => {
    const one = await open();
    one.append('app.log', 1000);
    await one.arrived();
    await one.stop('SIGKILL');
    one.append('app.log', 1000);
    renameSync(one.at('app.log'), one.at('app.log.1'));
    one.append('app.log', 1000);
    one.start();
    await one.expectEachOnce();
  });

  it.each([
    ['smaller', 10],
    ['larger', 5000],
  ])('scenario 26: copied and truncated, then %s than before', async (_name, count) => {
    const one = await open();
    one.append('app.log', 1000);
    await one.arrived();
    await one.stop();
    one.append('app.log', 500);
    copyFileSync(one.at('app.log'), one.at('app.log.1'));
    truncateSync(one.at('app.log'));
    one.append('app.log', count);
    one.start();
    await one.expectEachOnce();
    await one.stop();
    one.start();
    one.append('app.log', 10);
    await one.expectEachOnce();
  });

  it('a file that appears is read from its beginning, also where reading began at the end', async () => {
    const one = await open({ include: ['*.log'], file: { start: 'end' } });
    await one.heartbeats();
    await one.stop();
    one.append('new.log', 100);
    one.start();
    await one.expectEachOnce();
  });
});

it('scenario 27: killed every 1.3 s at 50,000 lines a second', async () => {
  const one = await open({ behaviour: { ackDelayMs: 5 }, starts: false });
  let isOver = false;
  const writing = (async () => {
    while (!isOver) {
      one.keepWriting('app.log', 5000);
      await sleep(100);
    }
  })();
  for (let round = 0; round < (isFullStrength ? 60 : 8); round += 1) {
    one.start();
    await sleep(1300);
    await one.stop('SIGKILL');
  }
  isOver = true;
  await writing;
  one.start();
  await one.expectEachOnce();
});

/** What real logrotate is told, and whether the service opens its log anew afterwards. */
const manners = [
  ['create', ['create'], true],
  ['copytruncate', ['copytruncate'], false],
  ['compress', ['create', 'compress', 'delaycompress'], true],
  ['dateext', ['create', 'dateext', 'dateformat -%Y%m%d-NUMBER'], true],
] as const;

it.skipIf(logrotateProgram === undefined).each(isFullStrength ? manners : manners.slice(0, 1))(
  'scenario 27: killed every 1.3 s while logrotate rotates (%s)',
  async (_name, directives, isReopened) => {
    const one = await open({ behaviour: { ackDelayMs: 5 }, starts: false });
    const batch = isFullStrength ? 5000 : 500;
    one.start();
    one.keepWriting('app.log', 10);
    // What is rotated away before the agent looked for the first time is from before its time.
    await one.arrived();
    await one.stop('SIGKILL');
    for (let round = 0; round < (isFullStrength ? 20 : 4); round += 1) {
      one.start();
      for (let part = 0; part < 13; part += 1) {
        one.keepWriting('app.log', batch);
        if (part === round % 13) {
          one.logrotate('rotate 20', ...directives.map((line) => line.replace('NUMBER', String(100 + round))));
          if (isReopened) one.reopen('app.log');
        }
        await sleep(100);
      }
      await one.stop('SIGKILL');
    }
    one.start();
    await one.expectEachOnce();
  },
);

describe('the state', () => {
  it.each([
    ['torn', (path: string) => writeFileSync(path, readFileSync(path).subarray(0, 40))],
    ['zeroed', (path: string) => writeFileSync(path, Buffer.alloc(readFileSync(path).length))],
    ['gone', (path: string) => rmSync(path)],
    [
      'of another version',
      (path: string) => writeFileSync(path, readFileSync(path, 'utf8').replace(/"?version"?:\s*\d+/, '"version":999')),
    ],
  ])('scenario 29: is %s: the agent starts, says so, and loses and repeats nothing', async (damage, harm) => {
    const one = await open();
    one.append('app.log', 1000);
    await one.arrived();
    await one.stop();
    harm(join(one.harness.statePath, 'positions.json'));
    one.append('app.log', 1000);
    one.start();
    await one.expectEachOnce();
    if (damage !== 'gone') expect(one.agent.errors + one.agent.output).toMatch(/positions/);
  });

  it('scenario 30: its disk is full', async () => {
    const one = await open();
    one.append('app.log', 10);
    await one.arrived();
    const { statePath } = one.harness;
    // Only root may mount; elsewhere the folder itself is taken away, which fails every write as well.
    const isMounted = await run('mount', ['-t', 'tmpfs', '-o', 'size=64k', 'tmpfs', statePath]).then(
      () => true,
      () => false,
    );
    if (isMounted) {
      mountedAt = statePath;
      await run('sh', ['-c', `head -c 200000 /dev/zero > ${join(statePath, 'filler')} || true`]);
    } else {
      rmSync(statePath, { recursive: true });
    }
    for (let second = 0; second < (isFullStrength ? 60 : 4); second += 1) {
      one.append('app.log', 1000);
      await sleep(1000);
    }
    await one.healthSays(/positions/);
    if (isMounted) {
      rmSync(join(statePath, 'filler'));
      await one.healthSays(/^$/);
    }
    one.append('app.log', 10);
    await one.expectEachOnce();
    expect(await one.stop()).toBe(0);
  });
});

// What systemd hears from us, by way of a stand-in program that writes it down, and what we read from it.
// Must never need systemd to run.
import { chmod, mkdtemp, readFile, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import type { Clock } from '../../../base/clock.ts';
import { createLogger } from '../../../base/logger.ts';
import { createNotifier, readCredential, type Notifier } from '../../../base/systemd.ts';

let folder: string;
let logged: string[];
beforeEach(async () => {
  folder = await mkdtemp(join(tmpdir(), 'hephaestus-systemd-'));
  logged = [];
});
afterEach(async () => {
  await rm(folder, { recursive: true });
});

async function installRecorder(exitCode = 0): Promise<void> {
  const program = join(folder, 'systemd-notify');
  await writeFile(program, `#!/bin/sh\necho "$NOTIFY_SOCKET $*" >> '${folder}/heard'\nexit ${exitCode}\n`);
  await chmod(program, 0o755);
}

function notifier(clock: Clock, notifySocket: string | undefined = '/run/notify', watchdogUsec?: string): Notifier {
  const logger = createLogger({ level: 'info', output: 'json', destination: (line) => logged.push(line) });
  return createNotifier({ environment: { notifySocket, watchdogUsec, path: `${folder}:/usr/bin:/bin` }, logger, clock });
}

const still: Clock = { now: () => 0, monotonicMs: () => 0, sleep: () => Promise.resolve() };

async function heard(): Promise<string[]> {
  return (await readFile(join(folder, 'heard'), 'utf8')).trim().split('\n');
}

describe('notices', () => {
  it('tell of readiness, status, reload and stop', async () => {
    await installRecorder();
    const notices = notifier(still);
    await notices.ready('streaming\nfrom 3 sources');
    await notices.status('idle');
    await notices.reloading();
    await notices.stopping();
    const lines = await heard();
    expect(lines).toHaveLength(4);
    expect(lines[0]).toBe('/run/notify READY=1 STATUS=streaming from 3 sources');
    expect(lines[2]).toMatch(/^\/run\/notify RELOADING=1 MONOTONIC_USEC=\d+$/);
    expect(lines[3]).toBe('/run/notify STOPPING=1');
    expect(logged).toEqual([]);
  });

  it('are nothing outside of systemd', async () => {
    await installRecorder();
    const notices = createNotifier({
      environment: { notifySocket: undefined, watchdogUsec: '1000', path: folder },
      logger: createLogger({ level: 'info', output: 'json', destination: (line) => logged.push(line) }),
      clock: still,
    });
    await notices.ready('x');
    await notices.runWatchdog(() => true, new AbortController().signal);
    await expect(heard()).rejects.toMatchObject({ code: 'ENOENT' });
    expect(logged).toEqual([]);
  });

  it('that fail are warned of once and never end the program', async () => {
    await installRecorder(1);
    const notices = notifier(still);
    await notices.status('a');
    await notices.status('b');
    expect(logged).toHaveLength(1);
    expect(logged[0]).toContain('exit status 1');
  });

  it('feed the watchdog at half its period while the program is well', async () => {
    await installRecorder();
    const controller = new AbortController();
    const sleeps: number[] = [];
    const answers = [true, false, true];
    const clock: Clock = {
      ...still,
      sleep: (durationMs) => {
        sleeps.push(durationMs);
        if (answers.length === 0) controller.abort();
        return Promise.resolve();
      },
    };
    await notifier(clock, '/run/notify', '30000000').runWatchdog(() => answers.shift() ?? true, controller.signal);
    expect(sleeps).toEqual([15_000, 15_000, 15_000]);
    expect(await heard()).toEqual(['/run/notify WATCHDOG=1', '/run/notify WATCHDOG=1']);
    expect(logged).toHaveLength(1);
  });

  it('tell of a status when it changed, and not at every look', async () => {
    await installRecorder();
    const controller = new AbortController();
    const texts = ['idle', 'idle', 'ships'];
    const clock: Clock = {
      ...still,
      sleep: () => {
        if (texts.length === 0) controller.abort();
        return Promise.resolve();
      },
    };
    await notifier(clock).keepStatus(() => texts.shift() ?? '', controller.signal);
    expect(await heard()).toEqual(['/run/notify STATUS=idle', '/run/notify STATUS=ships']);
  });
});

describe('credentials', () => {
  it('are read without the newline at their end, or absent', async () => {
    await writeFile(join(folder, 'forge-token'), 'abc\n');
    const secret = await readCredential(folder, 'forge-token');
    expect(secret?.reveal()).toBe('abc');
    expect(String(secret)).not.toContain('abc');
    expect(await readCredential(folder, 'other')).toBeUndefined();
    expect(await readCredential(undefined, 'forge-token')).toBeUndefined();
  });

  it.each(['../etc/passwd', 'a/b', '', '.', '..', 'a\0'])('are not looked for under the name %j', async (name) => {
    await expect(readCredential(folder, name)).rejects.toMatchObject({ code: 'credential.bad-name' });
  });
});

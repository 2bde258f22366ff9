// Statements about files that are known again after a restart though something of what they are known by is missing.
// Must never look inside the source; it counts lines.
import { chmodSync, renameSync } from 'node:fs';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { byNumber, LogFolder, numbered } from '../../support/log-folder.ts';

let folder: LogFolder;

beforeEach(() => {
  folder = new LogFolder();
});

afterEach(async () => {
  await folder.remove();
});

/** Root may open everything, others not. */
async function withoutPrivileges(work: () => Promise<void>): Promise<void> {
  const user = process.geteuid?.();
  if (user === 0) process.seteuid?.(65_534);
  try {
    await work();
  } finally {
    if (user === 0) process.seteuid?.(0);
  }
}

describe('a file is read on', () => {
  it('though it could not be opened at the start, and was rotated before it could', async () => {
    chmodSync(folder.path, 0o777);
    folder.append('app.log', 1, 30);
    const one = await folder.follow('app.log');
    await one.untilExactly(30);
    await one.stop();
    folder.append('app.log', 31, 40);
    chmodSync(folder.at('app.log'), 0);
    await withoutPrivileges(async () => {
      await one.start();
      expect(one.source.status().condition).toBe('failed');
      renameSync(folder.at('app.log'), folder.at('app.log.1'));
      folder.append('app.log', 41, 50);
      await one.source.rescan();
    });
    chmodSync(folder.at('app.log.1'), 0o644);
    await one.source.rescan();
    await one.untilRecords(50);
    expect(byNumber(one.records)).toEqual(numbered(1, 50));
    expect(one.gaps).toEqual([]);
    expect(one.faults).toEqual([]);
  });

  it('though its device has another number after a boot', async () => {
    folder.append('app.log', 1, 30);
    const one = await folder.follow('app.log');
    await one.untilExactly(30);
    renameSync(folder.at('app.log'), folder.at('app.log.1'));
    folder.append('app.log', 31, 50);
    await one.untilRecords(50);
    await one.stop();
    one.renumberDevice('99999');
    folder.append('app.log', 51, 60);
    renameSync(folder.at('app.log.1'), folder.at('app.log.2'));
    renameSync(folder.at('app.log'), folder.at('app.log.1'));
    folder.append('app.log', 61, 70);
    await one.start();
    await one.untilRecords(70);
    await one.restart();
    folder.append('app.log', 71, 80);
    await one.untilRecords(80);
    expect(byNumber(one.records)).toEqual(numbered(1, 80));
    expect(one.gaps).toEqual([]);
    expect(one.faults).toEqual([]);
  });
});

// Statements about the real logrotate: whichever way it rotates, each line arrives once.
// Must never rotate anything outside its temporary folder.
import { spawnSync } from 'node:child_process';
import { existsSync, mkdirSync, writeFileSync } from 'node:fs';
import { setTimeout as delay } from 'node:timers/promises';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { LineWriter } from '../../support/line-writer.ts';
import { byNumber, LogFolder, numbered } from '../../support/log-folder.ts';

const program = ['/usr/sbin/logrotate', '/sbin/logrotate', '/usr/bin/logrotate'].find((path) => existsSync(path));
if (program === undefined) console.warn('SKIPPED: logrotate is not installed');

describe.skipIf(program === undefined)('logrotate', () => {
  let folder: LogFolder;
  let writer: LineWriter;

  beforeEach(() => {
    folder = new LogFolder();
    mkdirSync(folder.at('logs'), { mode: 0o755 });
    writer = new LineWriter(folder.at('logs/app.log'));
  });

  afterEach(async () => {
    writer.close();
    await folder.remove();
  });

  function rotate(...directives: readonly string[]): void {
    const body = ['rotate 5', 'nocompress', 'missingok', ...directives].map((line) => `  ${line}\n`).join('');
    writeFileSync(folder.at('rotate.conf'), `${folder.at('logs/app.log')} {\n${body}}\n`, { mode: 0o644 });
    const done = spawnSync(program ?? '', ['-f', '-s', folder.at('state'), folder.at('rotate.conf')], { encoding: 'utf8' });
    if (done.status !== 0) throw new Error(`logrotate failed: ${done.stderr}`);
  }

  it.each(['logs/app.log', 'logs/app.log*'])('renames and creates under a writer, pattern %s (1, 2)', async (pattern) => {
    const one = await folder.follow(pattern);
    for (let round = 0; round < 12; round += 1) {
      for (let burst = 0; burst < 20; burst += 1) {
        writer.write(1000);
        await delay(10);
      }
      rotate('create 0644');
      // The writer goes on in the old file for a moment, as services do.
      writer.write(50);
      writer.reopen();
    }
    await one.untilRecords(writer.written, 20_000);
    expect(byNumber(one.records)).toEqual(numbered(1, writer.written));
    expect(one.gaps).toEqual([]);
    expect(one.faults).toEqual([]);
  });

  it('copies and truncates what was drained, ten times (3)', async () => {
    const one = await folder.follow('logs/app.log');
    for (let round = 0; round < 10; round += 1) {
      writer.write(5000);
      await one.untilExactly(writer.written);
      rotate('copytruncate');
    }
    writer.write(10);
    await one.untilRecords(writer.written);
    expect(one.records).toEqual(numbered(1, writer.written));
    expect(one.gaps).toEqual([]);
  });

  it.each([
    ['logs/app.log', []],
    ['logs/app.log*', []],
    ['logs/app.log', ['olddir ../old']],
    ['logs/app.log', ['olddir ../old', 'compress']],
    ['logs/app.log', ['compress']],
  ])('copies and truncates what was not drained, pattern %s, %j (4)', async (pattern, directives) => {
    mkdirSync(folder.at('old'), { mode: 0o755 });
    const one = await folder.follow(pattern);
    for (let round = 0; round < 4; round += 1) {
      writer.write(500);
      await one.untilExactly(writer.written);
      await one.pause();
      writer.write(3000);
      rotate('copytruncate', ...directives);
      writer.write(20);
      one.pull();
      await one.untilExactly(writer.written);
      if (round === 2) await one.restart();
    }
    await one.untilQuiet();
    expect(byNumber(one.records)).toEqual(numbered(1, writer.written));
    expect(one.gaps).toEqual([]);
  });

  it('names by date and moves into another folder', async () => {
    mkdirSync(folder.at('archive'));
    const one = await folder.follow('logs/app.log');
    for (let round = 0; round < 3; round += 1) {
      const before = one.records.length;
      writer.write(2000);
      await one.until(() => one.records.length > before);
      rotate('create 0644', 'dateext', `dateformat -%Y%m%d-${round}`, `olddir ${folder.at('archive')}`);
      writer.write(30);
      writer.reopen();
    }
    await one.untilRecords(writer.written);
    expect(byNumber(one.records)).toEqual(numbered(1, writer.written));
  });

  it('compresses a generation while it is held', async () => {
    const one = await folder.follow('logs/app.log');
    writer.write(1000);
    await one.until(() => one.records.length > 0);
    await one.pause();
    writer.write(1000);
    await one.source.rescan();
    rotate('create 0644', 'compress');
    writer.reopen();
    writer.write(10);
    one.pull();
    await one.untilRecords(writer.written);
    expect(byNumber(one.records)).toEqual(numbered(1, writer.written));
  });
});

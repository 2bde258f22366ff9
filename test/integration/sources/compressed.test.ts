// Statements about compressed generations: what was begun is read to its end, what was read isn't read again, the rest where configured.
// Must never compress by anything but what rotations use: gzip itself, real logrotate where it is installed.
import { execFileSync, spawnSync } from 'node:child_process';
import { appendFileSync, existsSync, mkdirSync, renameSync, truncateSync, unlinkSync, utimesSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { gzipSync } from 'node:zlib';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { byNumber, LogFolder, numbered, textOf } from '../../support/log-folder.ts';
import type { SourceDriver } from '../../support/source-driver.ts';

const logrotate = ['/usr/sbin/logrotate', '/sbin/logrotate', '/usr/bin/logrotate'].find((path) => existsSync(path));
if (logrotate === undefined) console.warn('SKIPPED: logrotate is not installed');

let folder: LogFolder;
beforeEach(() => {
  folder = new LogFolder();
});
afterEach(() => folder.remove());

function rotate(from: string, to: string): void {
  renameSync(folder.at(from), folder.at(to));
  execFileSync('gzip', [folder.at(to)]);
}

/** Every number once, no gap, no breach; and the same after one more restart. */
async function expectEachOnce(one: SourceDriver, count: number): Promise<void> {
  await one.untilRecords(count);
  await one.restart();
  await one.untilQuiet();
  expect(byNumber(one.records)).toEqual(numbered(1, count));
  expect(one.gaps).toEqual([]);
  expect(one.faults).toEqual([]);
}

describe('a file that was rotated and compressed while the agent was down', () => {
  it('is read where it had been found but not read yet, and the file before it was finished', async () => {
    folder.append('app.log', 1, 50);
    // Written long ago, so that nothing is held back and all of it counts against the rate at once.
    utimesSync(folder.at('app.log'), 1_600_000_000, 1_600_000_000);
    const one = await folder.follow('app.log', { maxBytesPerSecond: 50 });
    await one.untilExactly(50);
    renameSync(folder.at('app.log'), folder.at('app.log.1'));
    folder.append('app.log', 51, 60);
    await one.until(() => one.positions.some((each) => each.kind === 'file' && each.isFinished === true));
    await one.stop();
    rotate('app.log.1', 'app.log.2');
    rotate('app.log', 'app.log.1');
    folder.append('app.log', 61, 70);
    await one.start();
    await expectEachOnce(one, 70);
  });

  it('is read where the only files that are known are finished, or were empty and still lie there', async () => {
    folder.append('app.log', 1, 50);
    const one = await folder.follow('app.log*');
    await one.untilExactly(50);
    renameSync(folder.at('app.log'), folder.at('app.log.1'));
    writeFileSync(folder.at('app.log'), '');
    await one.until(() => one.positions.length === 2);
    execFileSync('gzip', [folder.at('app.log.1')]);
    await one.until(() => one.positions.some((each) => each.kind === 'file' && each.isFinished === true));
    await one.stop();
    renameSync(folder.at('app.log'), folder.at('app.log.4'));
    renameSync(folder.at('app.log.1.gz'), folder.at('app.log.3.gz'));
    for (const [number, from] of [
      [2, 51],
      [1, 61],
    ] as const) {
      folder.append('app.log', from, from + 9);
      rotate('app.log', `app.log.${number}`);
    }
    folder.append('app.log', 71, 80);
    await one.start();
    await expectEachOnce(one, 80);
  });

  it('is read on where its content was left', async () => {
    folder.append('app.log', 1, 1000);
    const one = await folder.follow('app.log');
    await one.untilExactly(1000);
    await one.stop();
    folder.append('app.log', 1001, 1500);
    rotate('app.log', 'app.log.1');
    folder.append('app.log', 1501, 1600);
    await one.start();
    await expectEachOnce(one, 1600);
  });

  it('is read on together with all that came and was compressed after it', async () => {
    folder.append('app.log', 1, 1000);
    const one = await folder.follow('app.log');
    await one.untilExactly(1000);
    await one.stop();
    folder.append('app.log', 1001, 1100);
    rotate('app.log', 'app.log-20261101');
    folder.append('app.log', 1101, 1300);
    rotate('app.log', 'app.log-20261102');
    // The newest but one stays as it is, as delaycompress has it.
    folder.append('app.log', 1301, 1400);
    renameSync(folder.at('app.log'), folder.at('app.log-20261103'));
    folder.append('app.log', 1401, 1500);
    await one.start();
    await expectEachOnce(one, 1500);
  });

  it('is found in the folder that rotations move files to', async () => {
    mkdirSync(folder.at('old'));
    folder.append('app.log', 1, 100);
    const one = await folder.follow('app.log');
    await one.untilExactly(100);
    await one.stop();
    folder.append('app.log', 101, 150);
    rotate('app.log', 'old/app.log-20261101');
    folder.append('app.log', 151, 200);
    renameSync(folder.at('app.log'), folder.at('old/app.log-20261102'));
    folder.append('app.log', 201, 300);
    await one.start();
    await expectEachOnce(one, 300);
  });

  it('is read on where the copy of a truncated file was compressed', async () => {
    folder.append('app.log', 1, 500);
    const one = await folder.follow('app.log');
    await one.untilExactly(500);
    await one.stop();
    folder.append('app.log', 501, 900);
    execFileSync('cp', [folder.at('app.log'), folder.at('app.log.1')]);
    truncateSync(folder.at('app.log'));
    execFileSync('gzip', [folder.at('app.log.1')]);
    folder.append('app.log', 901, 950);
    await one.start();
    await expectEachOnce(one, 950);
  });

  it('goes on after the connection is lost, and after a restart in the middle of it', async () => {
    folder.append('app.log', 1, 10);
    const one = await folder.follow('app.log');
    one.maxBytes = 4096;
    await one.untilExactly(10);
    await one.stop();
    folder.append('app.log', 11, 200_000);
    rotate('app.log', 'app.log.1');
    folder.append('app.log', 200_001, 200_010);
    await one.start();
    await one.until(() => one.records.length > 1000);
    one.commit(false);
    await one.until(() => one.records.length > 1000);
    await one.reconnect();
    one.commit(true);
    await one.until(() => one.records.length > 20_000);
    await one.stop();
    renameSync(folder.at('app.log.1.gz'), folder.at('app.log.2.gz'));
    one.maxBytes = 256 * 1024;
    await one.start();
    await expectEachOnce(one, 200_010);
  });

  it('is told of by a gap behind what can still be read of a damaged one', async () => {
    folder.append('app.log', 1, 1000);
    const one = await folder.follow('app.log');
    await one.untilExactly(1000);
    await one.stop();
    folder.append('app.log', 1001, 50_000);
    rotate('app.log', 'app.log.1');
    const whole = Number(execFileSync('stat', ['-c', '%s', folder.at('app.log.1.gz')]).toString());
    truncateSync(folder.at('app.log.1.gz'), Math.floor(whole / 2));
    folder.append('app.log', 50_001, 50_010);
    await one.start();
    await one.until(() => one.gaps.length > 0);
    await one.untilQuiet();
    expect(one.gaps).toHaveLength(1);
    expect(one.gaps[0]?.detail).toContain('app.log.1.gz');
    expect(one.records.length).toBeGreaterThan(1010);
    expect(new Set(one.records).size).toBe(one.records.length);
    await one.restart();
    await one.untilQuiet();
    expect(one.gaps).toHaveLength(1);
  });

  it('is not looked for once it was read to its end', async () => {
    folder.append('app.log', 1, 100);
    const one = await folder.follow('app.log');
    await one.untilExactly(100);
    renameSync(folder.at('app.log'), folder.at('app.log.1'));
    folder.append('app.log', 101, 200);
    await one.untilExactly(200);
    // Held until it is quiet, then done with.
    await one.until(() => one.source.status().files === 1);
    await one.untilQuiet();
    await one.stop();
    unlinkSync(folder.at('app.log.1'));
    folder.append('app.log', 201, 210);
    await one.start();
    await expectEachOnce(one, 210);
  });
});

describe('a file that was rotated and compressed between two looks', () => {
  it.each(['app.log', 'app.log*'])('is read once where it was empty before, and is still held (%s)', async (pattern) => {
    folder.append('app.log', 1, 10);
    const one = await folder.follow(pattern);
    await one.untilExactly(10);
    renameSync(folder.at('app.log'), folder.at('app.log.2'));
    writeFileSync(folder.at('app.log'), '');
    await one.until(() => one.positions.length === 2);
    folder.append('app.log', 11, 20);
    rotate('app.log', 'app.log.1');
    writeFileSync(folder.at('app.log'), '');
    await one.source.rescan();
    folder.append('app.log', 21, 30);
    await expectEachOnce(one, 30);
  });
});

describe('compressed files that match', () => {
  it('are not read unless that is configured', async () => {
    writeFileSync(folder.at('app.log.1.gz'), gzipSync(textOf(numbered(1, 10))));
    folder.append('app.log', 11, 20);
    const one = await folder.follow('app.log*');
    await one.untilRecords(10);
    expect(one.records).toEqual(numbered(11, 20));
  });

  it('are read once, oldest first, where it is', async () => {
    for (const [index, name] of ['app.log.3.gz', 'app.log.2.gz'].entries()) {
      writeFileSync(folder.at(name), gzipSync(textOf(numbered(index * 1000 + 1, (index + 1) * 1000))));
      utimesSync(folder.at(name), index + 1, index + 1);
    }
    folder.append('app.log', 2001, 2100);
    const one = await folder.follow('app.log', { readsCompressed: true });
    await one.untilRecords(2100);
    const archived = one.records.filter((record) => Number(record.slice(5)) <= 2000);
    expect(archived).toEqual(numbered(1, 2000));
    await expectEachOnce(one, 2100);
    // One that appears is news, and what was read as a file isn't.
    writeFileSync(folder.at('app.log-20200101.gz'), gzipSync(textOf(numbered(2101, 2200))));
    await one.untilRecords(2200);
    rotate('app.log', 'app.log.1');
    folder.append('app.log', 2201, 2300);
    await expectEachOnce(one, 2300);
  });

  it('are passed over where reading begins at the end', async () => {
    writeFileSync(folder.at('app.log.1.gz'), gzipSync(textOf(numbered(900, 910))));
    writeFileSync(folder.at('app.log'), 'old\n');
    const one = await folder.follow('app.log', { readsCompressed: true, start: 'end' });
    await one.untilQuiet();
    folder.append('app.log', 1, 10);
    await expectEachOnce(one, 10);
  });

  it('hold no record that is lost at their end or longer than a batch', async () => {
    const long = 'x'.repeat(100_000);
    writeFileSync(folder.at('app.log.1.gz'), Buffer.concat([gzipSync(`one\n${long}\n`), gzipSync('two\nno end')]));
    const one = await folder.follow('*', { readsCompressed: true });
    one.maxBytes = 4096;
    await one.until(() => one.records.at(-1) === 'no end');
    expect(one.records.join('\n')).toBe(['one', long.slice(0, 65_536), long.slice(65_536), 'two', 'no end'].join('\n'));
  });
});

describe.skipIf(logrotate === undefined)('logrotate that compresses', () => {
  it.each([
    ['compress', ['create 0644', 'compress']],
    ['delaycompress', ['create 0644', 'compress', 'delaycompress']],
    ['dateext', ['create 0644', 'compress', 'dateext', 'dateformat -%Y%m%d-%s']],
    ['copytruncate', ['copytruncate', 'compress']],
  ])('%s: while the agent is up, down, and up again', async (_name, directives) => {
    mkdirSync(folder.at('logs'), { mode: 0o755 });
    let written = 0;
    const write = (count: number): void => {
      appendFileSync(folder.at('logs/app.log'), textOf(numbered(written + 1, written + count)));
      written += count;
    };
    let rotations = 0;
    const run = (): void => {
      const unique = directives.map((line) => line.replace('%s', String((rotations += 1))));
      const rules = `${folder.at('logs/app.log')} {\n${['rotate 9', 'missingok', ...unique].map((line) => `  ${line}\n`).join('')}}\n`;
      writeFileSync(folder.at('rotate.conf'), rules, { mode: 0o644 });
      const done = spawnSync(logrotate ?? '', ['-f', '-s', folder.at('state'), folder.at('rotate.conf')], { encoding: 'utf8' });
      if (done.status !== 0) throw new Error(done.stderr);
    };
    const one = await folder.follow(join('logs', 'app.log'), { readsCompressed: true });
    for (let round = 0; round < 3; round += 1) {
      write(500);
      await one.untilExactly(written);
      run();
      write(20);
      await one.untilExactly(written);
      await one.stop();
      write(300);
      run();
      write(100);
      await one.start();
      await one.untilExactly(written);
    }
    await expectEachOnce(one, written);
  });
});

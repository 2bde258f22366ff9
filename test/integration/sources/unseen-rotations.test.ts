// Statements about generations that come and go between two looks of the source, or while nothing was read of them yet.
// Must never wait for what it says that nobody sees: such steps follow each other within one turn of the event loop.
import { copyFileSync, existsSync, mkdirSync, readFileSync, renameSync, rmSync, truncateSync, unlinkSync, writeFileSync } from 'node:fs';
import { gzipSync } from 'node:zlib';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { createTraceFramer } from '../../../agent/framing/multiline.ts';
import type { Framer } from '../../../agent/record.ts';
import { byNumber, LogFolder, numbered } from '../../support/log-folder.ts';
import { systemClock } from '../../../base/clock.ts';
import type { SourceDriver } from '../../support/source-driver.ts';

let folder: LogFolder;

beforeEach(() => {
  folder = new LogFolder();
});

afterEach(async () => {
  await folder.remove();
});

/** What logrotate does with `copytruncate`, all at once. */
function copyAndTruncate(): void {
  for (const number of [4, 3, 2, 1]) {
    if (existsSync(folder.at(`app.log.${number}`))) renameSync(folder.at(`app.log.${number}`), folder.at(`app.log.${number + 1}`));
  }
  copyFileSync(folder.at('app.log'), folder.at('app.log.1'));
  truncateSync(folder.at('app.log'));
}

/** The same with `compress`: `app.log.1.gz` and on, of which `keep` are kept. */
function copyTruncateAndCompress(keep = 9): void {
  rmSync(folder.at(`app.log.${keep}.gz`), { force: true });
  for (let number = keep - 1; number >= 1; number -= 1) {
    if (existsSync(folder.at(`app.log.${number}.gz`))) renameSync(folder.at(`app.log.${number}.gz`), folder.at(`app.log.${number + 1}.gz`));
  }
  const content = readFileSync(folder.at('app.log'));
  truncateSync(folder.at('app.log'));
  writeFileSync(folder.at('app.log.1.gz'), gzipSync(content));
}

function expectEachOnce(one: SourceDriver, count: number): void {
  expect(byNumber(one.records)).toEqual(numbered(1, count));
  expect(one.gaps).toEqual([]);
  expect(one.faults).toEqual([]);
}

describe.each(['app.log', 'app.log*'])('with pattern %s', (pattern) => {
  it('reads what was copied and truncated twice between two looks', async () => {
    folder.append('app.log', 1, 50);
    const one = await folder.follow(pattern);
    await one.untilExactly(50);
    folder.append('app.log', 51, 60);
    copyAndTruncate();
    folder.append('app.log', 61, 90);
    copyAndTruncate();
    folder.append('app.log', 91, 99);
    await one.untilRecords(99);
    expectEachOnce(one, 99);
    await one.restart();
    folder.append('app.log', 100, 110);
    await one.untilRecords(110);
    expectEachOnce(one, 110);
  });

  it('reads the copy of what was seen and not read before it was truncated', async () => {
    folder.append('app.log', 1, 50);
    const one = await folder.follow(pattern);
    await one.untilExactly(50);
    await one.pause();
    copyAndTruncate();
    await one.source.rescan();
    folder.append('app.log', 51, 80);
    await one.source.rescan();
    copyAndTruncate();
    folder.append('app.log', 81, 90);
    await one.source.rescan();
    one.pull();
    await one.untilRecords(90);
    expectEachOnce(one, 90);
  });

  it('reads what came and went between two looks at an empty file, though nothing follows', async () => {
    folder.append('app.log', 1, 50);
    const one = await folder.follow(pattern);
    await one.untilExactly(50);
    copyAndTruncate();
    await one.until(() => one.positions.length >= 3);
    folder.append('app.log', 51, 80);
    copyAndTruncate();
    await one.untilExactly(80);
    folder.append('app.log', 81, 90);
    copyAndTruncate();
    folder.append('app.log', 91, 95);
    copyAndTruncate();
    await one.untilRecords(95);
    expectEachOnce(one, 95);
    await one.restart();
    folder.append('app.log', 96, 99);
    await one.untilRecords(99);
    expectEachOnce(one, 99);
  });

  it('reads the copy of what was truncated in the instant after it was read', async () => {
    const plain = createTraceFramer({ maxLineBytes: 65_536, maxRecordBytes: 65_536, maxRecordLines: 500 });
    let rotations = 0;
    const framer: Framer = {
      ...plain,
      frame: (bytes, flush) => {
        if (rotations++ === 0) {
          copyAndTruncate();
          folder.append('app.log', 51, 60);
        }
        return plain.frame(bytes, flush);
      },
    };
    writeFileSync(folder.at('app.log'), '');
    const one = await folder.follow(pattern, { framer: () => framer });
    await one.until(() => one.positions.length > 0);
    folder.append('app.log', 1, 50);
    await one.untilRecords(60);
    expectEachOnce(one, 60);
    await one.restart();
    folder.append('app.log', 61, 70);
    await one.untilRecords(70);
    expectEachOnce(one, 70);
  });

  it('reads on in a copy that was compressed at once, also where its session broke meanwhile', async () => {
    folder.append('app.log', 1, 50);
    copyTruncateAndCompress();
    folder.append('app.log', 51, 60);
    const one = await folder.follow(pattern);
    await one.untilExactly(10);
    one.commit(false);
    folder.append('app.log', 61, 70);
    await one.until(() => one.source.status().recordsRead === 20);
    folder.append('app.log', 71, 80);
    copyTruncateAndCompress();
    await one.source.rescan();
    folder.append('app.log', 81, 90);
    await one.reconnect();
    one.commit(true);
    await one.untilRecords(40);
    expect(byNumber(one.records)).toEqual(numbered(51, 90));
    expect(one.gaps).toEqual([]);
    expect(one.faults).toEqual([]);
  });

  it('reads what was compressed at once of a log that was not begun, or came and went between two looks', async () => {
    writeFileSync(folder.at('app.log'), '');
    const one = await folder.follow(pattern);
    await one.until(() => one.positions.length > 0);
    await one.pause();
    folder.append('app.log', 1, 50);
    await one.source.rescan();
    folder.append('app.log', 51, 60);
    copyTruncateAndCompress();
    folder.append('app.log', 61, 70);
    copyTruncateAndCompress();
    await one.source.rescan();
    one.pull();
    await one.untilExactly(70);
    folder.append('app.log', 71, 80);
    copyTruncateAndCompress();
    await one.untilExactly(80);
    folder.append('app.log', 81, 90);
    await one.untilRecords(90);
    expectEachOnce(one, 90);
    await one.restart();
    folder.append('app.log', 91, 99);
    await one.untilRecords(99);
    expectEachOnce(one, 99);
  });

  it('finds the copy of what was written while the agent was down to a file that was empty before', async () => {
    folder.append('app.log', 1, 50);
    const one = await folder.follow(pattern);
    await one.untilExactly(50);
    copyAndTruncate();
    await one.until(() => one.positions.length >= 3);
    await one.stop();
    folder.append('app.log', 51, 80);
    copyAndTruncate();
    folder.append('app.log', 81, 90);
    await one.start();
    await one.untilRecords(90);
    expectEachOnce(one, 90);
  });

  it('finds what was written while the agent was down to a new file and renamed, long after the one before was finished', async () => {
    folder.append('app.log', 1, 50);
    const one = await folder.follow(pattern);
    await one.untilExactly(50);
    renameSync(folder.at('app.log'), folder.at('app.log.1'));
    writeFileSync(folder.at('app.log'), '');
    await one.until(() => one.positions.length === 2);
    // Where it matches no pattern, the old file is let go of.
    if (pattern === 'app.log') await one.until(() => one.positions.some((each) => each.kind === 'file' && each.isFinished === true));
    await one.stop();
    folder.append('app.log', 51, 80);
    renameSync(folder.at('app.log.1'), folder.at('app.log.2'));
    renameSync(folder.at('app.log'), folder.at('app.log.1'));
    folder.append('app.log', 81, 90);
    await one.start();
    await one.untilRecords(90);
    expectEachOnce(one, 90);
  });
});

describe('a copy', () => {
  it('is held until what was read of its original is committed, however long that takes', async () => {
    let laterMs = 0;
    const clock = { ...systemClock, now: () => systemClock.now() + laterMs };
    folder.append('app.log', 1, 50);
    const one = await folder.follow('app.log', { clock });
    await one.untilExactly(50);
    one.commit(false);
    folder.append('app.log', 51, 60);
    await one.until(() => one.source.status().recordsRead === 60);
    copyAndTruncate();
    await one.source.rescan();
    await one.until(() => one.source.status().files === 3);
    laterMs = 600_000;
    await one.source.rescan();
    await one.source.rescan();
    await one.reconnect();
    one.commit(true);
    await one.untilRecords(60);
    expectEachOnce(one, 60);
  });
});

describe('a restart', () => {
  it('reads what was copied twice while the agent was down, where earlier copies stood under the same names', async () => {
    folder.append('app.log', 1, 50);
    const one = await folder.follow('app.log');
    await one.untilExactly(50);
    for (const from of [51, 61]) {
      const known = one.positions.length;
      copyAndTruncate();
      await one.until(() => one.positions.length >= known + 2);
      folder.append('app.log', from, from + 9);
      await one.untilExactly(from + 9);
    }
    await one.until(() => one.finished >= 2);
    await one.restart();
    await one.stop();
    for (const from of [71, 76]) {
      folder.append('app.log', from, from + 4);
      copyAndTruncate();
    }
    folder.append('app.log', 81, 90);
    await one.start();
    await one.untilRecords(90);
    expectEachOnce(one, 90);
  });

  it('reads on in a file that was renamed while nothing has its old name yet', async () => {
    folder.append('app.log', 1, 50);
    const one = await folder.follow('app.log');
    await one.untilExactly(50);
    await one.stop();
    folder.append('app.log', 51, 60);
    renameSync(folder.at('app.log'), folder.at('app.log.1'));
    await one.start();
    await one.untilRecords(60);
    expectEachOnce(one, 60);
  });

  it('reads on in a copy that was renamed, and in one that was compressed', async () => {
    folder.append('app.log', 1, 50);
    const one = await folder.follow('app.log');
    await one.untilExactly(50);
    await one.pause();
    folder.append('app.log', 51, 60);
    copyAndTruncate();
    one.maxBytes = 20;
    one.pull();
    await one.until(() => one.records.length > 51);
    await one.stop();
    copyAndTruncate();
    await one.start();
    await one.until(() => one.records.length > 53);
    await one.stop();
    copyAndTruncate();
    writeFileSync(folder.at('app.log.9.gz'), gzipSync(readFileSync(folder.at('app.log.3'))));
    unlinkSync(folder.at('app.log.3'));
    await one.start();
    await one.untilRecords(60);
    expectEachOnce(one, 60);
  });

  it('goes on with several compressed files once, also when acknowledgements were lost', async () => {
    folder.append('app.log', 1, 50);
    const one = await folder.follow('app.log');
    await one.untilExactly(50);
    await one.stop();
    for (const name of ['app.log.2', 'app.log.1']) {
      const from = name === 'app.log.2' ? 51 : 61;
      folder.append('app.log', from, from + 9);
      writeFileSync(folder.at(`${name}.gz`), gzipSync(readFileSync(folder.at('app.log'))));
      unlinkSync(folder.at('app.log'));
    }
    folder.append('app.log', 71, 80);
    one.maxBytes = 20;
    one.acknowledge(false);
    await one.start();
    await one.until(() => one.records.length > 60);
    await one.reconnect();
    await one.until(() => one.records.length > 64);
    await one.restart();
    one.acknowledge(true);
    await one.untilRecords(80);
    expectEachOnce(one, 80);
  });
});

describe('generations that come and go between two looks', () => {
  it('are read where they were compressed at once', async () => {
    folder.append('app.log', 1, 50);
    const one = await folder.follow('app.log');
    await one.untilExactly(50);
    renameSync(folder.at('app.log'), folder.at('app.log.2'));
    folder.append('app.log', 51, 60);
    writeFileSync(folder.at('app.log.1.gz'), gzipSync(readFileSync(folder.at('app.log'))));
    unlinkSync(folder.at('app.log'));
    folder.append('app.log', 61, 70);
    await one.untilRecords(70);
    expectEachOnce(one, 70);
  });

  it('are read where they were moved to another folder', async () => {
    folder.append('app.log', 1, 50);
    const one = await folder.follow('app.log');
    await one.untilExactly(50);
    mkdirSync(folder.at('old'));
    renameSync(folder.at('app.log'), folder.at('old/app.log-20260101'));
    folder.append('app.log', 51, 60);
    renameSync(folder.at('app.log'), folder.at('old/app.log-20260102'));
    folder.append('app.log', 61, 70);
    await one.untilRecords(70);
    expectEachOnce(one, 70);
  });
});

// Statements about identity, content and restarts: what makes a file the same file, and a line the same line.
// Must never look inside the source; it counts lines.
import {
  appendFileSync,
  closeSync,
  copyFileSync,
  linkSync,
  mkdirSync,
  openSync,
  readdirSync,
  readlinkSync,
  renameSync,
  truncateSync,
  unlinkSync,
  writeFileSync,
  writeSync,
} from 'node:fs';
import { setTimeout as delay } from 'node:timers/promises';
import { gzipSync } from 'node:zlib';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { createFramerChoice } from '../../../agent/framing/source-framer.ts';
import { byNumber, LogFolder, numbered, textOf } from '../../support/log-folder.ts';

let folder: LogFolder;

beforeEach(() => {
  folder = new LogFolder();
});

afterEach(async () => {
  await folder.remove();
});

/** How many of this process's descriptors are files in the folder. */
function openBelow(path: string): number {
  return readdirSync('/proc/self/fd').filter((name) => {
    try {
      return readlinkSync(`/proc/self/fd/${name}`).startsWith(`${path}/`);
    } catch {
      // The descriptor of the listing itself.
      return false;
    }
  }).length;
}

const heading = `# ${'x'.repeat(1021)}\n`;

describe('a file is the same file', () => {
  it('not because a new one shares its first KiB (7)', async () => {
    writeFileSync(folder.at('app.log'), heading + textOf(numbered(1, 10)));
    const one = await folder.follow('app.log');
    await one.untilRecords(11);
    renameSync(folder.at('app.log'), folder.at('app.log.1'));
    writeFileSync(folder.at('app.log'), heading + textOf(numbered(11, 20)));
    await one.untilRecords(22);
    await one.stop();
    writeFileSync(folder.at('app.log'), heading + textOf(numbered(21, 40)));
    await one.start();
    await one.untilRecords(43);
    expect(byNumber(one.records.filter((record) => record.startsWith('line')))).toEqual(numbered(1, 40));
  });

  it('not because it begins like another for 4 KiB (8)', async () => {
    const start = 'y'.repeat(4095);
    writeFileSync(folder.at('a.log'), `${start}\n`);
    writeFileSync(folder.at('b.log'), `${start}\n`);
    const one = await folder.follow('*.log');
    await one.untilRecords(2);
    folder.append('a.log', 1, 10);
    folder.append('b.log', 11, 20);
    await one.untilRecords(22);
    expect(byNumber(one.records.slice(2))).toEqual(numbered(1, 20));
  });

  it('not because its inode was used before, while nobody looked (9)', async () => {
    folder.append('app.log', 100, 199);
    const one = await folder.follow('app.log');
    await one.untilRecords(100);
    await one.stop();
    // From outside a reused inode is this: the same number, other content.
    writeFileSync(folder.at('app.log'), textOf(numbered(200, 399)));
    await one.start();
    await one.untilRecords(300);
    expect(one.records).toEqual(numbered(100, 399));
    expect(one.faults).toEqual([]);
  });

  it('wherever it is moved (12)', async () => {
    mkdirSync(folder.at('archive'));
    folder.append('app.log', 1, 10);
    const one = await folder.follow('app.log');
    await one.untilRecords(10);
    renameSync(folder.at('app.log'), folder.at('archive/old'));
    folder.append('archive/old', 11, 20);
    await one.untilRecords(20);
    expect(one.records).toEqual(numbered(1, 20));
  });

  it('through a name outside the watched folder (15)', async () => {
    mkdirSync(folder.at('logs'));
    mkdirSync(folder.at('elsewhere'));
    folder.append('logs/app.log', 1, 10);
    linkSync(folder.at('logs/app.log'), folder.at('elsewhere/writer'));
    const one = await folder.follow('logs/*.log');
    await one.untilRecords(10);
    folder.append('elsewhere/writer', 11, 20);
    await one.until(() => one.records.length === 20, 1500);
    expect(one.records).toEqual(numbered(1, 20));
  });

  it('when it is renamed away with a backlog, also over a restart (11)', async () => {
    const one = await folder.follow('app.log');
    await one.pause();
    folder.append('app.log', 1, 5000);
    await one.source.rescan();
    renameSync(folder.at('app.log'), folder.at('app.log.old'));
    folder.append('app.log', 5001, 5010);
    one.maxBytes = 4096;
    one.pull();
    await one.until(() => one.records.length > 500);
    await one.restart();
    await one.untilRecords(5010);
    expect(byNumber(one.records)).toEqual(numbered(1, 5010));
    expect(one.gaps).toEqual([]);
  });
});

describe('what happens while the agent is down', () => {
  it('is caught up: appended, renamed, begun anew (25)', async () => {
    folder.append('app.log', 1, 100);
    const one = await folder.follow('app.log');
    await one.untilRecords(100);
    await one.stop();
    folder.append('app.log', 101, 200);
    renameSync(folder.at('app.log'), folder.at('app.log.1'));
    folder.append('app.log', 201, 300);
    await one.start();
    await one.untilRecords(300);
    expect(byNumber(one.records)).toEqual(numbered(1, 300));
    expect(one.gaps).toEqual([]);
  });

  it.each([
    ['smaller', 10],
    ['larger', 500],
  ])('is caught up: copied, truncated, %s than before (26)', async (_name, count) => {
    folder.append('app.log', 1, 100);
    const one = await folder.follow('app.log');
    await one.untilRecords(100);
    await one.stop();
    folder.append('app.log', 101, 150);
    copyFileSync(folder.at('app.log'), folder.at('app.log.1'));
    truncateSync(folder.at('app.log'));
    folder.append('app.log', 151, 150 + count);
    await one.start();
    await one.untilRecords(150 + count);
    expect(byNumber(one.records)).toEqual(numbered(1, 150 + count));
    expect(one.gaps).toEqual([]);
    await one.restart();
    await one.untilQuiet();
    expect(one.records).toHaveLength(150 + count);
  });

  it.each(['app.log', 'app.log*'])('is no loss where a rotation removes what was read and finished (%s)', async (pattern) => {
    folder.append('app.log', 1, 100);
    const one = await folder.follow(pattern);
    await one.untilExactly(100);
    renameSync(folder.at('app.log'), folder.at('app.log.1'));
    folder.append('app.log', 101, 200);
    await one.untilExactly(200);
    await one.until(() => one.finished === 1);
    await one.restart();
    await one.stop();
    renameSync(folder.at('app.log'), folder.at('app.log.1'));
    folder.append('app.log', 201, 300);
    await one.start();
    await one.untilExactly(300);
    expect(one.gaps).toEqual([]);
    expect(one.faults).toEqual([]);
  });

  it('is no loss where a file was truncated after all was read, and the agent was killed before it could tell', async () => {
    folder.append('app.log', 1, 100);
    const one = await folder.follow('app.log');
    await one.untilExactly(100);
    one.commit(false);
    truncateSync(folder.at('app.log'));
    await one.until(() => one.finished === 1);
    folder.append('app.log', 101, 110);
    await one.stop();
    one.commit(true);
    await one.start();
    await one.untilRecords(110);
    expect(one.gaps).toEqual([]);
    expect(one.faults).toEqual([]);
  });

  it('is no loss where a process knows only from the coordinator that a file was truncated', async () => {
    folder.append('app.log', 1, 100);
    const one = await folder.follow('app.log', { onFinished: undefined });
    await one.untilExactly(100);
    const own = one.positions;
    truncateSync(folder.at('app.log'));
    folder.append('app.log', 101, 110);
    await one.untilExactly(110);
    await one.stop();
    folder.append('app.log', 111, 120);
    await one.start(own);
    await one.untilRecords(120);
    expect(byNumber(one.records)).toEqual(numbered(1, 120));
    expect(one.gaps).toEqual([]);
    expect(one.faults).toEqual([]);
  });

  it('is read from its beginning where a process knows of one truncation only from the coordinator, and of another from nobody', async () => {
    folder.append('app.log', 1, 100);
    const one = await folder.follow('app.log', { onFinished: undefined });
    await one.untilExactly(100);
    const own = one.positions;
    truncateSync(folder.at('app.log'));
    folder.append('app.log', 101, 110);
    await one.untilExactly(110);
    await one.stop();
    truncateSync(folder.at('app.log'));
    folder.append('app.log', 111, 150);
    await one.start(own);
    await one.untilRecords(150);
    expect(byNumber(one.records)).toEqual(numbered(1, 150));
    expect(one.gaps).toMatchObject([{ bytes: 0, reason: 'file-vanished' }]);
    expect(one.faults).toEqual([]);
  });

  it('is read on where it went on after it was finished', async () => {
    folder.append('app.log', 1, 100);
    const one = await folder.follow('app.log*');
    await one.untilExactly(100);
    renameSync(folder.at('app.log'), folder.at('app.log.1'));
    folder.append('app.log', 101, 110);
    await one.untilExactly(110);
    await one.until(() => one.finished === 1);
    await one.stop();
    folder.append('app.log.1', 111, 120);
    await one.start();
    await one.untilRecords(120);
    expect(one.gaps).toEqual([]);
    expect(one.faults).toEqual([]);
  });

  it('is reported where it is lost', async () => {
    folder.append('app.log', 1, 100);
    const one = await folder.follow('app.log');
    await one.untilRecords(100);
    await one.stop();
    unlinkSync(folder.at('app.log'));
    folder.append('app.log', 1001, 1100);
    await one.start();
    await one.untilRecords(200);
    expect(one.gaps).toMatchObject([{ reason: 'file-vanished' }]);
    await one.restart();
    await one.untilQuiet();
    expect(one.gaps).toHaveLength(1);
  });

  it('does not make old files new where reading begins at the end', async () => {
    folder.append('app.log', 1, 10);
    folder.append('quiet.log', 901, 910);
    const one = await folder.follow('*.log', { start: 'end' });
    await one.untilQuiet();
    folder.append('app.log', 11, 20);
    await one.untilRecords(10);
    await one.stop();
    folder.append('quiet.log', 911, 912);
    folder.append('new.log', 801, 802);
    await one.start();
    await one.untilRecords(14);
    expect(byNumber(one.records)).toEqual([...numbered(11, 20), ...numbered(801, 802), ...numbered(911, 912)]);
  });
});

describe('a line', () => {
  it('that is written in two parts is one (16), also over a restart (17)', async () => {
    appendFileSync(folder.at('app.log'), 'line 1\nlin');
    const one = await folder.follow('app.log');
    await one.untilRecords(1);
    await delay(600);
    appendFileSync(folder.at('app.log'), 'e 2\nli');
    await one.untilRecords(2);
    await one.restart();
    appendFileSync(folder.at('app.log'), 'ne 3\n');
    await one.untilRecords(3);
    expect(one.records).toEqual(numbered(1, 3));
  });

  it('without an end is given out once its file is deleted (18)', async () => {
    writeFileSync(folder.at('app.log'), 'line 1\nline 2');
    const one = await folder.follow('app.log');
    await one.untilRecords(1);
    unlinkSync(folder.at('app.log'));
    await one.untilRecords(2);
    expect(one.records).toEqual(numbered(1, 2));
  });

  it('ends with a carriage return and line feed wherever reads begin (19)', async () => {
    const one = await folder.follow('app.log');
    one.maxBytes = 101;
    writeFileSync(
      folder.at('app.log'),
      numbered(1, 500)
        .map((line) => `${line}\r\n`)
        .join(''),
    );
    await one.until(() => one.records.length >= 500);
    expect(one.records).toEqual(numbered(1, 500));
  });

  it('of 10 MiB is split and leaves its neighbours alone (20)', async () => {
    const framer = createFramerChoice({});
    const one = await folder.follow('app.log', { framer });
    writeFileSync(folder.at('app.log'), `line 1\n${'z'.repeat(10 * 1024 * 1024)}\nline 2\n`);
    await one.until(() => one.records.at(-1) === 'line 2', 20_000);
    const pieces = one.records.slice(1, -1);
    expect(one.records[0]).toBe('line 1');
    expect(pieces.join('')).toHaveLength(10 * 1024 * 1024);
    expect(Math.max(...pieces.map((piece) => piece.length))).toBeLessThanOrEqual(256 * 1024);
    expect(one.chunks.some(({ cut }) => cut)).toBe(true);
  });

  it('keeps its bytes, whatever they are (21), and an empty one counts (24)', async () => {
    const bytes = Buffer.concat([Buffer.from('zwölf 🐘\n\n'), Buffer.from([0xff, 0xfe, 0x00, 0x80, 0x0a]), Buffer.from('\n\nend\n')]);
    const one = await folder.follow('app.log');
    one.maxBytes = 5;
    writeFileSync(folder.at('app.log'), bytes);
    await one.untilRecords(6);
    expect(Buffer.concat(one.chunks.map((chunk) => chunk.bytes)).equals(bytes)).toBe(true);
    expect(one.records).toHaveLength(6);
  });

  it('in UTF-16 is read as text (22)', async () => {
    const one = await folder.follow('app.log', { framer: createFramerChoice({}) });
    const text = `\ufeff${textOf(numbered(1, 50))}ünïcödé\n`;
    const bytes = Buffer.from(text, 'utf16le');
    writeFileSync(folder.at('app.log'), bytes.subarray(0, 201));
    await one.until(() => one.records.length > 5);
    appendFileSync(folder.at('app.log'), bytes.subarray(201));
    await one.untilRecords(51);
    expect(one.records).toEqual([...numbered(1, 50), 'ünïcödé']);
  });
});

describe('the source', () => {
  it('loses nothing and repeats nothing in many crashes, reconnects and rotations (27)', async () => {
    const one = await folder.follow('app.log');
    let last = 0;
    for (let round = 0; round < 12; round += 1) {
      folder.append('app.log', last + 1, last + 700);
      last += 700;
      if (round % 3 === 1) {
        for (let kept = 4; kept >= 1; kept -= 1) {
          try {
            renameSync(folder.at(`app.log.${kept}`), folder.at(`app.log.${kept + 1}`));
          } catch {
            // Not that many generations yet.
          }
        }
        renameSync(folder.at('app.log'), folder.at('app.log.1'));
        folder.append('app.log', last + 1, last + 300);
        last += 300;
      }
      one.commit(round % 2 === 0);
      one.acknowledge(round % 4 !== 0);
      await delay(round * 7);
      if (round % 2 === 0) await one.restart();
      else await one.reconnect();
    }
    one.commit(true);
    one.acknowledge(true);
    await one.untilRecords(last);
    expect(byNumber(one.records)).toEqual(numbered(1, last));
    expect(one.gaps).toEqual([]);
    expect(one.faults).toEqual([]);
  });

  it('holds what is rotated while nobody pulls (31)', async () => {
    const one = await folder.follow('app.log');
    await one.pause();
    for (let generation = 0; generation < 5; generation += 1) {
      folder.append('app.log', generation * 100 + 1, generation * 100 + 100);
      await one.until(() => one.source.status().lagBytes >= textOf(numbered(1, generation * 100 + 100)).length);
      unlinkSync(folder.at('app.log'));
    }
    one.pull();
    await one.untilRecords(500);
    expect(byNumber(one.records)).toEqual(numbered(1, 500));
  });

  it('keeps within its descriptors (36)', async () => {
    for (let file = 0; file < 400; file += 1) writeFileSync(folder.at(`${file}.log`), `line ${file}\n`);
    let most = 0;
    const one = await folder.follow('*.log', { maxOpenFiles: () => 32 });
    await one.until(() => {
      most = Math.max(most, openBelow(folder.path));
      return one.records.length >= 400;
    });
    expect(most).toBeLessThanOrEqual(33);
    truncateSync(folder.at('7.log'));
    folder.append('7.log', 800, 800);
    for (let file = 0; file < 400; file += 1) appendFileSync(folder.at(`${file}.log`), `line ${400 + file}\n`);
    await one.untilRecords(801);
    expect(byNumber(one.records)).toEqual(numbered(0, 800));
  });

  it('closes what is too much when the limit falls while it runs', async () => {
    for (let file = 0; file < 100; file += 1) writeFileSync(folder.at(`${file}.log`), `line ${file}\n`);
    let limit = 64;
    const one = await folder.follow('*.log', { maxOpenFiles: () => limit });
    await one.untilRecords(100);
    expect(openBelow(folder.path)).toBeGreaterThan(32);
    limit = 16;
    await one.until(() => openBelow(folder.path) <= 17);
    for (let file = 0; file < 100; file += 1) appendFileSync(folder.at(`${file}.log`), `line ${100 + file}\n`);
    await one.untilRecords(200);
    expect(byNumber(one.records)).toEqual(numbered(0, 199));
  });

  it('finds a file again that was closed to spare descriptors and then rotated', async () => {
    const names = Array.from({ length: 60 }, (_unused, file) => `app${file}.log`);
    for (const name of names) appendFileSync(folder.at(name), 'first\n');
    const one = await folder.follow('*.log', { maxOpenFiles: () => 16 });
    await one.untilRecords(60);
    for (const [file, name] of names.entries()) {
      folder.append(name, file, file);
      renameSync(folder.at(name), folder.at(`${name}.1`));
      appendFileSync(folder.at(name), 'second\n');
    }
    await one.untilRecords(180);
    expect(byNumber(one.records.filter((record) => record.startsWith('line')))).toEqual(numbered(0, 59));
    expect(one.records).toHaveLength(180);
    expect(one.gaps).toEqual([]);
  });

  it('gives quiet files their turn beside a busy one (39)', async () => {
    writeFileSync(folder.at('busy.log'), `${'b'.repeat(99)}\n`.repeat(300_000));
    for (let file = 1; file <= 50; file += 1) folder.append(`quiet${file}.log`, file, file);
    const one = await folder.follow('*.log');
    await one.until(() => one.records.filter((record) => record.startsWith('line')).length === 50);
    expect(one.records.length).toBeLessThan(200_000);
  });

  it('takes compressed generations for no lines', async () => {
    folder.append('app.log', 1, 10);
    writeFileSync(folder.at('app.log.2.gz'), gzipSync(textOf(numbered(901, 999))));
    const one = await folder.follow('app.log*');
    await one.untilRecords(10);
    expect(one.records).toEqual(numbered(1, 10));
  });

  it('reads a file that is written all the time without being woken for each write', async () => {
    const descriptor = openSync(folder.at('app.log'), 'a');
    const one = await folder.follow('app.log');
    for (let line = 1; line <= 3000; line += 1) {
      writeSync(descriptor, `line ${line}\n`);
      if (line % 100 === 0) await delay(1);
    }
    closeSync(descriptor);
    await one.untilRecords(3000);
    expect(one.records).toEqual(numbered(1, 3000));
  });
});

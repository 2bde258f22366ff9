// Statements about rotation: no line is lost and none is repeated, whatever happens to the file's names.
// Must never look inside the source; it counts lines.
import {
  appendFileSync,
  copyFileSync,
  existsSync,
  linkSync,
  mkdirSync,
  mkdtempSync,
  renameSync,
  rmSync,
  symlinkSync,
  truncateSync,
  unlinkSync,
  writeFileSync,
} from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { SourceDriver } from '../../support/source-driver.ts';
import type { DriverOptions } from '../../support/source-driver.ts';

let folder = '';
let driver: SourceDriver | undefined;

beforeEach(() => {
  folder = mkdtempSync(join(tmpdir(), 'hephaestus-files-'));
});

afterEach(async () => {
  await driver?.stop();
  driver = undefined;
  rmSync(folder, { recursive: true, force: true });
});

async function follow(pattern: string, options: Partial<DriverOptions> = {}): Promise<SourceDriver> {
  driver = new SourceDriver({ include: [join(folder, pattern)], ...options });
  await driver.start();
  return driver;
}

function numbered(from: number, to: number): string[] {
  return Array.from({ length: to - from + 1 }, (_unused, index) => `line ${from + index}`);
}

function text(lines: readonly string[]): string {
  return lines.map((line) => `${line}\n`).join('');
}

function append(name: string, from: number, to: number): void {
  appendFileSync(join(folder, name), text(numbered(from, to)));
}

function path(name: string): string {
  return join(folder, name);
}

function expectExactly(records: readonly string[], from: number, to: number): void {
  const sorted = records.toSorted((one, other) => Number(one.slice(5)) - Number(other.slice(5)));
  expect(sorted).toEqual(numbered(from, to));
}

describe('a file that grows', () => {
  it('gives each line once, in order', async () => {
    append('app.log', 1, 100);
    const { records, untilRecords } = bind(await follow('app.log'));
    await untilRecords(100);
    append('app.log', 101, 200);
    await untilRecords(200);
    expect(records).toEqual(numbered(1, 200));
  });
});

/** The driver's methods, free to be called alone. */
function bind(one: SourceDriver) {
  return { records: one.records, gaps: one.gaps, faults: one.faults, untilRecords: (count: number) => one.untilRecords(count) };
}

describe('rename rotation', () => {
  it.each(['app.log', 'app.log*'])('loses nothing with pattern %s', async (pattern) => {
    append('app.log', 1, 1000);
    const one = await follow(pattern);
    for (let generation = 1; generation <= 10; generation += 1) {
      for (let kept = 4; kept >= 1; kept -= 1) {
        if (existsSync(path(`app.log.${kept}`))) renameSync(path(`app.log.${kept}`), path(`app.log.${kept + 1}`));
      }
      renameSync(path('app.log'), path('app.log.1'));
      append('app.log', generation * 1000 + 1, generation * 1000 + 1000);
      await one.until(() => one.records.length > (generation - 1) * 1000);
    }
    await one.untilRecords(11_000);
    expectExactly(one.records, 1, 11_000);
    expect(one.gaps).toEqual([]);
    expect(one.faults).toEqual([]);
  });

  it('reads on in the renamed file while its writer keeps it open', async () => {
    append('app.log', 1, 10);
    const one = await follow('app.log');
    await one.untilRecords(10);
    renameSync(path('app.log'), path('elsewhere'));
    append('app.log', 21, 30);
    append('elsewhere', 11, 20);
    await one.untilRecords(30);
    expectExactly(one.records, 1, 30);
  });

  it('finds generations that were rotated away while nobody looked', async () => {
    append('app.log', 1, 10);
    const one = await follow('app.log');
    await one.untilRecords(10);
    await one.stop();
    append('app.log', 11, 20);
    renameSync(path('app.log'), path('app.log.3'));
    append('app.log.2', 21, 30);
    append('app.log.1', 31, 40);
    append('app.log', 41, 50);
    await one.start();
    await one.untilRecords(50);
    expectExactly(one.records, 1, 50);
    expect(one.gaps).toEqual([]);
  });

  it('does not read rotated files from before its time', async () => {
    append('app.log.1', 901, 999);
    append('app.log', 1, 10);
    const one = await follow('app.log');
    await one.untilRecords(10);
    renameSync(path('app.log.1'), path('app.log.2'));
    renameSync(path('app.log'), path('app.log.1'));
    append('app.log', 11, 20);
    await one.untilRecords(20);
    await one.restart();
    append('app.log', 21, 30);
    await one.untilRecords(30);
    expect(one.records).toEqual(numbered(1, 30));
  });
});

describe('a stack trace across a rotation', () => {
  const head = 'Error: boom\n    at a (/srv/a.js:1:1)\n';
  const rest = '    at b (/srv/b.js:2:2)\n    at c (/srv/c.js:3:3)\n';

  it('is one record, also after a lost connection', async () => {
    append('app.log', 1, 3);
    const one = await follow('app.log', { timing: { traceMs: 3000 } });
    await one.until(() => one.records.length >= 2);
    one.commit(false);
    appendFileSync(path('app.log'), head);
    renameSync(path('app.log'), path('app.log.1'));
    appendFileSync(path('app.log'), `${rest}after\n`);
    await one.until(() => one.source.status().lagBytes === 0, 10_000);
    await one.reconnect();
    one.commit(true);
    await one.until(() => one.records.length >= 5);
    await one.restart();
    append('app.log', 4, 4);
    await one.untilRecords(6);
    expect(one.records).toEqual(['line 1', 'line 2', 'line 3', (head + rest).trimEnd(), 'after', 'line 4']);
    expect(one.faults).toEqual([]);
  });
});

describe('copytruncate', () => {
  it('loses nothing in ten rotations that are drained', async () => {
    const one = await follow('app.log');
    for (let round = 0; round < 10; round += 1) {
      append('app.log', round * 50 + 1, round * 50 + 50);
      await one.until(() => one.records.length === round * 50 + 50);
      copyFileSync(path('app.log'), path('app.log.1'));
      truncateSync(path('app.log'));
    }
    await one.untilQuiet();
    expect(one.records).toEqual(numbered(1, 500));
    expect(one.gaps).toEqual([]);
  });

  it.each(['app.log', 'app.log*'])('reads an unread tail from the copy with pattern %s', async (pattern) => {
    append('app.log', 1, 100);
    const one = await follow(pattern);
    await one.untilRecords(100);
    await one.pause();
    append('app.log', 101, 200);
    copyFileSync(path('app.log'), path('app.log.1'));
    truncateSync(path('app.log'));
    append('app.log', 201, 210);
    one.pull();
    await one.untilRecords(210);
    expect(one.records).toEqual(numbered(1, 210));
    expect(one.gaps).toEqual([]);
    await one.restart();
    append('app.log', 211, 220);
    await one.untilRecords(220);
    expect(one.records).toEqual(numbered(1, 220));
  });

  it('reads in the copy what was given out in vain before the connection was lost', async () => {
    append('app.log', 1, 100);
    const one = await follow('app.log');
    await one.untilExactly(100);
    one.commit(false);
    append('app.log', 101, 200);
    await one.until(() => one.source.status().recordsRead === 200);
    copyFileSync(path('app.log'), path('app.log.1'));
    truncateSync(path('app.log'));
    append('app.log', 201, 210);
    await one.until(() => one.source.status().recordsRead === 210);
    await one.reconnect();
    one.commit(true);
    await one.untilRecords(210);
    expectExactly(one.records, 1, 210);
    expect(one.gaps).toEqual([]);
    expect(one.faults).toEqual([]);
  });

  it('reports the exact range when no copy is left', async () => {
    append('app.log', 1, 100);
    const one = await follow('app.log');
    await one.untilRecords(100);
    await one.pause();
    append('app.log', 101, 200);
    await one.source.rescan();
    truncateSync(path('app.log'));
    append('app.log', 201, 210);
    one.pull();
    await one.untilRecords(110);
    expect(one.gaps).toMatchObject([{ reason: 'truncated', bytes: text(numbered(101, 200)).length }]);
    expect(one.records.slice(100)).toEqual(numbered(201, 210));
  });

  it('sees a file written over to the same size at once', async () => {
    append('app.log', 100, 199);
    const one = await follow('app.log');
    await one.untilRecords(100);
    writeFileSync(path('app.log'), text(numbered(200, 299)));
    await one.untilRecords(200);
    append('app.log', 300, 309);
    await one.untilRecords(210);
    expect(one.records).toEqual(numbered(100, 309));
  });

  it('sees a file written over to a larger size at once', async () => {
    append('app.log', 100, 199);
    const one = await follow('app.log');
    await one.untilRecords(100);
    writeFileSync(path('app.log'), text(numbered(200, 499)));
    await one.untilRecords(400);
    expect(one.records).toEqual(numbered(100, 499));
  });
});

describe('names', () => {
  it('reads a deleted file to its end while its writer goes on, then lets go of it', async () => {
    append('app.log', 1, 10);
    linkSync(path('app.log'), path('writer'));
    const one = await follow('app.log');
    await one.untilRecords(10);
    unlinkSync(path('app.log'));
    append('writer', 11, 20);
    await one.untilRecords(20);
    append('writer', 21, 30);
    unlinkSync(path('writer'));
    await one.untilRecords(30);
    expect(one.records).toEqual(numbered(1, 30));
    await one.until(() => one.source.status().files === 0);
  });

  it('reads a link and its target once', async () => {
    append('app.log', 1, 10);
    symlinkSync(path('app.log'), path('current.log'));
    const one = await follow('*.log');
    await one.untilRecords(10);
    append('app.log', 11, 20);
    await one.untilRecords(20);
    expect(one.records).toEqual(numbered(1, 20));
  });

  it('follows a link to its new target', async () => {
    mkdirSync(path('data'));
    append('data/a', 1, 10);
    append('data/b', 11, 20);
    symlinkSync(path('data/a'), path('app.log'));
    const one = await follow('app.log');
    await one.untilRecords(10);
    unlinkSync(path('app.log'));
    symlinkSync(path('data/b'), path('app.log'));
    await one.untilRecords(20);
    expect(one.records).toEqual(numbered(1, 20));
  });
});

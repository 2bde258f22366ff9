// Positions survive the process, the coordinator's word goes first, and damage is told instead of believed.
// Must never use another clock than the system's: writing is awaited, not timed.
import { mkdtemp, readFile, readdir, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import type { SourcePosition } from '../../../agent/record.ts';
import { mergePositions, openPositionsFile, type PositionsFile } from '../../../agent/session/positions-file.ts';
import { systemClock } from '../../../base/clock.ts';
import { silentLogger } from '../../../base/logger.ts';

let folder = '';
beforeEach(async () => {
  folder = await mkdtemp(join(tmpdir(), 'positions-'));
});
afterEach(() => rm(folder, { recursive: true, force: true }));

function open(): PositionsFile {
  return openPositionsFile({ path: join(folder, 'positions.json'), clock: systemClock, logger: silentLogger });
}

function at(inode: number, offset: number, generation = 0, source = 'app'): SourcePosition {
  const identity = { device: '1', inode: String(inode), fingerprint: Buffer.from([inode]), fingerprintLength: 1, generation };
  return { source, position: { kind: 'file', identity, offset, path: `/log/${inode}` } };
}

const cursor: SourcePosition = { source: 'journal', position: { kind: 'journal', cursor: 's=1;i=2' } };

describe('openPositionsFile', () => {
  it('has after a restart what was recorded last for each file and the journal', async () => {
    const file = open();
    for (const position of [at(1, 10), at(2, 5), cursor, at(1, 20), at(1, 3, 1)]) file.record(position);
    await file.close();
    const loaded = await open().load();
    expect(loaded).toHaveLength(4);
    expect(loaded).toEqual(expect.arrayContaining([at(1, 20), at(2, 5), cursor, at(1, 3, 1)]));
  });

  it('knows nothing where there is no file', async () => {
    expect(await open().load()).toEqual([]);
  });

  it.each([
    ['empty', ''],
    ['no envelope', 'hello'],
    ['zeroes', '\0\0\0\0'],
  ])('begins without a file that is %s, and keeps it aside', async (_, text) => {
    await writeFile(join(folder, 'positions.json'), text);
    const file = open();
    expect(await file.load()).toEqual([]);
    expect(await readFile(join(folder, 'positions.json.damaged'), 'utf8')).toBe(text);
    file.record(at(1, 1));
    await file.close();
    expect(await open().load()).toEqual([at(1, 1)]);
  });

  it('begins without a file that was changed by hand', async () => {
    const file = open();
    file.record(at(1, 1));
    await file.close();
    const path = join(folder, 'positions.json');
    await writeFile(path, (await readFile(path, 'utf8')).replace('"offset":1', '"offset":2'));
    expect(await open().load()).toEqual([]);
  });

  it('says why it cannot write, and writes again when it can', async () => {
    const path = join(folder, 'missing', 'positions.json');
    const file = openPositionsFile({ path, clock: systemClock, logger: silentLogger });
    file.record(at(1, 1));
    await expect(file.flush()).rejects.toThrow('ENOENT');
    expect(file.failure()).toMatch(/ENOENT/);
    await rm(join(folder, 'missing'), { recursive: true, force: true });
    const { mkdir } = await import('node:fs/promises');
    await mkdir(join(folder, 'missing'));
    await file.flush();
    expect(file.failure()).toBeUndefined();
    await file.close();
    expect(await readdir(join(folder, 'missing'))).toEqual(['positions.json']);
  });
});

describe('mergePositions', () => {
  it('takes the coordinator at its word, and ours only for files that it does not name', () => {
    expect(mergePositions([at(1, 5)], [at(1, 9), at(2, 7), cursor])).toEqual([at(1, 5), at(2, 7), cursor]);
    expect(mergePositions([at(1, 5, 1)], [at(1, 9, 0)])).toEqual([at(1, 5, 1), at(1, 9, 0)]);
    expect(mergePositions([], [at(1, 9)])).toEqual([at(1, 9)]);
    expect(mergePositions([at(1, 5, 0, 'other')], [at(1, 9)])).toEqual([at(1, 5, 0, 'other'), at(1, 9)]);
  });
});

// Statements about devices that have another number than when positions were kept.
// Must never mount anything: the positions say what the number was.
import { mkdtempSync, rmSync, statSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import type { FilePosition } from '../../../agent/record.ts';
import { FileFinder } from '../../../agent/sources/file-finder.ts';
import { fingerprintOf } from '../../../agent/sources/file-identity.ts';
import { renumber } from '../../../agent/sources/renumbered-devices.ts';
import { RotatedFiles } from '../../../agent/sources/rotated-names.ts';

let folder: string;
const text = 'one\ntwo\nthree\n';

beforeEach(() => {
  folder = mkdtempSync(join(tmpdir(), 'hephaestus-renumbered-'));
  writeFileSync(join(folder, 'app.log'), text);
});

afterEach(() => {
  rmSync(folder, { recursive: true, force: true });
});

function position(device: string, inode: string, content: string, changes: Partial<FilePosition> = {}): FilePosition {
  const bytes = Buffer.from(content);
  const identity = { device, inode, generation: 2, fingerprint: fingerprintOf(bytes), fingerprintLength: bytes.length };
  return { kind: 'file', identity, offset: bytes.length, path: join(folder, 'app.log'), ...changes };
}

function renumbered(...positions: readonly FilePosition[]): ReturnType<typeof renumber> {
  return renumber(positions, new FileFinder([join(folder, '*.log')], []).find(), new RotatedFiles());
}

describe('positions under a number that is gone', () => {
  it('follow a file with the same inode and beginning, and all others of that device with them', () => {
    const { dev, ino } = statSync(join(folder, 'app.log'), { bigint: true });
    const own = position('99999', `${ino}`, 'one\ntwo\n');
    const other = position('99999', '77', 'of a file that is finished', { isFinished: true });
    const { positions, moved } = renumbered(own, other);
    const now = [own, other].map((each) => ({ ...each, identity: { ...each.identity, device: `${dev}` } }));
    expect(positions).toEqual(now);
    expect(moved).toEqual([
      { before: own, now: now[0] },
      { before: other, now: now[1] },
    ]);
  });

  it('stay what they are where the content is another', () => {
    const { ino } = statSync(join(folder, 'app.log'), { bigint: true });
    const other = position('99999', `${ino}`, 'one\nnot two\n');
    expect(renumbered(other)).toEqual({ positions: [other], moved: [] });
  });

  it('stay what they are while the number is in use', () => {
    const { dev, ino } = statSync(join(folder, 'app.log'), { bigint: true });
    const live = position(`${dev}`, '77', 'one\ntwo\n');
    const other = position('99999', `${ino}`, 'something else');
    expect(renumbered(live, other).moved).toEqual([]);
  });

  it('give way to those that are kept under the new number', () => {
    const { dev, ino } = statSync(join(folder, 'app.log'), { bigint: true });
    const former = position('99999', `${ino}`, 'one\n');
    const live = position(`${dev}`, `${ino}`, 'one\ntwo\n');
    expect(renumbered(former, live)).toEqual({ positions: [live], moved: [] });
  });
});

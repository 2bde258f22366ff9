// Statements about when nothing can have changed on the disk, so that a scan would be in vain.
// Must never wait for time to go by: the clock is the test's.
import { appendFileSync, mkdirSync, mkdtempSync, renameSync, rmSync, statSync, truncateSync, unlinkSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { FileFinder } from '../../../agent/sources/file-finder.ts';
import { Glance, type GlanceRoster } from '../../../agent/sources/glance.ts';

let folder: string;

beforeEach(() => {
  folder = mkdtempSync(join(tmpdir(), 'hephaestus-glance-'));
  mkdirSync(join(folder, 'web'));
  for (const name of ['a', 'b', 'c']) writeFileSync(join(folder, 'web', `${name}.log`), `${name}\n`);
});

afterEach(() => {
  rmSync(folder, { recursive: true, force: true });
  rmSync(`${folder}-probe`, { force: true });
});

/** A source that follows all files that its scans find; what happens in a test is long past for it, unless `nowMs` says otherwise. */
function watcher(problems: ReadonlyMap<string, string> = new Map()) {
  const finder = new FileFinder([join(folder, '*', '*.log'), join(folder, '*', 'deep', '*.log'), join(folder, 'single.log')], []);
  const glance = new Glance();
  const roster: GlanceRoster = { followers: new Set(), problems, atPath: () => undefined };
  const look = (nowMs = Date.now() + 3_600_000, monotonicMs = 0): boolean => {
    const suffices = glance.suffices(roster, nowMs, monotonicMs);
    if (!suffices) glance.aim(finder.find());
    return suffices;
  };
  // The first scan finds what there is, the second one that all of it was looked at before.
  look();
  look();
  nextTick();
  return look;
}

/** Until the file system's clock has moved on: what happens within one step of it can't be told apart (see racyMs). */
function nextTick(): void {
  const probe = `${folder}-probe`;
  const touched = (): number => {
    writeFileSync(probe, 'x');
    return statSync(probe).ctimeMs;
  };
  const first = touched();
  while (touched() === first);
}

describe('a glance suffices', () => {
  it('while nothing happens', () => {
    const look = watcher();
    expect(look()).toBe(true);
    expect(look()).toBe(true);
  });

  it.each<[string, () => void]>([
    ['a file grew', () => appendFileSync(join(folder, 'web', 'b.log'), 'more\n')],
    ['a file was truncated', () => truncateSync(join(folder, 'web', 'b.log'), 0)],
    ['a file was written over with as many bytes', () => writeFileSync(join(folder, 'web', 'b.log'), 'B\n')],
    ['a file was deleted', () => unlinkSync(join(folder, 'web', 'b.log'))],
    ['a file was renamed', () => renameSync(join(folder, 'web', 'b.log'), join(folder, 'web', 'b.log.1'))],
    ['a file came', () => writeFileSync(join(folder, 'web', 'd.log'), 'd\n')],
    ['a folder came', () => mkdirSync(join(folder, 'database'))],
    ['a folder came that a pattern waits for', () => mkdirSync(join(folder, 'web', 'deep'))],
    ['a file came that is named outright', () => writeFileSync(join(folder, 'single.log'), 'single\n')],
  ])('not after %s', (_what, act) => {
    const look = watcher();
    act();
    expect(look()).toBe(false);
  });

  it('not while a file may change again within one step of its time', () => {
    const look = watcher();
    appendFileSync(join(folder, 'web', 'b.log'), 'more\n');
    expect(look(Date.now())).toBe(false);
    expect(look(Date.now())).toBe(false);
  });

  it('not for longer than ten seconds', () => {
    const look = watcher();
    const nowMs = Date.now() + 3_600_000;
    expect(look(nowMs, 9_000)).toBe(true);
    expect(look(nowMs, 11_000)).toBe(false);
    expect(look(nowMs, 12_000)).toBe(true);
  });

  it('not while a trouble is there that may pass unseen, but while permissions are missing', () => {
    expect(watcher(new Map([['/x', 'EMFILE']]))()).toBe(false);
    expect(watcher(new Map([['/x', 'EACCES']]))()).toBe(true);
  });
});

// States what is kept of mirrors and work trees on the disk: the least recently used goes first, what is in use never, and nothing is begun without room.
// Must never reach beyond this machine.
import { existsSync, mkdirSync, readdirSync, utimesSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { afterEach, beforeEach, expect, test } from 'vitest';
import { systemClock } from '../../base/clock.ts';
import { silentLogger } from '../../base/logger.ts';
import { MirrorDisk, sizeOf, type MirrorDiskOptions } from '../../coordinator/repository/mirror-disk.ts';
import { GitFixture, makeRepository, makeRepositoryService, type ServiceParts } from '../support/git-fixture.ts';

const hourMs = 3_600_000;

let fixture: GitFixture;
let laterMs: number;

beforeEach(() => {
  fixture = new GitFixture();
  fixture.commit({ message: 'one', files: { a: 'x'.repeat(100_000) } });
  laterMs = 0;
});

afterEach(() => fixture.dispose());

const clock = { ...systemClock, now: () => Date.now() + laterMs };
const open = (disk: Partial<MirrorDiskOptions> = {}): ServiceParts =>
  makeRepositoryService(join(fixture.folder, 'state'), { disk: { clock, ...disk } });
const repositoryOf = (id: string) => makeRepository(fixture.remote, { id, name: id });
const kept = (): readonly string[] => readdirSync(join(fixture.folder, 'state/repositories')).toSorted();

test('the mirrors that were used longest ago go until the others fit, and come back when they are needed', async () => {
  const parts = open();
  for (const id of ['first', 'second', 'third']) {
    await parts.service.initialize(repositoryOf(id));
    laterMs += 2 * hourMs;
  }
  await parts.service.initialize(repositoryOf('first'));
  laterMs += 2 * hourMs;
  const bytes = await sizeOf(join(fixture.folder, 'state/repositories'));
  const tight = open({ maxBytes: Math.round(bytes * 0.7) });
  // A process that began anew knows from the marks when each was used.
  await expect.poll(() => kept().filter((id) => existsSync(join(fixture.folder, 'state/repositories', id, 'used')))).toEqual(kept());
  for (const [index, id] of ['second', 'third', 'first'].entries()) {
    const at = new Date(clock.now() - (10 - index) * hourMs);
    utimesSync(join(fixture.folder, 'state/repositories', id, 'used'), at, at);
  }
  expect(await tight.mirrors.sweep(new Set(['first', 'second', 'third']))).toMatchObject({ mirrors: 2, removed: 1 });
  expect(kept()).toEqual(['first', 'third']);
  expect(await tight.service.initialize(repositoryOf('second'))).toMatchObject({ branch: 'main' });
  expect(await tight.service.getFileContents(repositoryOf('second'), 'a', 'main')).toHaveLength(100_000);
});

test('one that is in use, or was a moment ago, is never removed, however much it takes', async () => {
  const parts = open({ maxBytes: 1 });
  await parts.service.initialize(repositoryOf('busy'));
  laterMs += hourMs / 2;
  expect(await parts.mirrors.sweep(new Set(['busy']))).toMatchObject({ mirrors: 1, removed: 0 });
  // Only reading it counts, too.
  laterMs += hourMs;
  await parts.service.getFileContents(repositoryOf('busy'), 'a', 'main');
  expect(await parts.mirrors.sweep(new Set(['busy']))).toMatchObject({ removed: 0 });
  laterMs += 2 * hourMs;
  expect(await parts.mirrors.sweep(new Set(['busy']))).toMatchObject({ removed: 1 });
});

test('what nobody used for long, and what belongs to no repository, is removed', async () => {
  const parts = open({ maxIdleMs: 24 * hourMs });
  await parts.service.initialize(repositoryOf('idle'));
  await parts.service.initialize(repositoryOf('gone'));
  laterMs = 3 * hourMs;
  await parts.mirrors.sweep(new Set(['idle']));
  expect(kept()).toEqual(['idle']);
  laterMs = 30 * hourMs;
  await parts.mirrors.sweep(new Set(['idle']));
  expect(kept()).toEqual([]);
});

test('nothing is fetched or checked out with too little room, the error says how much there is, and it is tried again', async () => {
  const parts = open();
  await parts.service.initialize(repositoryOf('one'));
  const full = open({ leastFreeBytes: Number.MAX_SAFE_INTEGER });
  const refusal = {
    code: 'repository.disk-full',
    retry: 'safe',
    message: expect.stringMatching(/only \d+ MiB are free.*mirrors\.leastFree/) as unknown,
  };
  await expect(full.service.initialize(repositoryOf('one'))).rejects.toMatchObject(refusal);
  await expect(full.service.createWorkTree(repositoryOf('one'), 'main')).rejects.toMatchObject(refusal);
});

test('a work tree in use stays, one that a removal left over goes', async () => {
  const { service, workTrees } = open();
  await service.initialize(repositoryOf('one'));
  const folder = join(fixture.folder, 'state/work-trees');
  await using tree = await service.createWorkTree(repositoryOf('one'), 'main');
  mkdirSync(join(folder, 'left'));
  writeFileSync(join(folder, 'left/file'), '');
  await workTrees.removeLeft();
  expect(readdirSync(folder).map((name) => join(folder, name))).toEqual([tree.directory]);
});

test('a disk that cannot be measured is no reason to stop', async () => {
  const disk = new MirrorDisk({
    directory: join(fixture.folder, 'nowhere'),
    maxBytes: 1,
    maxIdleMs: 1,
    leastFreeBytes: 1,
    clock,
    logger: silentLogger,
  });
  await disk.requireRoom(async () => undefined);
  expect(
    await disk.sweep(
      () => true,
      async () => true,
    ),
  ).toEqual({ mirrors: 0, bytes: 0, removed: 0 });
});

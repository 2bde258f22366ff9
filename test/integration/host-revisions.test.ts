// Which revision of a service a host runs, found out in each of the three ways.
// Must never need git on the host for a checkout; the test makes one with it.
import { mkdirSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { afterEach, expect, test } from 'vitest';
import { createRevisionReader, type RevisionSource } from '../../agent/host/revisions.ts';
import { systemClock } from '../../base/clock.ts';
import { silentLogger } from '../../base/logger.ts';
import { GitFixture } from '../support/git-fixture.ts';

const closing: (() => void)[] = [];
afterEach(() => {
  for (const close of closing.splice(0)) close();
});

function fixtureWithCommit(): { fixture: GitFixture; head: string } {
  const fixture = new GitFixture();
  closing.push(() => fixture.dispose());
  return { fixture, head: fixture.commit({ message: 'one', files: { a: '1' } }) };
}

async function revisionOf(source: Omit<RevisionSource, 'service'>): Promise<string | undefined> {
  let nowMs = 0;
  const clock = { ...systemClock, monotonicMs: () => (nowMs += 60_000) };
  const reader = createRevisionReader([{ service: 'shop', ...source }], { clock, logger: silentLogger });
  // Asking begins with the first read; a second round is over when the third has begun.
  for (let round = 0; round < 200 && reader.read().length === 0; round++) await systemClock.sleep(10);
  return reader.read()[0]?.revision;
}

test('a file says it in its first line, a command in its own', async () => {
  const { fixture } = fixtureWithCommit();
  const file = join(fixture.folder, 'REVISION');
  writeFileSync(file, 'v1.2.3\nbuilt by ci\n');
  expect(await revisionOf({ file })).toBe('v1.2.3');
  expect(await revisionOf({ command: ['/bin/sh', '-c', 'echo 4.5.6'] })).toBe('4.5.6');
});

test('a checkout says it on a branch, with packed references, detached, and as a linked work tree', async () => {
  const { fixture, head } = fixtureWithCommit();
  expect(await revisionOf({ workTree: fixture.clone })).toBe(head);
  fixture.git(['pack-refs', '--all']);
  expect(await revisionOf({ workTree: fixture.clone })).toBe(head);
  const linked = join(fixture.folder, 'linked');
  fixture.git(['worktree', 'add', '--quiet', '-b', 'release', linked]);
  fixture.git(['pack-refs', '--all']);
  expect(await revisionOf({ workTree: linked })).toBe(head);
  fixture.git(['checkout', '--quiet', '--detach']);
  expect(await revisionOf({ workTree: fixture.clone })).toBe(head);
});

test('what cannot be found out is unknown, and told once', async () => {
  const { fixture } = fixtureWithCommit();
  mkdirSync(join(fixture.folder, 'empty'));
  const binary = join(fixture.folder, 'binary');
  writeFileSync(binary, Buffer.from([0, 1, 2]));
  const said: unknown[] = [];
  const logger = { ...silentLogger, warn: (_message: string, fields?: unknown) => void said.push(fields) };
  let nowMs = 0;
  const clock = { ...systemClock, monotonicMs: () => (nowMs += 60_000) };
  const sources = [
    { service: 'a', workTree: join(fixture.folder, 'empty') },
    { service: 'b', file: binary },
    { service: 'c', command: ['/bin/false'] },
  ];
  const reader = createRevisionReader(sources, { clock, logger });
  for (let round = 0; round < 500 && said.length < 3; round++) {
    expect(reader.read()).toEqual([]);
    await systemClock.sleep(10);
  }
  for (let round = 0; round < 5; round++) reader.read();
  expect(said).toHaveLength(3);
});

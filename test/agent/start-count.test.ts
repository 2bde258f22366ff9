// Statements about the count of starts.
// Must never need more than a folder.
import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterEach, beforeEach, expect, it } from 'vitest';
import { openStartCount } from '../../agent/start-count.ts';
import { silentLogger } from '../../base/logger.ts';

let folder: string;
beforeEach(() => {
  folder = mkdtempSync(join(tmpdir(), 'hephaestus-starts-'));
});
afterEach(() => rmSync(folder, { recursive: true, force: true }));

async function start(path = join(folder, 'starts.json')): Promise<number> {
  const count = openStartCount(path, silentLogger);
  await count.begin();
  return count.restarts();
}

it('counts starts after the first one', async () => {
  expect([await start(), await start(), await start()]).toEqual([0, 1, 2]);
});

it('begins again where the count is damaged or cannot be kept, and keeps nobody from starting', async () => {
  await start();
  writeFileSync(join(folder, 'starts.json'), 'torn');
  expect([await start(), await start()]).toEqual([0, 1]);
  expect(await start(join(folder, 'missing', 'starts.json'))).toBe(0);
});

// Statements about what a search for files finds, and says it can't read.
// Must never depend on who runs it.
import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterEach, beforeEach, expect, it } from 'vitest';
import { FileFinder } from '../../../agent/sources/file-finder.ts';

let folder: string;

beforeEach(() => {
  folder = mkdtempSync(join(tmpdir(), 'hephaestus-finder-'));
});

afterEach(() => {
  rmSync(folder, { recursive: true, force: true });
});

it('says so of a file whose name is not UTF-8, and finds the others', () => {
  writeFileSync(Buffer.concat([Buffer.from(`${folder}/caf`), Buffer.from([0xe9]), Buffer.from('.log')]), 'one\n');
  writeFileSync(join(folder, 'café.log'), 'two\n');
  const { files, problems } = new FileFinder([`${folder}/*.log`], []).find();
  expect([...files.keys()]).toEqual([join(folder, 'café.log')]);
  expect([...problems.values()]).toEqual(['its name is not UTF-8']);
});

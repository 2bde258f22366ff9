// A file is replaced whole or not at all, and damage is noticed.
// Must never leave anything in the temporary folder.
import { chmod, mkdtemp, readFile, readdir, rm, stat, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import fc from 'fast-check';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { readEnvelope, writeEnvelope, writeFileAtomically } from '../../base/atomic-file.ts';

let folder: string;
beforeEach(async () => {
  folder = await mkdtemp(join(tmpdir(), 'hephaestus-atomic-'));
});
afterEach(async () => {
  await chmod(folder, 0o700);
  await rm(folder, { recursive: true });
});

describe('writeFileAtomically', () => {
  it('replaces the content and leaves nothing beside it', async () => {
    const path = join(folder, 'positions');
    await writeFileAtomically(path, 'old');
    await writeFileAtomically(path, Buffer.from('new'));
    expect(await readFile(path, 'utf8')).toBe('new');
    expect(await readdir(folder)).toEqual(['positions']);
    expect((await stat(path)).mode & 0o777).toBe(0o600);
  });

  it('keeps the permission it is told', async () => {
    const path = join(folder, 'public');
    await writeFileAtomically(path, 'x', 0o640);
    expect((await stat(path)).mode & 0o777).toBe(0o640);
  });

  it('says so when it cannot write, and leaves nothing behind', async () => {
    await expect(writeFileAtomically(join(folder, 'absent', 'file'), 'x')).rejects.toMatchObject({ code: 'ENOENT' });
    const taken = join(folder, 'taken');
    await writeFileAtomically(join(folder, 'taken'), 'x');
    await expect(writeFileAtomically(join(taken, 'file'), 'x')).rejects.toMatchObject({ code: 'ENOTDIR' });
    await expect(writeFileAtomically(folder, 'x')).rejects.toMatchObject({ syscall: 'rename' });
    expect(await readdir(folder)).toEqual(['taken']);
  });
});

describe('an envelope', () => {
  it('gives back what was put in', async () => {
    await fc.assert(
      fc.asyncProperty(fc.jsonValue(), fc.nat(), async (body, version) => {
        const path = join(folder, 'state');
        await writeEnvelope(path, version, body);
        const again: unknown = JSON.parse(JSON.stringify(body));
        expect(await readEnvelope(path)).toEqual({ kind: 'read', version, body: again });
      }),
      { numRuns: 30 },
    );
  });

  it('is absent before the first write', async () => {
    expect(await readEnvelope(join(folder, 'state'))).toEqual({ kind: 'absent' });
  });

  it('notices every cut and every changed byte', async () => {
    const path = join(folder, 'state');
    await writeEnvelope(path, 1, { source: 'a', offset: 10 });
    const whole = await readFile(path);
    for (let length = 0; length < whole.length - 1; length += 1) {
      await writeFile(path, whole.subarray(0, length));
      expect((await readEnvelope(path)).kind).toBe('damaged');
    }
    const bodyStart = whole.indexOf('\n') + 1;
    for (let index = bodyStart; index < whole.length; index += 1) {
      const changed = Buffer.from(whole);
      changed[index] = (changed[index] ?? 0) ^ 1;
      await writeFile(path, changed);
      expect((await readEnvelope(path)).kind).toBe('damaged');
    }
  });
});

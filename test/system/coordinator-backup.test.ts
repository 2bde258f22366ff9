// The coordinator's command line as an operator meets it: exit codes, and a state that comes back from a backup.
// Must never look into an archive; what was restored is judged by the commands.
import { spawnSync } from 'node:child_process';
import { mkdtempSync, readFileSync, readdirSync, rmSync, statSync, writeFileSync } from 'node:fs';
import { createServer } from 'node:net';
import { once } from 'node:events';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { openDatabase } from '../../coordinator/store/database.ts';
import { schemaVersion } from '../../coordinator/store/migrations.ts';

const program = join(import.meta.dirname, '..', '..', 'coordinator', 'main.ts');
let folder: string;
let state: string;
let settings: string;

beforeEach(() => {
  folder = mkdtempSync(join(tmpdir(), 'hephaestus-backup-'));
  state = join(folder, 'state');
  settings = join(folder, 'coordinator.yaml');
  writeFileSync(settings, `stateDirectory: ${state}\nlisten: 127.0.0.1:1\n`);
});

afterEach(() => rmSync(folder, { recursive: true, force: true }));

function run(...words: readonly string[]): { code: number | null; output: string; errors: string } {
  const { status, stdout, stderr } = spawnSync(process.execPath, [program, '--config', settings, ...words], { encoding: 'utf8' });
  return { code: status, output: stdout, errors: stderr };
}

const kept = (name: string): string => readFileSync(join(state, name), 'utf8');

async function noteVersion(version: number): Promise<void> {
  const database = openDatabase(join(state, 'coordinator.db'));
  await database.insertInto('schema_migrations').values({ version, name: 'later', applied_at_ms: 1 }).execute();
  await database.destroy();
}

describe('hephaestus-coordinator', () => {
  it('exits with 2 for wrong words and for wrong settings', () => {
    expect(run('fly').code).toBe(2);
    expect(run('backup').code).toBe(2);
    expect(run('check', '--replace').code).toBe(2);
    writeFileSync(settings, 'lisen: 7\nstateDirectory: here\n');
    const { code, errors } = run('check');
    expect(code).toBe(2);
    for (const path of ['lisen', 'stateDirectory']) expect(errors).toContain(path);
  });

  it('restores authority, keys and database to an empty place, for its owner alone', () => {
    run('init');
    const file = join(folder, 'backup.tar.gz');
    expect(run('backup', file)).toMatchObject({ code: 0, errors: '' });
    expect(statSync(file).mode & 0o777).toBe(0o600);
    const before = ['ca.crt', 'ca.key', 'master.key', 'admin.token'].map(kept);
    rmSync(state, { recursive: true });
    writeFileSync(settings, `stateDirectory: ${state}\nlisten: 127.0.0.1:0\n`);
    expect(run('restore', file)).toMatchObject({ code: 0, errors: '' });
    expect(kept('schema-version')).toBe(`${schemaVersion}\n`);
    expect(['ca.crt', 'ca.key', 'master.key', 'admin.token'].map(kept)).toEqual(before);
    for (const name of ['ca.key', 'master.key', 'admin.token', 'coordinator.db'])
      expect(statSync(join(state, name)).mode & 0o777).toBe(0o600);
    expect(run('init').output).toContain('everything is there already');
  });

  it('puts aside what is there only when told to', () => {
    writeFileSync(settings, `stateDirectory: ${state}\nlisten: 127.0.0.1:0\n`);
    run('init');
    const file = join(folder, 'backup.tar.gz');
    run('backup', file);
    const refused = run('restore', file);
    expect(refused.code).toBe(1);
    expect(refused.errors).toContain('--replace');
    expect(run('restore', '--replace', file).code).toBe(0);
    const aside = readdirSync(state).find((name) => name.startsWith('replaced-')) ?? '';
    expect(readdirSync(join(state, aside))).toContain('coordinator.db');
  });

  it('refuses to restore under a running coordinator', async () => {
    run('init');
    const file = join(folder, 'backup.tar.gz');
    run('backup', file);
    const server = createServer().listen(0, '127.0.0.1');
    await once(server, 'listening');
    const address = server.address();
    writeFileSync(settings, `stateDirectory: ${state}\nlisten: 127.0.0.1:${typeof address === 'object' ? address?.port : 0}\n`);
    const { code, errors } = run('restore', '--replace', file);
    server.close();
    expect(code).toBe(1);
    expect(errors).toContain('in use');
  });

  it('refuses a file that was damaged or is something else, and changes nothing', () => {
    writeFileSync(settings, `stateDirectory: ${state}\nlisten: 127.0.0.1:0\n`);
    run('init');
    const before = kept('master.key');
    const other = join(folder, 'other');
    writeFileSync(other, 'not a backup');
    expect(run('restore', '--replace', other).code).toBe(1);
    expect(run('restore', '--replace', join(folder, 'absent')).code).toBe(1);
    expect(kept('master.key')).toBe(before);
  });

  it('refuses a database, and a backup, of a newer version', async () => {
    writeFileSync(settings, `stateDirectory: ${state}\nlisten: 127.0.0.1:0\n`);
    run('init');
    await noteVersion(schemaVersion + 1);
    const refused = run('init');
    expect(refused.code).toBe(2);
    expect(refused.errors).toContain(`schema version ${schemaVersion + 1}`);
    const file = join(folder, 'newer.tar.gz');
    expect(run('backup', file).code).toBe(0);
    expect(run('restore', '--replace', file)).toMatchObject({ code: 2, errors: expect.stringContaining('schema version') as string });
  });
});

// Another master key: every secret is sealed under it, the audit log stays whole, and a crash in between loses neither.
// Must never look at a secret but through the store that unseals it.
import { readFile, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { describe, expect, test } from 'vitest';
import { systemClock } from '../../../base/clock.ts';
import { rotateMasterKey } from '../../../coordinator/master-key-rotation.ts';
import { loadMasterKey, stateFiles } from '../../../coordinator/state-directory.ts';
import { openDatabase } from '../../../coordinator/store/database.ts';
import { SecretStore } from '../../../coordinator/store/secrets.ts';
import { stageCoordinator } from '../../support/coordinator-stage.ts';

async function unsealed(directory: string, name: string): Promise<string | undefined> {
  const database = openDatabase(stateFiles(directory).database);
  try {
    const masterKey = await loadMasterKey(directory);
    return await new SecretStore({ database, masterKey, clock: systemClock, files: {}, credentialsDirectory: undefined }).get(name);
  } finally {
    await database.destroy();
  }
}

describe('rotate-key', () => {
  test('seals everything anew, and the audit log says so and is whole', async () => {
    await using stage = await stageCoordinator();
    await stage.operator.secrets.setSecret({ name: 'forge', value: 'a-forge-token' });
    const before = await loadMasterKey(stage.directory);
    await stage.restart({}, async () => {
      expect(await rotateMasterKey(stage.directory, systemClock, 'uid 0')).toBe(1);
    });
    expect((await loadMasterKey(stage.directory)).equals(before)).toBe(false);
    expect(await unsealed(stage.directory, 'forge')).toBe('a-forge-token');
    expect((await stage.operator.audit.verifyAuditLog({})).findings).toEqual([]);
    const { records } = await stage.operator.audit.listAuditRecords({ act: 'master-key' });
    expect(records.map(({ actorKind, actor, detail }) => [actorKind, actor, detail])).toEqual([['local', 'uid 0', '{"secrets":1}']]);
    expect((await stage.operator.secrets.listSecrets({})).secrets.map(({ name }) => name)).toEqual(['forge']);
  });

  test('that was cut off before the key took its place is finished at the next start; one that did nothing is dropped', async () => {
    await using stage = await stageCoordinator();
    await stage.operator.secrets.setSecret({ name: 'forge', value: 'a-forge-token' });
    const key = join(stage.directory, 'master.key');
    const next = join(stage.directory, 'master-next.key');
    const old = await readFile(key, 'utf8');
    await stage.restart({}, async () => {
      await rotateMasterKey(stage.directory, systemClock, 'uid 0');
      // As if the last step had not been done.
      await writeFile(next, await readFile(key));
      await writeFile(key, old);
    });
    expect(await unsealed(stage.directory, 'forge')).toBe('a-forge-token');
    const present = await readFile(key, 'utf8');
    await stage.restart({}, () => writeFile(next, 'ab'.repeat(32)));
    expect(await readFile(key, 'utf8')).toBe(present);
    await expect(readFile(next)).rejects.toThrow(/ENOENT/);
  });
});

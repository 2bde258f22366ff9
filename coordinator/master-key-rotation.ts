// Another master key: everything that was sealed under the old one is sealed anew, and the old one is gone.
// Must never leave the state between two keys: what a crash cut off is finished at the next start.
import { randomBytes } from 'node:crypto';
import { readFile, rename, rm } from 'node:fs/promises';
import { join } from 'node:path';
import { writeFileAtomically } from '../base/atomic-file.ts';
import type { Clock } from '../base/clock.ts';
import { HephaestusError, errnoOf } from '../base/errors.ts';
import { giveToOwner } from '../base/ownership.ts';
import { silentLogger } from '../base/logger.ts';
import { AuditLog } from './access/audit-log.ts';
import { createAuditAnchor } from './audit-anchor.ts';
import { loadMasterKey, stateFiles, upgradeDatabase } from './state-directory.ts';
import { createAuditStore } from './store/access-records.ts';
import { openDatabase, type Database } from './store/database.ts';
import { isSealedUnder, masterKeyBytes, resealSecrets } from './store/secrets.ts';

/**
 * The coordinator must not run.
 * @returns how many secrets were sealed anew
 * @throws HephaestusError `secrets.unreadable` if one can't be unsealed with the present key; then nothing was changed
 */
export async function rotateMasterKey(directory: string, clock: Clock, who: string): Promise<number> {
  const database = openDatabase(stateFiles(directory).database);
  try {
    await upgradeDatabase(database, directory, clock.now());
    await finishKeyRotation(directory, database);
    const before = await loadMasterKey(directory);
    const after = randomBytes(masterKeyBytes);
    await writeFileAtomically(nextFile(directory), after.toString('hex'), 0o600);
    const count = await resealSecrets(database, before, after, clock.now());
    await finishKeyRotation(directory, database);
    const audit = new AuditLog({
      store: createAuditStore(database),
      anchor: createAuditAnchor(stateFiles(directory).auditAnchor, after),
      clock,
      logger: silentLogger,
    });
    await audit.record({
      actor: { kind: 'local', name: who, origin: 'command' },
      act: 'master-key.rotate',
      subject: 'master key',
      outcome: 'done',
      detail: { secrets: count },
    });
    return count;
  } finally {
    await database.destroy();
    await giveToOwner(directory);
  }
}

/** Before the key is read: takes the new one if the database was sealed under it already, else drops it. */
export async function finishKeyRotation(directory: string, database: Database): Promise<void> {
  const file = nextFile(directory);
  const text = await readFile(file, 'utf8').catch((cause: unknown) => {
    if (errnoOf(cause) === 'ENOENT') return undefined;
    throw HephaestusError.from(cause);
  });
  if (text === undefined) return;
  const after = Buffer.from(text.trim(), 'hex');
  if (!(await isSealedUnder(database, after))) {
    await rm(file);
    return;
  }
  const { auditAnchor, masterKey } = stateFiles(directory);
  const held = await createAuditAnchor(auditAnchor, await loadMasterKey(directory)).read();
  if (held.kind === 'held') await createAuditAnchor(auditAnchor, after).write(held.head);
  await rename(file, masterKey);
}

function nextFile(directory: string): string {
  return join(directory, 'master-next.key');
}

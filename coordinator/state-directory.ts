// The state directory: certificate authority, server certificate, master key, administrator's token and database.
// Must never overwrite what is there, and never make a file that others can read, but the CA certificate.
import { randomBytes, X509Certificate } from 'node:crypto';
import { chmod, mkdir, readFile } from 'node:fs/promises';
import { dirname, join } from 'node:path';
import { writeFileAtomically } from '../base/atomic-file.ts';
import type { Clock } from '../base/clock.ts';
import { HephaestusError, errnoOf } from '../base/errors.ts';
import type { Authorities } from './nodes/authorities.ts';
import { createAuthority, type KeyedCertificate } from './nodes/certificate-authority.ts';
import { createOperatorToken, wholeScope } from './access/operator.ts';
import { copyDatabase, openDatabase, type Database } from './store/database.ts';
import { giveToOwner } from '../base/ownership.ts';
import { hashToken } from '../base/token-hash.ts';
import { createUlid } from '../base/ulid.ts';
import { migrate, schemaVersion } from './store/migrations.ts';
import { createOperatorStore } from './store/access-records.ts';
import { masterKeyBytes } from './store/secrets.ts';

export interface StateFiles {
  readonly caCertificate: string;
  readonly caKey: string;
  readonly serverCertificate: string;
  readonly serverKey: string;
  readonly masterKey: string;
  readonly adminToken: string;
  readonly database: string;
  /** Of the database, as text, for an older package that is about to be installed over this one. */
  readonly schemaVersion: string;
  readonly repositories: string;
  readonly workTrees: string;
  readonly keys: string;
  /** Of change requests on plain git. */
  readonly reports: string;
  readonly auditAnchor: string;
}

export function stateFiles(directory: string): StateFiles {
  return {
    caCertificate: join(directory, 'ca.crt'),
    caKey: join(directory, 'ca.key'),
    serverCertificate: join(directory, 'server.crt'),
    serverKey: join(directory, 'server.key'),
    masterKey: join(directory, 'master.key'),
    adminToken: join(directory, 'admin.token'),
    database: join(directory, 'coordinator.db'),
    schemaVersion: join(directory, 'schema-version'),
    repositories: join(directory, 'repositories'),
    workTrees: join(directory, 'work-trees'),
    keys: join(directory, 'keys'),
    reports: join(directory, 'reports'),
    auditAnchor: join(directory, 'audit.anchor'),
  };
}

/** A server certificate is renewed when less than this is left. */
const renewBeforeMs = 60 * 86_400_000;

/**
 * Makes everything that isn't there yet; running it again changes nothing.
 * @returns the files that were made, in words
 */
export async function initializeState(directory: string, clock: Clock): Promise<readonly string[]> {
  const files = stateFiles(directory);
  const made: string[] = [];
  await mkdir(directory, { recursive: true, mode: 0o700 });
  await chmod(directory, 0o700);
  if ((await readIfThere(files.caCertificate)) === undefined) {
    if ((await readIfThere(files.caKey)) === undefined) {
      const authority = await createAuthority(clock.now());
      // The key first: a certificate without a key could never be completed.
      await writeFileAtomically(files.caKey, authority.key, 0o600);
      await writeFileAtomically(files.caCertificate, authority.certificate, 0o644);
      made.push(`certificate authority in ${files.caCertificate}`);
    } else {
      throw incomplete(files.caCertificate, 'ca.key is there without ca.crt; restore ca.crt, or move ca.key away to begin anew');
    }
  }
  if ((await readIfThere(files.masterKey)) === undefined) {
    await writeFileAtomically(files.masterKey, randomBytes(masterKeyBytes).toString('hex'), 0o600);
    made.push(`master key in ${files.masterKey}; keep a copy elsewhere`);
  }
  const database = openDatabase(files.database);
  try {
    await chmod(files.database, 0o600);
    await upgradeDatabase(database, directory, clock.now());
    if ((await readIfThere(files.adminToken)) === undefined) {
      const token = createOperatorToken();
      await createOperatorStore(database).add({
        id: createUlid(clock.now()),
        name: 'admin',
        role: 'admin',
        scope: wholeScope,
        expiresAtMs: undefined,
        tokenHash: hashToken(token),
        createdAtMs: clock.now(),
        createdBy: 'init',
        revokedAtMs: undefined,
        lastUsedAtMs: undefined,
      });
      await writeFileAtomically(files.adminToken, `${token}\n`, 0o600);
      made.push(`administrator's token in ${files.adminToken}`);
    }
  } finally {
    await database.destroy();
  }
  await giveToOwner(directory);
  return made;
}

/**
 * Brings the schema up to date. A database that holds something is copied to `backups/before-schema-N-….db` first.
 * @throws HephaestusError `store.newer`; `store.unusable` if there is no room for the copy: then nothing was changed
 */
export async function upgradeDatabase(database: Database, directory: string, nowMs: number): Promise<void> {
  await migrate(database, nowMs, async (to) => {
    const file = join(directory, 'backups', `before-schema-${to}-${new Date(nowMs).toISOString().replaceAll(':', '')}.db`);
    await mkdir(dirname(file), { recursive: true, mode: 0o700 });
    await copyDatabase(stateFiles(directory).database, file);
  });
  await recordSchemaVersion(directory, schemaVersion);
}

/** The database itself is what decides; the file is for who can't read one. */
export async function recordSchemaVersion(directory: string, version: number): Promise<void> {
  const file = stateFiles(directory).schemaVersion;
  if ((await readIfThere(file)) !== `${version}\n`) await writeFileAtomically(file, `${version}\n`, 0o600);
}

export async function loadMasterKey(directory: string): Promise<Buffer> {
  return Buffer.from((await readState(stateFiles(directory).masterKey)).trim(), 'hex');
}

/** The server's certificate; a new one if there is none, it ends soon, is of another authority or lacks a name. */
export async function loadServerCertificate(
  directory: string,
  authority: Authorities,
  names: readonly string[],
  nowMs: number,
): Promise<KeyedCertificate & { readonly expiresAtMs: number }> {
  const files = stateFiles(directory);
  const [certificate, key] = [await readIfThere(files.serverCertificate), await readIfThere(files.serverKey)];
  if (certificate !== undefined && key !== undefined) {
    const parsed = new X509Certificate(certificate);
    const expiresAtMs = parsed.validToDate.getTime();
    const covers = names.every((name) => parsed.checkHost(name) !== undefined || parsed.checkIP(name) !== undefined);
    if (covers && expiresAtMs - nowMs > renewBeforeMs && (await authority.current.signed(certificate)))
      return { certificate, key, expiresAtMs };
  }
  const issued = await authority.issueServerCertificate(names, nowMs);
  await writeFileAtomically(files.serverKey, issued.key, 0o600);
  await writeFileAtomically(files.serverCertificate, issued.certificate, 0o644);
  return issued;
}

async function readState(file: string): Promise<string> {
  const text = await readIfThere(file);
  if (text !== undefined) return text;
  throw incomplete(file, 'it is not there; run: hephaestus-coordinator --config FILE init');
}

async function readIfThere(file: string): Promise<string | undefined> {
  try {
    return await readFile(file, 'utf8');
  } catch (cause) {
    if (errnoOf(cause) === 'ENOENT') return undefined;
    throw HephaestusError.from(cause);
  }
}

function incomplete(file: string, message: string): HephaestusError {
  return new HephaestusError({ code: 'state.missing', kind: 'validation', message: `${file}: ${message}` });
}

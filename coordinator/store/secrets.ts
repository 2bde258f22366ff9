// Secrets: sealed under the master key in the database, or read from files and systemd credentials.
// Must never write a secret in the clear, log one, or answer with one but to the code that sends it.
import { createCipheriv, createDecipheriv, randomBytes } from 'node:crypto';
import { readFile } from 'node:fs/promises';
import { join } from 'node:path';
import type { Clock } from '../../base/clock.ts';
import { HephaestusError, errnoOf } from '../../base/errors.ts';
import type { Database } from './database.ts';

/** Resolves names such as `github-token`. A trailing line end of a file is no part of the secret. */
export interface SecretReader {
  get(name: string): Promise<string | undefined>;
}

export interface SecretReaderOptions {
  readonly database: Database;
  readonly masterKey: Buffer;
  readonly clock: Clock;
  /** Name to file, from the configuration. */
  readonly files: Readonly<Record<string, { readonly file: string }>>;
  /** `$CREDENTIALS_DIRECTORY` (systemd.exec(5)); undefined outside systemd. */
  readonly credentialsDirectory: string | undefined;
}

export const masterKeyBytes = 32;
const nonceBytes = 12;
const tagBytes = 16;
const namePattern = /^[A-Za-z0-9][A-Za-z0-9._-]{0,99}$/;

export class SecretStore implements SecretReader {
  readonly #options: SecretReaderOptions;

  constructor(options: SecretReaderOptions) {
    if (options.masterKey.length !== masterKeyBytes) {
      throw new HephaestusError({
        code: 'secrets.master-key',
        kind: 'system',
        message: `the master key must have ${masterKeyBytes} bytes`,
      });
    }
    this.#options = options;
  }

  /** The configuration's file first, then systemd's credential, then the store. */
  async get(name: string): Promise<string | undefined> {
    if (!namePattern.test(name)) return undefined;
    const { files, credentialsDirectory } = this.#options;
    const configured = Object.hasOwn(files, name) ? files[name] : undefined;
    if (configured !== undefined) return readSecretFile(configured.file, name, true);
    if (credentialsDirectory !== undefined) {
      const credential = await readSecretFile(join(credentialsDirectory, name), name, false);
      if (credential !== undefined) return credential;
    }
    return this.#unseal(name);
  }

  /** Seals and keeps it; an older one of the name is replaced. */
  async put(name: string, value: string): Promise<void> {
    if (!namePattern.test(name)) {
      throw new HephaestusError({
        code: 'secrets.name',
        kind: 'validation',
        message: 'a secret is named with letters, digits, dot, dash or underscore',
      });
    }
    const row = { ...seal(this.#options.masterKey, name, value), updated_at_ms: this.#options.clock.now() };
    await this.#options.database
      .insertInto('secrets')
      .values({ name, ...row })
      .onConflict((conflict) => conflict.column('name').doUpdateSet(row))
      .execute();
  }

  /** False if none of the name is kept in the store. */
  async remove(name: string): Promise<boolean> {
    const result = await this.#options.database.deleteFrom('secrets').where('name', '=', name).executeTakeFirst();
    return result.numDeletedRows > 0n;
  }

  /** Names only. A file of the configuration counts before the store. */
  async list(): Promise<readonly { readonly name: string; readonly keptIn: 'file' | 'store'; readonly updatedAtMs: number | undefined }[]> {
    const rows = await this.#options.database.selectFrom('secrets').select(['name', 'updated_at_ms']).execute();
    const files = Object.keys(this.#options.files).map((name) => ({ name, keptIn: 'file' as const, updatedAtMs: undefined }));
    const kept = rows
      .filter(({ name }) => name !== checkName)
      .map((row) => ({ name: row.name, keptIn: 'store' as const, updatedAtMs: row.updated_at_ms }));
    return [...files, ...kept].toSorted((left, right) => (left.name < right.name ? -1 : 1));
  }

  async #unseal(name: string): Promise<string | undefined> {
    const row = await this.#options.database.selectFrom('secrets').selectAll().where('name', '=', name).executeTakeFirst();
    if (row === undefined) return undefined;
    return unseal(this.#options.masterKey, name, row);
  }
}

/** Says under which key the others are sealed; nobody's secret. */
const checkName = 'master-key-check';

/** Seals every secret anew, in one transaction. @returns how many @throws HephaestusError `secrets.unreadable` */
export async function resealSecrets(database: Database, before: Buffer, after: Buffer, nowMs: number): Promise<number> {
  return database.transaction().execute(async (transaction) => {
    const rows = (await transaction.selectFrom('secrets').selectAll().execute()).filter(({ name }) => name !== checkName);
    for (const row of rows) {
      const sealed = seal(after, row.name, unseal(before, row.name, row));
      await transaction.updateTable('secrets').set(sealed).where('name', '=', row.name).execute();
    }
    await transaction.deleteFrom('secrets').where('name', '=', checkName).execute();
    await transaction
      .insertInto('secrets')
      .values({ name: checkName, ...seal(after, checkName, checkName), updated_at_ms: nowMs })
      .execute();
    return rows.length;
  });
}

/** Whether the last `resealSecrets` was done with this key. */
export async function isSealedUnder(database: Database, masterKey: Buffer): Promise<boolean> {
  const row = await database.selectFrom('secrets').selectAll().where('name', '=', checkName).executeTakeFirst();
  if (row === undefined || masterKey.length !== masterKeyBytes) return false;
  try {
    return unseal(masterKey, checkName, row) === checkName;
  } catch {
    // Of another key.
    return false;
  }
}

interface Sealed {
  readonly nonce: Uint8Array;
  readonly sealed: Uint8Array;
}

function seal(masterKey: Buffer, name: string, value: string): Sealed {
  const nonce = randomBytes(nonceBytes);
  const cipher = createCipheriv('aes-256-gcm', masterKey, nonce, { authTagLength: tagBytes });
  // Bound to its name: a row can't be passed off as another.
  cipher.setAAD(Buffer.from(name));
  return { nonce, sealed: Buffer.concat([cipher.update(value, 'utf8'), cipher.final(), cipher.getAuthTag()]) };
}

/** @throws HephaestusError `secrets.unreadable` */
function unseal(masterKey: Buffer, name: string, { nonce, sealed }: Sealed): string {
  const decipher = createDecipheriv('aes-256-gcm', masterKey, nonce, { authTagLength: tagBytes });
  decipher.setAAD(Buffer.from(name));
  try {
    decipher.setAuthTag(sealed.subarray(-tagBytes));
    return Buffer.concat([decipher.update(sealed.subarray(0, -tagBytes)), decipher.final()]).toString('utf8');
  } catch (cause) {
    throw new HephaestusError({
      code: 'secrets.unreadable',
      kind: 'system',
      message: `the secret ${name} can't be unsealed with this master key; restore master.key from the backup, or set the secret again`,
      cause,
    });
  }
}

async function readSecretFile(file: string, name: string, required: boolean): Promise<string | undefined> {
  try {
    return (await readFile(file, 'utf8')).replace(/\r?\n$/, '');
  } catch (cause) {
    if (!required && errnoOf(cause) === 'ENOENT') return undefined;
    const reason = cause instanceof Error ? cause.message : 'unreadable';
    throw new HephaestusError({
      code: 'secrets.file',
      kind: 'validation',
      message: `the file of secret ${name} can't be read: ${reason}`,
      cause,
    });
  }
}

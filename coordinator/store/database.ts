// Opens the embedded database: node:sqlite behind Kysely's SQLite dialect, durable at every commit.
// Must never hold a table or a query; schema.ts and the domain files do. The only file that knows node:sqlite.
import { open, rm } from 'node:fs/promises';
import { DatabaseSync, type SQLInputValue, type StatementSync } from 'node:sqlite';
import { Kysely, SqliteDialect } from 'kysely';
import { HephaestusError } from '../../base/errors.ts';
import type { Tables } from './schema.ts';

export type Database = Kysely<Tables>;

/** Prepared statements that are kept; the queries of this program are some hundred. */
const mostStatements = 500;

/**
 * @param file a path, or `:memory:`
 * @throws HephaestusError `store.unusable`
 */
export function openDatabase(file: string): Database {
  let sqlite: DatabaseSync;
  try {
    sqlite = new DatabaseSync(file, { enableForeignKeyConstraints: true, timeout: 5000 });
    // WAL with FULL syncs the log at every commit: what was acknowledged survives a power cut (sqlite.org/pragma.html#pragma_synchronous).
    sqlite.exec('pragma journal_mode = wal; pragma synchronous = full; pragma temp_store = memory; pragma cache_size = -32000;');
  } catch (cause) {
    const reason = cause instanceof Error ? cause.message : 'unknown reason';
    throw new HephaestusError({
      code: 'store.unusable',
      kind: 'system',
      message: `the database ${file} can't be opened: ${reason}`,
      cause,
    });
  }
  return new Kysely<Tables>({ dialect: new SqliteDialect({ database: new SqliteShim(sqlite) }) });
}

/**
 * Copies a database as it is at one moment, also while another process writes to it, without the space of deleted rows.
 * @param target must not exist
 * @returns the version of its schema
 * @throws HephaestusError `store.unusable`, for instance for want of space
 */
export async function copyDatabase(source: string, target: string): Promise<number> {
  try {
    await (await open(target, 'wx', 0o600)).close();
    const sqlite = new DatabaseSync(source, { timeout: 30_000 });
    try {
      // An empty file is a target too (sqlite.org/lang_vacuum.html#vacuuminto); this one nobody else can read.
      sqlite.prepare('vacuum into ?').run(target);
      const row = sqlite.prepare('select max(version) as version from schema_migrations').get();
      return Number(row?.['version'] ?? 0);
    } finally {
      sqlite.close();
    }
  } catch (cause) {
    await rm(target, { force: true });
    const reason = cause instanceof Error ? cause.message : 'unknown reason';
    throw new HephaestusError({
      code: 'store.unusable',
      kind: 'system',
      message: `${source} can't be copied to ${target}: ${reason}`,
      cause,
    });
  }
}

/** What Kysely needs of better-sqlite3, on node:sqlite, with prepared statements kept. */
class SqliteShim {
  readonly #sqlite: DatabaseSync;
  readonly #statements = new Map<string, StatementShim>();

  constructor(sqlite: DatabaseSync) {
    this.#sqlite = sqlite;
  }

  prepare(sql: string): StatementShim {
    const known = this.#statements.get(sql);
    if (known !== undefined) return known;
    const statement = new StatementShim(this.#sqlite.prepare(sql));
    if (this.#statements.size >= mostStatements) this.#statements.clear();
    this.#statements.set(sql, statement);
    return statement;
  }

  close(): void {
    this.#statements.clear();
    this.#sqlite.close();
  }
}

class StatementShim {
  readonly reader: boolean;
  readonly #statement: StatementSync;

  constructor(statement: StatementSync) {
    this.#statement = statement;
    this.reader = statement.columns().length > 0;
  }

  all(parameters: readonly unknown[]): unknown[] {
    return this.#statement.all(...parameters.map(toInput));
  }

  run(parameters: readonly unknown[]): { changes: number | bigint; lastInsertRowid: number | bigint } {
    return this.#statement.run(...parameters.map(toInput));
  }

  iterate(parameters: readonly unknown[]): IterableIterator<unknown> {
    return this.#statement.iterate(...parameters.map(toInput));
  }
}

/** SQLite has no booleans, and node:sqlite refuses `undefined`. */
function toInput(value: unknown): SQLInputValue {
  if (typeof value === 'boolean') return value ? 1 : 0;
  if (value === undefined) return null;
  if (value === null || typeof value === 'number' || typeof value === 'bigint' || typeof value === 'string') return value;
  if (value instanceof Uint8Array) return value;
  throw new TypeError(`a ${typeof value} can't be stored`);
}

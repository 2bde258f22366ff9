// Keeps operators and the audit log.
// Must never change or remove an audit record; the database refuses it too.
import type { Selectable } from 'kysely';
import type { AuditRecord, AuditStore } from '../access/audit-store.ts';
import { operatorRoles, type OperatorRole, type Scope } from '../access/operator.ts';
import type { OperatorStore, StoredOperator } from '../access/operator-store.ts';
import type { Database } from './database.ts';
import type { Tables } from './schema.ts';

export function createOperatorStore(database: Database): OperatorStore {
  return {
    async add(operator) {
      await database
        .insertInto('operators')
        .values({
          token_hash: operator.tokenHash,
          name: operator.name,
          role: operator.role,
          created_at_ms: operator.createdAtMs,
          id: operator.id,
          scope_json: JSON.stringify(operator.scope),
          created_by: operator.createdBy,
          expires_at_ms: operator.expiresAtMs ?? null,
          revoked_at_ms: operator.revokedAtMs ?? null,
          last_used_at_ms: operator.lastUsedAtMs ?? null,
        })
        .execute();
    },
    async list() {
      const rows = await database.selectFrom('operators').selectAll().orderBy('name').orderBy('id').execute();
      return rows.flatMap((row) => readOperator(row) ?? []);
    },
    async find(tokenHash) {
      const row = await database.selectFrom('operators').selectAll().where('token_hash', '=', tokenHash).executeTakeFirst();
      return row === undefined ? undefined : readOperator(row);
    },
    async revoke(id, atMs) {
      await database.updateTable('operators').set({ revoked_at_ms: atMs }).where('id', '=', id).execute();
    },
    async markUsed(id, atMs) {
      await database.updateTable('operators').set({ last_used_at_ms: atMs }).where('id', '=', id).execute();
    },
  };
}

/** Undefined for a role that this program doesn't know. */
function readOperator(row: Selectable<Tables['operators']>): StoredOperator | undefined {
  if (!isRole(row.role)) return undefined;
  return {
    id: row.id,
    name: row.name,
    role: row.role,
    scope: JSON.parse(row.scope_json) as Scope,
    expiresAtMs: row.expires_at_ms ?? undefined,
    tokenHash: row.token_hash,
    createdAtMs: row.created_at_ms,
    createdBy: row.created_by,
    revokedAtMs: row.revoked_at_ms ?? undefined,
    lastUsedAtMs: row.last_used_at_ms ?? undefined,
  };
}

function isRole(role: string): role is OperatorRole {
  return (operatorRoles as readonly string[]).includes(role);
}

export function createAuditStore(database: Database): AuditStore {
  return {
    append: (make) =>
      database.transaction().execute(async (transaction) => {
        const last = await transaction
          .selectFrom('audit_records')
          .select(['sequence', 'hash'])
          .orderBy('sequence', 'desc')
          .limit(1)
          .executeTakeFirst();
        const record = make(last);
        await transaction.insertInto('audit_records').values(rowOf(record)).execute();
        return record;
      }),
    head: () => database.selectFrom('audit_records').select(['sequence', 'hash']).orderBy('sequence', 'desc').limit(1).executeTakeFirst(),
    async list({ actor, act, subject, sinceMs, limit, before }) {
      let select = database.selectFrom('audit_records').selectAll().orderBy('sequence', 'desc').limit(limit);
      if (actor !== '') select = select.where('actor', '=', actor);
      if (act !== '')
        select = select.where((eb) => eb.or([eb('act', '=', act), eb.and([eb('act', '>=', `${act}.`), eb('act', '<', `${act}/`)])]));
      if (subject !== '') select = select.where('subject', '=', subject);
      if (sinceMs !== undefined) select = select.where('at_ms', '>=', sinceMs);
      if (before !== undefined) select = select.where('sequence', '<', before);
      return (await select.execute()).map(readRecord);
    },
    async read(from, limit) {
      const rows = await database
        .selectFrom('audit_records')
        .selectAll()
        .where('sequence', '>=', from)
        .orderBy('sequence')
        .limit(limit)
        .execute();
      return rows.map(readRecord);
    },
  };
}

function rowOf(record: AuditRecord): Tables['audit_records'] {
  return {
    sequence: record.sequence,
    at_ms: record.atMs,
    actor_kind: record.actorKind,
    actor: record.actor,
    origin: record.origin,
    act: record.act,
    subject: record.subject,
    outcome: record.outcome,
    detail_json: record.detailJson,
    previous_hash: record.previousHash,
    hash: record.hash,
  };
}

function readRecord(row: Selectable<Tables['audit_records']>): AuditRecord {
  return {
    sequence: row.sequence,
    atMs: row.at_ms,
    actorKind: row.actor_kind,
    actor: row.actor,
    origin: row.origin,
    act: row.act,
    subject: row.subject,
    outcome: row.outcome,
    detailJson: row.detail_json,
    previousHash: row.previous_hash,
    hash: row.hash,
  };
}

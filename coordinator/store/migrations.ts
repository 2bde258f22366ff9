// The numbered steps that make the schema, each applied once and in one transaction.
// Must never change a step that was released: add a new one.
import { sql } from 'kysely';
import { HephaestusError } from '../../base/errors.ts';
import type { Database } from './database.ts';

export interface Migration {
  readonly name: string;
  readonly statements: readonly string[];
}

/** The position in the list is the version, from 1. */
export const migrations: readonly Migration[] = [
  {
    name: 'first schema',
    statements: [
      `create table nodes (id text primary key, name text not null, removed integer not null, registered_at_ms bigint not null,
        last_seen_at_ms bigint, node_json text not null)`,
      'create unique index nodes_name on nodes (name) where removed = 0',
      `create table join_tokens (id text primary key, secret_hash text not null, created_at_ms bigint not null, expires_at_ms bigint not null,
        use_limit integer not null, uses integer not null, revoked integer not null, node_name text not null, labels_json text not null,
        created_by text not null)`,
      'create table operators (token_hash text primary key, name text not null, role text not null, created_at_ms bigint not null)',
      `create table positions (node_id text not null, source text not null, place text not null, position_json text not null,
        updated_at_ms bigint not null, primary key (node_id, source, place))`,
      `create table log_chunks (id integer primary key autoincrement, node_id text not null, source text not null,
        first_time_ms bigint not null, last_time_ms bigint not null, received_at_ms bigint not null, entries integer not null,
        worst_severity integer not null, stored_bytes integer not null, meta blob not null, payload blob not null)`,
      'create index log_chunks_node on log_chunks (node_id, id)',
      `create table log_gaps (id integer primary key autoincrement, node_id text not null, source text not null, reason text not null,
        bytes bigint not null, records bigint not null, detail text not null, from_json text not null, to_json text not null,
        received_at_ms bigint not null)`,
      'create table submissions (request_id text primary key, accepted integer not null, received_at_ms bigint not null)',
      'create table analysis_states (name text primary key, state blob not null, saved_at_ms bigint not null)',
      `create table incidents (id text primary key, fingerprint text not null, service text not null, parts_json text not null,
        title text not null, state text not null, severity integer not null, first_seen_at_ms bigint not null,
        last_seen_at_ms bigint not null, occurrences bigint not null, detector text not null, note text not null, resolved_at_ms bigint)`,
      'create unique index incidents_fingerprint on incidents (fingerprint, service)',
      'create index incidents_last_seen on incidents (last_seen_at_ms, id)',
      'create table incident_nodes (incident_id text not null, node_id text not null, primary key (incident_id, node_id))',
      `create table occurrences (id text primary key, incident_id text not null references incidents (id) on delete cascade,
        ordinal bigint not null, time_ms bigint not null, occurrence_json text not null)`,
      'create unique index occurrences_incident on occurrences (incident_id, ordinal)',
      `create table jobs (id text primary key, kind text not null, subject text not null, state text not null, attempts integer not null,
        due_at_ms bigint not null, lease_holder text, lease_until_ms bigint, reason text not null, created_at_ms bigint not null)`,
      "create unique index jobs_unfinished on jobs (kind, subject) where state in ('pending', 'leased')",
      'create index jobs_due on jobs (state, due_at_ms)',
      `create table proposals (id text primary key, incident_id text not null, state text not null, created_at_ms bigint not null,
        updated_at_ms bigint not null, proposal_json text not null)`,
      'create index proposals_incident on proposals (incident_id, id)',
      'create table repositories (id text primary key, name text not null unique, repository_json text not null)',
      'create table secrets (name text primary key, nonce blob not null, sealed blob not null, updated_at_ms bigint not null)',
    ],
  },
  {
    name: 'deployments',
    statements: [
      // An empty node stands for all of them, so that the unique index holds there, too.
      `create table deployments (id text primary key, service text not null, revision text not null, node_id text not null,
        at_ms bigint not null, recorded_by text not null)`,
      'create unique index deployments_once on deployments (service, node_id, at_ms, revision)',
      'create index deployments_latest on deployments (at_ms, id)',
    ],
  },
  {
    name: 'incidents merged, related and quiet; maintenance; rules; counts of reduced logs',
    statements: [
      'alter table incidents add column merged_into text',
      'alter table incidents add column related_to text',
      "alter table incidents add column quiet text not null default ''",
      "alter table incidents add column regressions_json text not null default '[]'",
      "alter table incidents add column changes_json text not null default '[]'",
      'create index incidents_merged on incidents (merged_into)',
      'create index incidents_related on incidents (related_to)',
      'create table maintenance_windows (id text primary key, starts_at_ms bigint not null, ends_at_ms bigint not null, window_json text not null)',
      'create index maintenance_windows_end on maintenance_windows (ends_at_ms)',
      'create table detection_rules (name text primary key, created_at_ms bigint not null, rule_json text not null)',
      `create table log_counts (node_id text not null, source text not null, minute_ms bigint not null, template_id text not null,
        count bigint not null, primary key (node_id, source, minute_ms, template_id))`,
      'create index log_counts_minute on log_counts (minute_ms)',
      `create table log_templates (node_id text not null, template_id text not null, severity integer not null, text text not null,
        primary key (node_id, template_id))`,
    ],
  },
  {
    name: 'model requests',
    statements: [
      // Tokens and dollars are what was set aside until the request is settled, so that sums hold at every moment.
      `create table model_requests (id text primary key, day integer not null, at_ms bigint not null, incident_id text not null,
        repository text not null, purpose text not null, endpoint text not null, provider text not null, model text not null,
        outcome text not null, tokens bigint not null, input_tokens bigint not null, output_tokens bigint not null, usd double precision not null,
        duration_ms bigint not null, transcript blob, transcript_bytes integer not null)`,
      'create index model_requests_incident on model_requests (incident_id, id)',
      'create index model_requests_day on model_requests (day, repository)',
    ],
  },
  {
    name: 'whether fixes worked',
    statements: [
      `create table exposures (service text not null, incident_id text not null, node_id text not null, revision text not null,
        start_ms bigint not null, width_ms bigint not null, amount bigint not null,
        primary key (service, incident_id, node_id, revision, start_ms, width_ms))`,
      'create index exposures_start on exposures (start_ms)',
      "alter table incidents add column fix_id text not null default ''",
      'create index proposals_state on proposals (state, id)',
      `create table remedies (id text primary key, fingerprint text not null, service text not null, parts_json text not null,
        verdict text not null, decided_at_ms bigint not null, remedy_json text not null)`,
      'create index remedies_fingerprint on remedies (fingerprint)',
      'create index remedies_service on remedies (service, decided_at_ms)',
      'create table webhook_deliveries (digest text primary key, received_at_ms bigint not null)',
    ],
  },
  {
    name: 'operators that end, and the audit log',
    statements: [
      "alter table operators add column id text not null default ''",
      'alter table operators add column scope_json text not null default \'{"repositories":[],"nodeLabels":{}}\'',
      "alter table operators add column created_by text not null default ''",
      'alter table operators add column expires_at_ms bigint',
      'alter table operators add column revoked_at_ms bigint',
      'alter table operators add column last_used_at_ms bigint',
      'update operators set id = upper(hex(randomblob(13)))',
      'create unique index operators_id on operators (id)',
      `create table audit_records (sequence integer primary key, at_ms bigint not null, actor_kind text not null, actor text not null,
        origin text not null, act text not null, subject text not null, outcome text not null, detail_json text not null,
        previous_hash text not null, hash text not null)`,
      'create index audit_records_subject on audit_records (subject, sequence)',
      `create trigger audit_records_stay before delete on audit_records begin select raise(abort, 'the audit log is append-only'); end`,
      `create trigger audit_records_hold before update on audit_records begin select raise(abort, 'the audit log is append-only'); end`,
    ],
  },
];

/** The version that this program makes and understands. */
export const schemaVersion = migrations.length;

/** 0 for a database that holds nothing yet. */
export async function schemaVersionOf(database: Database): Promise<number> {
  await sql`create table if not exists schema_migrations (version integer primary key, name text not null, applied_at_ms bigint not null)`.execute(
    database,
  );
  const { current } = await database
    .selectFrom('schema_migrations')
    .select(({ fn }) => fn.max('version').as('current'))
    .executeTakeFirstOrThrow();
  return current ?? 0;
}

/**
 * Brings the schema up to date; nothing happens where it is.
 * @param beforeUpgrade called before a database that holds something is changed; if it throws, nothing is
 * @throws HephaestusError `store.newer` if a newer program wrote this database
 */
export async function migrate(
  database: Database,
  nowMs: number,
  beforeUpgrade: (to: number) => Promise<void> = async () => undefined,
  steps: readonly Migration[] = migrations,
): Promise<void> {
  const from = await schemaVersionOf(database);
  if (from > steps.length) {
    throw new HephaestusError({
      code: 'store.newer',
      kind: 'system',
      message: `the database has schema version ${from}, this program knows ${steps.length}; run the newer program, or restore an older backup`,
    });
  }
  if (from > 0 && from < steps.length) await beforeUpgrade(steps.length);
  for (const [index, migration] of steps.entries()) {
    const version = index + 1;
    if (version <= from) continue;
    await database.transaction().execute(async (transaction) => {
      for (const statement of migration.statements) await sql.raw(statement).execute(transaction);
      await transaction.insertInto('schema_migrations').values({ version, name: migration.name, applied_at_ms: nowMs }).execute();
    });
  }
}

// The tables as the queries see them; migrations.ts makes them.
// Must never be imported outside store/: domains have their own types, and JSON columns are read in one place each.
import type { Generated } from 'kysely';

/** Times are Unix milliseconds, booleans 0 or 1, `…_json` columns JSON text, severities syslog numbers (0 is the worst). */
export interface Tables {
  schema_migrations: { version: number; name: string; applied_at_ms: number };
  nodes: {
    id: string;
    name: string;
    removed: number;
    registered_at_ms: number;
    last_seen_at_ms: number | null;
    node_json: string;
  };
  join_tokens: {
    id: string;
    secret_hash: string;
    created_at_ms: number;
    expires_at_ms: number;
    use_limit: number;
    uses: number;
    revoked: number;
    node_name: string;
    labels_json: string;
    created_by: string;
  };
  operators: {
    token_hash: string;
    name: string;
    role: string;
    created_at_ms: number;
    id: string;
    scope_json: string;
    created_by: string;
    expires_at_ms: number | null;
    revoked_at_ms: number | null;
    last_used_at_ms: number | null;
  };
  audit_records: {
    sequence: number;
    at_ms: number;
    actor_kind: string;
    actor: string;
    origin: string;
    act: string;
    subject: string;
    outcome: string;
    detail_json: string;
    previous_hash: string;
    hash: string;
  };
  positions: {
    node_id: string;
    source: string;
    /** `device:inode:generation`, or `journal`. */
    place: string;
    position_json: string;
    updated_at_ms: number;
  };
  log_chunks: {
    id: Generated<number>;
    node_id: string;
    source: string;
    first_time_ms: number;
    last_time_ms: number;
    received_at_ms: number;
    entries: number;
    worst_severity: number;
    stored_bytes: number;
    /** JSON columns of the entries, zstd. */
    meta: Uint8Array;
    /** The records one after the other, zstd. */
    payload: Uint8Array;
  };
  log_gaps: {
    id: Generated<number>;
    node_id: string;
    source: string;
    reason: string;
    bytes: number;
    records: number;
    detail: string;
    from_json: string;
    to_json: string;
    received_at_ms: number;
  };
  submissions: { request_id: string; accepted: number; received_at_ms: number };
  analysis_states: { name: string; state: Uint8Array; saved_at_ms: number };
  incidents: {
    id: string;
    fingerprint: string;
    service: string;
    parts_json: string;
    title: string;
    state: string;
    severity: number;
    first_seen_at_ms: number;
    last_seen_at_ms: number;
    occurrences: number;
    detector: string;
    note: string;
    resolved_at_ms: number | null;
    merged_into: Generated<string | null>;
    related_to: Generated<string | null>;
    /** Empty: it alerts. */
    quiet: Generated<string>;
    regressions_json: Generated<string>;
    changes_json: Generated<string>;
    /** Of the solution whose verdict decides on relapses; empty if there is none. */
    fix_id: Generated<string>;
  };
  maintenance_windows: { id: string; starts_at_ms: number; ends_at_ms: number; window_json: string };
  detection_rules: { name: string; created_at_ms: number; rule_json: string };
  log_counts: { node_id: string; source: string; minute_ms: number; template_id: string; count: number };
  /** What the templates in `log_counts` say; severity 8 where none was stated. */
  log_templates: { node_id: string; template_id: string; severity: number; text: string };
  incident_nodes: { incident_id: string; node_id: string };
  occurrences: { id: string; incident_id: string; ordinal: number; time_ms: number; occurrence_json: string };
  jobs: {
    id: string;
    kind: string;
    subject: string;
    /** `pending`, `leased`, `done`, `failed`. */
    state: string;
    attempts: number;
    due_at_ms: number;
    lease_holder: string | null;
    lease_until_ms: number | null;
    reason: string;
    created_at_ms: number;
  };
  proposals: { id: string; incident_id: string; state: string; created_at_ms: number; updated_at_ms: number; proposal_json: string };
  deployments: { id: string; service: string; revision: string; node_id: string; at_ms: number; recorded_by: string };
  model_requests: {
    id: string;
    /** Days since 1970, UTC. */
    day: number;
    at_ms: number;
    incident_id: string;
    repository: string;
    purpose: string;
    endpoint: string;
    provider: string;
    model: string;
    /** `open` until it is settled; what a crash left open stays so. */
    outcome: string;
    tokens: number;
    input_tokens: number;
    output_tokens: number;
    usd: number;
    duration_ms: number;
    /** JSON, zstd; null where none is kept. */
    transcript: Uint8Array | null;
    transcript_bytes: number;
  };
  exposures: {
    service: string;
    /** Empty: the service's traffic. */
    incident_id: string;
    node_id: string;
    revision: string;
    start_ms: number;
    width_ms: number;
    amount: number;
  };
  remedies: {
    id: string;
    fingerprint: string;
    service: string;
    parts_json: string;
    verdict: string;
    decided_at_ms: number;
    remedy_json: string;
  };
  webhook_deliveries: { digest: string; received_at_ms: number };
  repositories: { id: string; name: string; repository_json: string };
  secrets: { name: string; nonce: Uint8Array; sealed: Uint8Array; updated_at_ms: number };
}

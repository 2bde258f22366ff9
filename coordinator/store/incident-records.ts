// Keeps incidents and their occurrences.
// Must never decide what an incident's next state is.
import type { Selectable } from 'kysely';
import { severities } from '../../analysis/severity.ts';
import type { FingerprintPart } from '../../analysis/entry.ts';
import type { Incident, IncidentState, Occurrence } from '../incidents/incident.ts';
import type { IncidentStore, IncidentTransaction, StoredIncident } from '../incidents/incident-store.ts';
import type { Database } from './database.ts';
import { enqueueJob } from './job-records.ts';
import type { Tables } from './schema.ts';

export function writeIncidents(database: Database): IncidentTransaction {
  return {
    async findIncident(fingerprint, service) {
      const row = await database
        .selectFrom('incidents')
        .selectAll()
        .where('fingerprint', '=', fingerprint)
        .where('service', '=', service)
        .executeTakeFirst();
      return row === undefined ? undefined : (await withNodes(database, [row]))[0];
    },
    async saveIncident({ incident, resolvedAtMs }) {
      const row = {
        title: incident.title,
        state: incident.state,
        severity: severities.indexOf(incident.severity),
        first_seen_at_ms: incident.firstSeenAtMs,
        last_seen_at_ms: incident.lastSeenAtMs,
        occurrences: incident.occurrences,
        note: incident.note,
        resolved_at_ms: resolvedAtMs ?? null,
      };
      await database
        .insertInto('incidents')
        .values({
          id: incident.id,
          fingerprint: incident.fingerprint.value,
          service: incident.service,
          parts_json: JSON.stringify(incident.fingerprint.parts),
          detector: incident.detector,
          ...row,
        })
        .onConflict((conflict) => conflict.column('id').doUpdateSet(row))
        .execute();
    },
    async addIncidentNodes(incidentId, nodeIds) {
      if (nodeIds.length === 0) return;
      await database
        .insertInto('incident_nodes')
        .values(nodeIds.map((nodeId) => ({ incident_id: incidentId, node_id: nodeId })))
        .onConflict((conflict) => conflict.doNothing())
        .execute();
    },
    async insertOccurrence(occurrence, ordinal) {
      const { id, incidentId, timeMs } = occurrence;
      await database
        .insertInto('occurrences')
        .values({ id, incident_id: incidentId, ordinal, time_ms: timeMs, occurrence_json: JSON.stringify(occurrence) })
        .execute();
    },
    async thinOccurrences(incidentId, from, to, keep) {
      let query = database
        .deleteFrom('occurrences')
        .where('incident_id', '=', incidentId)
        .where('ordinal', '>=', from)
        .where('ordinal', '<=', to);
      if (keep.length > 0) query = query.where('ordinal', 'not in', keep);
      await query.execute();
    },
    enqueueProposal: (incidentId, nowMs) => enqueueJob(database, 'propose', incidentId, nowMs, nowMs),
  };
}

export function createIncidentStore(database: Database): IncidentStore {
  return {
    transactIncidents: (work) => database.transaction().execute((transaction) => work(writeIncidents(transaction))),
    async getIncident(id) {
      const row = await database.selectFrom('incidents').selectAll().where('id', '=', id).executeTakeFirst();
      return row === undefined ? undefined : (await withNodes(database, [row]))[0]?.incident;
    },
    async findByPrefix(prefix) {
      const rows = await database
        .selectFrom('incidents')
        .selectAll()
        .where('id', '>=', prefix)
        // No character of an id sorts above this one.
        .where('id', '<', `${prefix}~`)
        .limit(2)
        .execute();
      return withNodes(database, rows);
    },
    async listIncidents(query) {
      let select = database.selectFrom('incidents').selectAll().orderBy('last_seen_at_ms', 'desc').orderBy('id', 'desc').limit(query.limit);
      const { after, minimumSeverity, nodeIds } = query;
      if (query.states.length > 0) select = select.where('state', 'in', query.states);
      if (query.services.length > 0) select = select.where('service', 'in', query.services);
      if (minimumSeverity !== undefined) select = select.where('severity', '<=', severities.indexOf(minimumSeverity));
      if (nodeIds.length > 0) {
        select = select.where('id', 'in', (inner) =>
          inner.selectFrom('incident_nodes').select('incident_id').where('node_id', 'in', nodeIds),
        );
      }
      if (after !== undefined) {
        select = select.where((eb) =>
          eb.or([
            eb('last_seen_at_ms', '<', after.lastSeenAtMs),
            eb.and([eb('last_seen_at_ms', '=', after.lastSeenAtMs), eb('id', '<', after.id)]),
          ]),
        );
      }
      return (await withNodes(database, await select.execute())).map(({ incident }) => incident);
    },
    async idsOf(fingerprints) {
      if (fingerprints.length === 0) return new Map();
      const rows = await database
        .selectFrom('incidents')
        .select(['id', 'fingerprint', 'service'])
        .where('fingerprint', 'in', [...new Set(fingerprints)])
        .execute();
      return new Map(rows.map(({ id, fingerprint, service }) => [`${fingerprint}/${service}`, id]));
    },
    async countByState() {
      const rows = await database
        .selectFrom('incidents')
        .select(['state', ({ fn }) => fn.countAll<number>().as('count')])
        .groupBy('state')
        .execute();
      return new Map(rows.map((row) => [row.state as IncidentState, row.count]));
    },
    async listOccurrences(incidentId, limit) {
      return (await pageOccurrences(database, incidentId, limit, undefined)).map(({ occurrence }) => occurrence);
    },
    pageOccurrences: (incidentId, limit, before) => pageOccurrences(database, incidentId, limit, before),
  };
}

async function pageOccurrences(
  database: Database,
  incidentId: string,
  limit: number,
  before: number | undefined,
): Promise<readonly { occurrence: Occurrence; ordinal: number }[]> {
  let select = database.selectFrom('occurrences').selectAll().where('incident_id', '=', incidentId).orderBy('ordinal', 'desc').limit(limit);
  if (before !== undefined) select = select.where('ordinal', '<', before);
  return (await select.execute()).map((row) => ({ occurrence: JSON.parse(row.occurrence_json) as Occurrence, ordinal: row.ordinal }));
}

async function withNodes(database: Database, rows: readonly Selectable<Tables['incidents']>[]): Promise<StoredIncident[]> {
  if (rows.length === 0) return [];
  const ids = rows.map((row) => row.id);
  const pairs = await database.selectFrom('incident_nodes').selectAll().where('incident_id', 'in', ids).execute();
  const nodes = Map.groupBy(pairs, (pair) => pair.incident_id);
  return rows.map((row) => ({
    incident: readIncident(
      row,
      (nodes.get(row.id) ?? []).map((pair) => pair.node_id),
    ),
    resolvedAtMs: row.resolved_at_ms ?? undefined,
  }));
}

function readIncident(row: Selectable<Tables['incidents']>, nodeIds: readonly string[]): Incident {
  return {
    id: row.id,
    fingerprint: { value: row.fingerprint, parts: JSON.parse(row.parts_json) as FingerprintPart[] },
    title: row.title,
    state: row.state as IncidentState,
    severity: severities[row.severity] ?? 'error',
    service: row.service,
    firstSeenAtMs: row.first_seen_at_ms,
    lastSeenAtMs: row.last_seen_at_ms,
    occurrences: row.occurrences,
    nodeIds,
    detector: row.detector,
    note: row.note,
  };
}

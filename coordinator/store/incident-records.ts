// Keeps incidents and their occurrences.
// Must never decide what an incident's next state is.
import type { Selectable } from 'kysely';
import { severities } from '../../analysis/severity.ts';
import type { FingerprintPart } from '../../analysis/entry.ts';
import type { Change, Incident, IncidentState, Occurrence, QuietReason } from '../incidents/incident.ts';
import type { IncidentStore, IncidentTransaction, StoredIncident } from '../incidents/incident-store.ts';
import { totalsOf } from '../incidents/merging.ts';
import type { Database } from './database.ts';
import { addExposure } from './exposure-records.ts';
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
      // Merged ones stand directly below the survivor, never below each other.
      const survivor = row?.merged_into ?? undefined;
      return survivor === undefined ? await readOne(database, row) : await readOne(database, await findById(database, survivor));
    },
    findIncidentById: async (id) => readOne(database, await findById(database, id)),
    async saveIncident({ incident, resolvedAtMs, fixId }) {
      const row = {
        title: incident.title,
        state: incident.state,
        severity: severities.indexOf(incident.severity),
        first_seen_at_ms: incident.firstSeenAtMs,
        last_seen_at_ms: incident.lastSeenAtMs,
        occurrences: incident.occurrences,
        note: incident.note,
        resolved_at_ms: resolvedAtMs ?? null,
        merged_into: incident.mergedInto ?? null,
        related_to: incident.relatedTo ?? null,
        quiet: incident.quiet ?? '',
        regressions_json: JSON.stringify(incident.regressions ?? []),
        changes_json: JSON.stringify(incident.changes ?? []),
        fix_id: fixId ?? '',
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
    countOccurrences: (rows) => addExposure(database, rows),
    enqueueProposal: (incidentId, nowMs) => enqueueJob(database, 'propose', incidentId, nowMs, nowMs),
    async withdrawProposal(incidentId) {
      // One that runs already is let run: its evidence holds, whoever the incident belongs to.
      await database
        .deleteFrom('jobs')
        .where('kind', '=', 'propose')
        .where('subject', '=', incidentId)
        .where('state', '=', 'pending')
        .execute();
    },
    enqueueFollow: (fixId, dueAtMs, nowMs) => enqueueJob(database, 'follow', fixId, dueAtMs, nowMs),
  };
}

export function createIncidentStore(database: Database): IncidentStore {
  return {
    transactIncidents: (work) => database.transaction().execute((transaction) => work(writeIncidents(transaction))),
    async getIncident(id) {
      const stored = await readOne(database, await findById(database, id));
      return stored === undefined ? undefined : totalsOf(stored.incident);
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
      if (query.includeMerged !== true) select = select.where('merged_into', 'is', null);
      if (query.leadingOnly === true) select = select.where('related_to', 'is', null).where('quiet', '=', '');
      if (query.services.length > 0) select = select.where('service', 'in', query.services);
      if (minimumSeverity !== undefined) select = select.where('severity', '<=', severities.indexOf(minimumSeverity));
      if (nodeIds.length > 0) {
        select = select.where('id', 'in', (inner) =>
          inner
            .selectFrom('incident_nodes')
            .innerJoin('incidents as there', 'there.id', 'incident_nodes.incident_id')
            .select(({ fn }) => fn.coalesce('there.merged_into', 'there.id').as('id'))
            .where('incident_nodes.node_id', 'in', nodeIds),
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
        .select(['id', 'fingerprint', 'service', 'merged_into'])
        .where('fingerprint', 'in', [...new Set(fingerprints)])
        .execute();
      return new Map(rows.map(({ id, fingerprint, service, merged_into: survivor }) => [`${fingerprint}/${service}`, survivor ?? id]));
    },
    async countByState() {
      const rows = await database
        .selectFrom('incidents')
        .select(['state', 'quiet', ({ fn }) => fn.countAll<number>().as('count')])
        .where('merged_into', 'is', null)
        .groupBy(['state', 'quiet'])
        .execute();
      const counts = new Map<IncidentState | 'quiet', number>();
      for (const { state, quiet, count } of rows) {
        const key = quiet === '' ? (state as IncidentState) : 'quiet';
        counts.set(key, (counts.get(key) ?? 0) + count);
      }
      return counts;
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

type IncidentRow = Selectable<Tables['incidents']>;

async function findById(database: Database, id: string): Promise<IncidentRow | undefined> {
  return database.selectFrom('incidents').selectAll().where('id', '=', id).executeTakeFirst();
}

async function readOne(database: Database, row: IncidentRow | undefined): Promise<StoredIncident | undefined> {
  return row === undefined ? undefined : (await withNodes(database, [row]))[0];
}

/** With their nodes, and with what was merged into them. */
async function withNodes(database: Database, rows: readonly IncidentRow[]): Promise<StoredIncident[]> {
  if (rows.length === 0) return [];
  const ids = rows.map((row) => row.id);
  const mergedRows = await database.selectFrom('incidents').selectAll().where('merged_into', 'in', ids).orderBy('id').execute();
  const relatedCounts = await database
    .selectFrom('incidents')
    .select(['related_to', ({ fn }) => fn.countAll<number>().as('count')])
    .where('related_to', 'in', ids)
    .groupBy('related_to')
    .execute();
  const related = new Map(relatedCounts.map((row) => [row.related_to, row.count]));
  const withMerged = [...ids, ...mergedRows.map((row) => row.id)];
  const pairs = await database.selectFrom('incident_nodes').selectAll().where('incident_id', 'in', withMerged).execute();
  const nodes = Map.groupBy(pairs, (pair) => pair.incident_id);
  const nodesOf = (id: string): string[] => (nodes.get(id) ?? []).map((pair) => pair.node_id);
  const merged = Map.groupBy(mergedRows, (row) => row.merged_into);
  return rows.map((row) => ({
    incident: {
      ...readIncident(row, nodesOf(row.id)),
      merged: merged.get(row.id)?.map((part) => readIncident(part, nodesOf(part.id))),
      related: related.get(row.id) ?? 0,
    },
    resolvedAtMs: row.resolved_at_ms ?? undefined,
    fixId: row.fix_id === '' ? undefined : row.fix_id,
  }));
}

function readIncident(row: IncidentRow, nodeIds: readonly string[]): Incident {
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
    mergedInto: row.merged_into ?? undefined,
    relatedTo: row.related_to ?? undefined,
    quiet: row.quiet === '' ? undefined : (row.quiet as QuietReason),
    regressions: JSON.parse(row.regressions_json) as number[],
    changes: JSON.parse(row.changes_json) as Change[],
  };
}

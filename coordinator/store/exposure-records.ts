// Keeps how much services did and how often incidents showed, by node, revision and time.
// Must never judge it; the verdict on a fix does.
import { sql } from 'kysely';
import type { ExposureRow, ExposureStore } from '../incidents/exposure.ts';
import type { Database } from './database.ts';

const hourMs = 3_600_000;
/** Rows of one statement; SQLite takes 32,766 values (sqlite.org/limits.html). */
const batch = 500;

/** Within whatever transaction `database` is. */
export async function addExposure(database: Database, rows: readonly ExposureRow[]): Promise<void> {
  for (let from = 0; from < rows.length; from += batch) {
    await database
      .insertInto('exposures')
      .values(
        rows.slice(from, from + batch).map((row) => ({
          service: row.service,
          incident_id: row.incidentId,
          node_id: row.nodeId,
          revision: row.revision,
          start_ms: row.startMs,
          width_ms: row.widthMs,
          amount: row.amount,
        })),
      )
      .onConflict((conflict) =>
        conflict
          .columns(['service', 'incident_id', 'node_id', 'revision', 'start_ms', 'width_ms'])
          .doUpdateSet((eb) => ({ amount: eb('exposures.amount', '+', eb.ref('excluded.amount')) })),
      )
      .execute();
  }
}

export function createExposureStore(database: Database): ExposureStore {
  return {
    add: (rows) => database.transaction().execute((transaction) => addExposure(transaction, rows)),
    async read(service, incidentId, sinceMs) {
      const rows = await database
        .selectFrom('exposures')
        .selectAll()
        .where('service', '=', service)
        .where('incident_id', 'in', ['', incidentId])
        .where(sql<boolean>`start_ms + width_ms > ${sinceMs}`)
        .orderBy('start_ms')
        .execute();
      return rows.map((row) => ({
        service: row.service,
        incidentId: row.incident_id,
        nodeId: row.node_id,
        revision: row.revision,
        startMs: row.start_ms,
        widthMs: row.width_ms,
        amount: row.amount,
      }));
    },
    async services() {
      const rows = await database.selectFrom('incidents').select('service').distinct().execute();
      return rows.map(({ service }) => service);
    },
    async servicesOf(incidentIds) {
      if (incidentIds.length === 0) return [];
      const rows = await database.selectFrom('incidents').select('service').distinct().where('id', 'in', incidentIds).execute();
      return rows.map(({ service }) => service);
    },
    async condense(beforeMs, forgetMs, keepNodes) {
      await database.transaction().execute(async (transaction) => {
        await sql`delete from exposures where start_ms + width_ms <= ${forgetMs}`.execute(transaction);
        // What is summed is what is deleted, whatever else is written meanwhile: one transaction sees one state.
        const old = sql`start_ms + width_ms <= ${beforeMs} and (width_ms < ${hourMs} or node_id <> '' or revision <> '')`;
        const kept = keepNodes.length === 0 ? sql`0 = 1` : sql`service in (${sql.join(keepNodes)})`;
        const due = sql`${old} and not (${kept} and width_ms >= ${hourMs})`;
        await sql`create temporary table if not exists condensed (service text, incident_id text, node_id text, revision text, start_ms bigint,
          width_ms bigint, amount bigint)`.execute(transaction);
        await sql`delete from condensed`.execute(transaction);
        await sql`insert into condensed select service, incident_id, case when ${kept} then node_id else '' end,
          case when ${kept} then revision else '' end, start_ms - start_ms % ${hourMs}, ${hourMs}, sum(amount)
          from exposures where ${due} group by 1, 2, 3, 4, 5`.execute(transaction);
        await sql`delete from exposures where ${due}`.execute(transaction);
        await sql`insert into exposures (service, incident_id, node_id, revision, start_ms, width_ms, amount)
          select service, incident_id, node_id, revision, start_ms, width_ms, amount from condensed where true
          on conflict (service, incident_id, node_id, revision, start_ms, width_ms) do update set amount = exposures.amount + excluded.amount`.execute(
          transaction,
        );
        await sql`delete from condensed`.execute(transaction);
      });
    },
  };
}

// Keeps chunks of log entries, positions, gaps and submissions.
// Must never open a transaction of its own for ingest; commit-store.ts joins these writes with those of incidents.
import { severities } from '../../analysis/severity.ts';
import type { ChunkQuery, LogReader, LogTransaction } from '../logs/log-store.ts';
import { placeOf, type Position, type SourcePosition } from '../logs/log-batch.ts';
import type { Database } from './database.ts';

/** Positions that a welcome carries; a node that rotates thousands of files has old ones nobody reads any more. */
const mostPositions = 20_000;

export function writeLogs(database: Database): LogTransaction {
  return {
    async insertChunk(chunk) {
      const { insertId } = await database
        .insertInto('log_chunks')
        .values({
          node_id: chunk.nodeId,
          source: chunk.source,
          first_time_ms: chunk.firstTimeMs,
          last_time_ms: chunk.lastTimeMs,
          received_at_ms: chunk.receivedAtMs,
          entries: chunk.entries,
          worst_severity: chunk.worstSeverity,
          stored_bytes: chunk.meta.length + chunk.payload.length,
          meta: chunk.meta,
          payload: chunk.payload,
        })
        .executeTakeFirstOrThrow();
      return Number(insertId);
    },
    async savePositions(nodeId, positions, nowMs) {
      for (const { source, position } of positions) {
        const row = { position_json: JSON.stringify(position), updated_at_ms: nowMs };
        await database
          .insertInto('positions')
          .values({ node_id: nodeId, source, place: placeOf(position), ...row })
          .onConflict((conflict) => conflict.columns(['node_id', 'source', 'place']).doUpdateSet(row))
          .execute();
      }
    },
    async addCounts(nodeId, source, counts, templates) {
      for (const { id, text, severity } of templates) {
        const row = { severity: severity === undefined ? severities.length : severities.indexOf(severity), text };
        await database
          .insertInto('log_templates')
          .values({ node_id: nodeId, template_id: id, ...row })
          .onConflict((conflict) => conflict.columns(['node_id', 'template_id']).doUpdateSet(row))
          .execute();
      }
      for (const { templateId, minuteMs, count } of counts) {
        await database
          .insertInto('log_counts')
          .values({ node_id: nodeId, source, minute_ms: minuteMs, template_id: templateId, count })
          .onConflict((conflict) =>
            conflict
              .columns(['node_id', 'source', 'minute_ms', 'template_id'])
              .doUpdateSet((eb) => ({ count: eb('log_counts.count', '+', eb.ref('excluded.count')) })),
          )
          .execute();
      }
    },
    async insertGap(nodeId, gap, nowMs) {
      await database
        .insertInto('log_gaps')
        .values({
          node_id: nodeId,
          source: gap.source,
          reason: gap.reason,
          bytes: gap.bytes,
          records: gap.records,
          detail: gap.detail,
          from_json: JSON.stringify(gap.from ?? null),
          to_json: JSON.stringify(gap.to ?? null),
          received_at_ms: nowMs,
        })
        .execute();
    },
    async insertSubmission(requestId, accepted, nowMs) {
      const result = await database
        .insertInto('submissions')
        .values({ request_id: requestId, accepted, received_at_ms: nowMs })
        .onConflict((conflict) => conflict.doNothing())
        .executeTakeFirst();
      return (result.numInsertedOrUpdatedRows ?? 0n) > 0n;
    },
  };
}

/** Where each source of a node stands, the latest first. */
export async function readPositions(database: Database, nodeId: string): Promise<readonly SourcePosition[]> {
  const rows = await database
    .selectFrom('positions')
    .select(['source', 'position_json'])
    .where('node_id', '=', nodeId)
    .orderBy('updated_at_ms', 'desc')
    .limit(mostPositions)
    .execute();
  return rows.map((row) => ({ source: row.source, position: JSON.parse(row.position_json) as Position }));
}

export function createLogReader(database: Database): LogReader {
  return {
    async chunks(query) {
      const rows = await selectChunks(database, query).execute();
      return rows.map((row) => ({
        id: row.id,
        nodeId: row.node_id,
        source: row.source,
        firstTimeMs: row.first_time_ms,
        lastTimeMs: row.last_time_ms,
        receivedAtMs: row.received_at_ms,
        entries: row.entries,
        worstSeverity: row.worst_severity,
        meta: row.meta,
        payload: row.payload,
      }));
    },
    async countsOf({ nodeIds, sources, sinceMs, untilMs, limit }) {
      let select = database
        .selectFrom('log_counts')
        .leftJoin('log_templates', (join) =>
          join.onRef('log_templates.node_id', '=', 'log_counts.node_id').onRef('log_templates.template_id', '=', 'log_counts.template_id'),
        )
        .select(['log_counts.template_id as id', 'log_templates.text as text', 'log_templates.severity as severity'])
        .select(({ fn }) => [fn.sum<number>('log_counts.count').as('count'), fn.max('log_counts.minute_ms').as('last')])
        .groupBy(['log_counts.template_id', 'log_templates.text', 'log_templates.severity'])
        .orderBy('count', 'desc')
        .limit(limit);
      if (nodeIds.length > 0) select = select.where('log_counts.node_id', 'in', nodeIds);
      if (sources.length > 0) select = select.where('log_counts.source', 'in', sources);
      if (sinceMs !== undefined) select = select.where('log_counts.minute_ms', '>=', sinceMs);
      if (untilMs !== undefined) select = select.where('log_counts.minute_ms', '<=', untilMs);
      const rows = await select.execute();
      return rows.map((row) => ({
        templateId: row.id,
        text: row.text ?? '',
        severity: severities[row.severity ?? severities.length],
        count: row.count,
        lastMinuteMs: row.last,
      }));
    },
    async pruneCounts(olderThanMs) {
      await database.deleteFrom('log_counts').where('minute_ms', '<', olderThanMs).execute();
    },
    async prune(olderThanMs, maxBytes, mostChunks) {
      let overBytes = (await storedBytes(database)) - maxBytes;
      const oldest = await database
        .selectFrom('log_chunks')
        .select(['id', 'received_at_ms', 'stored_bytes'])
        .orderBy('id')
        .limit(mostChunks)
        .execute();
      const doomed: number[] = [];
      for (const chunk of oldest) {
        if (chunk.received_at_ms >= olderThanMs && overBytes <= 0) break;
        overBytes -= chunk.stored_bytes;
        doomed.push(chunk.id);
      }
      if (doomed.length > 0) await database.deleteFrom('log_chunks').where('id', 'in', doomed).execute();
      return doomed.length;
    },
    storedBytes: () => storedBytes(database),
  };
}

async function storedBytes(database: Database): Promise<number> {
  const row = await database
    .selectFrom('log_chunks')
    .select(({ fn }) => fn.sum<number | null>('stored_bytes').as('bytes'))
    .executeTakeFirstOrThrow();
  return row.bytes ?? 0;
}

function selectChunks(database: Database, query: ChunkQuery) {
  let select = database.selectFrom('log_chunks').selectAll().orderBy('id', 'desc').limit(query.limit);
  if (query.filter.nodeIds.length > 0) select = select.where('node_id', 'in', query.filter.nodeIds);
  if (query.filter.sources.length > 0) select = select.where('source', 'in', query.filter.sources);
  if (query.sinceMs !== undefined) select = select.where('last_time_ms', '>=', query.sinceMs);
  if (query.untilMs !== undefined) select = select.where('first_time_ms', '<=', query.untilMs);
  if (query.beforeOrAt !== undefined) select = select.where('id', '<=', query.beforeOrAt);
  return select.where('worst_severity', '<=', query.worstAtMost);
}

// Keeps every attempt at an answer of a model: what it cost, and what was said.
// Must never let a request be opened beside the check of its budget, or keep a transcript longer than it should be.
import { zstdCompressSync, zstdDecompressSync } from 'node:zlib';
import type { Spent } from '../model/ledger.ts';
import type { KeptExchange } from '../model/metered-model.ts';
import type { KeptRequest, ModelRequestRecords } from '../model/model-usage.ts';
import type { Database } from './database.ts';

const mostTranscriptBytes = 16 * 1024 ** 2;

export function createModelRequestStore(database: Database): ModelRequestRecords {
  const spentIn = async (executor: Pick<Database, 'selectFrom'>, incidentId: string, repository: string, day: number): Promise<Spent> => {
    const sumOf = async (query: { incident?: string; repository?: string; day?: number }): Promise<{ tokens: number; usd: number }> => {
      let select = executor
        .selectFrom('model_requests')
        .select(({ fn }) => [fn.sum<number | null>('tokens').as('tokens'), fn.sum<number | null>('usd').as('usd')]);
      if (query.incident !== undefined) select = select.where('incident_id', '=', query.incident);
      if (query.repository !== undefined) select = select.where('repository', '=', query.repository);
      if (query.day !== undefined) select = select.where('day', '=', query.day);
      const row = await select.executeTakeFirstOrThrow();
      return { tokens: row.tokens ?? 0, usd: row.usd ?? 0 };
    };
    const whole = await sumOf({ day });
    return {
      incidentTokens: incidentId === '' ? 0 : (await sumOf({ incident: incidentId })).tokens,
      repositoryTokens: repository === '' ? 0 : (await sumOf({ repository, day })).tokens,
      dayTokens: whole.tokens,
      dayUsd: whole.usd,
    };
  };
  return {
    async open(request, allow) {
      const { id, day, atMs, account, endpoint, provider, model, tokens, usd } = request;
      await database.transaction().execute(async (transaction) => {
        allow(await spentIn(transaction, account.incidentId, account.repository, day));
        const values = { incident_id: account.incidentId, repository: account.repository, purpose: account.purpose };
        const nothing = { input_tokens: 0, output_tokens: 0, duration_ms: 0, transcript: null, transcript_bytes: 0 };
        await transaction
          .insertInto('model_requests')
          .values({ id, day, at_ms: atMs, ...values, endpoint, provider, model, outcome: 'open', tokens, usd, ...nothing })
          .execute();
      });
    },
    async settle(id, { inputTokens, outputTokens, usd, durationMs, outcome, transcript }) {
      const packed = transcript === undefined ? null : zstdCompressSync(transcript);
      await database
        .updateTable('model_requests')
        .set({
          outcome,
          tokens: inputTokens + outputTokens,
          input_tokens: inputTokens,
          output_tokens: outputTokens,
          usd,
          duration_ms: durationMs,
          transcript: packed,
          transcript_bytes: packed?.length ?? 0,
        })
        .where('id', '=', id)
        .execute();
    },
    spent: (incidentId, repository, day) => spentIn(database, incidentId, repository, day),
    async usage(sinceDay) {
      const rows = await database
        .selectFrom('model_requests')
        .select(['day', 'repository', 'endpoint', 'model'])
        .select(({ fn }) => [
          fn.countAll<number>().as('requests'),
          fn.sum<number>('tokens').as('tokens'),
          fn.sum<number>('input_tokens').as('inputTokens'),
          fn.sum<number>('output_tokens').as('outputTokens'),
          fn.sum<number>('usd').as('usd'),
        ])
        .where('day', '>=', sinceDay)
        .groupBy(['day', 'repository', 'endpoint', 'model'])
        .orderBy('day', 'desc')
        .orderBy('tokens', 'desc')
        .execute();
      return rows;
    },
    async transcript(incidentId, sinceMs, untilMs) {
      const rows = await database
        .selectFrom('model_requests')
        .selectAll()
        .where('incident_id', '=', incidentId)
        .where('at_ms', '>=', sinceMs)
        .where('at_ms', '<=', untilMs)
        .orderBy('id')
        .limit(500)
        .execute();
      return rows.map((row): KeptRequest => {
        const { id, purpose, endpoint, provider, model, outcome, usd } = row;
        const exchange = row.transcript === null ? undefined : unpack(row.transcript);
        const counts = { inputTokens: row.input_tokens, outputTokens: row.output_tokens, durationMs: row.duration_ms };
        return { id, atMs: row.at_ms, purpose, endpoint, provider, model, outcome, usd, exchange, ...counts };
      });
    },
    async prune({ transcriptsBeforeMs, mostTranscriptBytes: most, requestsBeforeMs }) {
      const forget = { transcript: null, transcript_bytes: 0 };
      await database.deleteFrom('model_requests').where('at_ms', '<', requestsBeforeMs).execute();
      await database
        .updateTable('model_requests')
        .set(forget)
        .where('at_ms', '<', transcriptsBeforeMs)
        .where('transcript_bytes', '>', 0)
        .execute();
      const { sum } = await database
        .selectFrom('model_requests')
        .select(({ fn }) => fn.sum<number | null>('transcript_bytes').as('sum'))
        .executeTakeFirstOrThrow();
      let surplus = (sum ?? 0) - most;
      while (surplus > 0) {
        const oldest = await database
          .selectFrom('model_requests')
          .select(['id', 'transcript_bytes'])
          .where('transcript_bytes', '>', 0)
          .orderBy('id')
          .limit(100)
          .execute();
        if (oldest.length === 0) return;
        const gone: string[] = [];
        for (const { id, transcript_bytes: bytes } of oldest) {
          if (surplus <= 0) break;
          surplus -= bytes;
          gone.push(id);
        }
        await database.updateTable('model_requests').set(forget).where('id', 'in', gone).execute();
      }
    },
  };
}

function unpack(packed: Uint8Array): KeptExchange {
  return JSON.parse(zstdDecompressSync(packed, { maxOutputLength: mostTranscriptBytes }).toString('utf8')) as KeptExchange;
}

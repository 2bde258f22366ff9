// Keeps what analysis has learnt, as one compressed snapshot.
// Must never read into it; it belongs to analysis.
import { zstdCompressSync, zstdDecompressSync } from 'node:zlib';
import type { Database } from './database.ts';

export interface AnalysisStates {
  load(name: string): Promise<unknown>;
  save(name: string, state: unknown, nowMs: number): Promise<void>;
}

export function createAnalysisStates(database: Database): AnalysisStates {
  return {
    async load(name) {
      const row = await database.selectFrom('analysis_states').select('state').where('name', '=', name).executeTakeFirst();
      return row === undefined ? undefined : (JSON.parse(zstdDecompressSync(row.state).toString()) as unknown);
    },
    async save(name, state, nowMs) {
      const row = { state: zstdCompressSync(JSON.stringify(state)), saved_at_ms: nowMs };
      await database
        .insertInto('analysis_states')
        .values({ name, ...row })
        .onConflict((conflict) => conflict.column('name').doUpdateSet(row))
        .execute();
    },
  };
}

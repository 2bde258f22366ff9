// Keeps what became of changes, by the fingerprint of their problem.
// Must never decide what is alike; solutions do.
import type { Remedy, RemedyStore } from '../solutions/memory.ts';
import type { Database } from './database.ts';

export function createRemedyStore(database: Database): RemedyStore {
  return {
    async save(remedy) {
      const { verdict, decidedAtMs } = remedy;
      const row = { verdict, decided_at_ms: decidedAtMs, remedy_json: JSON.stringify(remedy) };
      await database
        .insertInto('remedies')
        .values({
          id: remedy.id,
          fingerprint: remedy.fingerprint,
          service: remedy.service,
          parts_json: JSON.stringify(remedy.parts),
          ...row,
        })
        .onConflict((conflict) => conflict.column('id').doUpdateSet(row))
        .execute();
    },
    async find(fingerprint, service, limit) {
      const rows = await database
        .selectFrom('remedies')
        .select('remedy_json')
        .where((eb) => eb.or([eb('fingerprint', '=', fingerprint), eb('service', '=', service)]))
        .orderBy('decided_at_ms', 'desc')
        .limit(limit)
        .execute();
      return rows.map((row) => JSON.parse(row.remedy_json) as Remedy);
    },
  };
}

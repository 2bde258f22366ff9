// Keeps leased jobs: rows with an expiry, nothing that one database alone can do.
// Must never run a job; it hands them out.
import type { Clock } from '../../base/clock.ts';
import { createUlid } from '../../base/ulid.ts';
import type { Job, JobKind, JobQueue } from '../solutions/job-queue.ts';
import type { Database } from './database.ts';

/** Within whatever transaction `database` is; no effect while a job of this kind and subject is unfinished. */
export async function enqueueJob(database: Database, kind: JobKind, subject: string, dueAtMs: number, nowMs: number): Promise<void> {
  await database
    .insertInto('jobs')
    .values({
      id: createUlid(nowMs),
      kind,
      subject,
      state: 'pending',
      attempts: 0,
      due_at_ms: dueAtMs,
      lease_holder: null,
      lease_until_ms: null,
      reason: '',
      created_at_ms: nowMs,
    })
    .onConflict((conflict) => conflict.doNothing())
    .execute();
}

export function createJobQueue(database: Database, clock: Clock): JobQueue {
  /** Only while the holder still has it: a lease that ran out belongs to somebody else. */
  const held = (job: Job, holder: string) =>
    database.updateTable('jobs').where('id', '=', job.id).where('state', '=', 'leased').where('lease_holder', '=', holder);
  return {
    async enqueue(kind, subject, notBeforeMs) {
      const nowMs = clock.now();
      await enqueueJob(database, kind, subject, notBeforeMs ?? nowMs, nowMs);
    },
    async lease(holder, leaseMs) {
      const nowMs = clock.now();
      // One statement: two runners can't lease the same row.
      const row = await database
        .updateTable('jobs')
        .set((expression) => ({
          state: 'leased',
          lease_holder: holder,
          lease_until_ms: nowMs + leaseMs,
          attempts: expression('attempts', '+', 1),
        }))
        .where('id', 'in', (inner) =>
          inner
            .selectFrom('jobs')
            .select('id')
            .where((eb) =>
              eb.or([
                eb.and([eb('state', '=', 'pending'), eb('due_at_ms', '<=', nowMs)]),
                eb.and([eb('state', '=', 'leased'), eb('lease_until_ms', '<', nowMs)]),
              ]),
            )
            .orderBy('due_at_ms')
            .orderBy('id')
            .limit(1),
        )
        .returning(['id', 'kind', 'subject', 'attempts'])
        .executeTakeFirst();
      return row === undefined ? undefined : { ...row, kind: row.kind as JobKind };
    },
    async renew(job, holder, leaseMs) {
      const result = await held(job, holder)
        .set({ lease_until_ms: clock.now() + leaseMs })
        .executeTakeFirst();
      return result.numUpdatedRows > 0n;
    },
    async complete(job, holder) {
      await held(job, holder).set({ state: 'done', lease_holder: null, lease_until_ms: null }).execute();
    },
    async fail(job, holder, reason, retryAtMs) {
      const next = retryAtMs === undefined ? { state: 'failed' } : { state: 'pending', due_at_ms: retryAtMs };
      await held(job, holder)
        .set({ ...next, reason, lease_holder: null, lease_until_ms: null })
        .execute();
    },
    async forget(beforeMs) {
      await database.deleteFrom('jobs').where('state', 'in', ['done', 'failed']).where('created_at_ms', '<', beforeMs).execute();
    },
    async pending() {
      const row = await database
        .selectFrom('jobs')
        .select(({ fn }) => fn.countAll<number>().as('count'))
        .where('state', 'in', ['pending', 'leased'])
        .executeTakeFirstOrThrow();
      return row.count;
    },
  };
}

// What the SQL store promises: migrations once, jobs leased to one, secrets sealed, occurrences bounded.
// Must never mock the database.
import { randomBytes } from 'node:crypto';
import { sql } from 'kysely';
import { describe, expect, test } from 'vitest';
import { silentLogger } from '../../../base/logger.ts';
import { systemClock, type Clock } from '../../../base/clock.ts';
import { ChangeLog } from '../../../coordinator/incidents/change-log.ts';
import { detectProblem, type Candidate } from '../../../coordinator/incidents/detector.ts';
import { IncidentWatch } from '../../../coordinator/incidents/incident-watch.ts';
import { ExposureMeter } from '../../../coordinator/incidents/exposure.ts';
import { RelationFinder } from '../../../coordinator/incidents/relation.ts';
import { IncidentTracker } from '../../../coordinator/incidents/tracker.ts';
import { createCommitStore } from '../../../coordinator/store/commit-store.ts';
import { openDatabase, type Database } from '../../../coordinator/store/database.ts';
import { createIncidentStore } from '../../../coordinator/store/incident-records.ts';
import { createJobQueue } from '../../../coordinator/store/job-records.ts';
import { migrate, migrations, schemaVersion, schemaVersionOf } from '../../../coordinator/store/migrations.ts';
import { SecretStore } from '../../../coordinator/store/secrets.ts';

async function freshDatabase(): Promise<Database> {
  const database = openDatabase(':memory:');
  await migrate(database, 1);
  return database;
}

describe('migrations', () => {
  test('run twice they change nothing', async () => {
    const database = await freshDatabase();
    await migrate(database, 2);
    const rows = await database.selectFrom('schema_migrations').selectAll().execute();
    expect(rows.map((row) => row.version)).toEqual(Array.from({ length: schemaVersion }, (_, index) => index + 1));
  });

  test('a database that holds something is copied before it is changed, and stays as it is where that fails', async () => {
    const database = await freshDatabase();
    await migrate(database, 2, () => Promise.reject(new Error('nothing to upgrade, so nothing to copy')));
    const more = [...migrations, { name: 'later', statements: ['create table later (id text)'] }];
    await expect(migrate(database, 2, () => Promise.reject(new Error('disk full')), more)).rejects.toThrow('disk full');
    expect(await schemaVersionOf(database)).toBe(schemaVersion);
    const copied: number[] = [];
    await migrate(database, 2, async (to) => void copied.push(to), more);
    expect(copied).toEqual([schemaVersion + 1]);
    expect(await schemaVersionOf(database)).toBe(schemaVersion + 1);
  });

  test('a database of a newer program is refused with what to do', async () => {
    const database = await freshDatabase();
    await database.insertInto('schema_migrations').values({ version: 99, name: 'later', applied_at_ms: 1 }).execute();
    await expect(migrate(database, 2)).rejects.toMatchObject({ code: 'store.newer' });
  });
});

describe('jobs', () => {
  function setClock(): Clock & { nowMs: number } {
    return {
      ...systemClock,
      nowMs: 1000,
      now() {
        return this.nowMs;
      },
    };
  }

  test('an unfinished job of a kind and subject is not enqueued again; a finished one is', async () => {
    const jobs = createJobQueue(await freshDatabase(), setClock());
    await jobs.enqueue('propose', 'i1');
    await jobs.enqueue('propose', 'i1');
    expect(await jobs.pending()).toBe(1);
    const job = await jobs.lease('a', 1000);
    if (job === undefined) throw new Error('nothing to lease');
    await jobs.complete(job, 'a');
    await jobs.enqueue('propose', 'i1');
    expect(await jobs.pending()).toBe(1);
  });

  test('a lease that ran out goes to another, and the first holder can no longer finish the job', async () => {
    const clock = setClock();
    const jobs = createJobQueue(await freshDatabase(), clock);
    await jobs.enqueue('propose', 'i1');
    const first = await jobs.lease('a', 1000);
    expect(await jobs.lease('b', 1000)).toBeUndefined();
    clock.nowMs += 1001;
    const second = await jobs.lease('b', 1000);
    expect(second).toMatchObject({ subject: 'i1', attempts: 2 });
    if (first === undefined) throw new Error('nothing to lease');
    expect(await jobs.renew(first, 'a', 1000)).toBe(false);
    await jobs.complete(first, 'a');
    expect(await jobs.pending()).toBe(1);
  });

  test('a failed job is due again at its time, or never', async () => {
    const clock = setClock();
    const jobs = createJobQueue(await freshDatabase(), clock);
    await jobs.enqueue('propose', 'i1');
    const job = await jobs.lease('a', 1000);
    if (job === undefined) throw new Error('nothing to lease');
    await jobs.fail(job, 'a', 'model away', clock.nowMs + 500);
    expect(await jobs.lease('a', 1000)).toBeUndefined();
    clock.nowMs += 500;
    const again = await jobs.lease('a', 1000);
    if (again === undefined) throw new Error('nothing to lease');
    await jobs.fail(again, 'a', 'hopeless', undefined);
    expect(await jobs.pending()).toBe(0);
  });
});

describe('secrets', () => {
  const options = (database: Database, masterKey: Buffer) => ({
    database,
    masterKey,
    clock: systemClock,
    files: {},
    credentialsDirectory: undefined,
  });

  test('come back with the right key only, and are not readable in the database', async () => {
    const database = await freshDatabase();
    const key = randomBytes(32);
    const secrets = new SecretStore(options(database, key));
    await secrets.put('forge', 'hunter2-hunter2');
    expect(await secrets.get('forge')).toBe('hunter2-hunter2');
    const { rows } = await sql<{ sealed: Uint8Array }>`select sealed from secrets`.execute(database);
    expect(Buffer.from(rows[0]?.sealed ?? []).includes('hunter2')).toBe(false);
    await expect(new SecretStore(options(database, randomBytes(32))).get('forge')).rejects.toMatchObject({ code: 'secrets.unreadable' });
  });

  test("a row can't be passed off under another name", async () => {
    const database = await freshDatabase();
    const secrets = new SecretStore(options(database, randomBytes(32)));
    await secrets.put('one', 'value');
    await sql`update secrets set name = 'two'`.execute(database);
    await expect(secrets.get('two')).rejects.toMatchObject({ code: 'secrets.unreadable' });
    expect(await secrets.get('one')).toBeUndefined();
  });
});

describe('incidents', () => {
  const candidate = (timeMs: number): Candidate => ({
    nodeId: 'n1',
    source: 'app',
    timeMs,
    receivedAtMs: timeMs,
    severity: 'error',
    service: 'orders',
    message: 'it broke',
    fields: {},
    templateId: 't1',
    templateText: 'it broke',
    fingerprint: { value: 'f'.repeat(32), parts: [] },
    trace: undefined,
    raw: 'it broke',
  });

  async function stage() {
    const database = await freshDatabase();
    const store = createIncidentStore(database);
    const commits = createCommitStore(database);
    const clock: Clock = { ...systemClock, now: () => 10_000 };
    const tracker = new IncidentTracker({
      exposure: new ExposureMeter([]),
      judgedEveryMs: 1000,
      store,
      watch: new IncidentWatch(),
      clock,
      logger: silentLogger,
      detectors: { observe: (found, before) => [detectProblem(found, before) ?? []].flat(), observeCounted: () => [] },
      changes: new ChangeLog(),
      maintenance: { covers: () => false },
      relations: new RelationFinder({ window: 600_000, stormIncidents: 20 }),
      flapping: { regressions: 3, window: 86_400_000 },
      mayPropose: () => true,
    });
    const happen = async (...times: number[]): Promise<void> => {
      const problems = times.flatMap((timeMs) => tracker.observe(candidate(timeMs), () => []));
      (await commits.transact((transaction) => tracker.apply(problems, transaction)))();
    };
    return { store, tracker, happen, jobs: createJobQueue(database, clock) };
  }

  test('however often it shows, some dozens of occurrences are kept: the first, the last, and some between', async () => {
    const { store, happen } = await stage();
    for (let round = 0; round < 40; round++) await happen(...Array.from({ length: 50 }, (_, index) => round * 50 + index + 1));
    const [incident] = await store.listIncidents({
      states: [],
      nodeIds: [],
      services: [],
      minimumSeverity: undefined,
      limit: 2,
      after: undefined,
    });
    expect(incident?.occurrences).toBe(2000);
    const kept = (await store.listOccurrences(incident?.id ?? '', 1000)).map((occurrence) => occurrence.timeMs);
    expect(kept.length).toBeLessThan(40);
    expect(kept.slice(0, 12)).toEqual(Array.from({ length: 12 }, (_, index) => 2000 - index));
    expect(kept.slice(-4)).toEqual([4, 3, 2, 1]);
  });

  test('it comes back when it shows after it was resolved, not when an older line is read late', async () => {
    const { store, tracker, happen, jobs } = await stage();
    await happen(1);
    const [opened] = await store.listIncidents({
      states: [],
      nodeIds: [],
      services: [],
      minimumSeverity: undefined,
      limit: 1,
      after: undefined,
    });
    const id = opened?.id ?? '';
    const job = await jobs.lease('a', 1000);
    if (job !== undefined) await jobs.complete(job, 'a');
    await tracker.decide(id, 'resolve', 'fixed');
    await happen(9000);
    expect((await store.getIncident(id))?.state).toBe('resolved');
    expect(await jobs.pending()).toBe(0);
    await happen(10_001);
    expect((await store.getIncident(id))?.state).toBe('regressed');
    expect(await jobs.pending()).toBe(1);
  });

  test('an ignored one stays ignored, and opening, resolving and the like are refused where they make no sense', async () => {
    const { store, tracker, happen } = await stage();
    await happen(1);
    const [opened] = await store.listIncidents({
      states: [],
      nodeIds: [],
      services: [],
      minimumSeverity: undefined,
      limit: 1,
      after: undefined,
    });
    const id = opened?.id ?? '';
    await tracker.decide(id, 'ignore', '');
    await happen(20_000);
    expect((await store.getIncident(id))?.state).toBe('ignored');
    await expect(tracker.decide(id, 'resolve', '')).rejects.toMatchObject({ code: 'incident.not-possible' });
    await expect(tracker.decide('01ZZ', 'resolve', '')).rejects.toMatchObject({ code: 'incident.not-found' });
  });
});

// Joins what one commit of ingest writes: entries, positions, incidents and jobs, in one transaction.
// Must never let a part of it be visible without the rest.
import type { IncidentTransaction } from '../incidents/incident-store.ts';
import type { LogStore, LogTransaction } from '../logs/log-store.ts';
import type { Database } from './database.ts';
import { writeIncidents } from './incident-records.ts';
import { readPositions, writeLogs } from './log-records.ts';

export type CommitTransaction = LogTransaction & IncidentTransaction;

export function createCommitStore(database: Database): LogStore<CommitTransaction> {
  return {
    transact: (work) =>
      database.transaction().execute((transaction) => work({ ...writeLogs(transaction), ...writeIncidents(transaction) })),
    positions: (nodeId) => readPositions(database, nodeId),
  };
}

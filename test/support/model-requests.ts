// The real store of model requests, on a database in memory.
// Must never be a stand-in: budgets hold because the database does.
import { migrate } from '../../coordinator/store/migrations.ts';
import { openDatabase } from '../../coordinator/store/database.ts';
import { createModelRequestStore } from '../../coordinator/store/model-records.ts';
import type { ModelRequestRecords } from '../../coordinator/model/model-usage.ts';

export async function memoryModelRequests(): Promise<ModelRequestRecords> {
  const database = openDatabase(':memory:');
  await migrate(database, 1);
  return createModelRequestStore(database);
}

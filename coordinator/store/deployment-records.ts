// Keeps which revision of a service began to run on which node, and when.
// Must never decide which one is in force; deployment.ts does.
import type { DeploymentStore, RecordedDeployment } from '../incidents/deployment.ts';
import type { Database } from './database.ts';

export function createDeploymentStore(database: Database): DeploymentStore {
  return {
    async record(deployment) {
      const { id, service, revision, nodeId = '', atMs, recordedBy } = deployment;
      await database
        .insertInto('deployments')
        .values({ id, service, revision, node_id: nodeId, at_ms: atMs, recorded_by: recordedBy })
        .onConflict((conflict) => conflict.columns(['service', 'node_id', 'at_ms', 'revision']).doNothing())
        .execute();
      const kept = await database
        .selectFrom('deployments')
        .selectAll()
        .where('service', '=', service)
        .where('node_id', '=', nodeId)
        .where('at_ms', '=', atMs)
        .where('revision', '=', revision)
        .executeTakeFirstOrThrow();
      return read(kept);
    },
    async latestOf(service, nodeId) {
      const row = await database
        .selectFrom('deployments')
        .selectAll()
        .where('service', '=', service)
        .where('node_id', '=', nodeId)
        .orderBy('at_ms', 'desc')
        .orderBy('id', 'desc')
        .limit(1)
        .executeTakeFirst();
      return row === undefined ? undefined : read(row);
    },
    async list({ service, limit, after }) {
      let select = database.selectFrom('deployments').selectAll().orderBy('at_ms', 'desc').orderBy('id', 'desc').limit(limit);
      if (service !== undefined) select = select.where('service', '=', service);
      if (after !== undefined) {
        select = select.where((eb) =>
          eb.or([eb('at_ms', '<', after.atMs), eb.and([eb('at_ms', '=', after.atMs), eb('id', '<', after.id)])]),
        );
      }
      return (await select.execute()).map(read);
    },
  };
}

function read(row: {
  id: string;
  service: string;
  revision: string;
  node_id: string;
  at_ms: number;
  recorded_by: string;
}): RecordedDeployment {
  const { id, service, revision } = row;
  return { id, service, revision, nodeId: row.node_id === '' ? undefined : row.node_id, atMs: row.at_ms, recordedBy: row.recorded_by };
}

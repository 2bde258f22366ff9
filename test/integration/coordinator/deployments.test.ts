// Deployments as operators record and list them.
// Must never reach into the coordinator: everything goes over the wire.
import { expect, test } from 'vitest';
import { stageCoordinator } from '../../support/coordinator-stage.ts';

const unset = { nodeId: '', time: undefined };

test('deployments are recorded once, listed latest first by page, and kept over a restart', async () => {
  await using stage = await stageCoordinator();
  const node = await stage.joinNode('web-1');
  const time = new Date(Date.now() - 60_000);
  const first = await stage.operator.deployments.recordDeployment({ service: 'shop', revision: 'v1', nodeId: '', time });
  const again = await stage.operator.deployments.recordDeployment({ service: 'shop', revision: 'v1', nodeId: '', time });
  expect(again.deployment?.id).toBe(first.deployment?.id);
  await stage.operator.deployments.recordDeployment({ ...unset, service: 'shop', revision: 'v2', nodeId: 'web-1' });
  await stage.operator.deployments.recordDeployment({ ...unset, service: 'mail', revision: 'v9' });
  await stage.restart();
  const { deployments } = stage.operator;
  const page = await deployments.listDeployments({ service: 'shop', page: { pageSize: 1, pageToken: '' } });
  expect(page.deployments).toMatchObject([{ revision: 'v2', nodeId: node.nodeId }]);
  const rest = await deployments.listDeployments({ service: 'shop', page: { pageSize: 1, pageToken: page.nextPageToken } });
  expect(rest).toMatchObject({ deployments: [{ revision: 'v1', nodeId: '', time }], nextPageToken: '' });
  expect((await deployments.listDeployments({ service: '', page: undefined })).deployments).toHaveLength(3);
});

test('every bad field of a deployment is named', async () => {
  await using stage = await stageCoordinator();
  const { deployments } = stage.operator;
  const future = new Date(Date.now() + 3_600_000);
  await expect(deployments.recordDeployment({ service: '', revision: 'a\u001bb', nodeId: '', time: future })).rejects.toThrow(
    /service must be given.*revision must not hold.*time is in the future/s,
  );
  await expect(deployments.recordDeployment({ ...unset, service: 'shop', revision: 'v1', nodeId: 'nobody' })).rejects.toThrow(/nobody/);
});

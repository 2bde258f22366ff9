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

test('what agents say runs on their hosts is recorded once for each change, and nonsense is not', async () => {
  await using stage = await stageCoordinator();
  const node = await stage.joinNode('web-1');
  const session = await node.hello(1);
  const beat = (sequence: number, revisions: readonly (readonly [service: string, revision: string])[]): void =>
    session.send({
      $case: 'heartbeat',
      value: {
        sequence,
        sentAt: new Date(),
        health: undefined,
        facts: undefined,
        vitals: undefined,
        sources: [],
        oldestUnacknowledgedAge: undefined,
        gapsTotal: 0,
        revisions: revisions.map(([service, revision]) => ({ service, revision, since: new Date(Date.now() - 60_000) })),
      },
    });
  beat(1, [['shop', 'v1']]);
  beat(2, [
    ['shop', 'v1'],
    ['mail', 'x\u001by'],
  ]);
  beat(3, [['shop', 'v2']]);
  const list = async () => (await stage.operator.deployments.listDeployments({})).deployments;
  await expect.poll(list, { timeout: 30_000 }).toHaveLength(2);
  expect(await list()).toMatchObject([
    { service: 'shop', revision: 'v2', nodeId: node.nodeId, recordedBy: 'agent' },
    { service: 'shop', revision: 'v1', nodeId: node.nodeId },
  ]);
  session.end();
});

// What an operator learns of a node by asking its agent, and how often that was started.
// Must never reach into the coordinator: everything goes over the wire.
import { expect, test } from 'vitest';
import { HealthStatus } from '../../../proto/index.ts';
import { stageCoordinator, type CoordinatorStage, type ScriptedSession } from '../../support/coordinator-stage.ts';

async function answerWith(session: ScriptedSession, answer: { ok: boolean; message: string; payload: string }): Promise<unknown> {
  const { message } = await session.receive();
  if (message?.$case !== 'command') throw new Error(`not a command: ${message?.$case}`);
  const { id, command } = message.value;
  session.send({
    $case: 'commandResult',
    value: { commandId: id, ok: answer.ok, message: answer.message, payload: Buffer.from(answer.payload) },
  });
  return command;
}

const ask = (stage: CoordinatorStage, lines = 2, source = 'app') =>
  stage.operator.nodes.collectContext({ nodeId: 'web-1', source, lines }).catch((error: unknown) => String(error));

test('an agent is asked for the last records of a source, and its answer is told', async () => {
  await using stage = await stageCoordinator();
  const node = await stage.joinNode();
  const session = await node.hello(1);
  const asked = ask(stage);
  const command = await answerWith(session, {
    ok: true,
    message: 'as JSON',
    payload: '{"facts":{"hostname":"web-1"},"lines":["one","two"]}',
  });
  expect(command).toMatchObject({ $case: 'collectContext', value: { source: 'app', lines: 2 } });
  expect(await asked).toMatchObject({ message: 'as JSON', context: '{"facts":{"hostname":"web-1"}}', lines: ['one', 'two'] });
});

test('what an agent refuses, and what is no context, is an error that says so', async () => {
  await using stage = await stageCoordinator();
  const session = await (await stage.joinNode()).hello(1);
  const refused = ask(stage);
  await answerWith(session, { ok: false, message: 'there is no source "app" on this node', payload: '' });
  expect(await refused).toContain('there is no source "app" on this node');
  const unreadable = ask(stage);
  await answerWith(session, { ok: true, message: '', payload: '{"lines":[7]}' });
  expect(await unreadable).toContain('no context');
});

test('nobody waits for an agent that is away, or that goes away', async () => {
  await using stage = await stageCoordinator();
  const node = await stage.joinNode();
  expect(await ask(stage)).toContain('is not connected');
  const session = await node.hello(1);
  const asked = ask(stage);
  await session.receive();
  session.end();
  expect(await asked).toContain('disconnected before it answered');
});

test('records without a source, or too many, are refused', async () => {
  await using stage = await stageCoordinator();
  await (await stage.joinNode()).hello(1);
  expect(await ask(stage, 3, '')).toContain('source must be given');
  expect(await ask(stage, 1001)).toContain('lines may be 1000 at most');
});

test('how often an agent was started again is told of its node and in a series', async () => {
  await using stage = await stageCoordinator();
  const node = await stage.joinNode();
  const session = await node.hello(1);
  const vitals = {
    sampledAt: new Date(),
    cpuShare: 0,
    load1: 0,
    load5: 0,
    load15: 0,
    memoryUsedBytes: 0,
    memoryAvailableBytes: 0,
    swapUsedBytes: 0,
    disks: [],
    uptime: undefined,
    agentMemoryBytes: 1,
    agentCpuShare: 0,
    agentRestarts: 3,
  };
  const health = { name: 'agent', status: HealthStatus.OK, reason: '', parts: [] };
  const rest = { facts: undefined, sources: [], oldestUnacknowledgedAge: undefined, gapsTotal: 0, revisions: [] };
  session.send({ $case: 'heartbeat', value: { sequence: 1, sentAt: new Date(), health, vitals, ...rest } });
  const restarts = async (): Promise<number | undefined> =>
    (await stage.operator.nodes.getNode({ nodeId: node.nodeId })).node?.vitals?.agentRestarts;
  await expect.poll(restarts, { timeout: 30_000 }).toBe(3);
  const { text } = await stage.coordinator.metrics.getCurrentMetrics();
  expect(text).toContain('hephaestus_coordinator_node_agent_restarts{node="web-1"} 3');
});

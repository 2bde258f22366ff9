// Operators over the wire: made, narrowed, expired, revoked; and root on the coordinator's own host.
// Must never reach into the coordinator: everything goes over the wire, or the socket.
import { chmod, stat } from 'node:fs/promises';
import { join } from 'node:path';
import { ChannelCredentials, createChannel, createClient } from 'nice-grpc';
import { describe, expect, test } from 'vitest';
import { connectOperator, type OperatorConnection } from '../../../coordinator/cli/client.ts';
import { permissions } from '../../../coordinator/api/permissions.ts';
import { runProgram } from '../../../coordinator/cli/program.ts';
import { AgentServiceDefinition, NodeStatus, OperatorRole } from '../../../proto/index.ts';
import { batchOf, stageCoordinator, type CoordinatorStage } from '../../support/coordinator-stage.ts';

function connectAs(stage: CoordinatorStage, token: string): OperatorConnection {
  return connectOperator({ address: `127.0.0.1:${stage.port}`, caPem: Buffer.from(stage.caPem), token, timeoutMs: 10_000 });
}

const crash = (service: string) => [
  `2026-11-01T10:00:00Z ERROR [${service}] failed`,
  `TypeError: Cannot read properties of undefined (reading 'tier')`,
  `    at discountOf (/srv/${service}/src/pricing.js:17:37)`,
  `    at quote (/srv/${service}/src/pricing.js:23:20)`,
];

/** Two nodes in two zones with a crash each, and a repository for each of their services. */
async function stageFleet(stage: CoordinatorStage) {
  const { operator } = stage;
  const nodes: { nodeId: string }[] = [];
  for (const [index, name] of ['orders', 'billing'].entries()) {
    await operator.repositories.addRepository({ repository: { name, url: `https://git.example.com/${name}.git`, services: [name] } });
    const labels = { zone: index === 0 ? 'a' : 'b' };
    const { secret } = await operator.nodes.createJoinToken({ labels });
    const node = await stage.enrol(secret, `host-${name}`);
    const session = await node.hello(1);
    await operator.nodes.updateNodeConfiguration({
      nodeId: node.nodeId,
      configuration: { sources: [{ id: 'app', service: name, input: { $case: 'file', value: { include: ['/var/log/app.log'] } } }] },
    });
    const logs = session.openLogStream();
    const lines = crash(name);
    logs.send(batchOf([lines.join('\n')], { epoch: 1, sequence: 1, start: 0 }));
    await logs.receive();
    nodes.push(node);
  }
  const { incidents } = await operator.incidents.listIncidents({});
  const incidentOf = (service: string): string => incidents.find((incident) => incident.service === service)?.id ?? '';
  return { nodes, incidentOf };
}

describe('operators', () => {
  test('one with as many watches as it may have is refused another, and another operator is not', async () => {
    await using stage = await stageCoordinator({ limits: { watchesPerOperator: 1 } });
    const watchOf = async (name: string) => {
      const { token } = await stage.operator.operators.createOperator({ name, role: OperatorRole.VIEWER });
      return connectAs(stage, token);
    };
    const [ada, bob] = [await watchOf('ada'), await watchOf('bob')];
    await stage.joinNode();
    const first = ada.nodes.watchNodes({})[Symbol.asyncIterator]();
    await first.next();
    await expect(ada.nodes.watchNodes({})[Symbol.asyncIterator]().next()).rejects.toThrow(
      /RESOURCE_EXHAUSTED.*1 streams open.*limits\.watchesPerOperator/,
    );
    await bob.nodes.watchNodes({})[Symbol.asyncIterator]().next();
    for (const one of [ada, bob]) one.close();
  });

  test('an address that calls too often is told so', async () => {
    await using stage = await stageCoordinator({ limits: { callsPerSecond: 1 } });
    const calls = Array.from({ length: 40 }, async () => stage.operator.nodes.listNodes({}).then(String, String));
    expect((await Promise.all(calls)).join('\n')).toMatch(/RESOURCE_EXHAUSTED.*limits\.callsPerSecond/);
  });

  test('one that was made may do what its role says, until it is revoked; what it watches ends then', async () => {
    await using stage = await stageCoordinator();
    const { token, operator } = await stage.operator.operators.createOperator({ name: 'ada', role: OperatorRole.VIEWER });
    const ada = connectAs(stage, token);
    expect((await ada.operators.getSelf({})).operator).toMatchObject({ name: 'ada', role: OperatorRole.VIEWER, keptIn: 'store' });
    await expect(ada.operators.createOperator({ name: 'eve', role: OperatorRole.ADMIN })).rejects.toThrow(/PERMISSION_DENIED.*viewer/);
    await expect(ada.audit.listAuditRecords({})).rejects.toThrow(/PERMISSION_DENIED/);
    await stage.joinNode();
    const watch = ada.nodes.watchNodes({})[Symbol.asyncIterator]();
    await watch.next();
    await Promise.all([
      expect(watch.next()).rejects.toThrow(/UNAUTHENTICATED.*revoked/),
      stage.operator.operators.revokeOperator({ operator: 'ada' }),
    ]);
    await expect(ada.nodes.listNodes({})).rejects.toThrow(/UNAUTHENTICATED/);
    const all = await stage.operator.operators.listOperators({ includeEnded: true });
    expect(all.operators.find(({ id }) => id === operator?.id)?.revokedAt).toBeDefined();
    ada.close();
  });

  test('one that expired is turned away, and its watch ends', async () => {
    await using stage = await stageCoordinator();
    const { token } = await stage.operator.operators.createOperator({
      name: 'ada',
      role: OperatorRole.VIEWER,
      ttl: { seconds: 2, nanos: 0 },
    });
    const ada = connectAs(stage, token);
    const watch = ada.incidents.watchIncidents({})[Symbol.asyncIterator]();
    await expect(watch.next()).rejects.toThrow(/UNAUTHENTICATED.*expired/);
    await expect(ada.nodes.listNodes({})).rejects.toThrow(/UNAUTHENTICATED/);
    ada.close();
  });

  test('an administrator is never narrowed, a name is never given twice, and every mistake is named', async () => {
    await using stage = await stageCoordinator();
    const create = (request: Parameters<OperatorConnection['operators']['createOperator']>[0]) =>
      stage.operator.operators.createOperator(request);
    await expect(create({ name: 'ada', role: OperatorRole.ADMIN, repositories: ['x'] })).rejects.toThrow(/cannot be narrowed/);
    await expect(create({ name: 'a b', role: OperatorRole.VIEWER, ttl: { seconds: 1e9, nanos: 0 } })).rejects.toThrow(/name.*ttl/);
    await create({ name: 'ada', role: OperatorRole.VIEWER });
    await expect(create({ name: 'ada', role: OperatorRole.VIEWER })).rejects.toThrow(/already/);
  });
});

describe('a narrowed operator', () => {
  test('sees and acts on nodes with its labels only, and the rest is not there', async () => {
    await using stage = await stageCoordinator();
    const { nodes, incidentOf } = await stageFleet(stage);
    const { token } = await stage.operator.operators.createOperator({
      name: 'zone-b',
      role: OperatorRole.OPERATOR,
      nodeLabels: { zone: 'b' },
    });
    const ada = connectAs(stage, token);
    const [foreign, own] = nodes;
    expect((await ada.nodes.listNodes({})).nodes.map(({ name }) => name)).toEqual(['host-billing']);
    expect((await ada.nodes.listSources({})).sources.map(({ nodeName }) => nodeName)).toEqual(['host-billing']);
    expect((await ada.incidents.listIncidents({})).incidents.map(({ service }) => service)).toEqual(['billing']);
    const { entries } = await ada.logs.listLogEntries({});
    expect(new Set(entries.map(({ nodeId }) => nodeId))).toEqual(new Set([own?.nodeId]));
    const foreignNode = foreign?.nodeId ?? '';
    await expect(ada.nodes.getNode({ nodeId: foreignNode })).rejects.toThrow(/NOT_FOUND/);
    await expect(ada.nodes.updateNodeStatus({ nodeId: foreignNode, status: NodeStatus.PROCESSING })).rejects.toThrow(/NOT_FOUND/);
    const foreignWatch = ada.nodes.watchNodes({ nodeIds: [foreignNode] });
    await expect(foreignWatch[Symbol.asyncIterator]().next()).rejects.toThrow(/NOT_FOUND/);
    await expect(ada.incidents.resolveIncident({ id: incidentOf('orders') })).rejects.toThrow(/NOT_FOUND/);
    await expect(ada.solutions.generateSolutionProposal({ incidentId: incidentOf('orders') })).rejects.toThrow(/NOT_FOUND/);
    await expect(ada.logs.submitLogEntries({ requestId: 'r', entries: [{ message: 'x', nodeId: foreignNode }] })).rejects.toThrow(
      /NOT_FOUND/,
    );
    await expect(ada.deployments.recordDeployment({ service: 'billing', revision: 'r' })).rejects.toThrow(/NOT_FOUND/);
    await expect(ada.system.diagnose({})).rejects.toThrow(/PERMISSION_DENIED.*narrowed/);
    expect((await ada.incidents.acknowledgeIncident({ id: incidentOf('billing') })).incident?.service).toBe('billing');
    ada.close();
  });

  test('sees and acts on its repositories and their services only', async () => {
    await using stage = await stageCoordinator();
    const { incidentOf } = await stageFleet(stage);
    const { token } = await stage.operator.operators.createOperator({
      name: 'orders-team',
      role: OperatorRole.OPERATOR,
      repositories: ['orders'],
    });
    const ada = connectAs(stage, token);
    const { repositories } = ada;
    expect((await repositories.listRepositories({})).repositories.map(({ name }) => name)).toEqual(['orders']);
    expect((await ada.incidents.listIncidents({})).incidents.map(({ service }) => service)).toEqual(['orders']);
    const { entries } = await ada.logs.listLogEntries({});
    expect(new Set(entries.map(({ service }) => service))).toEqual(new Set(['orders']));
    const foreign = { repositoryId: 'billing' };
    await expect(repositories.getRepository({ id: 'billing' })).rejects.toThrow(/NOT_FOUND/);
    await expect(repositories.checkRepository({ id: 'billing' })).rejects.toThrow(/NOT_FOUND/);
    await expect(repositories.getFileContents({ ...foreign, path: 'a' })).rejects.toThrow(/NOT_FOUND/);
    const branch = 'hephaestus/x';
    await expect(repositories.updateFileContents({ ...foreign, branch, files: [] })).rejects.toThrow(/NOT_FOUND/);
    await expect(repositories.createChangeRequest({ ...foreign, branch, title: 't' })).rejects.toThrow(/NOT_FOUND/);
    await expect(repositories.createIssue({ ...foreign, key: 'k', title: 't' })).rejects.toThrow(/NOT_FOUND/);
    await expect(ada.incidents.getIncident({ id: incidentOf('billing') })).rejects.toThrow(/NOT_FOUND/);
    await expect(ada.incidents.listOccurrences({ incidentId: incidentOf('billing') })).rejects.toThrow(/NOT_FOUND/);
    await expect(ada.deployments.recordDeployment({ service: 'billing', revision: 'r' })).rejects.toThrow(/NOT_FOUND/);
    expect((await ada.incidents.getIncident({ id: incidentOf('orders') })).incident?.service).toBe('orders');
    ada.close();
  });

  test('is turned away by every RPC that concerns the fleet', () => {
    const whole = Object.entries(permissions).filter(([, rule]) => rule.reach === 'whole' && rule.needs !== 'admin');
    expect(whole.map(([path]) => path.split('.').at(-1))).toEqual([
      'LogService/ListTemplateCounts',
      'DetectionService/CreateMaintenanceWindow',
      'DetectionService/ListMaintenanceWindows',
      'DetectionService/EndMaintenanceWindow',
      'DetectionService/AddRule',
      'DetectionService/ListRules',
      'DetectionService/RemoveRule',
      'ModelService/GetModelUsage',
      'ModelService/ListModelExchanges',
      'SystemService/Diagnose',
    ]);
  });
});

describe('the local socket', () => {
  const ctl = async (stage: CoordinatorStage, ...words: string[]) => {
    let out = '';
    let err = '';
    const code = await runProgram(words, {
      env: { HEPHAESTUS_STATE_DIRECTORY: stage.directory },
      write: (text) => (out += text),
      writeError: (text) => (err += text),
      terminalWidth: undefined,
      readStandardInput: () => Promise.resolve('a-sealed-value\n'),
      signal: new AbortController().signal,
      now: () => Date.now(),
      version: 'test',
    });
    return { code, out, err };
  };

  test('lets whoever may open it act as administrator without a token, and that is recorded', async () => {
    await using stage = await stageCoordinator();
    const socket = await stat(join(stage.directory, 'coordinator.sock'));
    expect([socket.isSocket(), socket.mode & 0o777]).toEqual([true, 0o600]);
    expect((await ctl(stage, 'whoami')).out).toMatch(/root \(local socket\)/);
    expect((await ctl(stage, 'operators', 'create', 'ada', '--role', 'operator', '--label', 'zone=b')).out).toMatch(/^hepho_/);
    expect((await ctl(stage, 'secrets', 'set', 'forge')).code).toBe(0);
    expect((await ctl(stage, 'secrets', 'list')).out).toMatch(/forge +store/);
    expect((await ctl(stage, 'operators', 'list')).out).toMatch(/ada +operator +active +zone=b/);
    const { out } = await ctl(stage, 'audit', 'list', '--act', 'operator');
    expect(out).toMatch(/root \(local socket\) +socket +operator\.create +ada +done/);
    expect((await ctl(stage, 'audit', 'verify')).out).toMatch(/^✓ whole: 3 records/);
    const exported = (await ctl(stage, 'audit', 'export')).out.trim().split('\n');
    expect(exported.map((line) => (JSON.parse(line) as { sequence: number }).sequence)).toEqual([1, 2, 3]);
  });

  test('a socket that a crash left is taken over, and one in a folder that others write to is refused', async () => {
    await using stage = await stageCoordinator();
    await stage.restart();
    expect((await ctl(stage, 'status')).code).toBe(0);
    await chmod(stage.directory, 0o777);
    await expect(stage.restart()).rejects.toThrow(/others can write to/);
    await chmod(stage.directory, 0o700);
    await stage.restart();
  });

  test('a node is nobody there', async () => {
    await using stage = await stageCoordinator();
    const local = connectOperator({
      address: `unix:${join(stage.directory, 'coordinator.sock')}`,
      caPem: undefined,
      token: undefined,
      timeoutMs: 5000,
    });
    expect((await local.nodes.listNodes({})).nodes).toEqual([]);
    local.close();
    const channel = createChannel(`unix://${join(stage.directory, 'coordinator.sock')}`, ChannelCredentials.createInsecure());
    const control = createClient(AgentServiceDefinition, channel).control(
      (async function* nothing() {
        yield {};
      })(),
    );
    await expect(control[Symbol.asyncIterator]().next()).rejects.toThrow(/UNAUTHENTICATED/);
    channel.close();
  });
});

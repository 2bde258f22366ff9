// What operators see and steer: nodes and their configuration, logs, incidents, repositories, the coordinator itself.
// Must never reach into the coordinator: everything goes over the wire.
import { ClientError } from 'nice-grpc';
import { BadRequest, RichClientError } from 'nice-grpc-error-details';
import { describe, expect, test } from 'vitest';
import { createCertificateRequest, generateNodeKey } from '../../../agent/session/certificate-request.ts';
import { HealthStatus, NodeStatus, OperationalMode, Severity, type NodeConfiguration } from '../../../proto/index.ts';
import { GitFixture } from '../../support/git-fixture.ts';
import { batchOf, stageCoordinator, type CoordinatorStage, type ScriptedSession } from '../../support/coordinator-stage.ts';

/** Tries until it holds: the coordinator's answer to a stream message has no acknowledgement of its own. */
async function eventually<T>(read: () => Promise<T>, holds: (value: T) => boolean): Promise<T> {
  for (let value = await read(); ; value = await read()) if (holds(value)) return value;
}

async function statusOf(stage: CoordinatorStage, nodeId: string): Promise<string | undefined> {
  return (await stage.operator.nodes.getNode({ nodeId })).node?.status;
}

function beat(session: ScriptedSession, sequence: number, health: HealthStatus): void {
  session.send({
    $case: 'heartbeat',
    value: {
      sequence,
      sentAt: new Date(),
      health: { name: 'agent', status: health, reason: 'disk full', parts: [] },
      facts: undefined,
      vitals: undefined,
      sources: [],
      oldestUnacknowledgedAge: undefined,
      gapsTotal: 0,
      revisions: [],
    },
  });
}

const fileSource = (id: string, include: string): NonNullable<NodeConfiguration['sources']>[number] => ({
  id,
  input: {
    $case: 'file',
    value: { include: [include], exclude: [], start: 'START_POSITION_BEGINNING', readCompressed: false, encoding: '' },
  },
  service: 'shop',
  framing: undefined,
  labels: {},
  maxBytesPerSecond: 0,
  disabled: false,
});

describe('nodes', () => {
  test('a status follows hello, health and silence', async () => {
    await using stage = await stageCoordinator({ nodeDefaults: { heartbeatInterval: '200ms' } });
    const node = await stage.joinNode();
    expect(await statusOf(stage, node.nodeId)).toBe(NodeStatus.INITIALIZING);
    const session = await node.hello(1);
    expect(await statusOf(stage, node.nodeId)).toBe(NodeStatus.OPERATIONAL);
    beat(session, 1, HealthStatus.DEGRADED);
    await eventually(
      () => statusOf(stage, node.nodeId),
      (status) => status === NodeStatus.DEGRADED,
    );
    // And then it says nothing any more.
    await eventually(
      () => statusOf(stage, node.nodeId),
      (status) => status === NodeStatus.INACTIVE,
    );
    beat(session, 2, HealthStatus.OK);
    await eventually(
      () => statusOf(stage, node.nodeId),
      (status) => status === NodeStatus.OPERATIONAL,
    );
  });

  test('a configuration is pushed at once, with a rising version, and its refusal is shown', async () => {
    await using stage = await stageCoordinator();
    const { nodes } = stage.operator;
    const node = await stage.joinNode();
    const session = await node.hello(1);
    const configuration = { sources: [fileSource('app', '/var/log/app.log')], operationalMode: OperationalMode.OBSERVE };
    const { version, hash } = await nodes.updateNodeConfiguration({ nodeId: 'web-1', configuration });
    const { message } = await session.receive();
    expect(message).toMatchObject({ $case: 'configuration', value: { version, hash, body: { nodeId: node.nodeId } } });
    session.send({
      $case: 'configStatus',
      value: { offeredHash: hash, runningHash: '', lastFailedHash: hash, reasons: ['sources[0].file.include: no such folder'] },
    });
    const seen = await eventually(
      async () => (await nodes.getNode({ nodeId: 'web-1' })).node,
      (shown) => shown?.failedConfigurationHash === hash,
    );
    expect(seen?.configurationErrors).toEqual(['sources[0].file.include: no such folder']);
    // The same settings again are the same version.
    expect((await nodes.updateNodeConfiguration({ nodeId: 'web-1', configuration })).version).toBe(version);
    await expect(nodes.updateNodeConfiguration({ nodeId: 'web-1', configuration: {}, expectedVersion: version + 5 })).rejects.toThrow(
      /ABORTED/,
    );
  });

  test('every mistake of a configuration is named at once', async () => {
    await using stage = await stageCoordinator();
    const sources = [fileSource('app', 'relative.log'), fileSource('app', '/a'), fileSource('no good', '/b')];
    const refused = await stage.operator.nodes
      .registerNode({ name: 'db-1', configuration: { logLevel: 'loud', sources } })
      .catch((error: unknown) => error);
    expect(refused).toBeInstanceOf(ClientError);
    const details = refused instanceof RichClientError ? refused.extra.filter((detail) => detail.$type === BadRequest.$type) : [];
    const fields = details.flatMap((detail) => detail.fieldViolations.map((violation) => violation.field));
    expect(fields).toEqual(['log_level', 'sources[0].file.patterns[0]', 'sources[1].id', 'sources[2].id']);
  });

  test('an announced node is completed by the host that enrols with its token', async () => {
    await using stage = await stageCoordinator();
    const { node: announced } = await stage.operator.nodes.registerNode({ name: 'db-1', labels: { tier: 'db' } });
    const { secret } = await stage.operator.nodes.createJoinToken({ nodeName: 'db-1' });
    const certificateSigningRequest = createCertificateRequest(generateNodeKey());
    const { nodeId } = await stage
      .connect()
      .enrollment.enroll({ joinToken: secret, certificateSigningRequest, facts: { hostname: 'other' } });
    expect(nodeId).toBe(announced?.id);
    const other = await stage.joinNode('db-1');
    expect((await stage.operator.nodes.getNode({ nodeId: other.nodeId })).node?.name).not.toBe('db-1');
  });

  test('a list is paged, and a page token of another list is refused', async () => {
    await using stage = await stageCoordinator();
    const { nodes } = stage.operator;
    for (const name of ['c', 'a', 'b']) await nodes.registerNode({ name });
    const first = await nodes.listNodes({ page: { pageSize: 2 } });
    expect(first.nodes.map((node) => node.name)).toEqual(['a', 'b']);
    const second = await nodes.listNodes({ page: { pageSize: 2, pageToken: first.nextPageToken } });
    expect([second.nodes.map((node) => node.name), second.nextPageToken]).toEqual([['c'], '']);
    await expect(nodes.listJoinTokens({ page: { pageToken: first.nextPageToken } })).rejects.toThrow(/INVALID_ARGUMENT/);
    await expect(nodes.listNodes({ page: { pageSize: 5000 } })).rejects.toThrow(/INVALID_ARGUMENT/);
  });
});

describe('logs', () => {
  test('a request with the same id has no second effect, and its problem opens an incident', async () => {
    await using stage = await stageCoordinator();
    const { logs, incidents } = stage.operator;
    const request = {
      requestId: 'r1',
      entries: [{ message: 'payment gateway refused', severity: Severity.ERROR, service: 'shop', fields: { order: '7' } }],
    };
    expect(await logs.submitLogEntries(request)).toEqual({ accepted: 1 });
    expect(await logs.submitLogEntries(request)).toEqual({ accepted: 1 });
    const { entries } = await logs.listLogEntries({ filter: { services: ['shop'], minimumSeverity: Severity.ERROR } });
    expect(entries.map((entry) => [entry.message, entry.fields])).toEqual([['payment gateway refused', { order: '7' }]]);
    const [incident] = (await incidents.listIncidents({ services: ['shop'] })).incidents;
    expect(incident?.occurrences).toBe(1);
    expect(entries[0]?.incidentId).toBe(incident?.id);
  });

  test('the live tail begins with the past and goes on without a hole, filtered', async () => {
    await using stage = await stageCoordinator();
    const node = await stage.joinNode();
    const stream = (await node.hello(1)).openLogStream();
    stream.send(batchOf(['old apple', 'old pear'], { epoch: 1, sequence: 1, start: 0 }));
    await stream.receive();
    const ending = new AbortController();
    const tail = stage.operator.logs.streamLogEntries({ tail: 10, filter: { pattern: '(apple|plum)$' } }, { signal: ending.signal });
    const items = tail[Symbol.asyncIterator]();
    expect((await items.next()).value).toMatchObject({ entry: { message: 'old apple' }, dropped: 0 });
    const next = items.next();
    stream.send(batchOf(['new pear', 'new plum'], { epoch: 1, sequence: 2, start: 19 }));
    expect((await next).value).toMatchObject({ entry: { message: 'new plum', nodeId: node.nodeId } });
    ending.abort();
    await expect(stage.operator.logs.listLogEntries({ filter: { pattern: '(' } })).rejects.toThrow(/INVALID_ARGUMENT.*RE2/);
  });
});

describe('incidents', () => {
  test('people decide about them, and what makes no sense is refused', async () => {
    await using stage = await stageCoordinator();
    const { incidents, logs } = stage.operator;
    const ending = new AbortController();
    const watch = incidents.watchIncidents({}, { signal: ending.signal })[Symbol.asyncIterator]();
    let seen = false;
    const opened = watch.next().finally(() => {
      seen = true;
    });
    // The watch begins when the call arrives; what opened before that is in the list.
    await eventually(
      () => logs.submitLogEntries({ requestId: crypto.randomUUID(), entries: [{ message: 'it broke', severity: Severity.ERROR }] }),
      () => seen,
    );
    const first = await opened;
    if (first.done === true) throw new Error('the watch ended');
    const id = first.value.incident?.id ?? '';
    expect((await incidents.resolveIncident({ id, note: 'restarted' })).incident).toMatchObject({
      state: 'INCIDENT_STATE_RESOLVED',
      note: 'restarted',
    });
    await expect(incidents.acknowledgeIncident({ id })).rejects.toThrow(/FAILED_PRECONDITION.*resolved/);
    await expect(incidents.getIncident({ id: '01ZZZ' })).rejects.toThrow(/NOT_FOUND/);
    ending.abort();
  });
});

describe('repositories', () => {
  test('one is added, listed and removed; every mistake is named, and a branch that is not ours is refused', async () => {
    await using stage = await stageCoordinator();
    const { repositories } = stage.operator;
    await expect(repositories.addRepository({ repository: { name: 'no good', url: 'http://x y' } })).rejects.toThrow(
      /INVALID_ARGUMENT.*name.*url/,
    );
    const { repository } = await repositories.addRepository({ repository: { name: 'shop', url: '/srv/git/shop.git', services: ['shop'] } });
    expect(repository).toMatchObject({ provider: 'git', gate: 'tests' });
    await expect(repositories.addRepository({ repository: { name: 'shop', url: '/srv/git/other.git' } })).rejects.toThrow(/ALREADY_EXISTS/);
    await expect(repositories.updateFileContents({ repositoryId: 'shop', branch: 'main', files: [], message: 'm' })).rejects.toThrow(
      /INVALID_ARGUMENT.*not ours/,
    );
    await repositories.removeRepository({ id: 'shop' });
    expect((await repositories.listRepositories({})).repositories).toEqual([]);
  });

  test('what was pushed to a branch of ours becomes a change request, by the name of the branch alone', async () => {
    const fixture = new GitFixture();
    try {
      fixture.commit({ message: 'begin', files: { 'a.txt': 'one\n' } });
      await using stage = await stageCoordinator();
      const { repositories } = stage.operator;
      await repositories.addRepository({ repository: { name: 'shop', url: fixture.remote, services: ['shop'] } });
      const change = { repositoryId: 'shop', branch: 'hephaestus/by-hand' };
      const files = [{ path: 'a.txt', content: Buffer.from('two\n'), delete: false }];
      await repositories.updateFileContents({ ...change, files, message: 'Say two' });
      const request = await repositories.createChangeRequest({ ...change, title: 'Say two', body: 'Because.' });
      expect(request.number).toBe('hephaestus/by-hand');
    } finally {
      fixture.dispose();
    }
  });
});

test('status, configuration and diagnosis show no secret', async () => {
  await using stage = await stageCoordinator();
  const { system } = stage.operator;
  expect(await system.getStatus({})).toMatchObject({ pendingJobs: 0, entriesTotal: 0 });
  const { configuration } = await system.getConfiguration({});
  expect(configuration?.repository?.directory).toBe(stage.directory);
  const { findings } = await system.diagnose({});
  expect(findings.map((finding) => finding.component)).toContain('sandbox');
});

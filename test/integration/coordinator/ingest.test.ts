// What a node can rely on when it ships logs: nothing acknowledged is lost, nothing has its effects twice.
// Must never look into the database: what counts is what the API shows.
import { expect, test } from 'vitest';
import { NackReason } from '../../../proto/index.ts';
import { batchOf, enrolNode, filePosition, stageCoordinator, type CoordinatorStage } from '../../support/coordinator-stage.ts';

const trace = [
  'TypeError: Cannot read properties of undefined (reading "price")',
  '    at total (/srv/shop/src/cart.js:17:37)',
  '    at checkout (/srv/shop/src/checkout.js:8:12)',
].join('\n');

async function entriesOf(stage: CoordinatorStage): Promise<string[]> {
  const { entries } = await stage.operator.logs.listLogEntries({ page: { pageSize: 1000 } });
  return entries.map((entry) => entry.message).toReversed();
}

test('a batch is acknowledged once it can be listed, and its credit comes back', async () => {
  await using stage = await stageCoordinator();
  const node = await stage.joinNode();
  const session = await node.hello(1);
  const stream = session.openLogStream();
  const batch = batchOf(['first line', 'second line'], { epoch: 1, sequence: 1, start: 0, compress: true });
  stream.send(batch);
  expect(await stream.receive()).toMatchObject({ epoch: 1, sequence: 1, creditBytes: batch.value.payload.length, nack: undefined });
  expect(await entriesOf(stage)).toEqual(['first line', 'second line']);
});

test('a new session is told where each source stands, and a batch sent again has no second effect', async () => {
  await using stage = await stageCoordinator();
  const node = await stage.joinNode();
  const first = await node.hello(1);
  expect(first.welcome.positions).toEqual([]);
  const stream = first.openLogStream();
  stream.send(batchOf(['one', 'two'], { epoch: 1, sequence: 1, start: 0 }));
  await stream.receive();

  const second = await node.hello(2);
  expect(second.welcome.positions).toEqual([{ source: 'app', position: filePosition(8) }]);
  const again = second.openLogStream();
  again.send(batchOf(['one', 'two'], { epoch: 2, sequence: 1, start: 0 }));
  expect(await again.receive()).toMatchObject({ sequence: 1, nack: undefined });
  again.send(batchOf(['three'], { epoch: 2, sequence: 2, start: 8 }));
  expect(await again.receive()).toMatchObject({ sequence: 2, nack: undefined });
  expect(await entriesOf(stage)).toEqual(['one', 'two', 'three']);
});

test('an entry carries the labels of its node and, over them, of its source, and can be found by them', async () => {
  await using stage = await stageCoordinator();
  const { secret } = await stage.operator.nodes.createJoinToken({ useLimit: 1, labels: { team: 'shop', zone: 'a' } });
  const node = await enrolNode((identity) => stage.connect(identity), secret, 'web-1');
  const stream = (await node.hello(1)).openLogStream();
  stream.send(batchOf(['one'], { epoch: 1, sequence: 1, start: 0, labels: { zone: 'b' } }));
  await stream.receive();
  const labels = { team: 'shop', zone: 'b' };
  const found = await stage.operator.logs.listLogEntries({ filter: { labels } });
  expect(found.entries.map((entry) => entry.labels)).toEqual([labels]);
  expect((await stage.operator.logs.listLogEntries({ filter: { labels: { zone: 'a' } } })).entries).toEqual([]);
});

test('a hole or an overlap is refused and ends the stream', async () => {
  await using stage = await stageCoordinator();
  const node = await stage.joinNode();
  for (const [epoch, start] of [
    [2, 9],
    [3, 4],
  ] as const) {
    const session = await node.hello(epoch);
    const stream = session.openLogStream();
    stream.send(batchOf(['one', 'two'], { epoch, sequence: 1, start: 0 }));
    await stream.receive();
    stream.send(batchOf(['three'], { epoch, sequence: 2, start }));
    expect((await stream.receive()).nack).toMatchObject({ sequence: 2, reason: NackReason.OUT_OF_ORDER });
    await expect(stream.receive()).rejects.toThrow('ended');
  }
  expect(await entriesOf(stage)).toEqual(['one', 'two']);
});

test('a damaged batch is refused, what follows is passed over, and sending both again mends it', async () => {
  await using stage = await stageCoordinator();
  const node = await stage.joinNode();
  const session = await node.hello(1);
  const stream = session.openLogStream();
  const good = batchOf(['one'], { epoch: 1, sequence: 1, start: 0 });
  const next = batchOf(['two'], { epoch: 1, sequence: 2, start: 4 });
  stream.send({ ...good, value: { ...good.value, crc32: (good.value.crc32 + 1) % 2 ** 32 } });
  stream.send(next);
  expect((await stream.receive()).nack).toMatchObject({ sequence: 1, reason: NackReason.CORRUPT });
  stream.send(good);
  stream.send(next);
  let acknowledged = 0;
  while (acknowledged < 2) acknowledged = (await stream.receive()).sequence;
  expect(await entriesOf(stage)).toEqual(['one', 'two']);
});

test('a payload that grows beyond what it states is refused without being unpacked', async () => {
  await using stage = await stageCoordinator();
  const node = await stage.joinNode();
  const stream = (await node.hello(1)).openLogStream();
  const bomb = batchOf(['x'.repeat(3_000_000)], { epoch: 1, sequence: 1, start: 0, compress: true });
  stream.send({ ...bomb, value: { ...bomb.value, uncompressedLength: 100, recordLengths: [100] } });
  expect((await stream.receive()).nack).toMatchObject({ reason: NackReason.CORRUPT });
  stream.send({ ...bomb, value: { ...bomb.value, uncompressedLength: 100_000_000 } });
  expect((await stream.receive()).nack).toMatchObject({ reason: NackReason.INVALID });
});

test('a message that claims another node ends the stream', async () => {
  await using stage = await stageCoordinator();
  const [one, other] = [await stage.joinNode('web-1'), await stage.joinNode('web-2')];
  await expect(stage.connect(one.identity).agent.control(helloOf(other.nodeId))[Symbol.asyncIterator]().next()).rejects.toThrow(
    /PERMISSION_DENIED/,
  );
});

async function* helloOf(nodeId: string) {
  yield { message: { $case: 'hello' as const, value: { nodeId, sessionEpoch: 1 } } };
}

test('a gap is kept with its reason, moves the position and is counted', async () => {
  await using stage = await stageCoordinator();
  const node = await stage.joinNode();
  const stream = (await node.hello(1)).openLogStream();
  stream.send({
    $case: 'gap',
    value: {
      epoch: 1,
      sequence: 1,
      source: 'app',
      from: filePosition(0),
      to: filePosition(1000),
      reason: 'GAP_REASON_TRUNCATED',
      bytes: 1000,
      records: 9,
      detail: 'truncated while away',
    },
  });
  expect(await stream.receive()).toMatchObject({ sequence: 1 });
  expect((await node.hello(2)).welcome.positions).toEqual([{ source: 'app', position: filePosition(1000) }]);
  expect((await stage.coordinator.metrics.getCurrentMetrics()).text).toContain(
    'hephaestus_coordinator_log_gap_bytes_total{reason="truncated"} 1000',
  );
});

test('a trace opens one incident, however often and wherever it shows, with the lines before it', async () => {
  await using stage = await stageCoordinator();
  const [one, other] = [await stage.joinNode('web-1'), await stage.joinNode('web-2')];
  for (const node of [one, other]) {
    const stream = (await node.hello(1)).openLogStream();
    stream.send(batchOf(['ordinary', trace, trace], { epoch: 1, sequence: 1, start: 0 }));
    await stream.receive();
  }
  const { incidents } = await stage.operator.incidents.listIncidents({});
  expect(incidents).toHaveLength(1);
  expect(incidents[0]).toMatchObject({ occurrences: 4, detector: 'trace', nodeIds: [one.nodeId, other.nodeId].toSorted() });
  expect(incidents[0]?.title).toContain('TypeError: Cannot read properties');
  const { latest } = await stage.operator.incidents.getIncident({ id: incidents[0]?.id.slice(0, 20) ?? '' });
  expect(latest[0]?.entry?.trace?.frames[0]).toMatchObject({ file: '/srv/shop/src/cart.js', line: 17 });
});

test('what was acknowledged is there after a restart, and the position goes on from it', async () => {
  await using stage = await stageCoordinator();
  const node = await stage.joinNode();
  const stream = (await node.hello(1)).openLogStream();
  stream.send(batchOf(['one', trace], { epoch: 1, sequence: 1, start: 0 }));
  await stream.receive();
  await stage.restart();
  const session = await node.hello(2, stage.connect(node.identity));
  expect(session.welcome.positions).toEqual([{ source: 'app', position: filePosition(4 + trace.length + 1) }]);
  const later = session.openLogStream();
  later.send(batchOf([trace], { epoch: 2, sequence: 1, start: 4 + trace.length + 1 }));
  await later.receive();
  const { incidents } = await stage.operator.incidents.listIncidents({});
  expect(incidents.map((incident) => incident.occurrences)).toEqual([2]);
});

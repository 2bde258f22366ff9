// A coordinator that is killed at any moment loses no line, repeats none, and opens one incident.
// Must never wait for a quiet moment to kill it.
import { setTimeout as sleep } from 'node:timers/promises';
import { expect, test } from 'vitest';
import type { LogEntryData } from '../../proto/index.ts';
import { startCoordinatorProcess, type CoordinatorProcess } from '../support/coordinator-process.ts';
import { batchOf, type ScriptedNode } from '../support/coordinator-stage.ts';

const lineCount = 6000;
const linesABatch = 40;
const crashes = 6;

/** Every hundredth line is a problem, the same one each time. */
const lines = Array.from({ length: lineCount }, (_, index) =>
  index % 100 === 50 ? `2026-01-01T00:00:00Z ERROR payment gateway refused the card` : `2026-01-01T00:00:00Z INFO line number ${index}`,
);
const starts: number[] = [];
let total = 0;
for (const line of lines) {
  starts.push(total);
  total += Buffer.byteLength(line) + 1;
}

/** One session: ships from where the coordinator says the file stands, until the end or until the connection breaks. */
async function shipOnce(coordinator: CoordinatorProcess, node: ScriptedNode, epoch: number): Promise<boolean> {
  const connection = coordinator.connect(node.identity);
  try {
    const session = await node.hello(epoch, connection);
    const position = session.welcome.positions[0]?.position?.at;
    const offset = position?.$case === 'file' ? position.value.offset : 0;
    if (offset === total) return true;
    const first = starts.indexOf(offset);
    expect(first, 'the committed position is a line boundary').toBeGreaterThanOrEqual(0);
    const stream = session.openLogStream();
    let sequence = 0;
    for (let at = first; at < lineCount; at += linesABatch) {
      const batch = lines.slice(at, at + linesABatch);
      stream.send(batchOf(batch, { epoch, sequence: ++sequence, start: starts[at] ?? 0, compress: sequence % 2 === 0 }));
    }
    for (let acknowledged = 0; acknowledged < sequence;) {
      const ack = await stream.receive();
      expect(ack.nack).toBeUndefined();
      acknowledged = ack.sequence;
    }
    return true;
  } catch (error) {
    if (error instanceof Error && error.name === 'AssertionError') throw error;
    // The coordinator is gone; the next session finds out what is durable.
    return false;
  } finally {
    connection.close();
  }
}

async function allEntries(coordinator: CoordinatorProcess): Promise<LogEntryData[]> {
  const found: LogEntryData[] = [];
  for (let pageToken = ''; ;) {
    const page = await coordinator.operator.logs.listLogEntries({ page: { pageSize: 1000, pageToken } });
    found.push(...page.entries);
    pageToken = page.nextPageToken;
    if (pageToken === '') return found.toReversed();
  }
}

test('scenario 28: killed again and again while a node ships', async () => {
  await using coordinator = await startCoordinatorProcess({ log: { level: 'warn' } });
  const node = await coordinator.joinNode();
  let epoch = 0;
  for (let crash = 0; crash < crashes; crash++) {
    const shipping = shipOnce(coordinator, node, ++epoch);
    // Between nothing committed and everything committed but not acknowledged.
    await sleep(Math.random() * 400);
    await coordinator.kill('SIGKILL');
    await shipping;
    await coordinator.start();
  }
  while (!(await shipOnce(coordinator, node, ++epoch))) expect(epoch).toBeLessThan(50);

  const entries = await allEntries(coordinator);
  expect(entries.map((entry) => entry.message)).toEqual(lines.map((line) => line.replace(/^\S+ (?:INFO|ERROR) /, '')));
  const { incidents } = await coordinator.operator.incidents.listIncidents({});
  expect(incidents.map((incident) => [incident.occurrences, incident.state])).toEqual([[lineCount / 100, 'INCIDENT_STATE_OPEN']]);
});

test('asked to stop, it ends its streams, settles what it took and exits with 0', async () => {
  await using coordinator = await startCoordinatorProcess();
  const node = await coordinator.joinNode();
  const session = await node.hello(1);
  const stream = session.openLogStream();
  stream.send(batchOf(['one', 'two'], { epoch: 1, sequence: 1, start: 0 }));
  await stream.receive();
  const ended = session.receive();
  const [code] = await Promise.all([coordinator.kill('SIGTERM'), expect(ended).rejects.toThrow(/UNAVAILABLE/)]);
  expect(code).toBe(0);
});

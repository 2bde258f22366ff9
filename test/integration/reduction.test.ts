// Reduction at the source, from a file on a host to incidents: the same ones as when everything is shipped.
// Must never look into the agent or the coordinator; what the API shows counts.
import { appendFile, readFile } from 'node:fs/promises';
import { join } from 'node:path';
import { expect, test } from 'vitest';
import type { Incident } from '../../proto/index.ts';
import { AgentHarness, until as untilWithin } from '../support/agent-harness.ts';
import { stageCoordinator, type CoordinatorStage } from '../support/coordinator-stage.ts';
import { ctl } from '../support/operator-command.ts';

/** Two coordinators and two agents take their time on a busy machine. */
const until = (what: string, isTrue: () => boolean | Promise<boolean>): Promise<void> => untilWithin(what, isTrue, 90_000);

const stamp = (index: number): string => new Date(1_790_000_000_000 + index * 1000).toISOString();
const ordinary = (from: number, count: number): string[] =>
  Array.from({ length: count }, (_, index) => `${stamp(from + index)} INFO [http] request ${from + index} served in ${index % 7} ms`);
const crash = (at: number): string[] => [
  `${stamp(at)} ERROR [http] checkout failed`,
  'TypeError: Cannot read properties of undefined (reading "price")',
  '    at total (/srv/shop/src/cart.js:17:37)',
  '    at checkout (/srv/shop/src/checkout.js:8:12)',
];
const errors = (from: number, count: number): string[] =>
  Array.from({ length: count }, (_, index) => `${stamp(from + index)} ERROR [db] cannot save order ${from + index}`);

const log = [
  ...ordinary(0, 200),
  ...crash(200),
  ...ordinary(201, 50),
  ...errors(251, 40),
  ...ordinary(291, 20),
  `${stamp(311)} WARN [disk] write of page 7 failed: No space left on device`,
  ...ordinary(312, 100),
  ...crash(412),
];
/** A trace is one record. */
const records = log.length - 6;

async function agentOf(stage: CoordinatorStage, shipping: 'all' | 'problems'): Promise<AgentHarness> {
  const { secret } = await stage.operator.nodes.createJoinToken({ useLimit: 1 });
  const harness = await AgentHarness.open({ address: `localhost:${stage.port}`, joinToken: secret, reductionHoldMs: 50 });
  await harness.configure({
    shipping,
    sources: [{ id: 'app', service: 'shop', file: { include: [harness.logPath] }, framing: { maxWaitSeconds: 0.2 } }],
  });
  return harness;
}

async function incidentsOf(stage: CoordinatorStage): Promise<readonly Incident[]> {
  return (await stage.operator.incidents.listIncidents({ page: { pageSize: 1000 } })).incidents.filter(
    ({ detector }) => detector !== 'node-down',
  );
}

const gist = (incidents: readonly Incident[]): string[] =>
  incidents
    .map(({ fingerprint, title, severity, service, occurrences }) => [fingerprint, title, severity, service, occurrences].join(' | '))
    .sort();

async function counted(stage: CoordinatorStage): Promise<number> {
  const { counts } = await stage.operator.logs.listTemplateCounts({ limit: 1000 });
  return counts.reduce((sum, { count }) => sum + count, 0);
}

test('an agent that ships problems reaches the same incidents with far less, and every record is counted once, over restarts too', async () => {
  await using everything = await stageCoordinator();
  await using problems = await stageCoordinator();
  const whole = await agentOf(everything, 'all');
  const reduced = await agentOf(problems, 'problems');
  try {
    const running = whole.start();
    await appendFile(whole.logPath, log.map((line) => `${line}\n`).join(''));
    const half = 260;
    let sparing = reduced.start();
    await appendFile(
      reduced.logPath,
      log
        .slice(0, half)
        .map((line) => `${line}\n`)
        .join(''),
    );
    await until('the first incident', async () => (await incidentsOf(problems)).length > 0);
    await sparing.stop();
    await appendFile(
      reduced.logPath,
      log
        .slice(half)
        .map((line) => `${line}\n`)
        .join(''),
    );
    sparing = reduced.start();
    await until('all is counted', async () => (await counted(problems)) >= records);
    await until('all is shipped', async () => (await incidentsOf(everything)).reduce((sum, { occurrences }) => sum + occurrences, 0) >= 43);

    expect(gist(await incidentsOf(problems))).toEqual(gist(await incidentsOf(everything)));
    expect(await counted(problems)).toBe(records);
    const [first] = (await incidentsOf(problems)).filter(({ detector }) => detector === 'trace');
    const page = await ctl(problems, 'incidents', 'get', first?.id ?? '');
    expect(page).toMatch(/frame: +total/);
    expect(page).toMatch(/checkout \(\/srv\/shop\/src\/checkout\.js:8\)/);
    expect(await ctl(problems, 'logs', 'counts')).toMatch(/370 .* info +request <num> served in/);
    const kept = await problems.operator.logs.listLogEntries({ page: { pageSize: 1000 } });
    expect(kept.entries.length).toBeLessThan(records / 4);
    await running.stop();
    await sparing.stop();
  } finally {
    await whole.close();
    await reduced.close();
  }
});

test('the mode can be pushed, there and back, without losing or repeating a record', async () => {
  await using stage = await stageCoordinator();
  const harness = await agentOf(stage, 'all');
  try {
    const running = harness.start();
    const listed = async (text: string): Promise<number> =>
      (await stage.operator.logs.listLogEntries({ page: { pageSize: 1000 }, filter: { contains: text } })).entries.length;
    await appendFile(harness.logPath, 'INFO one\nINFO two\n');
    await until('both lines', async () => (await listed('INFO')) === 2 || (await listed('o')) >= 2);
    const [node] = (await stage.operator.nodes.listNodes({})).nodes;
    const push = async (shipping: 'all' | 'problems'): Promise<void> => {
      expect(await ctl(stage, 'nodes', 'ship', node?.name ?? '', shipping)).toContain(`ship ${shipping}`);
      const isRunning = async (): Promise<boolean> => {
        const { node: now } = await stage.operator.nodes.getNode({ nodeId: node?.id ?? '' });
        return now?.runningConfigurationHash === now?.offeredConfigurationHash;
      };
      await until('it runs', isRunning);
    };
    await push('problems');
    await appendFile(harness.logPath, 'INFO three\nINFO four\nINFO five\n');
    await until('they are counted', async () => (await counted(stage)) === 3);
    await push('all');
    await appendFile(harness.logPath, 'INFO six\n');
    await until('it is shipped again', async () => (await listed('six')) === 1);
    expect(await counted(stage)).toBe(3);
    expect(await listed('three')).toBe(0);
    await running.stop();
    expect(await readFile(join(harness.folder, 'app.log'), 'utf8')).toContain('six');
  } finally {
    await harness.close();
  }
});

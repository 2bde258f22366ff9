// What raises incidents beside errors, and what keeps them few, in a coordinator as it runs.
// Must never reach into the coordinator: everything goes over the wire.
import { expect, test, vi } from 'vitest';
import { systemClock, type Clock } from '../../../base/clock.ts';
import type { Incident } from '../../../proto/index.ts';
import { shipLines, stageCoordinator, type CoordinatorStage } from '../../support/coordinator-stage.ts';
import { ctl } from '../../support/operator-command.ts';
import { SteppingClock } from '../../support/stepping-clock.ts';

const patience = { timeout: 60_000, interval: 20 };

async function incidentsBy(stage: CoordinatorStage, detector: string): Promise<readonly Incident[]> {
  const { incidents } = await stage.operator.incidents.listIncidents({ page: { pageSize: 1000 } });
  return incidents.filter((incident) => incident.detector === detector);
}

/** A node whose lines follow each other, each call in a session of its own. */
async function writer(stage: CoordinatorStage, name = 'web-1', clock: Clock = systemClock) {
  const node = await stage.joinNode(name);
  let [epoch, at] = [0, 0];
  return {
    node,
    write: async (written: readonly string[]): Promise<void> => {
      at = await shipLines(stage, node, ++epoch, at, written, { readAtMs: clock.now() });
    },
  };
}

const lines = (count: number, text: string): string[] => Array.from({ length: count }, (_, index) => `${text} ${index}`);

test('threshold rules of the file and of operators open incidents, once for a window’s worth, and survive a restart', async () => {
  const rules = [{ name: 'refused-logins', pattern: 'login of \\w+ refused', count: 3, window: '1m', severity: 'critical' }];
  await using stage = await stageCoordinator({ detection: { rules } });
  const { write } = await writer(stage);
  expect(await ctl(stage, 'rules', 'add', 'warnings', '--level', 'warning', '--count', '5', '--window', '5m', '--shadow')).toContain(
    'in force',
  );
  await stage.restart();
  expect(await ctl(stage, 'rules', 'list')).toMatch(/refused-logins .*file[^]*warnings .*5m .*warning.*on trial/);
  await write(['INFO login of ann refused', 'INFO login of bob refused', ...lines(4, 'WARN disk is slow')]);
  expect(await incidentsBy(stage, 'rule')).toEqual([]);
  await write(['INFO login of cid refused', ...lines(6, 'WARN disk is slow')]);
  expect(
    (await incidentsBy(stage, 'rule'))
      .map(({ title, severity, quiet, occurrences }) => [title, severity, quiet, occurrences].join(' | '))
      .sort(),
  ).toEqual([
    'rule refused-logins: 3 entries that match login of \\w+ refused within 1m | SEVERITY_CRITICAL |  | 1',
    'rule warnings: 5 entries of level warning or worse within 5m | SEVERITY_ERROR | shadow | 2',
  ]);
  expect(await ctl(stage, 'incidents', 'list')).not.toContain('rule warnings');
  expect(await ctl(stage, 'incidents', 'list', '--all')).toMatch(/open \(shadow\).*rule warnings/);
  await ctl(stage, 'rules', 'remove', 'warnings');
  expect(await ctl(stage, 'rules', 'remove', 'refused-logins')).toMatch(/1: .*configuration file/);
  expect(await ctl(stage, 'rules', 'add', 'Bad_Name', '--count', '0', '--window', '5m', '--pattern', '(a')).toMatch(
    /1: .*rule\.name must be lower-case[^]*rule\.count/,
  );
});

test('a service that writes far less, or far more, than it ever did is told once what is normal was learnt', async () => {
  const clock = new SteppingClock();
  const behaviour = { interval: '3m', learning: '15m', shadow: '0s' };
  await using stage = await stageCoordinator({ detection: { behaviour } }, undefined, clock);
  const { write } = await writer(stage, 'web-1', clock);
  const interval = async (requests: number): Promise<void> => {
    if (requests > 0) await write([...lines(requests, 'INFO asked for order'), ...lines(requests, 'INFO served order')]);
    clock.step(180_000);
    // The interval is over when what follows it in the same turn of the clock is done.
    await systemClock.sleep(0);
  };
  for (let round = 0; round < 6; round++) await interval(100 + round);
  expect(await incidentsBy(stage, 'drop')).toEqual([]);
  await interval(8);
  await vi.waitFor(
    async () => expect((await incidentsBy(stage, 'drop')).map(({ title }) => title)).toEqual([expect.stringContaining('far less')]),
    patience,
  );
  await interval(1000);
  await vi.waitFor(
    async () => expect((await incidentsBy(stage, 'spike')).map(({ title }) => title)).toEqual([expect.stringContaining('far more')]),
    patience,
  );
});

test('a node that is down, and a source that fell silent, open an incident that is resolved when they are back', async () => {
  const clock = new SteppingClock();
  const silence = { learning: '10m', shadow: '0s', shortest: '5m' };
  await using stage = await stageCoordinator({ detection: { silence } }, undefined, clock);
  const quiet = await writer(stage, 'quiet', clock);
  const heartbeat = { sequence: 1, health: undefined, facts: undefined, vitals: undefined, gapsTotal: 0 } as const;
  const minute = async (isWriting: boolean): Promise<void> => {
    clock.step(60_000);
    if (isWriting) await quiet.write(['INFO still here']);
  };
  for (let round = 0; round < 25; round++) await minute(true);
  clock.step(30_000);
  // Its sessions end, so that nothing is heard of the node: that is told, and not that its source is silent as well.
  await vi.waitFor(async () => {
    clock.step(10_000);
    const [down] = await incidentsBy(stage, 'node-down');
    expect(down?.state).toMatch(/OPEN|REGRESSED/);
    expect(down?.nodeIds).toEqual([quiet.node.nodeId]);
  }, patience);
  expect(await incidentsBy(stage, 'silence')).toEqual([]);

  const session = await quiet.node.hello(1000, stage.connect(quiet.node.identity));
  const beat = (): void =>
    session.send({
      $case: 'heartbeat',
      value: { ...heartbeat, sources: [], sentAt: new Date(), oldestUnacknowledgedAge: undefined, revisions: [] },
    });
  await vi.waitFor(async () => {
    beat();
    clock.step(5_000);
    const [down] = await incidentsBy(stage, 'node-down');
    expect(`${down?.state}: ${down?.note}`).toMatch(/RESOLVED: ended by itself/);
  }, patience);
  await vi.waitFor(async () => {
    beat();
    clock.step(20_000);
    expect((await incidentsBy(stage, 'silence')).map(({ title, state }) => [title.slice(0, 20), state])).toContainEqual([
      'source app is silent',
      'INCIDENT_STATE_OPEN',
    ]);
  }, patience);
});

test('what happens in maintenance is recorded and nobody is alerted; what lasts longer is told afterwards', async () => {
  await using stage = await stageCoordinator();
  const { write } = await writer(stage, 'web-1');
  expect(await ctl(stage, 'maintenance', 'create', '--for', '1h')).toMatch(/1: .*name nodes, services or labels/);
  const created = await ctl(stage, 'maintenance', 'create', '--node', 'web-1', '--for', '1h', '--reason', 'new disks');
  const id = /maintenance (\w+) is active/.exec(created)?.[1] ?? '';
  await stage.restart();
  await write(['ERROR cannot save order']);
  const { incidents } = await stage.operator.incidents.listIncidents({});
  expect(incidents).toMatchObject([{ quiet: 'maintenance', occurrences: 1, solutionId: '' }]);
  expect(await ctl(stage, 'maintenance', 'list')).toMatch(/active .*node .*new disks/);
  expect(await ctl(stage, 'maintenance', 'end', id)).toContain('is over');
  await write(['ERROR cannot save order']);
  expect((await stage.operator.incidents.listIncidents({})).incidents).toMatchObject([{ quiet: '', occurrences: 2 }]);
  expect(await ctl(stage, 'maintenance', 'end', id)).toMatch(/1: .*is over/);
});

test('what comes back again and again is flapping: it is counted, and nobody is alerted each time', async () => {
  await using stage = await stageCoordinator({ detection: { flapping: { regressions: 2 } } });
  const { write } = await writer(stage);
  const states: string[] = [];
  await write(['ERROR cannot save order']);
  for (let round = 0; round < 3; round++) {
    const [incident] = (await stage.operator.incidents.listIncidents({})).incidents;
    await ctl(stage, 'incidents', 'resolve', incident?.id ?? '');
    await write(['ERROR cannot save order']);
    const [back] = (await stage.operator.incidents.listIncidents({})).incidents;
    states.push(`${back?.state} ${back?.quiet}`);
  }
  expect(states).toEqual(['INCIDENT_STATE_REGRESSED ', 'INCIDENT_STATE_REGRESSED flapping', 'INCIDENT_STATE_REGRESSED flapping']);
});

test('incidents after one deployment are related to the first of them, on whatever node; they say what changed', async () => {
  await using stage = await stageCoordinator();
  await stage.operator.deployments.recordDeployment({ service: 'app', revision: 'v7', nodeId: '', time: new Date(Date.now() - 60_000) });
  const [one, two] = [await writer(stage, 'web-1'), await writer(stage, 'web-2')];
  await one.write(['ERROR cannot save order']);
  await two.write(['ERROR cannot save order', 'ERROR the basket is locked']);
  const { incidents } = await stage.operator.incidents.listIncidents({ leadingOnly: true });
  expect(incidents).toMatchObject([{ title: 'cannot save order', related: 1, occurrences: 2 }]);
  expect(incidents[0]?.nodeIds).toHaveLength(2);
  expect(await ctl(stage, 'incidents', 'get', incidents[0]?.id ?? '')).toMatch(
    /changed around its start\n.* deployment .*app: revision v7 was deployed/,
  );
});

test('a storm of incidents becomes one, with the others related to it', async () => {
  await using stage = await stageCoordinator({ detection: { related: { stormIncidents: 5 } } });
  const { write } = await writer(stage);
  const things = ['disk', 'lamp', 'door', 'roof', 'well', 'tree', 'road', 'wall'];
  await write(things.map((thing) => `ERROR the ${thing} of ${thing}s ${thing}ed`));
  const { incidents } = await stage.operator.incidents.listIncidents({});
  expect(incidents).toHaveLength(things.length);
  const stormy = incidents.filter(({ quiet }) => quiet === 'storm');
  expect(stormy).toHaveLength(3);
  expect(new Set(stormy.map(({ relatedTo }) => relatedTo)).size).toBe(1);
});

test('in a storm a fault in a service’s own code is worked on all the same', async () => {
  await using stage = await stageCoordinator({ detection: { related: { stormIncidents: 2 } } });
  const { write } = await writer(stage);
  await write(['ERROR the disk is tired', 'ERROR the lamp is broken', 'ERROR the door is locked']);
  const stack = ['    at quote (/srv/app/src/quote.js:3:4)', '    at handle (/srv/app/src/server.js:9:4)'];
  await write([["TypeError: Cannot read properties of undefined (reading 'tier')", ...stack].join('\n')]);
  const stateOf = async (title: string): Promise<string> => {
    const { incidents } = await stage.operator.incidents.listIncidents({});
    const incident = incidents.find((one) => one.title.includes(title));
    return `${incident?.quiet} ${incident?.solutionStatus}`;
  };
  await vi.waitFor(async () => expect(await stateOf("reading 'tier'")).toMatch(/^storm diagnosed/), patience);
  await vi.waitFor(async () => expect(await stateOf('lamp')).toMatch(/^ diagnosed/), patience);
  expect(await stateOf('door')).toBe('storm ');
});

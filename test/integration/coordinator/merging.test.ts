// Incidents merged and parted by hand, as operators do it.
// Must never reach into the coordinator: everything goes over the wire.
import { expect, test } from 'vitest';
import { shipLines, stageCoordinator, type CoordinatorStage } from '../../support/coordinator-stage.ts';
import { ctl } from '../../support/operator-command.ts';

const first = 'ERROR cannot save the order';
const second = 'ERROR the basket is locked';
const third = 'ERROR payment was declined by the bank';

async function incidentIds(stage: CoordinatorStage): Promise<ReadonlyMap<string, string>> {
  const { incidents } = await stage.operator.incidents.listIncidents({});
  return new Map(incidents.map(({ title, id }) => [title, id]));
}

test('merged incidents count as one for good: over a restart, with new occurrences of each, until one is unmerged', async () => {
  await using stage = await stageCoordinator();
  const node = await stage.joinNode();
  let at = await shipLines(stage, node, 1, 0, [first, second, second, third]);
  const ids = await incidentIds(stage);
  const [survivor = '', merged = '', other = ''] = [first, second, third].map((line) => ids.get(line.slice(6)));

  expect(await ctl(stage, 'incidents', 'merge', survivor, merged, other)).toContain(`incident ${survivor} stands for 3 fingerprints`);
  expect(await incidentIds(stage)).toEqual(new Map([['cannot save the order', survivor]]));

  await stage.restart();
  at = await shipLines(stage, node, 2, at, [second, first]);
  const { incidents } = await stage.operator.incidents.listIncidents({});
  expect(incidents).toMatchObject([{ id: survivor, occurrences: 6 }]);
  const page = await ctl(stage, 'incidents', 'get', survivor);
  expect(page).toMatch(new RegExp(`Merged into it: ${merged}[^]*template: +the basket is locked`));
  expect(await ctl(stage, 'incidents', 'get', merged)).toMatch(new RegExp(`merged into: +${survivor}`));
  expect(await ctl(stage, 'incidents', 'list', '--all')).toMatch(new RegExp(`${merged} +merged`));

  expect(await ctl(stage, 'incidents', 'unmerge', merged)).toContain(`incident ${merged} is open`);
  await stage.restart();
  await shipLines(stage, node, 3, at, [second]);
  const parted = await stage.operator.incidents.listIncidents({});
  expect(new Map(parted.incidents.map(({ id, occurrences }) => [id, occurrences]))).toEqual(
    new Map([
      [survivor, 4],
      [merged, 3],
    ]),
  );
});

test('what makes no sense is refused, and says what to do instead', async () => {
  await using stage = await stageCoordinator();
  await shipLines(stage, await stage.joinNode(), 1, 0, [first, second, third]);
  const ids = await incidentIds(stage);
  const [a = '', b = '', c = ''] = [first, second, third].map((line) => ids.get(line.slice(6)));
  expect(await ctl(stage, 'incidents', 'merge', a, a)).toMatch(/1: .*can't be merged into itself/);
  expect(await ctl(stage, 'incidents', 'unmerge', a)).toMatch(/1: .*is not merged/);
  expect(await ctl(stage, 'incidents', 'merge', a, 'nobody')).toMatch(/1: .*there is no incident/);
  await ctl(stage, 'incidents', 'merge', a, b);
  expect(await ctl(stage, 'incidents', 'merge', b, c)).toMatch(/1: .*itself merged into/);
  expect(await ctl(stage, 'incidents', 'resolve', b)).toMatch(/1: .*decide about that one/);
  // What was merged into one goes along with it.
  await ctl(stage, 'incidents', 'merge', c, a);
  expect(await incidentIds(stage)).toEqual(new Map([['payment was declined by the bank', c]]));
  expect(await ctl(stage, 'incidents', 'get', b)).toMatch(new RegExp(`merged into: +${c}`));
});

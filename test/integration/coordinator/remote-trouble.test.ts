// What a forge that refuses, breaks or is away does to a proven change: it waits with a clear word, and is made once when that is mended.
// Must never reach into the coordinator, or a real forge.
import { setTimeout as delay } from 'node:timers/promises';
import { expect, it } from 'vitest';
import { SolutionState, type SolutionProposal } from '../../../proto/index.ts';
import { openChangeRequestScene, type ChangeRequestScene } from '../../support/change-request-scene.ts';

const quiet = { following: { pollInterval: '7d' } };

async function waitFor({ stage }: ChangeRequestScene, holds: (solution: SolutionProposal) => boolean): Promise<SolutionProposal> {
  for (;;) {
    const found = (await stage.operator.solutions.listSolutions({})).solutions.at(-1);
    if (found !== undefined && holds(found)) return found;
    if (found?.state === SolutionState.FAILED) throw new Error(found.stateReason);
    await delay(50);
  }
}

it('keeps a proven change whose publication is refused, names what is missing, and publishes it once when it is approved again', async () => {
  await using scene = await openChangeRequestScene(quiet);
  const { github, fixture, fail, stage } = scene;
  const headers = { 'x-accepted-github-permissions': 'pull_requests=write' };
  const body = '{"message":"Resource not accessible by personal access token"}';
  github.plans = [{ match: /^POST .*\/pulls$/, disturbance: { kind: 'status', status: 403, body, headers }, times: 1 }];
  await fail(1);
  const waiting = await waitFor(scene, ({ state }) => state === SolutionState.AWAITING_APPROVAL);
  expect(waiting.stateReason).toMatch(/^It could not be published: .*pull_requests=write.*hephaestusctl solutions approve /);
  expect(waiting.diff).not.toBe('');
  expect(github.pulls).toEqual([]);
  await stage.operator.solutions.approveSolution({ id: waiting.id, note: '' });
  const published = await waitFor(scene, ({ state }) => state === SolutionState.PUBLISHED);
  expect(published.id).toBe(waiting.id);
  expect(github.pulls).toHaveLength(1);
  expect(fixture.git(['rev-list', '--count', published.changeRequest?.branch ?? '', '--not', 'main'], fixture.remote)).toBe('1');
});

it('waits for a forge that is away, says so, and goes on by itself', async () => {
  await using scene = await openChangeRequestScene(quiet);
  const { github, fail } = scene;
  const away = { match: /^POST .*\/pulls$/, disturbance: { kind: 'status' as const, status: 503 }, times: 2 };
  github.plans = [away];
  await fail(1);
  const waiting = await waitFor(scene, ({ stateReason }) => stateReason.startsWith('waiting to try again'));
  expect(waiting.state).toBe(SolutionState.PUBLISHING);
  expect(waiting.stateReason).toContain('the forge does not work at the moment');
  await waitFor(scene, ({ state }) => state === SolutionState.PUBLISHED);
  expect([away.times, github.pulls.length]).toEqual([0, 1]);
});

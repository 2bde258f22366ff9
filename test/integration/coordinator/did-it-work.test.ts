// Did it work? From an incident over a merge in a real git remote and its deployment to the verdict, over the wire.
// Must never reach into the coordinator: entries, deployments and merges come as they do in production, only dated back.
import { setTimeout as delay } from 'node:timers/promises';
import { afterEach, describe, expect, it } from 'vitest';
import { IncidentState, Severity, SolutionState, type Incident, type SolutionProposal } from '../../../proto/index.ts';
import { stageCoordinator, type CoordinatorStage } from '../../support/coordinator-stage.ts';
import { GitFixture } from '../../support/git-fixture.ts';

const hourMs = 3_600_000;
const broken = 'export function discountOf(customer) {\n  return customer.tier === "gold" ? 10 : 0;\n}\n';
const guarded =
  'export function discountOf(customer) {\n  if (customer === undefined) return 0;\n  return customer.tier === "gold" ? 10 : 0;\n}\n';
const failure = [
  "ERROR quote failed\nTypeError: Cannot read properties of undefined (reading 'tier')",
  '    at discountOf (file:///srv/shop/src/discount.js:2:19)',
  '    at quote (file:///srv/shop/src/quote.js:4:10)',
].join('\n');

const closing: (() => Promise<void> | void)[] = [];
afterEach(async () => {
  for (const close of closing.splice(0).reverse()) await close();
});

interface Play {
  readonly stage: CoordinatorStage;
  readonly fixture: GitFixture;
  /** Entries of the service, an hour of them each, every `every`th hour with the failure. */
  readonly log: (hours: {
    readonly from: number;
    readonly to: number;
    readonly every?: number;
    readonly revision: string;
  }) => Promise<void>;
  readonly solution: () => Promise<SolutionProposal>;
  readonly incident: () => Promise<Incident>;
  readonly until: (state: SolutionState) => Promise<SolutionProposal>;
}

/** A repository whose last commit took a guard away, two weeks of its service's log, and the change request that puts it back. */
async function play(): Promise<Play> {
  const fixture = new GitFixture();
  closing.push(() => fixture.dispose());
  fixture.commit({ message: 'Sell', files: { 'src/discount.js': guarded, 'package.json': '{"type":"module"}\n' } });
  fixture.commit({ message: 'Simplify', files: { 'src/discount.js': broken } });
  const stage = await stageCoordinator({
    nodeDefaults: { mode: 'deploy' },
    repositories: [{ name: 'shop', url: fixture.remote, services: ['shop'], mode: 'deploy', gate: 'syntax' }],
    following: { pollInterval: 100, verdictInterval: 100 },
  });
  closing.push(async () => stage[Symbol.asyncDispose]());
  const startMs = Math.floor(Date.now() / hourMs) * hourMs - 14 * 24 * hourMs;
  let requests = 0;
  const log: Play['log'] = async ({ from, to, every = 0, revision }) => {
    const entries = Array.from({ length: (to - from) * 2 }, (_, index) => {
      const hour = from + index / 2;
      const fails = every > 0 && index % (2 * every) === 0;
      return {
        time: new Date(startMs + hour * hourMs + 60_000),
        nodeId: 'web-1',
        source: 'api',
        service: 'shop',
        severity: fails ? Severity.ERROR : Severity.INFO,
        message: fails ? failure : 'INFO quote made',
        fields: revision === '' ? {} : { revision },
      };
    });
    await stage.operator.logs.submitLogEntries({ requestId: `r${String(requests++)}`, entries });
  };
  const solution = async (): Promise<SolutionProposal> => {
    const { solutions } = await stage.operator.solutions.listSolutions({});
    const fix = solutions.filter(({ reverts }) => reverts === '').at(-1);
    if (fix === undefined) throw new Error('no solution yet');
    return fix;
  };
  const incident = async (): Promise<Incident> => {
    const found = (await stage.operator.incidents.listIncidents({})).incidents[0];
    if (found === undefined) throw new Error('no incident');
    return found;
  };
  const until = async (state: SolutionState): Promise<SolutionProposal> => {
    for (;;) {
      const found = await solution().catch(() => undefined);
      if (found?.state === state) return found;
      if (found?.state === SolutionState.FAILED || found?.state === SolutionState.DIAGNOSED) throw new Error(found.stateReason);
      await delay(50);
    }
  };
  return { stage, fixture, log, solution, incident, until };
}

/** A person merges the branch, by squashing: its commit is not in the history. */
function squash({ fixture }: Play, { changeRequest }: SolutionProposal): string {
  fixture.git(['fetch', '--quiet', 'origin', changeRequest?.branch ?? '']);
  fixture.git(['merge', '--quiet', '--squash', 'FETCH_HEAD']);
  fixture.git(['commit', '--quiet', '-m', 'Guests pay the full price']);
  fixture.git(['push', '--quiet', 'origin', 'HEAD:refs/heads/main', `:refs/heads/${changeRequest?.branch ?? ''}`]);
  return fixture.git(['rev-parse', 'HEAD']);
}

describe('after a merge', () => {
  it('is fixed when its revision is silent where it would have shown, whatever old ones do, and a regression when that revision shows it', async () => {
    const scene = await play();
    const old = scene.fixture.remoteHead('main') ?? '';
    await scene.log({ from: 0, to: 200, every: 2, revision: old });
    const published = await scene.until(SolutionState.PUBLISHED);
    const fixed = squash(scene, published);
    const merged = await scene.until(SolutionState.MERGED);
    expect(merged.followUp).toMatchObject({ mergeCommit: fixed });

    // The old revision goes on beside the new one, and fails as before.
    await scene.log({ from: 200, to: 210, every: 2, revision: old });
    await scene.log({ from: 200, to: 202, revision: fixed });
    const waiting = await waitFor(scene.solution, ({ followUp }) => followUp?.verdict?.verdict === 'not-exercised-yet');
    expect(waiting.stateReason).toContain('not exercised yet');
    await scene.log({ from: 210, to: 300, revision: fixed });
    const done = await scene.until(SolutionState.FIXED);
    expect(done.followUp?.verdict).toMatchObject({ verdict: 'fixed', seen: 0, revisions: [fixed] });
    expect(done.followUp?.verdict?.chanceOfSilence).toBeLessThanOrEqual(0.01);
    const resolved = await scene.incident();
    expect(resolved).toMatchObject({ state: IncidentState.RESOLVED });
    expect(resolved.note).toContain('Fixed by');

    // A host that was forgotten still runs the old revision: no regression.
    const future = 14 * 24 + 2;
    await scene.log({ from: future, to: future + 2, every: 1, revision: old });
    const looked = done.followUp?.lookedAt?.getTime() ?? 0;
    const seen = await waitFor(
      scene.solution,
      ({ followUp }) => (followUp?.verdict?.seenOnOld ?? 0) > 0 && (followUp?.lookedAt?.getTime() ?? 0) > looked,
    );
    expect(seen.state).toBe(SolutionState.FIXED);
    expect((await scene.incident()).state).toBe(IncidentState.RESOLVED);

    await scene.log({ from: future + 2, to: future + 4, every: 1, revision: fixed });
    await scene.until(SolutionState.NOT_FIXED);
    const regressed = await scene.incident();
    expect(regressed.state).toBe(IncidentState.REGRESSED);
    expect(regressed.note).toContain(`on revision ${fixed.slice(0, 12)}`);
  });

  it('is open again when somebody reverts the fix and the revision that holds the revert shows the problem', async () => {
    const scene = await play();
    await scene.log({ from: 0, to: 200, every: 2, revision: scene.fixture.remoteHead('main') ?? '' });
    const fixed = squash(scene, await scene.until(SolutionState.PUBLISHED));
    await scene.until(SolutionState.MERGED);
    await scene.log({ from: 200, to: 300, revision: fixed });
    await scene.until(SolutionState.FIXED);
    scene.fixture.git(['revert', '--no-edit', fixed]);
    scene.fixture.git(['push', '--quiet', 'origin', 'HEAD:refs/heads/main']);
    const reverted = scene.fixture.git(['rev-parse', 'HEAD']);
    await scene.log({ from: 14 * 24 + 2, to: 14 * 24 + 4, every: 1, revision: reverted });
    const back = await scene.until(SolutionState.NOT_FIXED);
    expect(back.stateReason).toContain(`on revision ${reverted.slice(0, 12)}, which takes the fix back`);
    expect((await scene.incident()).state).toBe(IncidentState.REGRESSED);
  });

  it('is remembered: when somebody takes the fix away and the problem returns, the same change is proven and offered again', async () => {
    const scene = await play();
    await scene.log({ from: 0, to: 200, every: 2, revision: scene.fixture.remoteHead('main') ?? '' });
    const fixed = squash(scene, await scene.until(SolutionState.PUBLISHED));
    await scene.until(SolutionState.MERGED);
    await scene.log({ from: 200, to: 300, revision: fixed });
    const done = await scene.until(SolutionState.FIXED);
    const later = scene.fixture.commit({ message: 'Simplify once more', files: { 'src/discount.js': broken, 'src/rate.js': '1\n' } });
    await scene.log({ from: 14 * 24 + 2, to: 14 * 24 + 4, every: 1, revision: later });
    const again = await waitFor(
      async () => (await scene.stage.operator.solutions.listSolutions({})).solutions.find(({ id }) => id !== done.id),
      (one) => one?.state === SolutionState.PUBLISHED,
    );
    if (again === undefined) throw new Error('no second solution');
    expect(again).toMatchObject({ provider: 'memory', model: done.id });
    expect(again.diff).toContain('+  if (customer === undefined) return 0;');
    expect(again.diagnosis?.rootCause).toContain(done.changeRequest?.url);
    expect(again.diagnosis?.claims.flatMap(({ evidenceIds }) => evidenceIds)).toHaveLength(1);
    expect(again.changeRequest?.branch).toBe(`${done.changeRequest?.branch ?? ''}-2`);
  });

  it('is not fixed when a revision that contains it shows the problem: the incident is open again and a revert waits for approval', async () => {
    const scene = await play();
    const old = scene.fixture.remoteHead('main') ?? '';
    await scene.log({ from: 0, to: 100, every: 2, revision: old });
    const fixed = squash(scene, await scene.until(SolutionState.PUBLISHED));
    await scene.until(SolutionState.MERGED);
    await scene.log({ from: 110, to: 120, every: 3, revision: fixed });
    const failed = await scene.until(SolutionState.NOT_FIXED);
    expect(failed.stateReason).toContain('It does not work');
    const { solutions } = await scene.stage.operator.solutions.listSolutions({});
    const revert = solutions.find(({ reverts }) => reverts === failed.id);
    expect(revert).toMatchObject({ state: SolutionState.AWAITING_APPROVAL });
    expect(revert?.diff).toContain('-  if (customer === undefined) return 0;');
    await scene.stage.operator.solutions.approveSolution({ id: revert?.id ?? '', note: '' });
    await waitFor(
      async () => scene.fixture.remoteHead(`${failed.changeRequest?.branch ?? ''}-revert`),
      (head) => head !== undefined,
    );
    expect(await metricsOf(scene.stage)).toContain('hephaestus_coordinator_fix_verdicts_total{verdict="not-fixed"} 1');
  });

  it('waits while no deployed revision contains it, by what is recorded for services whose log names none', async () => {
    const scene = await play();
    const old = scene.fixture.remoteHead('main') ?? '';
    const recordAt = async (revision: string, hours: number): Promise<void> => {
      const time = new Date(Date.now() - hours * hourMs);
      await scene.stage.operator.deployments.recordDeployment({ service: 'shop', revision, nodeId: '', time });
    };
    await recordAt(old, 14 * 24);
    await scene.log({ from: 0, to: 100, every: 2, revision: '' });
    const fixed = squash(scene, await scene.until(SolutionState.PUBLISHED));
    scene.fixture.git(['tag', 'v1.4.2', fixed]);
    scene.fixture.git(['push', '--quiet', 'origin', 'v1.4.2']);
    const waiting = await waitFor(scene.solution, ({ followUp }) => followUp?.verdict !== undefined);
    expect(waiting).toMatchObject({ state: SolutionState.MERGED, followUp: { verdict: { verdict: 'not-deployed' } } });
    expect(waiting.stateReason).toContain(`runs now: ${old.slice(0, 12)}`);
    await recordAt('shop@1.4.2', 14 * 24 - 120);
    await scene.log({ from: 130, to: 300, revision: '' });
    expect((await scene.until(SolutionState.FIXED)).followUp?.verdict?.revisions).toEqual(['shop@1.4.2']);
  });

  it('takes a branch that was deleted unmerged for a no, and proposes again only when asked, on a branch of its own', async () => {
    const scene = await play();
    const old = scene.fixture.remoteHead('main') ?? '';
    await scene.log({ from: 0, to: 4, every: 1, revision: old });
    const published = await scene.until(SolutionState.PUBLISHED);
    const branch = published.changeRequest?.branch ?? '';
    scene.fixture.git(['push', '--quiet', 'origin', `:refs/heads/${branch}`]);
    const declined = await scene.until(SolutionState.DECLINED);
    expect(declined.stateReason).toContain('not proposed again unless asked');
    const { id } = await scene.incident();
    await scene.stage.operator.incidents.resolveIncident({ id, note: '' });
    await scene.log({ from: 14 * 24 + 2, to: 14 * 24 + 4, every: 1, revision: old });
    await waitFor(scene.incident, ({ state }) => state === IncidentState.REGRESSED);
    await scene.stage.operator.solutions.generateSolutionProposal({ incidentId: id });
    await waitFor(
      async () => scene.fixture.remoteHead(`${branch}-2`),
      (head) => head !== undefined,
    );
    expect(scene.fixture.remoteHead(branch)).toBeUndefined();
    expect((await scene.stage.operator.solutions.listSolutions({})).solutions).toHaveLength(2);
  });
});

async function waitFor<T>(ask: () => Promise<T>, holds: (value: T) => boolean): Promise<T> {
  for (;;) {
    const value = await ask();
    if (holds(value)) return value;
    await delay(50);
  }
}

async function metricsOf(stage: CoordinatorStage): Promise<string> {
  const address = stage.coordinator.ops.address();
  const answer = await fetch(`http://127.0.0.1:${String(address?.port ?? 0)}/metrics`);
  return answer.text();
}

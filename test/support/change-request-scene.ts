// A service's repository at a forge whose last commit took a guard away, its coordinator, and people who do things at the forge.
// Must never reach into the coordinator: the forge is a server, people act on it.
import { writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { setTimeout as delay } from 'node:timers/promises';
import { silentLogger, type Logger } from '../../base/logger.ts';
import { Severity, SolutionState, type SolutionProposal } from '../../proto/index.ts';
import { stageCoordinator, type CoordinatorStage } from './coordinator-stage.ts';
import { FakeGitHub } from './fake-github.ts';
import { GitFixture } from './git-fixture.ts';

export const broken = 'export function discountOf(customer) {\n  return customer.tier === "gold" ? 10 : 0;\n}\n';
export const guarded =
  'export function discountOf(customer) {\n  if (customer === undefined) return 0;\n  return customer.tier === "gold" ? 10 : 0;\n}\n';
const failure = [
  "ERROR quote failed\nTypeError: Cannot read properties of undefined (reading 'tier')",
  '    at discountOf (file:///srv/shop/src/discount.js:2:19)',
].join('\n');

export interface ChangeRequestScene extends AsyncDisposable {
  readonly stage: CoordinatorStage;
  readonly fixture: GitFixture;
  readonly github: FakeGitHub;
  readonly fail: (times: number) => Promise<void>;
  /** The first solution, once it is in that state. @throws if it failed, or came to no change */
  readonly until: (state: SolutionState) => Promise<SolutionProposal>;
  /** Jobs of a kind that were done so far. */
  readonly jobsDone: (kind: string) => number;
}

export interface SceneSettings {
  readonly following: Record<string, unknown>;
  readonly conventions?: Record<string, unknown>;
  /** More of the coordinator's configuration. */
  readonly more?: Record<string, unknown>;
}

export async function openChangeRequestScene(settings: SceneSettings): Promise<ChangeRequestScene> {
  const fixture = new GitFixture();
  const subjects = ['feat(pricing): sell', 'fix(pricing): round', 'docs: tell', 'chore: tidy'];
  for (const [index, message] of subjects.entries())
    fixture.commit({
      message: `${message}\n\nSigned-off-by: A <a@example.com>`,
      files: { 'src/discount.js': `${guarded}// ${String(index)}\n` },
    });
  fixture.commit({
    message: 'feat(pricing): simplify\n\nSigned-off-by: A <a@example.com>',
    files: { '.github/CODEOWNERS': '* @lead\n/src/ @ann @acme/pricing\n' },
  });
  fixture.commit({ message: 'refactor(pricing): shorten\n\nSigned-off-by: A <a@example.com>', files: { 'src/discount.js': broken } });
  const github = new FakeGitHub(fixture.remote);
  await github.listen();
  for (const [name, value] of [
    ['token', github.token],
    ['hook', 'correct horse'],
  ] as const)
    writeFileSync(join(fixture.folder, name), value);
  const done: string[] = [];
  const logger: Logger = {
    ...silentLogger,
    info: (message, fields) => void (message === 'job done' && done.push(String(fields?.['kind']))),
    withContext: () => logger,
  };
  const stage = await stageCoordinator(
    {
      nodeDefaults: { mode: 'deploy' },
      repositories: [
        {
          name: 'shop',
          url: github.url,
          provider: 'github',
          services: ['shop'],
          mode: 'deploy',
          gate: 'syntax',
          credential: 'token',
          webhookSecret: 'hook',
          ...(settings.conventions === undefined ? {} : { conventions: settings.conventions }),
        },
      ],
      secrets: { token: { file: join(fixture.folder, 'token') }, hook: { file: join(fixture.folder, 'hook') } },
      webhooks: { listen: '127.0.0.1:0' },
      following: settings.following,
      ...settings.more,
    },
    logger,
  );
  let requests = 0;
  return {
    stage,
    fixture,
    github,
    async fail(times) {
      const entry = { nodeId: 'web-1', source: 'api', service: 'shop', severity: Severity.ERROR, message: failure };
      await stage.operator.logs.submitLogEntries({
        requestId: `r${String(requests++)}`,
        entries: Array.from({ length: times }, () => entry),
      });
    },
    async until(state) {
      for (;;) {
        const found = (await stage.operator.solutions.listSolutions({})).solutions.at(-1);
        if (found?.state === state) return found;
        if (found?.state === SolutionState.FAILED || found?.state === SolutionState.DIAGNOSED) throw new Error(found.stateReason);
        await delay(50);
      }
    },
    jobsDone: (kind) => done.filter((one) => one === kind).length,
    async [Symbol.asyncDispose]() {
      await stage[Symbol.asyncDispose]();
      await github.close();
      fixture.dispose();
    },
  };
}

// Joins what follows a change after it left: what is counted for its verdict, and when it is looked at again.
// Must never hold logic; compose.ts calls it, tests call compose.
import type { Clock } from '../base/clock.ts';
import { Secret } from '../base/secret.ts';
import type { Component } from '../base/lifecycle.ts';
import type { Logger } from '../base/logger.ts';
import type { Metrics } from '../base/metrics.ts';
import { createWebhookServer } from './api/webhook-server.ts';
import { splitAddress, type CoordinatorConfiguration } from './config.ts';
import type { Chore } from './housekeeping.ts';
import type { ExposureMeter, ExposureStore } from './incidents/exposure.ts';
import { defaultRecurrence, type RecurrenceOptions } from './incidents/recurrence.ts';
import type { WebhookStore } from './remote/webhook.ts';
import { branchPrefix } from './repository/branch-writer.ts';
import type { RepositoryStore } from './repository/repository.ts';
import { isDue } from './solutions/follow/follower.ts';
import type { JobQueue } from './solutions/job-queue.ts';
import type { ProposalState, ProposalStore } from './solutions/proposal.ts';
import type { SecretReader } from './store/secrets.ts';

export interface FollowingInputs {
  readonly config: CoordinatorConfiguration;
  readonly exposures: ExposureStore;
  readonly meter: ExposureMeter;
  /** Resolves once all entries that came so far are durable, with what they are occurrences of. */
  readonly committed: () => Promise<void>;
  readonly proposals: ProposalStore;
  readonly jobs: JobQueue;
  readonly metrics: Metrics;
  readonly repositories: RepositoryStore;
  readonly secrets: SecretReader;
  readonly webhooks: WebhookStore;
  readonly clock: Clock;
  readonly logger: Logger;
}

export interface Following {
  readonly recurrence: RecurrenceOptions;
  readonly onVerdict: (verdict: 'fixed' | 'not-fixed' | 'regressed') => void;
  readonly chores: readonly Chore[];
  /** Started after the store, stopped before it. */
  readonly components: readonly Component[];
  /** Undefined where webhooks aren't taken. */
  readonly webhookPort: () => number | undefined;
}

const minuteMs = 60_000;
const hourMs = 60 * minuteMs;
const dayMs = 24 * hourMs;
const pageSize = 200;

export async function composeFollowing(inputs: FollowingInputs): Promise<Following> {
  const { config, exposures, meter, proposals, jobs, metrics, clock } = inputs;
  const { pollInterval, verdictInterval, errorProbability, leastLeft, keep } = config.following;
  for (const service of await exposures.services()) meter.watch(service);
  const verdicts = metrics.counter({ name: 'fix_verdicts_total', help: 'Verdicts on merged changes.', labels: ['verdict'] });
  let counts: ReadonlyMap<string, number> = new Map();
  metrics.gauge({
    name: 'solutions',
    help: 'Solutions, by state.',
    labels: ['state'],
    collect: () => [...counts].map(([state, value]) => ({ labels: { state }, value })),
  });

  /** Those in a state, oldest last; a page at a time. */
  async function* inStates(states: readonly ProposalState[]) {
    for (let after: string | undefined; ;) {
      const page = await proposals.list({ incidentId: undefined, states, limit: pageSize, after });
      yield* page;
      after = page.at(-1)?.id;
      if (page.length < pageSize) return;
    }
  }
  const lookAgain = async (): Promise<void> => {
    for await (const proposal of inStates(['published', 'merged'])) {
      if (isDue(proposal, clock.now(), { pollMs: pollInterval, verdictMs: verdictInterval })) await jobs.enqueue('follow', proposal.id);
    }
    counts = await proposals.countByState();
  };
  const condense = async (): Promise<void> => {
    const judged = new Set<string>();
    for await (const { incidentId } of inStates(['merged'])) judged.add(incidentId);
    await exposures.condense(clock.now() - 2 * dayMs, clock.now() - keep, await exposures.servicesOf([...judged]));
    await jobs.forget(clock.now() - dayMs);
    await inputs.webhooks.forget(clock.now() - 30 * dayMs);
  };
  const hooks = metrics.counter({ name: 'webhooks_total', help: 'Webhooks that came, by what became of them.', labels: ['outcome'] });
  const server =
    config.webhooks === undefined
      ? undefined
      : createWebhookServer({
          ...splitAddress(config.webhooks.listen),
          repositories: inputs.repositories,
          secretOf: async (name) => {
            const value = await inputs.secrets.get(name);
            return value === undefined ? undefined : new Secret(value);
          },
          store: inputs.webhooks,
          lookAt: async (repository, number, branch) => {
            for await (const { id, repositoryId, delivery } of inStates(['published'])) {
              const isMeant =
                (number === undefined || number === delivery?.number) &&
                (branch === undefined || !branch.startsWith(branchPrefix) || branch === delivery?.branch);
              if (repositoryId === repository.id && isMeant) await jobs.enqueue('follow', id);
            }
          },
          onOutcome: (outcome) => hooks.add({ outcome }),
          clock,
          logger: inputs.logger.withContext({ component: 'webhooks' }),
        });
  return {
    components: server === undefined ? [] : [server],
    webhookPort: () => server?.address()?.port,
    recurrence: { ...defaultRecurrence, errorProbability, leastLeft },
    onVerdict: (verdict) => verdicts.add({ verdict }),
    chores: [
      { name: 'traffic', everyMs: Math.min(15_000, verdictInterval), atStop: true, run: () => meter.flush(exposures, inputs.committed) },
      { name: 'follow', everyMs: Math.min(5000, pollInterval, verdictInterval), run: lookAgain },
      { name: 'condense-traffic', everyMs: hourMs, run: condense },
    ],
  };
}

// Joins everything that turns an incident into a proposal: repositories, remotes, proposer, sandbox, pipeline, jobs.
// Must never hold logic; compose.ts calls it, tests call compose.
import { randomUUID } from 'node:crypto';
import { dirname } from 'node:path';
import type { Clock } from '../base/clock.ts';
import type { Component } from '../base/lifecycle.ts';
import type { Logger } from '../base/logger.ts';
import type { Metrics } from '../base/metrics.ts';
import { createOutbound } from '../base/outbound.ts';
import { Secret } from '../base/secret.ts';
import { createSyntaxTrees } from '../base/syntax-tree.ts';
import type { CoordinatorConfiguration } from './config.ts';
import type { Chore } from './housekeeping.ts';
import type { IncidentReader } from './incidents/incident.ts';
import type { ModelRequestStore } from './model/ledger.ts';
import { ModelService } from './model/model-service.ts';
import { createBuiltinEngine } from './model/providers/builtin/builtin-engine.ts';
import { RemoteRepositoryService } from './remote/remote-repository-service.ts';
import { Git } from './repository/git.ts';
import { hephaestusIdentity } from './repository/branch-writer.ts';
import { MirrorDisk, type DiskReport } from './repository/mirror-disk.ts';
import { Mirrors } from './repository/mirrors.ts';
import { GitRepositoryService, type OutwardWitness } from './repository/repository-service.ts';
import type { RepositoryService, RepositoryStore } from './repository/repository.ts';
import { WorkTrees } from './repository/work-tree.ts';
import { assembleSolutions, type FollowingParts } from './solutions/assembly.ts';
import type { JobQueue } from './solutions/job-queue.ts';
import type { ProposalEvents } from './solutions/proposal-events.ts';
import type { ProposalStore, SolutionService } from './solutions/proposal.ts';
import type { Sandbox } from './solutions/sandbox.ts';
import { stateFiles } from './state-directory.ts';
import type { SecretReader } from './store/secrets.ts';

export interface SolutionParts {
  readonly chores: readonly Chore[];
  readonly repositories: RepositoryService;
  readonly solutions: SolutionService;
  readonly events: ProposalEvents;
  readonly sandbox: Sandbox;
  /** Chooses the model; start it before the runner. */
  readonly modelService: Component;
  readonly runner: Component;
  readonly models: ModelService;
}

export interface SolutionInputs {
  readonly following: FollowingParts | undefined;
  readonly config: CoordinatorConfiguration;
  readonly clock: Clock;
  readonly logger: Logger;
  /** Undefined: nobody watches. */
  readonly metrics: Metrics | undefined;
  readonly secrets: SecretReader;
  readonly incidents: IncidentReader;
  readonly proposals: ProposalStore;
  readonly repositoryStore: RepositoryStore;
  readonly jobs: JobQueue;
  /** Records what reaches a remote. */
  readonly witness: OutwardWitness | undefined;
  readonly requests: ModelRequestStore;
  /** Folders of PATH. */
  readonly searchPath: readonly string[];
}

export function composeSolutions(inputs: SolutionInputs): SolutionParts {
  const { config, clock, logger, secrets, repositoryStore, requests } = inputs;
  const outbound = createOutbound({ offline: config.offline });
  const files = stateFiles(config.stateDirectory);
  // A repository's checks run with the host's own tools, not with those that npm puts in front for us;
  // the Node that we brought along stands in where the host has none.
  const searchPath = [...inputs.searchPath.filter((folder) => !folder.includes('/node_modules/')), dirname(process.execPath)];
  const git = new Git({ searchPath: searchPath.join(':'), outbound });
  const mirrors = new Mirrors({
    git,
    directory: files.repositories,
    identity: hephaestusIdentity,
    disk: new MirrorDisk({
      directory: files.repositories,
      maxBytes: config.mirrors.maxSize,
      maxIdleMs: config.mirrors.maxIdle,
      leastFreeBytes: config.mirrors.leastFree,
      clock,
      logger: logger.withContext({ component: 'mirrors' }),
    }),
  });
  const workTrees = new WorkTrees({ git, directory: files.workTrees });
  const remotes = new RemoteRepositoryService({
    git: mirrors,
    readSecret: async (name) => {
      const value = await secrets.get(name);
      return value === undefined ? undefined : new Secret(value);
    },
    keyFolder: files.keys,
    reportFolder: files.reports,
    clock,
    logger,
    outbound,
  });
  const repositories = new GitRepositoryService({
    witness: inputs.witness,
    mirrors,
    workTrees,
    remotes,
    store: repositoryStore,
    clock,
    logger,
  });
  const trees = createSyntaxTrees();
  const models = new ModelService({
    configuration: config.model,
    entries: config.models,
    requests,
    outbound,
    secrets,
    engine: createBuiltinEngine(trees),
    clock,
    logger: logger.withContext({ component: 'model-service' }),
    textModel: undefined,
  });
  const { service, events, runner, sandbox } = assembleSolutions({
    ...inputs,
    remoteOf: (repository) => remotes.connect(repository),
    repositories: repositoryStore,
    repositoryService: repositories,
    models,
    localOnly: config.model.routing.localOnly,
    toolLimits: config.model.tools,
    trees,
    sandbox: config.sandbox,
    validation: config.validation,
    searchPath,
    holder: randomUUID(),
  });
  const modelService: Component = {
    name: 'model-service',
    // Canaries take a while, and a model that doesn't answer is no reason not to start: it is asked again when it is needed.
    start: async (signal) =>
      void models.initialize(signal).catch((error: unknown) => logger.error('models could not be checked', { err: error })),
    stop: async () => models.close(),
  };
  let onDisk: DiskReport | undefined;
  inputs.metrics?.gauge({
    name: 'mirrors_bytes',
    help: 'Disk that the local copies of repositories take, as of the last sweep.',
    labels: [],
    collect: () => (onDisk === undefined ? [] : [{ labels: {}, value: onDisk.bytes }]),
  });
  const sweep = async (): Promise<void> => {
    onDisk = await mirrors.sweep(new Set((await repositoryStore.list()).map(({ id }) => id)));
    await workTrees.removeLeft();
  };
  const chores: readonly Chore[] = [{ name: 'mirrors', everyMs: 600_000, run: sweep }];
  return { chores, repositories, solutions: service, events, sandbox, modelService, models, runner };
}

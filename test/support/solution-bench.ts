// Everything that turns an incident into a proposal, joined in this process over one real git repository.
// Must never replace the sandbox: commands run in bubblewrap as in production.
import { dirname } from 'node:path';
import { systemClock } from '../../base/clock.ts';
import { silentLogger } from '../../base/logger.ts';
import { createOutbound } from '../../base/outbound.ts';
import { createSyntaxTrees } from '../../base/syntax-tree.ts';
import type { Incident, Occurrence } from '../../coordinator/incidents/incident.ts';
import type { TextModel } from '../../coordinator/model/model.ts';
import { modelConfigurationSchema, modelEntriesSchema } from '../../coordinator/model/model-configuration.ts';
import { ModelService } from '../../coordinator/model/model-service.ts';
import { createBuiltinEngine } from '../../coordinator/model/providers/builtin/builtin-engine.ts';
import type { Remote } from '../../coordinator/remote/remote.ts';
import type { OpenChange, Repository } from '../../coordinator/repository/repository.ts';
import { assembleSolutions } from '../../coordinator/solutions/assembly.ts';
import { sandboxConfigurationSchema, validationConfigurationSchema } from '../../coordinator/solutions/sandbox-configuration.ts';
import { memoryModelRequests } from './model-requests.ts';
import { plainRepositoryService } from './plain-repository-service.ts';
import { memoryIncidents, memoryJobs, memoryProposals, memoryRepositories } from './solution-stores.ts';

/** A remote without labels and reviewers, as plain git is; nothing else of it is asked here. */
const plainRemote = {
  addLabels: async () => ({ kind: 'unsupported', reason: 'no labels' }),
  requestReviewers: async () => ({ kind: 'unsupported', reason: 'no reviewers' }),
  getChangeRequest: async () => undefined,
} as unknown as Remote;

/** As compose makes it: the host's own tools first, our Node where the host has none. */
export const searchPath = [
  ...(process.env['PATH'] ?? '').split(':').filter((folder) => !folder.includes('/node_modules/')),
  dirname(process.execPath),
];

export interface BenchOptions {
  readonly directory: string;
  readonly incident: Incident;
  readonly occurrences: readonly Occurrence[];
  readonly repository: Repository;
  readonly issues?: boolean;
  /** How many changes that hold are compared; the first is taken by default, so that a test states one thing. */
  readonly candidates?: number;
  readonly openChanges?: readonly OpenChange[];
  /** Without one the built-in engine answers. */
  readonly textModel?: TextModel;
  /** The `model:` section; builtin by default. */
  readonly model?: Record<string, unknown>;
  /** The `models:` section. */
  readonly models?: readonly Record<string, unknown>[];
}

export async function solutionBench(options: BenchOptions) {
  const trees = createSyntaxTrees();
  const service = plainRepositoryService(options.directory, { issues: options.issues ?? false, openChanges: options.openChanges ?? [] });
  const proposals = memoryProposals();
  const jobs = memoryJobs();
  const incidents = memoryIncidents(options.incident, options.occurrences);
  const configuration = modelConfigurationSchema.parse(options.model ?? { provider: 'builtin' });
  const requests = await memoryModelRequests();
  const models = new ModelService({
    configuration,
    entries: modelEntriesSchema.parse(options.models ?? []),
    requests,
    outbound: createOutbound({ offline: false }),
    secrets: { get: async () => undefined },
    engine: createBuiltinEngine(trees),
    clock: systemClock,
    logger: silentLogger,
    textModel: options.textModel,
  });
  await models.initialize(AbortSignal.timeout(100_000));
  const parts = {
    proposals,
    jobs,
    incidents,
    repositories: memoryRepositories(options.repository),
    repositoryService: service,
    remoteOf: () => plainRemote,
    following: undefined,
    models,
    localOnly: configuration.routing.localOnly,
    toolLimits: configuration.tools,
    trees,
    sandbox: sandboxConfigurationSchema.parse({}),
    validation: validationConfigurationSchema.parse({ candidates: options.candidates ?? 1 }),
    searchPath,
    holder: 'test',
    clock: systemClock,
    logger: silentLogger,
  };
  const { service: solutions } = assembleSolutions(parts);

  /** Runs jobs through a runner of its own until the queue is empty. */
  const drain = async (): Promise<void> => {
    const { runner } = assembleSolutions(parts);
    const never = new AbortController().signal;
    await runner.start(never);
    while ((await jobs.pending()) > 0) await systemClock.sleep(20);
    await runner.stop(never);
  };
  const newest = async () => (await proposals.list({ incidentId: options.incident.id, states: [], limit: 1, after: undefined }))[0];
  return { service, proposals, jobs, models, requests, solutions, drain, newest };
}

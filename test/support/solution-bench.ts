// Everything that turns an incident into a proposal, joined in this process over one real git repository.
// Must never replace the sandbox: commands run in bubblewrap as in production.
import { dirname } from 'node:path';
import { systemClock } from '../../base/clock.ts';
import { silentLogger } from '../../base/logger.ts';
import { createSyntaxTrees } from '../../base/syntax-tree.ts';
import type { Incident, Occurrence } from '../../coordinator/incidents/incident.ts';
import { createBuiltinEngine } from '../../coordinator/model/providers/builtin/builtin-engine.ts';
import type { Repository } from '../../coordinator/repository/repository.ts';
import { createBuiltinProposer } from '../../coordinator/solutions/builtin-proposer.ts';
import { JobRunner, defaultJobRunnerOptions } from '../../coordinator/solutions/job-runner.ts';
import type { Proposer } from '../../coordinator/solutions/candidate.ts';
import { SolutionPipeline } from '../../coordinator/solutions/pipeline.ts';
import { createProposalEvents } from '../../coordinator/solutions/proposal-events.ts';
import { createSandbox, defaultSandboxOptions, type Sandbox } from '../../coordinator/solutions/sandbox.ts';
import { createSolutionService } from '../../coordinator/solutions/solution-service.ts';
import { Validator, defaultValidationLimits } from '../../coordinator/solutions/validator.ts';
import { plainRepositoryService } from './plain-repository-service.ts';
import { memoryIncidents, memoryJobs, memoryProposals, memoryRepositories } from './solution-stores.ts';

export const searchPath = [...(process.env['PATH'] ?? '').split(':'), dirname(process.execPath)];

export function realSandbox(): Sandbox {
  return createSandbox({ ...defaultSandboxOptions, searchPath });
}

export interface BenchOptions {
  readonly directory: string;
  readonly incident: Incident;
  readonly occurrences: readonly Occurrence[];
  readonly repository: Repository;
  readonly issues?: boolean;
  readonly proposer?: Proposer;
}

export function solutionBench(options: BenchOptions) {
  const trees = createSyntaxTrees();
  const service = plainRepositoryService(options.directory, { issues: options.issues ?? false });
  const proposals = memoryProposals();
  const jobs = memoryJobs();
  const events = createProposalEvents();
  const incidents = memoryIncidents(options.incident, options.occurrences);
  const validator = new Validator({ sandbox: realSandbox(), trees, limits: defaultValidationLimits });
  const pipeline = new SolutionPipeline({
    incidents,
    proposals,
    repositories: memoryRepositories(options.repository),
    repositoryService: service,
    jobs,
    proposer: options.proposer ?? createBuiltinProposer(createBuiltinEngine(trees)),
    validator,
    events,
    clock: systemClock,
    logger: silentLogger,
    searchPath,
  });
  const solutions = createSolutionService({ proposals, incidents, jobs, events, clock: systemClock });

  /** Runs jobs through the runner until the queue is empty. */
  const drain = async (): Promise<void> => {
    const runner = new JobRunner({
      ...defaultJobRunnerOptions,
      jobs,
      work: pipeline,
      holder: 'test',
      clock: systemClock,
      logger: silentLogger,
      pollMs: 20,
      concurrency: 1,
    });
    await runner.start();
    while ((await jobs.pending()) > 0) await systemClock.sleep(20);
    await runner.stop();
  };
  const newest = async () => (await proposals.list({ incidentId: options.incident.id, states: [], limit: 1, after: undefined }))[0];
  return { service, proposals, jobs, events, pipeline, solutions, drain, newest };
}

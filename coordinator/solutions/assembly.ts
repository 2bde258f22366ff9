// Joins the parts of solutions to what compose.ts needs: a service for operators, a runner of jobs, and a check of the sandbox.
// Must never read configuration files or the environment; everything comes in.
import type { Clock } from '../../base/clock.ts';
import type { Component } from '../../base/lifecycle.ts';
import type { Logger } from '../../base/logger.ts';
import type { SyntaxTrees } from '../../base/syntax-tree.ts';
import type { IncidentReader } from '../incidents/incident.ts';
import type { ModelService } from '../model/model-service.ts';
import type { RepositoryService, RepositoryStore } from '../repository/repository.ts';
import type { LocalOnly } from './confidentiality.ts';
import type { FollowParts } from './follow/follow-up.ts';
import { Follower } from './follow/follower.ts';
import { ChangeRequestUpkeep } from './follow/upkeep.ts';
import type { JobQueue } from './job-queue.ts';
import { createReminder, type RemedyStore } from './memory.ts';
import { routeJobs } from './job-routing.ts';
import { JobRunner, defaultJobRunnerOptions } from './job-runner.ts';
import { SolutionPipeline } from './pipeline.ts';
import type { ProposalStore, SolutionService } from './proposal.ts';
import { createProposalEvents, type ProposalEvents } from './proposal-events.ts';
import { createProposer } from './proposer.ts';
import { rememberFirst } from './remembered-fix.ts';
import { createTestMaker } from './reproduction/test-maker.ts';
import { createSandbox, type Sandbox } from './sandbox.ts';
import type { SandboxConfiguration, ValidationConfiguration } from './sandbox-configuration.ts';
import { createSolutionService } from './solution-service.ts';
import { createTestRun } from './test-run.ts';
import type { ToolLimits } from './tool-loop.ts';
import { Validator } from './validator.ts';

/** What is needed to follow a change after it left. */
export type FollowingParts = Pick<FollowParts, 'deployments' | 'exposures' | 'desk' | 'recurrence' | 'onVerdict'> & {
  readonly remedies: RemedyStore;
};

export interface SolutionsOptions {
  readonly proposals: ProposalStore;
  readonly jobs: JobQueue;
  readonly incidents: IncidentReader;
  readonly repositories: RepositoryStore;
  readonly repositoryService: RepositoryService;
  readonly remoteOf: FollowParts['remoteOf'];
  /** Undefined: what leaves isn't followed. */
  readonly following: FollowingParts | undefined;
  readonly models: ModelService;
  readonly localOnly: LocalOnly;
  readonly toolLimits: ToolLimits;
  readonly trees: SyntaxTrees;
  readonly sandbox: SandboxConfiguration;
  readonly validation: ValidationConfiguration;
  /** PATH's folders, with the folder of this Node at the end. */
  readonly searchPath: readonly string[];
  /** Unique among coordinators that share a database. */
  readonly holder: string;
  readonly clock: Clock;
  readonly logger: Logger;
}

export interface Solutions {
  readonly service: SolutionService;
  readonly events: ProposalEvents;
  /** Start it after the store and the Repository Service, stop it before them. */
  readonly runner: Component;
  /** Its `check` says whether anything can be validated here. */
  readonly sandbox: Sandbox;
}

export function assembleSolutions(options: SolutionsOptions): Solutions {
  const { proposals, jobs, incidents, repositories, repositoryService, models, trees, localOnly, toolLimits, searchPath, holder, clock } =
    options;
  const logger = options.logger.withContext({ component: 'solutions' });
  const sandbox = createSandbox({ ...options.sandbox, searchPath });
  const events = createProposalEvents();
  const { setupTimeoutMs, testTimeoutMs } = options.validation;
  const runTests = createTestRun({ service: repositoryService, sandbox, searchPath, setupTimeoutMs, testTimeoutMs });
  const asked = createProposer({ models, repositoryService, trees, localOnly, toolLimits, runTests });
  const memory = options.following && { service: repositoryService, remedies: options.following.remedies, proposals };
  const pipeline = new SolutionPipeline({
    incidents,
    proposals,
    repositories,
    repositoryService,
    remoteOf: options.remoteOf,
    jobs,
    proposer: memory === undefined ? asked : rememberFirst(asked, memory),
    tests: createTestMaker({ service: repositoryService, sandbox, trees, logger }),
    validator: new Validator({ sandbox, trees, limits: options.validation }),
    trees,
    deployments: options.following?.deployments,
    remind: options.following === undefined ? undefined : createReminder(proposals, options.following.remedies),
    events,
    clock,
    logger,
    searchPath,
  });
  const work =
    options.following === undefined
      ? pipeline
      : routeJobs(
          pipeline,
          createFollower({
            ...options,
            ...options.following,
            canRevise: () => models.statuses().some(({ state }) => state !== 'failed'),
            events,
            logger,
          }),
        );
  const runner = new JobRunner({ ...defaultJobRunnerOptions, jobs, work, holder, clock, logger });
  return { service: createSolutionService({ proposals, incidents, repositories, jobs, events, clock }), events, runner, sandbox };
}

function createFollower(parts: FollowParts): Follower {
  return new Follower(parts, new ChangeRequestUpkeep(parts));
}

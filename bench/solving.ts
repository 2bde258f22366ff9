// One problem from its log to what is delivered, with everything of the coordinator but its network: for benchmarks.
// Must never let a proposer see anything but the repository and the log.
import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { Analyzer } from '../analysis/analyzer.ts';
import { systemClock } from '../base/clock.ts';
import { silentLogger } from '../base/logger.ts';
import { composeSolutions } from '../coordinator/compose-solutions.ts';
import { coordinatorConfigurationSchema } from '../coordinator/config.ts';
import type { SecretReader } from '../coordinator/model/model.ts';
import type { SolutionProposal } from '../coordinator/solutions/proposal.ts';
import { memoryModelRequests } from '../test/support/model-requests.ts';
import { makeRepository } from '../test/support/plain-repository-service.ts';
import { sampleIncident, sampleOccurrence, sampleRepository } from '../test/support/solution-samples.ts';
import { memoryIncidents, memoryJobs, memoryProposals, memoryRepositories } from '../test/support/solution-stores.ts';

export interface SolvableProblem {
  readonly name: string;
  readonly commits: Parameters<typeof makeRepository>[1];
  readonly log: string;
  /** Undefined: found by itself. */
  readonly test: readonly string[] | undefined;
  /** Demanded of what is delivered; `tests` unless said otherwise. */
  readonly gate?: 'syntax' | 'tests' | undefined;
}

/** @param model the configuration's `model:` section */
export async function solve(
  { name, commits, log, test, gate = 'tests' }: SolvableProblem,
  model: Readonly<Record<string, unknown>>,
  secrets: SecretReader = { get: async () => undefined },
): Promise<SolutionProposal | undefined> {
  const folder = await mkdtemp(join(tmpdir(), 'heph-solve-'));
  try {
    const directory = join(folder, 'origin');
    await makeRepository(directory, commits);
    const { record, fingerprint } = new Analyzer().analyze(name, log, { service: name });
    const title =
      (record.trace === undefined ? record.message : `${record.trace.type ?? 'error'}: ${record.trace.message}`).split('\n', 1)[0] ?? '';
    const incident = sampleIncident({ service: name, title, fingerprint });
    const repository = sampleRepository({
      name,
      services: [name],
      url: directory,
      gate,
      commands: { setup: undefined, build: undefined, test, reproduce: undefined },
    });
    const proposals = memoryProposals();
    const jobs = memoryJobs();
    const parts = composeSolutions({
      following: undefined,
      witness: undefined,
      config: coordinatorConfigurationSchema.parse({ stateDirectory: join(folder, 'state'), model }),
      clock: systemClock,
      logger: silentLogger,
      metrics: undefined,
      secrets,
      incidents: memoryIncidents(incident, [sampleOccurrence(record.trace, { service: name, raw: log, message: record.message })]),
      proposals,
      repositoryStore: memoryRepositories(repository),
      jobs,
      requests: await memoryModelRequests(),
      searchPath: (process.env['PATH'] ?? '').split(':'),
    });
    const never = new AbortController().signal;
    await parts.modelService.start(never);
    await jobs.enqueue('propose', incident.id);
    await parts.runner.start(never);
    while ((await jobs.pending()) > 0) await systemClock.sleep(50);
    await parts.runner.stop(never);
    return [...proposals.all.values()].at(-1);
  } finally {
    await rm(folder, { recursive: true, force: true });
  }
}

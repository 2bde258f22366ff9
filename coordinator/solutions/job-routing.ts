// Hands each kind of job to whoever does it.
// Must never do any of the work.
import type { HephaestusError } from '../../base/errors.ts';
import type { Follower } from './follow/follower.ts';
import type { Job } from './job-queue.ts';
import type { JobWork } from './job-runner.ts';

export function routeJobs(pipeline: JobWork, follower: Follower): JobWork {
  return {
    run: (job: Job, signal: AbortSignal) => (job.kind === 'follow' ? follower.run(job, signal) : pipeline.run(job, signal)),
    giveUp: (job: Job, error: HephaestusError) => (job.kind === 'follow' ? follower.explain(job, error) : pipeline.giveUp(job, error)),
    explainDelay: (job: Job, error: HephaestusError) =>
      job.kind === 'follow' ? follower.explain(job, error) : pipeline.explainDelay(job, error),
  };
}

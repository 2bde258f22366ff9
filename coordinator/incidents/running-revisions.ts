// Records what agents say runs on their hosts, once for each change.
// Must never take more from an agent than names that can be names.
import type { Clock } from '../../base/clock.ts';
import { HephaestusError } from '../../base/errors.ts';
import type { Logger } from '../../base/logger.ts';
import { createUlid } from '../../base/ulid.ts';
import type { DeploymentStore } from './deployment.ts';

export interface RunningRevision {
  readonly service: string;
  readonly revision: string;
  readonly sinceMs: number | undefined;
}

export interface RunningRevisionsOptions {
  readonly store: Pick<DeploymentStore, 'latestOf' | 'record'>;
  readonly clock: Clock;
  readonly logger: Logger;
}

const mostServices = 64;
const shape = /^[^\p{Cc}\p{Cf}\s]{1,200}$/u;

export class RunningRevisions {
  readonly #options: RunningRevisionsOptions;
  /** By node and service, what is recorded; heartbeats repeat themselves. */
  readonly #known = new Map<string, string>();

  constructor(options: RunningRevisionsOptions) {
    this.#options = options;
  }

  /** Never rejects: a heartbeat must not fail for it, and the next one says the same. */
  async report(nodeId: string, revisions: readonly RunningRevision[]): Promise<void> {
    for (const running of revisions.slice(0, mostServices)) {
      const key = `${nodeId}\0${running.service}`;
      if (this.#known.get(key) === running.revision || !shape.test(running.service) || !shape.test(running.revision)) continue;
      try {
        await this.#record(nodeId, running);
        this.#known.set(key, running.revision);
      } catch (error) {
        this.#options.logger.error('a deployment could not be recorded', {
          nodeId,
          service: running.service,
          err: HephaestusError.from(error),
        });
      }
    }
  }

  async #record(nodeId: string, { service, revision, sinceMs }: RunningRevision): Promise<void> {
    const { store, clock, logger } = this.#options;
    if ((await store.latestOf(service, nodeId))?.revision === revision) return;
    const nowMs = clock.now();
    const atMs = Math.min(nowMs, sinceMs ?? nowMs);
    await store.record({ id: createUlid(nowMs), service, revision, nodeId, atMs, recordedBy: 'agent' });
    logger.info('deployment seen', { nodeId, service, revision });
  }
}

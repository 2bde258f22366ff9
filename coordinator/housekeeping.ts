// What the coordinator does by the clock: silent nodes, retention, snapshots of what analysis learnt, fresh figures.
// Must never do a round twice at once, or let one failure end the others.
import type { Clock } from '../base/clock.ts';
import type { Component } from '../base/lifecycle.ts';
import type { Logger } from '../base/logger.ts';

export interface Chore {
  readonly name: string;
  readonly everyMs: number;
  run(signal: AbortSignal): Promise<void>;
  /** Once more when the coordinator stops. */
  readonly atStop?: boolean | undefined;
}

export function createHousekeeping(chores: readonly Chore[], parts: { readonly clock: Clock; readonly logger: Logger }): Component {
  const { clock, logger } = parts;
  const stopping = new AbortController();
  let rounds: Promise<unknown> = Promise.resolve();

  const attempt = async (chore: Chore, signal: AbortSignal): Promise<void> => {
    try {
      await chore.run(signal);
    } catch (error) {
      logger.error('housekeeping failed', { chore: chore.name, err: error });
    }
  };
  const repeat = async (chore: Chore): Promise<void> => {
    while (!stopping.signal.aborted) {
      const slept = await clock.sleep(chore.everyMs, stopping.signal).then(
        () => true,
        () => false,
      );
      if (slept) await attempt(chore, stopping.signal);
    }
  };
  return {
    name: 'housekeeping',
    async start() {
      rounds = Promise.all(chores.map(repeat));
    },
    async stop(signal) {
      stopping.abort();
      await rounds;
      for (const chore of chores) if (chore.atStop === true) await attempt(chore, signal);
    },
  };
}

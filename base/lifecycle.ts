// Starts a program's components in order and stops them in reverse, within a deadline.
// Must never listen for signals or end the process; main.ts does both.
import type { Clock } from './clock.ts';
import { HephaestusError } from './errors.ts';
import type { Logger } from './logger.ts';

/** Something that runs for as long as the program does. */
export interface Component {
  /** For log lines: `log-stream`. */
  readonly name: string;
  /** Resolves once it works; long work goes on in the background. The signal aborts when the program is to stop before that. */
  start(signal: AbortSignal): Promise<void>;
  /** Resolves once everything is settled. The signal aborts at the deadline: whatever is open then must be dropped. */
  stop(signal: AbortSignal): Promise<void>;
}

export interface LifecycleOptions {
  /** In the order of starting; later ones may use earlier ones. */
  readonly components: readonly Component[];
  readonly logger: Logger;
  readonly clock: Clock;
  /** For the whole of stopping. systemd's default before SIGKILL is 90 s; stay below it. */
  readonly stopDeadlineMs: number;
}

export type StopOutcome =
  | { readonly kind: 'stopped' }
  /** These failed to stop, or were still at it at the deadline. */
  | { readonly kind: 'incomplete'; readonly components: readonly string[] };

export interface Lifecycle {
  /**
   * Starts everything. If one fails, those before it are stopped and the error is thrown.
   * @throws HephaestusError `lifecycle.stopped` if stop() was called meanwhile
   */
  start(): Promise<void>;
  /** Stops what was started, last first. Calling it again returns the same outcome. Never rejects. */
  stop(): Promise<StopOutcome>;
}

export function createLifecycle(options: LifecycleOptions): Lifecycle {
  const { logger } = options;
  const started: Component[] = [];
  const starting = new AbortController();
  let startDone: Promise<void> = Promise.resolve();
  let stopping: Promise<StopOutcome> | undefined;

  async function startAll(): Promise<void> {
    for (const component of options.components) {
      if (starting.signal.aborted) {
        throw new HephaestusError({ code: 'lifecycle.stopped', kind: 'system', message: 'the program was stopped while it started' });
      }
      logger.debug('component starting', { name: component.name });
      await component.start(starting.signal);
      started.push(component);
    }
  }

  async function stopAll(): Promise<StopOutcome> {
    const deadline = new AbortController();
    const timer = new AbortController();
    const expired = options.clock.sleep(options.stopDeadlineMs, timer.signal).then(
      () => {
        deadline.abort(new HephaestusError({ code: 'lifecycle.deadline', kind: 'system', message: 'the time for stopping is over' }));
        return 'expired' as const;
      },
      () => 'cancelled' as const,
    );
    const unfinished: string[] = [];
    for (const component of started.splice(0).toReversed()) {
      logger.debug('component stopping', { name: component.name });
      const outcome = await Promise.race([stopOne(component, deadline.signal), expired]);
      if (outcome === 'stopped') continue;
      unfinished.push(component.name);
      if (outcome === 'expired') logger.warn('component did not stop in time', { name: component.name });
    }
    timer.abort();
    return unfinished.length === 0 ? { kind: 'stopped' } : { kind: 'incomplete', components: unfinished };
  }

  async function stopOne(component: Component, signal: AbortSignal): Promise<'stopped' | 'failed'> {
    try {
      await component.stop(signal);
      return 'stopped';
    } catch (error) {
      logger.error('component failed to stop', { name: component.name, err: error });
      return 'failed';
    }
  }

  return {
    async start() {
      startDone = startAll();
      try {
        await startDone;
      } catch (error) {
        stopping ??= stopAll();
        await stopping;
        throw error;
      }
    },
    stop() {
      starting.abort();
      stopping ??= startDone.then(stopAll, stopAll);
      return stopping;
    },
  };
}

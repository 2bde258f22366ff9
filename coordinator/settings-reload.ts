// What a running coordinator takes over of settings that were read again, and what waits for a restart.
// Must never read a file, nor take over a part of what one setting says.
import type { Clock } from '../base/clock.ts';
import type { Logger } from '../base/logger.ts';
import type { CoordinatorConfiguration } from './config.ts';
import { declareRepositories } from './declared-repositories.ts';
import type { RepositoryStore } from './repository/repository.ts';

export interface ReloadOutcome {
  /** Paths of settings that changed and hold from now on. */
  readonly applied: readonly string[];
  /** Paths of settings that changed and hold after a restart. */
  readonly waiting: readonly string[];
}

/** Settings as they hold now: those that the program began with, and what was taken over since. */
export interface LiveSettings {
  current(): CoordinatorConfiguration;
  reload(next: CoordinatorConfiguration): Promise<ReloadOutcome>;
}

export interface LiveSettingsOptions {
  readonly repositories: RepositoryStore;
  readonly clock: Clock;
  readonly logger: Logger;
  /** Says that settings changed, before they hold. */
  readonly onChange?: ((paths: readonly string[]) => Promise<void>) | undefined;
  /** Makes a certificate for the names that the settings have now, if it needs one. */
  readonly renewCertificate: () => Promise<void>;
}

const live: ReadonlySet<string> = new Set(['log.level', 'logs.maxAge', 'logs.maxSize', 'names', 'repositories']);

export function createLiveSettings(initial: CoordinatorConfiguration, options: LiveSettingsOptions): LiveSettings {
  let running = initial;
  return {
    current: () => running,
    async reload(next) {
      const changed = changedSettings(running, next);
      const applied = changed.filter((path) => live.has(path));
      if (changed.length > 0) await options.onChange?.(changed);
      // The store first: it alone can refuse, and then nothing has changed.
      if (applied.includes('repositories')) await declareRepositories(next, options.repositories, options.clock);
      running = {
        ...running,
        log: { ...running.log, level: next.log.level },
        logs: { ...running.logs, maxAge: next.logs.maxAge, maxSize: next.logs.maxSize },
        names: next.names,
        repositories: next.repositories,
      };
      options.logger.setLevel(running.log.level);
      if (applied.includes('names')) await options.renewCertificate();
      return { applied, waiting: changed.filter((path) => !live.has(path)) };
    },
  };
}

/** `log.level`, or the section itself where it is a list or a single value. */
function changedSettings(before: CoordinatorConfiguration, after: CoordinatorConfiguration): readonly string[] {
  return differences(before, after, '', 2).toSorted();
}

function differences(before: unknown, after: unknown, path: string, depth: number): string[] {
  if (depth > 0 && isSection(before) && isSection(after)) {
    const keys = new Set([...Object.keys(before), ...Object.keys(after)]);
    return [...keys].flatMap((key) => differences(before[key], after[key], path === '' ? key : `${path}.${key}`, depth - 1));
  }
  return JSON.stringify(before) === JSON.stringify(after) ? [] : [path];
}

function isSection(value: unknown): value is Readonly<Record<string, unknown>> {
  return typeof value === 'object' && value !== null && !Array.isArray(value);
}

// Puts the repositories of the configuration file into the store.
// Must never remove one: those that operators added by hand stay.
import type { Clock } from '../base/clock.ts';
import { createUlid } from '../base/ulid.ts';
import type { CoordinatorConfiguration } from './config.ts';
import { declaredRepository } from './repository/repository-configuration.ts';
import type { RepositoryStore } from './repository/repository.ts';

/** Repositories of the configuration file are the file's: what it says replaces what is kept under the same name. */
export async function declareRepositories(config: CoordinatorConfiguration, store: RepositoryStore, clock: Clock): Promise<void> {
  for (const declaration of config.repositories) {
    const known = await store.get(declaration.name);
    if (known === undefined) await store.add(declaredRepository(declaration, createUlid(clock.now())));
    else
      await store.update({
        ...declaredRepository(declaration, known.id),
        lastFetchedAtMs: known.lastFetchedAtMs,
        lastError: known.lastError,
      });
  }
}

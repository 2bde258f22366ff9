// Translates repositories between the wire and the Repository Service's types.
// Must never carry a credential; its name is all that travels.
import type { Repository as WireRepository, RepositoryCommands as WireCommands } from '../../proto/index.ts';
import type { Repository, RepositoryCommands } from '../repository/repository.ts';
import type { RepositoryDeclaration } from '../repository/repository-configuration.ts';
import { readMode, writeMode, writeTime } from './wire-values.ts';

export function writeRepository(repository: Repository): WireRepository {
  return {
    id: repository.id,
    name: repository.name,
    provider: repository.provider,
    url: repository.url,
    defaultBranch: repository.defaultBranch ?? '',
    operationalMode: writeMode(repository.mode),
    gate: repository.gate,
    services: [...repository.services],
    allowedPaths: [...repository.allowedPaths],
    commands: writeCommands(repository.commands),
    lastFetchedAt: writeTime(repository.lastFetchedAtMs),
    lastError: repository.lastError ?? '',
    credentialReference: repository.credential ?? '',
    webhookSecretReference: repository.webhookSecret ?? '',
    clone: repository.clone ?? 'full',
    models: repository.models ?? 'any',
    approvals: repository.approvals ?? 1,
  };
}

function writeCommands({ setup, build, test, reproduce }: RepositoryCommands): WireCommands {
  return { setup: [...(setup ?? [])], build: [...(build ?? [])], test: [...(test ?? [])], reproduce: [...(reproduce ?? [])] };
}

/** As it would stand in the configuration file, unchecked; its schema names every mistake. */
export function readRepositoryDeclaration(repository: WireRepository): unknown {
  const { commands } = repository;
  const declaration: Record<keyof RepositoryDeclaration, unknown> = {
    name: repository.name,
    provider: orUndefined(repository.provider),
    url: repository.url,
    defaultBranch: orUndefined(repository.defaultBranch),
    mode: readMode(repository.operationalMode),
    gate: orUndefined(repository.gate),
    services: repository.services,
    allowedPaths: repository.allowedPaths,
    commands:
      commands === undefined
        ? undefined
        : {
            setup: orNone(commands.setup),
            build: orNone(commands.build),
            test: orNone(commands.test),
            reproduce: orNone(commands.reproduce),
          },
    approvals: repository.approvals === 0 ? undefined : repository.approvals,
    models: orUndefined(repository.models),
    credential: orUndefined(repository.credentialReference),
    conventions: undefined,
    webhookSecret: orUndefined(repository.webhookSecretReference),
    clone: orUndefined(repository.clone),
  };
  return declaration;
}

const orUndefined = (text: string): string | undefined => (text === '' ? undefined : text);
const orNone = (words: readonly string[]): readonly string[] | undefined => (words.length === 0 ? undefined : words);

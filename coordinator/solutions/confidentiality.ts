// Who may see an incident: whether the repository, the service or a source of its log says that only in-house models may.
// Must never be asked after a prompt was sent.
import type { Groundwork } from './groundwork.ts';
import { matchesService } from './responsibility.ts';

/** Services and sources whose incidents stay in the house; `*` matches any part. */
export interface LocalOnly {
  readonly services: readonly string[];
  readonly sources: readonly string[];
}

/** Why only in-house models may see it; undefined if any may. */
export function findLocalOnly(
  { repository, problem }: Pick<Groundwork, 'repository' | 'problem'>,
  localOnly: LocalOnly,
): string | undefined {
  if (repository.models === 'local') return `repository ${repository.name} allows in-house models only`;
  const { incident, occurrences } = problem;
  const services = new Set([incident.service, ...occurrences.map(({ service }) => service)]);
  const service = [...services].find((name) => localOnly.services.some((pattern) => matchesService(pattern, name)));
  if (service !== undefined) return `service ${service} allows in-house models only`;
  const source = occurrences.find((one) => localOnly.sources.some((pattern) => matchesService(pattern, one.source)))?.source;
  return source === undefined ? undefined : `source ${source} allows in-house models only`;
}

// Which repository a service's incidents belong to.
// Must never guess: without a pattern that matches there is none.
import type { Repository } from '../repository/repository.ts';

/** The repository with the most specific pattern that matches; of equals the first by name. */
export function findRepository(repositories: readonly Repository[], service: string): Repository | undefined {
  const matches = repositories.flatMap((repository) =>
    repository.services.filter((pattern) => matchesService(pattern, service)).map((pattern) => ({ repository, weight: weigh(pattern) })),
  );
  return matches.toSorted((a, b) => b.weight - a.weight || (a.repository.name < b.repository.name ? -1 : 1))[0]?.repository;
}

/** What to do where there is none. */
export function explainNoRepository(service: string): string {
  return `No repository is responsible for service ${service}: add one with \`hephaestusctl repositories add\` and --service ${service}.`;
}

/** `*` matches any part; everything else is literal. No regular expression, so that a pattern can't be slow. */
export function matchesService(pattern: string, service: string): boolean {
  const [first = '', ...rest] = pattern.split('*');
  if (rest.length === 0) return pattern === service;
  if (!service.startsWith(first)) return false;
  let at = first.length;
  for (const part of rest.slice(0, -1)) {
    const found = service.indexOf(part, at);
    if (found < 0) return false;
    at = found + part.length;
  }
  const last = rest.at(-1) ?? '';
  return service.length - last.length >= at && service.endsWith(last);
}

function weigh(pattern: string): number {
  return pattern.replaceAll('*', '').length + (pattern.includes('*') ? 0 : 1000);
}

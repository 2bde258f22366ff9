// Finds the earlier incident that a new one shares its cause with: the same change before both, or a storm of incidents.
// Must never hide one: it is linked, and what it is linked to says how many there are.
import type { Change, Incident } from './incident.ts';

export interface RelationOptions {
  /** Incidents that begin within this time of each other may be related, milliseconds. */
  readonly window: number;
  /** Incidents within the window from which on they are a storm; those that share a change with an earlier one are told of with it, and don't count. */
  readonly stormIncidents: number;
}

export interface Relation {
  readonly relatedTo: string | undefined;
  readonly isStorm: boolean;
}

interface Opening {
  readonly id: string;
  readonly atMs: number;
  readonly leader: string;
  /** It would alert by itself, but for a storm. */
  readonly stands: boolean;
  readonly causes: ReadonlySet<string>;
}

const mostOpenings = 5000;

export class RelationFinder {
  readonly #options: RelationOptions;
  #openings: Opening[] = [];

  constructor(options: RelationOptions) {
    this.#options = options;
  }

  /** The openings of one transaction: they relate to each other at once, and count for later ones when it was committed. */
  begin(): { relate(id: string, openedAtMs: number, causes: readonly string[]): Relation; commit(): void } {
    const { window, stormIncidents } = this.#options;
    const added: Opening[] = [];
    return {
      relate: (id, openedAtMs, causes) => {
        const near = [...this.#openings, ...added].filter(({ atMs }) => Math.abs(openedAtMs - atMs) <= window);
        const alike = near.find((opening) => causes.some((cause) => opening.causes.has(cause)));
        const isStorm = near.filter(({ stands }) => stands).length >= stormIncidents;
        const leader = alike?.leader ?? (isStorm ? near[0]?.leader : undefined);
        added.push({ id, atMs: openedAtMs, leader: leader ?? id, stands: alike === undefined, causes: new Set(causes) });
        return { relatedTo: leader, isStorm };
      },
      commit: () => {
        const latestMs = Math.max(0, ...added.map(({ atMs }) => atMs));
        this.#openings = [...this.#openings.filter(({ atMs }) => atMs > latestMs - window), ...added].slice(-mostOpenings);
      },
    };
  }

  /** What opened before this program started. */
  seed(incidents: readonly Incident[], openedAtMs: (incident: Incident) => number): void {
    this.#openings = incidents
      .filter(({ quiet }) => quiet !== 'shadow' && quiet !== 'maintenance')
      .map((incident) => ({
        id: incident.id,
        atMs: openedAtMs(incident),
        leader: incident.relatedTo ?? incident.id,
        stands: incident.relatedTo === undefined || incident.quiet === 'storm',
        causes: new Set((incident.changes ?? []).flatMap((change) => causeOf(change, incident, incident.detector === 'trace') ?? [])),
      }))
      .sort((a, b) => a.atMs - b.atMs);
  }
}

/**
 * What names a change, so that incidents after it find each other; undefined where it can't have caused this one. A package, a deployment
 * or a configuration is the same change on every node; a restart or a boot is its node's own.
 * @param isOwnFault the service's own code failed: a boot, or what was done to another service, was at most the occasion
 */
export function causeOf(
  change: Change,
  incident: Pick<Incident, 'service' | 'nodeIds' | 'firstSeenAtMs'>,
  isOwnFault: boolean,
): string | undefined {
  if (change.timeMs > incident.firstSeenAtMs) return undefined;
  const isHere = change.nodeId === '' || incident.nodeIds.includes(change.nodeId);
  if (!isHere) return undefined;
  const isOccasion = change.kind === 'boot' || change.kind === 'restart' || change.kind === 'configuration';
  if (isOwnFault && isOccasion && change.service !== incident.service && !names(change.text, incident.service)) return undefined;
  switch (change.kind) {
    case 'deployment':
      // One of another service may break this one, but that is no more than a guess.
      return change.service === incident.service || change.service === '' ? `deployment ${change.service} ${change.text}` : undefined;
    case 'package':
      return `package ${change.text}`;
    case 'configuration':
      return `configuration ${change.service} ${change.text}`;
    case 'boot':
      return `boot ${change.nodeId}`;
    case 'restart':
      return `restart ${change.nodeId} ${change.text}`;
  }
}

/** The service manager says `Started orders.service` for the service `orders`. */
function names(text: string, service: string): boolean {
  const wordsOf = (from: string): string => ` ${from.split(/[^\w-]+/).join(' ')} `;
  return service !== '' && wordsOf(text).includes(wordsOf(service));
}

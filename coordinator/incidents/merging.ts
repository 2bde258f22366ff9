// Merging by hand: what people hold for one problem counts as one from then on, and can be parted again.
// Must never add counts up for good: each keeps its own, so that parting restores them.
import { severities } from '../../analysis/severity.ts';
import { HephaestusError } from '../../base/errors.ts';
import type { Logger } from '../../base/logger.ts';
import type { IncidentStore, IncidentTransaction, StoredIncident } from './incident-store.ts';
import type { IncidentWatch } from './incident-watch.ts';
import type { Incident } from './incident.ts';

/** The incident with the times, nodes, severity and occurrences of what was merged into it. */
export function totalsOf(incident: Incident): Incident {
  const { merged } = incident;
  if (merged === undefined || merged.length === 0) return incident;
  const all = [incident, ...merged];
  return {
    ...incident,
    severity: severities[Math.min(...all.map(({ severity }) => severities.indexOf(severity)))] ?? incident.severity,
    firstSeenAtMs: Math.min(...all.map(({ firstSeenAtMs }) => firstSeenAtMs)),
    lastSeenAtMs: Math.max(...all.map(({ lastSeenAtMs }) => lastSeenAtMs)),
    occurrences: all.reduce((sum, { occurrences }) => sum + occurrences, 0),
    nodeIds: [...new Set(all.flatMap(({ nodeIds }) => nodeIds))],
  };
}

export interface MergerOptions {
  readonly store: IncidentStore;
  readonly watch: IncidentWatch;
  readonly logger: Logger;
  /** By id, or an unambiguous beginning of it. @throws HephaestusError if there is none */
  readonly find: (idOrPrefix: string) => Promise<StoredIncident>;
}

const mostAtOnce = 1000;

export class IncidentMerger {
  readonly #options: MergerOptions;

  constructor(options: MergerOptions) {
    this.#options = options;
  }

  /**
   * What is merged into a merged one goes along, so that merged ones always stand directly below a survivor.
   * @throws HephaestusError `incident.merge-invalid` or what finding throws
   */
  async merge(survivorIdOrPrefix: string, idsOrPrefixes: readonly string[]): Promise<Incident> {
    const { store, find, watch, logger } = this.#options;
    if (idsOrPrefixes.length === 0) throw invalid('name the incidents to merge into it');
    if (idsOrPrefixes.length > mostAtOnce) throw invalid(`at most ${mostAtOnce} incidents are merged at once`);
    const survivorId = (await find(survivorIdOrPrefix)).incident.id;
    const ids = new Set<string>();
    for (const id of idsOrPrefixes) ids.add((await find(id)).incident.id);
    const merged = await store.transactIncidents(async (transaction) => {
      const survivor = await lookUp(transaction, survivorId);
      const { mergedInto } = survivor.incident;
      if (mergedInto !== undefined)
        throw invalid(`incident ${survivorId} is itself merged into ${mergedInto}; merge into that one, or unmerge it first`);
      if (ids.has(survivorId)) throw invalid(`incident ${survivorId} can't be merged into itself`);
      for (const id of ids) await this.#mergeOne(transaction, await lookUp(transaction, id), survivorId);
      return lookUp(transaction, survivorId);
    });
    const incident = totalsOf(merged.incident);
    watch.publish({ event: 'changed', incident });
    logger.info('incidents merged', { incidentId: survivorId, merged: [...ids] });
    return incident;
  }

  /** @throws HephaestusError `incident.not-merged` or what finding throws */
  async unmerge(idOrPrefix: string): Promise<Incident> {
    const { store, find, watch, logger } = this.#options;
    const { id } = (await find(idOrPrefix)).incident;
    const [incident, survivor] = await store.transactIncidents(async (transaction) => {
      const stored = await lookUp(transaction, id);
      const { mergedInto } = stored.incident;
      if (mergedInto === undefined) {
        const message = `incident ${id} is not merged into another one`;
        throw new HephaestusError({ code: 'incident.not-merged', kind: 'validation', message });
      }
      const own = { ...stored.incident, mergedInto: undefined };
      await transaction.saveIncident({ ...stored, incident: own });
      return [own, (await lookUp(transaction, mergedInto)).incident] as const;
    });
    watch.publish({ event: 'changed', incident });
    watch.publish({ event: 'changed', incident: totalsOf(survivor) });
    logger.info('incident unmerged', { incidentId: id, from: survivor.id });
    return incident;
  }

  async #mergeOne(transaction: IncidentTransaction, stored: StoredIncident, survivorId: string): Promise<void> {
    const { incident } = stored;
    if (incident.mergedInto === survivorId) return;
    for (const below of incident.merged ?? []) {
      const moved = await lookUp(transaction, below.id);
      await transaction.saveIncident({ ...moved, incident: { ...moved.incident, mergedInto: survivorId } });
    }
    await transaction.saveIncident({ ...stored, incident: { ...incident, mergedInto: survivorId } });
    await transaction.withdrawProposal(incident.id);
  }
}

async function lookUp(transaction: IncidentTransaction, id: string): Promise<StoredIncident> {
  const stored = await transaction.findIncidentById(id);
  if (stored === undefined) throw invalid(`there is no incident ${id} any more`);
  return stored;
}

function invalid(message: string): HephaestusError {
  return new HephaestusError({ code: 'incident.merge-invalid', kind: 'validation', message });
}

// The tracker: turns problems into incidents and their occurrences, and carries out what people decide about them.
// Must never alert of what is on trial, in maintenance, flapping or part of a storm; it is recorded all the same.
import type { Clock } from '../../base/clock.ts';
import { HephaestusError } from '../../base/errors.ts';
import type { Logger } from '../../base/logger.ts';
import { createUlid } from '../../base/ulid.ts';
import { severities } from '../../analysis/severity.ts';
import type { ChangeLog } from './change-log.ts';
import type { EndedCondition } from './condition-board.ts';
import { isOwnFault, type Candidate, type Problem } from './detector.ts';
import type { Detectors } from './detectors.ts';
import { bucketMs, bucketOf, type ExposureMeter } from './exposure.ts';
import { nextState } from './incident-state.ts';
import type { IncidentStore, IncidentTransaction, StoredIncident } from './incident-store.ts';
import type { IncidentChange, IncidentWatch } from './incident-watch.ts';
import type { Incident, IncidentEvent, IncidentState } from './incident.ts';
import type { MaintenanceCalendar } from './maintenance.ts';
import { eventOf, relate, stillQuiet, withRegression, type FlappingOptions } from './noise.ts';
import { keepOccurrences } from './occurrence-sample.ts';
import { ReducedDetection, type ReducedRecords } from './reduced-detection.ts';
import type { RelationFinder } from './relation.ts';

export interface IncidentTrackerOptions {
  readonly store: IncidentStore;
  readonly watch: IncidentWatch;
  readonly clock: Clock;
  readonly logger: Logger;
  readonly detectors: Pick<Detectors, 'observe' | 'observeCounted'>;
  readonly changes: ChangeLog;
  readonly exposure: ExposureMeter;
  /** A problem that goes on after its fix was merged is judged this often at most. */
  readonly judgedEveryMs: number;
  readonly maintenance: Pick<MaintenanceCalendar, 'covers'>;
  readonly relations: RelationFinder;
  readonly flapping: FlappingOptions;
  /** Whether an incident of this node may begin work on a solution (its mode is not `observe`). */
  readonly mayPropose: (nodeId: string) => boolean;
}

type Change = Pick<IncidentChange, 'event' | 'incident'>;

const changesKept = 20;

export class IncidentTracker {
  readonly #options: IncidentTrackerOptions;
  readonly #reduced: ReducedDetection;

  constructor(options: IncidentTrackerOptions) {
    this.#options = options;
    this.#reduced = new ReducedDetection(options.detectors);
  }

  observe(candidate: Candidate, before: () => readonly string[]): readonly Problem[] {
    this.#options.changes.observe(candidate);
    this.#options.exposure.observe(candidate);
    return this.#options.detectors.observe(candidate, before);
  }

  /** Of records that a node reduced itself. */
  observeReduced(reduced: ReducedRecords): readonly Problem[] {
    for (const { entry } of reduced.problems) this.#options.changes.observe(entry);
    for (const { service, minuteMs, templates } of reduced.minutes) {
      const amount = templates.reduce((sum, { count }) => sum + count, 0);
      this.#options.exposure.observe({ service, nodeId: reduced.nodeId, timeMs: minuteMs, fields: {} }, amount);
    }
    return this.#reduced.observe(reduced);
  }

  /** Inside the transaction that commits the entries; what it answers with tells the watchers, once that is durable. */
  async apply(problems: readonly Problem[], transaction: IncidentTransaction): Promise<() => void> {
    const changes: Change[] = [];
    const relations = this.#options.relations.begin();
    for (const group of Map.groupBy(problems, (problem) => `${problem.fingerprint.value}/${problem.service}`).values()) {
      changes.push(await this.#applyGroup(group, transaction, relations));
    }
    return () => {
      relations.commit();
      for (const change of changes) this.#tell(change);
    };
  }

  /** Problems that no entry brought. */
  async report(problems: readonly Problem[]): Promise<void> {
    if (problems.length === 0) return;
    const afterwards = await this.#options.store.transactIncidents((transaction) => this.apply(problems, transaction));
    afterwards();
  }

  /** Conditions that ended by themselves: their incidents are resolved, unless a person decided otherwise meanwhile. */
  async recover(ended: readonly EndedCondition[]): Promise<void> {
    if (ended.length === 0) return;
    const nowMs = this.#options.clock.now();
    const changed = await this.#options.store.transactIncidents(async (transaction) => {
      const incidents: Incident[] = [];
      for (const { fingerprint, service, lastedMs } of ended) {
        const stored = await transaction.findIncident(fingerprint, service);
        const state = stored === undefined ? undefined : nextState(stored.incident.state, 'resolve');
        if (stored === undefined || state === undefined) continue;
        const incident = { ...stored.incident, state, note: `ended by itself after ${Math.round(lastedMs / 1000)} s` };
        await transaction.saveIncident({ incident, resolvedAtMs: nowMs, fixId: stored.fixId });
        incidents.push(incident);
      }
      return incidents;
    });
    for (const incident of changed) this.#tell({ event: 'changed', incident });
  }

  /** A person's decision. @throws HephaestusError `incident.not-found`, `incident.ambiguous`, `incident.not-possible` */
  async decide(idOrPrefix: string, event: Exclude<IncidentEvent, 'occurrence'>, note: string): Promise<Incident> {
    const found = await this.find(idOrPrefix);
    const changed = await this.#options.store.transactIncidents(async (transaction) => {
      // Read again inside the transaction: an occurrence may have come meanwhile.
      const stored = (await transaction.findIncidentById(found.incident.id)) ?? found;
      if (stored.incident.mergedInto !== undefined) throw isMerged(stored.incident.id, stored.incident.mergedInto);
      const state = nextState(stored.incident.state, event);
      if (state === undefined) throw notPossible(stored.incident, event);
      const incident = { ...stored.incident, state, note: note === '' ? stored.incident.note : note };
      const resolvedAtMs = state === 'resolved' ? this.#options.clock.now() : stored.resolvedAtMs;
      await transaction.saveIncident({ incident, resolvedAtMs, fixId: stored.fixId });
      return incident;
    });
    this.#options.watch.publish({ event: 'changed', incident: changed });
    this.#options.logger.info('incident changed', { incidentId: changed.id, state: changed.state, event });
    return changed;
  }

  /**
   * What became of a fix: who decides on relapses from now on, and where that leaves the incident. A person's `ignored` stays.
   * @param event `resolve`: it works; `reopen`: it doesn't; `occurrence`: it came back
   */
  async recordFix(
    incidentId: string,
    change: { readonly fixId: string | undefined; readonly event?: 'resolve' | 'reopen' | 'occurrence'; readonly note?: string },
  ): Promise<Incident | undefined> {
    const { store, watch, clock, logger } = this.#options;
    const changed = await store.transactIncidents(async (transaction) => {
      const stored = await transaction.findIncidentById(incidentId);
      if (stored === undefined) return undefined;
      const { event, note, fixId } = change;
      const isIgnored = stored.incident.state === 'ignored';
      const state = (event === undefined || isIgnored ? undefined : nextState(stored.incident.state, event)) ?? stored.incident.state;
      const incident = { ...stored.incident, state, note: note ?? stored.incident.note };
      const resolvedAtMs = event === 'resolve' && state === 'resolved' ? clock.now() : stored.resolvedAtMs;
      await transaction.saveIncident({ incident, resolvedAtMs, fixId });
      return incident;
    });
    if (changed === undefined) return undefined;
    watch.publish({ event: 'changed', incident: changed });
    logger.info('incident changed', { incidentId, state: changed.state, event: change.event ?? 'fix followed', fixId: change.fixId });
    return changed;
  }

  /** By id, or an unambiguous beginning of it. */
  async find(idOrPrefix: string): Promise<StoredIncident> {
    const found = idOrPrefix === '' ? [] : await this.#options.store.findByPrefix(idOrPrefix.toUpperCase());
    const [first] = found;
    if (first === undefined) {
      throw new HephaestusError({
        code: 'incident.not-found',
        kind: 'validation',
        message: `there is no incident ${idOrPrefix}; list them with: hephaestusctl incidents list`,
      });
    }
    if (found.length > 1) {
      throw new HephaestusError({
        code: 'incident.ambiguous',
        kind: 'validation',
        message: `several incidents begin with ${idOrPrefix}; give more of the id`,
      });
    }
    return first;
  }

  async #applyGroup(
    problems: readonly Problem[],
    transaction: IncidentTransaction,
    relations: ReturnType<RelationFinder['begin']>,
  ): Promise<Change> {
    const [first] = problems;
    if (first === undefined) throw new TypeError('a group of problems is never empty');
    const { clock, maintenance, changes, mayPropose } = this.#options;
    const nowMs = clock.now();
    const known = await transaction.findIncident(first.fingerprint.value, first.service);
    const before = known?.incident;
    const quietOf = (problem: Problem) => problem.quiet ?? (maintenance.covers(problem, problem.timeMs) ? 'maintenance' : undefined);
    const alerting = problems.filter((problem) => quietOf(problem) === undefined);
    // Lines written before it was resolved, and read later, are no relapse; nor is what maintenance brings.
    const mayRelapse = known !== undefined && alerting.some((problem) => problem.timeMs > (known.resolvedAtMs ?? 0));
    // Where a fix was merged, an old revision that still runs is no relapse: that is judged apart, by revision.
    const isRelapse = mayRelapse && known.fixId === undefined;
    const state = isRelapse ? (nextState(known.incident.state, 'occurrence') ?? known.incident.state) : (before?.state ?? 'open');
    const isBack = before !== undefined && state !== before.state;
    const times = problems.map((problem) => problem.timeMs);
    const counted: Incident = {
      ...before,
      id: before?.id ?? createUlid(nowMs),
      fingerprint: before?.fingerprint ?? first.fingerprint,
      title: before?.title ?? first.title,
      state,
      severity: worst([...(before === undefined ? [] : [before.severity]), ...problems.map((problem) => problem.severity)]),
      service: before?.service ?? first.service,
      firstSeenAtMs: Math.min(before?.firstSeenAtMs ?? Infinity, ...times),
      lastSeenAtMs: Math.max(before?.lastSeenAtMs ?? 0, ...times),
      occurrences: (before?.occurrences ?? 0) + problems.reduce((sum, { count }) => sum + (count ?? 1), 0),
      nodeIds: [...new Set([...(before?.nodeIds ?? []), ...problems.map((problem) => problem.nodeId)])].filter((id) => id !== ''),
      detector: before?.detector ?? first.detector,
      note: before?.note ?? '',
    };
    let incident: Incident;
    if (before === undefined) {
      const around = changes.around(counted.firstSeenAtMs, counted.nodeIds, counted.service, changesKept);
      const opened = { ...counted, changes: around, quiet: alerting.length > 0 ? undefined : quietOf(first) };
      incident = opened.quiet === undefined ? relate(opened, isOwnFault(first), nowMs, relations) : opened;
    } else {
      const spoken = { ...counted, quiet: stillQuiet(before, alerting.length > 0, nowMs) };
      incident = isBack ? withRegression(spoken, nowMs, this.#options.flapping) : spoken;
    }
    await transaction.saveIncident({ incident, resolvedAtMs: known?.resolvedAtMs, fixId: known?.fixId });
    await transaction.addIncidentNodes(incident.id, incident.nodeIds);
    await this.#count(incident, problems, transaction);
    if (mayRelapse && known.fixId !== undefined) await transaction.enqueueFollow(known.fixId, nowMs + this.#options.judgedEveryMs, nowMs);
    await keepOccurrences(incident, problems, transaction, clock);
    const event = eventOf(before, incident, isBack);
    const isWork = (problem: Problem): boolean => problem.mayPropose !== false && mayPropose(problem.nodeId);
    const isNews = incident.quiet === undefined && (event === 'opened' || event === 'changed');
    // A storm keeps alerts few. What fails in a service's own code is mended there, whatever else fails around it.
    const isInStorm = incident.quiet === 'storm' && before === undefined && isOwnFault(first);
    if ((isNews || isInStorm) && alerting.some(isWork)) await transaction.enqueueProposal(incident.id, nowMs);
    return { event, incident };
  }

  #tell({ event, incident }: Change): void {
    this.#options.watch.publish({ event, incident });
    if (event === 'occurred') return;
    const { id, title, service, state, quiet, relatedTo } = incident;
    const words = { opened: 'incident opened', quiet: 'incident recorded, nobody is alerted', changed: 'incident changed', solution: '' }[
      event
    ];
    this.#options.logger.info(words, { incidentId: id, title, service, state, quiet, relatedTo });
  }

  async #count({ id, service }: Incident, problems: readonly Problem[], transaction: IncidentTransaction): Promise<void> {
    const { exposure } = this.#options;
    exposure.watch(service);
    const groups = Map.groupBy(problems, (problem) => `${problem.nodeId}\0${exposure.revisionOf(problem)}\0${bucketOf(problem.timeMs)}`);
    await transaction.countOccurrences(
      [...groups.values()].flatMap((group) => {
        const [first] = group;
        if (first === undefined) return [];
        const { nodeId, timeMs } = first;
        const revision = exposure.revisionOf(first);
        return [
          {
            service,
            incidentId: id,
            nodeId,
            revision,
            startMs: bucketOf(timeMs),
            widthMs: bucketMs,
            amount: group.reduce((sum, { count }) => sum + (count ?? 1), 0),
          },
        ];
      }),
    );
  }
}

function worst(list: readonly Incident['severity'][]): Incident['severity'] {
  return severities[Math.min(...list.map((severity) => severities.indexOf(severity)))] ?? 'error';
}

function isMerged(id: string, survivorId: string): HephaestusError {
  return new HephaestusError({
    code: 'incident.merged',
    kind: 'validation',
    message: `incident ${id} is merged into ${survivorId}; decide about that one, or unmerge this one first`,
  });
}

function notPossible(incident: Incident, event: IncidentEvent): HephaestusError {
  const words: Record<IncidentState, string> = {
    open: 'open',
    acknowledged: 'acknowledged',
    resolved: 'resolved',
    regressed: 'open again (regressed)',
    ignored: 'ignored',
  };
  return new HephaestusError({
    code: 'incident.not-possible',
    kind: 'validation',
    message: `incident ${incident.id} is ${words[incident.state]}; ${event} is not possible from there`,
  });
}

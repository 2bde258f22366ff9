// The tracker: turns problems into incidents and their occurrences, and carries out what people decide about them.
// Must never keep every occurrence; it keeps the first, the last, and ever rarer ones between.
import type { Clock } from '../../base/clock.ts';
import { HephaestusError } from '../../base/errors.ts';
import type { Logger } from '../../base/logger.ts';
import { createUlid } from '../../base/ulid.ts';
import { severities } from '../../analysis/severity.ts';
import type { BehaviourWatch } from './behaviour-watch.ts';
import type { ChangeLog } from './change-log.ts';
import { bucketMs, bucketOf, type ExposureMeter } from './exposure.ts';
import { detectProblem, type Candidate, type Problem } from './detector.ts';
import { nextState } from './incident-state.ts';
import type { IncidentStore, IncidentTransaction, StoredIncident } from './incident-store.ts';
import type { IncidentWatch } from './incident-watch.ts';
import type { Incident, IncidentEvent, IncidentState } from './incident.ts';

export interface IncidentTrackerOptions {
  readonly store: IncidentStore;
  readonly watch: IncidentWatch;
  readonly clock: Clock;
  readonly logger: Logger;
  readonly behaviour: BehaviourWatch;
  readonly changes: ChangeLog;
  readonly exposure: ExposureMeter;
  /** A problem that goes on after its fix was merged is judged this often at most. */
  readonly judgedEveryMs: number;
  /** Whether an incident of this node may begin work on a solution (its mode is not `observe`). */
  readonly mayPropose: (nodeId: string) => boolean;
}

const firstKept = 4;
const lastKept = 12;

type Change = { readonly event: 'opened' | 'occurred' | 'changed'; readonly incident: Incident };

export class IncidentTracker {
  readonly #options: IncidentTrackerOptions;

  constructor(options: IncidentTrackerOptions) {
    this.#options = options;
  }

  observe(candidate: Candidate, before: () => readonly string[]): Problem | undefined {
    this.#options.behaviour.observe(candidate);
    this.#options.changes.observe(candidate);
    this.#options.exposure.observe(candidate);
    return detectProblem(candidate, before);
  }

  /** Inside the transaction that commits the entries; what it answers with tells the watchers, once that is durable. */
  async apply(problems: readonly Problem[], transaction: IncidentTransaction): Promise<() => void> {
    const changes: Change[] = [];
    for (const group of Map.groupBy(problems, (problem) => `${problem.fingerprint.value}/${problem.service}`).values()) {
      changes.push(await this.#applyGroup(group, transaction));
    }
    return () => {
      for (const change of changes) {
        this.#options.watch.publish(change);
        if (change.event === 'occurred') continue;
        const { id, title, service, state } = change.incident;
        this.#options.logger.info(change.event === 'opened' ? 'incident opened' : 'incident came back', {
          incidentId: id,
          title,
          service,
          state,
        });
      }
    };
  }

  /** Ends an interval of watching how services behave. */
  async closeInterval(): Promise<void> {
    const problems = this.#options.behaviour.close(this.#options.clock.now());
    if (problems.length === 0) return;
    const afterwards = await this.#options.store.transactIncidents((transaction) => this.apply(problems, transaction));
    afterwards();
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

  async #applyGroup(problems: readonly Problem[], transaction: IncidentTransaction): Promise<Change> {
    const [first] = problems;
    if (first === undefined) throw new TypeError('a group of problems is never empty');
    const nowMs = this.#options.clock.now();
    const known = await transaction.findIncident(first.fingerprint.value, first.service);
    const before = known?.incident;
    const occurrences = (before?.occurrences ?? 0) + problems.length;
    // Lines written before it was resolved, and read later, are no relapse.
    const mayRelapse = known !== undefined && problems.some((problem) => problem.timeMs > (known.resolvedAtMs ?? 0));
    // Where a fix was merged, an old revision that still runs is no relapse: that is judged apart, by revision.
    const isRelapse = mayRelapse && known.fixId === undefined;
    const state = isRelapse ? (nextState(known.incident.state, 'occurrence') ?? known.incident.state) : (before?.state ?? 'open');
    const nodeIds = [...new Set([...(before?.nodeIds ?? []), ...problems.map((problem) => problem.nodeId)])].filter((id) => id !== '');
    const times = problems.map((problem) => problem.timeMs);
    const incident: Incident = {
      ...before,
      id: before?.id ?? createUlid(nowMs),
      fingerprint: before?.fingerprint ?? first.fingerprint,
      title: before?.title ?? first.title,
      state,
      severity: worst([...(before === undefined ? [] : [before.severity]), ...problems.map((problem) => problem.severity)]),
      service: before?.service ?? first.service,
      firstSeenAtMs: Math.min(before?.firstSeenAtMs ?? Infinity, ...times),
      lastSeenAtMs: Math.max(before?.lastSeenAtMs ?? 0, ...times),
      occurrences,
      nodeIds,
      detector: before?.detector ?? first.detector,
      note: before?.note ?? '',
    };
    await transaction.saveIncident({ incident, resolvedAtMs: known?.resolvedAtMs, fixId: known?.fixId });
    await transaction.addIncidentNodes(incident.id, nodeIds);
    await this.#count(incident, problems, transaction);
    if (mayRelapse && known.fixId !== undefined) await transaction.enqueueFollow(known.fixId, nowMs + this.#options.judgedEveryMs, nowMs);
    await this.#keepOccurrences(incident, problems, transaction);
    const isNew = before === undefined;
    const isBack = state !== before?.state;
    if ((isNew || isBack) && problems.some((problem) => this.#options.mayPropose(problem.nodeId))) {
      await transaction.enqueueProposal(incident.id, nowMs);
    }
    return { event: isNew ? 'opened' : isBack ? 'changed' : 'occurred', incident };
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
        return [{ service, incidentId: id, nodeId, revision, startMs: bucketOf(timeMs), widthMs: bucketMs, amount: group.length }];
      }),
    );
  }

  async #keepOccurrences(incident: Incident, problems: readonly Problem[], transaction: IncidentTransaction): Promise<void> {
    const lastOrdinal = incident.occurrences;
    const firstOrdinal = lastOrdinal - problems.length + 1;
    for (const [index, problem] of problems.entries()) {
      const ordinal = firstOrdinal + index;
      if (!isLandmark(ordinal) && ordinal <= lastOrdinal - lastKept) continue;
      const { nodeId, source, timeMs, severity, service, message, fields, trace, raw, before } = problem;
      const id = createUlid(this.#options.clock.now());
      await transaction.insertOccurrence(
        { id, incidentId: incident.id, nodeId, source, timeMs, severity, service, message, fields, trace, raw, before },
        ordinal,
      );
    }
    // Those that were among the last before and aren't any more.
    const from = Math.max(1, firstOrdinal - lastKept);
    const to = Math.min(firstOrdinal - 1, lastOrdinal - lastKept);
    if (to < from) return;
    const keep: number[] = [];
    for (let ordinal = from; ordinal <= to; ordinal++) if (isLandmark(ordinal)) keep.push(ordinal);
    await transaction.thinOccurrences(incident.id, from, to, keep);
  }
}

/** The first ones, and then every power of two: some dozens, however often it shows. */
function isLandmark(ordinal: number): boolean {
  return ordinal <= firstKept || Number.isInteger(Math.log2(ordinal));
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

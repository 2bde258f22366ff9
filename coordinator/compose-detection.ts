// Joins what understands logs and finds problems in them: the analyzer, the detectors, the log of changes; with what they have learnt.
// Must never hold logic; compose.ts calls it, tests call compose.
import { Analyzer, type AnalyzerSnapshot } from '../analysis/analyzer.ts';
import type { Clock } from '../base/clock.ts';
import type { Logger } from '../base/logger.ts';
import { createDeploymentService } from './api/deployment-service.ts';
import { createDetectionService } from './api/detection-service.ts';
import type { Services } from './api/server.ts';
import type { Views } from './api/view.ts';
import type { Chore } from './housekeeping.ts';
import { BehaviourWatch, type BehaviourWatchSnapshot } from './incidents/behaviour-watch.ts';
import { ChangeLog } from './incidents/change-log.ts';
import { ConditionWatch } from './incidents/condition-watch.ts';
import type { DetectionConfiguration } from './incidents/detection-configuration.ts';
import type { DeploymentStore } from './incidents/deployment.ts';
import { Detectors } from './incidents/detectors.ts';
import type { ExposureMeter } from './incidents/exposure.ts';
import type { Change } from './incidents/incident.ts';
import type { IncidentStore } from './incidents/incident-store.ts';
import type { IncidentWatch } from './incidents/incident-watch.ts';
import { MaintenanceCalendar } from './incidents/maintenance.ts';
import { IncidentMerger } from './incidents/merging.ts';
import { NoveltyWatch, type NoveltySnapshot } from './incidents/novelty-watch.ts';
import { RelationFinder } from './incidents/relation.ts';
import { RuleBook } from './incidents/rule-book.ts';
import { RuleCounters } from './incidents/rule-counters.ts';
import { SilenceWatch, type SilenceSnapshot } from './incidents/silence-watch.ts';
import { IncidentTracker } from './incidents/tracker.ts';
import { changesOfNode } from './node-changes.ts';
import type { RecordAnalyzer } from './logs/record-processor.ts';
import type { Node } from './nodes/node.ts';
import { createAnalysisStates } from './store/analysis-records.ts';
import type { Database } from './store/database.ts';
import { createMaintenanceStore, createRuleStore } from './store/detection-records.ts';

export interface DetectionParts {
  readonly config: DetectionConfiguration;
  readonly database: Database;
  readonly store: IncidentStore;
  readonly watch: IncidentWatch;
  readonly clock: Clock;
  readonly logger: Logger;
  /** Every node that there is. */
  readonly nodes: () => readonly Node[];
  readonly findNode: (nodeId: string) => Node | undefined;
  /** By id or name. @throws HephaestusError if there is none */
  readonly nodeIdOf: (idOrName: string) => string;
  readonly exposure: ExposureMeter;
  readonly judgedEveryMs: number;
  readonly deployments: DeploymentStore;
}

export interface Detection {
  readonly analyzer: Analyzer;
  readonly tracker: IncidentTracker;
  readonly merger: IncidentMerger;
  readonly changes: ChangeLog;
  readonly chores: readonly Chore[];
  /** Something changed that incidents should name. */
  noteNode(before: Node, after: Node): void;
  services(views: Views): Pick<Services, 'deployments' | 'detection'>;
}

const snapshotEveryMs = 30_000;
const lookEveryMs = 5_000;

export async function composeDetection(parts: DetectionParts): Promise<Detection> {
  const { config, database, store, logger, clock, findNode, nodeIdOf } = parts;
  const states = createAnalysisStates(database);
  const analyzer = new Analyzer();
  const changes = new ChangeLog();
  const textOf = (id: string): string | undefined => analyzer.templateText(id);
  const behaviour = new BehaviourWatch({ behaviour: behaviourOptions(config.behaviour), textOf });
  const novelty = new NoveltyWatch(config.newTemplates);
  const silence = new SilenceWatch(config.silence, textOf);
  const counters = new RuleCounters();
  const rules = new RuleBook({ store: createRuleStore(database), counters, fromFile: config.rules, clock, logger });
  await rules.load();
  const labelsOf = (nodeId: string): Readonly<Record<string, string>> => findNode(nodeId)?.labels ?? {};
  const maintenance = new MaintenanceCalendar({ store: createMaintenanceStore(database), clock, logger, labelsOf });
  await maintenance.load();
  const relations = new RelationFinder(config.related);
  const tracker = new IncidentTracker({
    ...parts,
    detectors: new Detectors({ behaviour, novelty, silence, rules: counters }),
    changes,
    maintenance,
    relations,
    flapping: config.flapping,
    mayPropose: (nodeId) => findNode(nodeId)?.configuration.mode !== 'observe',
  });
  const conditions = new ConditionWatch({ ...parts, tracker, silence, maintenance, nodeDown: config.nodeDown });
  await seedRelations(relations, store, clock.now() - config.related.window);

  /** What each has learnt, and how it takes that up again. */
  const memories = [
    memory(
      'analyzer',
      () => analyzer.snapshot(),
      (state: AnalyzerSnapshot) => analyzer.restore(state),
    ),
    memory(
      'rates',
      () => behaviour.snapshot(),
      (state: BehaviourWatchSnapshot) => behaviour.restore(state),
    ),
    memory(
      'novelty',
      () => novelty.snapshot(),
      (state: NoveltySnapshot) => novelty.restore(state),
    ),
    memory(
      'silence',
      () => silence.snapshot(clock.now()),
      (state: SilenceSnapshot) => silence.restore(state, clock.now()),
    ),
    memory(
      'conditions',
      () => conditions.snapshot(),
      (state: ReturnType<ConditionWatch['snapshot']>) => conditions.restore(state),
    ),
    memory(
      'changes',
      () => changes.snapshot(),
      (state: readonly Change[]) => changes.restore(state),
    ),
  ];
  for (const { name, restore } of memories) {
    const state = await states.load(name);
    if (state !== undefined) restore(state);
  }
  const save = async (): Promise<void> => {
    for (const { name, snapshot } of memories) await states.save(name, snapshot(), clock.now());
  };
  const closeInterval = async (): Promise<void> => {
    const nowMs = clock.now();
    await tracker.report(behaviour.close(nowMs, (service) => maintenance.covers({ nodeId: '', service }, nowMs)));
  };
  const chores: readonly Chore[] = [
    { name: 'analysis-snapshot', everyMs: snapshotEveryMs, atStop: true, run: save },
    ...(config.behaviour.enabled ? [{ name: 'behaviour', everyMs: config.behaviour.interval, run: closeInterval }] : []),
    { name: 'conditions', everyMs: lookEveryMs, run: () => conditions.look() },
  ];
  return {
    analyzer,
    tracker,
    merger: new IncidentMerger({ ...parts, find: (id) => tracker.find(id) }),
    changes,
    chores,
    noteNode: (before, after) => changesOfNode(before, after, clock.now()).forEach((change) => changes.add(change)),
    services: (views) => ({
      deployments: createDeploymentService({
        store: parts.deployments,
        nodeIdOf,
        clock,
        views,
        onRecorded: ({ service, revision, nodeId = '', atMs }) =>
          changes.add({ kind: 'deployment', nodeId, service, timeMs: atMs, text: `revision ${revision} was deployed` }),
      }),
      detection: createDetectionService({ maintenance, rules, nodeIdOf, clock }),
    }),
  };
}

function behaviourOptions({ interval, learning, shadow }: DetectionConfiguration['behaviour']) {
  return { learningIntervals: Math.max(1, Math.ceil(learning / interval)), shadowIntervals: Math.ceil(shadow / interval) };
}

function memory<State>(name: string, snapshot: () => State, restore: (state: State) => void) {
  // Each name is only ever written by its own snapshot.
  return { name, snapshot, restore: (state: unknown) => restore(state as State) };
}

async function seedRelations(relations: RelationFinder, store: IncidentStore, sinceMs: number): Promise<void> {
  const query = { states: [], nodeIds: [], services: [], minimumSeverity: undefined, limit: 1000, after: undefined };
  const recent = (await store.listIncidents(query)).filter((incident) => incident.firstSeenAtMs >= sinceMs);
  relations.seed(recent, (incident) => incident.firstSeenAtMs);
}

/** What analysis wants to know of a record, from what the processor knows. */
export function analyzerOf(analyzer: Analyzer, logger: Logger): RecordAnalyzer {
  return {
    analyze: (source, text, hints) => {
      const service = hints.service === '' ? undefined : hints.service;
      const analysis = analyzer.analyze(source, text, { timeMs: hints.receivedAtMs, service });
      const { notice } = analysis;
      if (notice !== undefined) logger.warn('source is hard to read', { source, kind: notice.kind, reason: notice.message });
      return analysis;
    },
  };
}

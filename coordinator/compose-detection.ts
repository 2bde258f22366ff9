// Joins what understands logs and finds problems in them: the analyzer, the watch of behaviour, the log of changes; with what they have learnt.
// Must never hold logic; compose.ts calls it, tests call compose.
import { Analyzer, type AnalyzerSnapshot } from '../analysis/analyzer.ts';
import type { BehaviourSnapshot } from '../analysis/rates/behaviour-detector.ts';
import type { Clock } from '../base/clock.ts';
import type { Logger } from '../base/logger.ts';
import type { Chore } from './housekeeping.ts';
import { BehaviourWatch } from './incidents/behaviour-watch.ts';
import { ChangeLog } from './incidents/change-log.ts';
import type { Change } from './incidents/incident.ts';
import type { ExposureMeter } from './incidents/exposure.ts';
import type { IncidentStore } from './incidents/incident-store.ts';
import type { IncidentWatch } from './incidents/incident-watch.ts';
import { IncidentMerger } from './incidents/merging.ts';
import { IncidentTracker } from './incidents/tracker.ts';
import type { RecordAnalyzer } from './logs/record-processor.ts';
import type { AnalysisStates } from './store/analysis-records.ts';

export interface DetectionParts {
  readonly store: IncidentStore;
  readonly states: AnalysisStates;
  readonly watch: IncidentWatch;
  readonly clock: Clock;
  readonly logger: Logger;
  readonly mayPropose: (nodeId: string) => boolean;
  readonly exposure: ExposureMeter;
  readonly judgedEveryMs: number;
}

export interface Detection {
  readonly analyzer: Analyzer;
  readonly tracker: IncidentTracker;
  readonly merger: IncidentMerger;
  readonly changes: ChangeLog;
  readonly chores: readonly Chore[];
}

/** The interval that the detection of changed behaviour was measured with. */
const intervalMs = 180_000;

const snapshotEveryMs = 30_000;

export async function composeDetection(parts: DetectionParts): Promise<Detection> {
  const { states, logger, clock } = parts;
  const analyzer = new Analyzer();
  const changes = new ChangeLog();
  const behaviour = new BehaviourWatch({
    textOf: (id) => analyzer.templateText(id),
    onShadow: (description) => logger.info('would have opened an incident; still in the shadow phase', { description }),
  });
  const learnt = await states.load('analyzer');
  if (learnt !== undefined) analyzer.restore(learnt as AnalyzerSnapshot);
  const behaved = await states.load('behaviour');
  if (behaved !== undefined) behaviour.restore(behaved as BehaviourSnapshot);
  const changed = await states.load('changes');
  if (changed !== undefined) changes.restore(changed as readonly Change[]);
  const tracker = new IncidentTracker({ ...parts, behaviour, changes });
  const merger = new IncidentMerger({ ...parts, find: (id) => tracker.find(id) });
  const save = async (): Promise<void> => {
    await states.save('analyzer', analyzer.snapshot(), clock.now());
    await states.save('behaviour', behaviour.snapshot(), clock.now());
    await states.save('changes', changes.snapshot(), clock.now());
  };
  const chores: readonly Chore[] = [
    { name: 'analysis-snapshot', everyMs: snapshotEveryMs, atStop: true, run: save },
    { name: 'behaviour', everyMs: intervalMs, run: () => tracker.closeInterval() },
  ];
  return { analyzer, tracker, merger, changes, chores };
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

// Benchmark `detection`: is the faulty service named first, and are alert lines told from the others?
// Must never see a label before the answers are there, nor know a system by name.
import { Analyzer } from '../analysis/analyzer.ts';
import { BehaviourDetector } from '../analysis/rates/behaviour-detector.ts';
import { blamesAnother } from '../analysis/rates/blame.ts';
import { describeDeviation } from '../analysis/rates/deviation.ts';
import { requestOf, statementOf } from '../analysis/rates/statement.ts';
import { isAtLeast } from '../analysis/severity.ts';
import { urgencyOf } from '../analysis/urgency.ts';
import { f1Of, serviceAt, type FaultOutcome } from './detection-scores.ts';
import { findFaultData, type Fault, type PodRecord } from './fault-data.ts';
import { findLoghub, readSystems } from './loghub.ts';
import type { BenchmarkOptions, BenchmarkResult } from './main.ts';

/**
 * Measures `nezha.as1`, `nezha.as3` over the faults that logs show, `nezha.alertsPerWindow` over all, and `bgl.f1` on sets whose lines begin with `-` or
 * an alert's name. A date's fault-free minute is learnt, then its faults' windows come in the order of time, each as one interval.
 */
export async function run(options: BenchmarkOptions): Promise<BenchmarkResult> {
  const figures: Record<string, number> = {};
  const conditions: Record<string, number> = {};
  const table: string[] = [];
  const data = findFaultData(options.data);
  if (data !== undefined) {
    const outcomes: { fault: Fault; outcome: FaultOutcome }[] = [];
    for (const date of data.dates) {
      const analyzer = new Analyzer();
      const detector = new BehaviourDetector();
      feed(analyzer, detector, data.readMinutes(date.faultFree));
      detector.closeInterval();
      for (const fault of date.faults) {
        feed(analyzer, detector, data.readMinutes(fault.windows));
        const { alerts } = detector.closeInterval();
        outcomes.push({ fault, outcome: { service: fault.service, alerted: alerts.map(({ service }) => service) } });
        const textOf = (statement: string): string => analyzer.templateText(statement) ?? statement;
        const best = alerts.map((alert) => `${alert.score.toFixed(0)} ${describeDeviation(alert, textOf).slice(0, 130)}`);
        table.push(
          `${fault.log_visible ? '' : '(not in logs) '}${fault.inject_time} ${fault.service} ${fault.inject_type}: ${best.join(' | ')}`,
        );
      }
    }
    const visible = outcomes.filter(({ fault }) => fault.log_visible).map(({ outcome }) => outcome);
    figures['nezha.as1'] = serviceAt(visible, 1);
    figures['nezha.as3'] = serviceAt(visible, 3);
    figures['nezha.alertsPerWindow'] = outcomes.reduce((sum, { outcome }) => sum + outcome.alerted.length, 0) / outcomes.length;
    conditions['faults'] = outcomes.length;
    conditions['visibleFaults'] = visible.length;
  }
  const lines = labelledAlerts(options.data);
  if (lines.length > 0) {
    const analyzer = new Analyzer();
    const answers = lines.map(({ line, truth }) => {
      const { record, knownProblem } = analyzer.analyze('alerts', line);
      return { said: urgencyOf(record, knownProblem) === 'urgent', truth };
    });
    figures['bgl.f1'] = f1Of(answers);
    conditions['bglLines'] = lines.length;
  }
  if (Object.keys(figures).length === 0) throw new Error(`No faults and no labelled alert lines below ${options.data}.`);
  return { figures, conditions, table };
}

function feed(analyzer: Analyzer, detector: BehaviourDetector, records: readonly PodRecord[]): void {
  for (const { service, text } of records) {
    const { record, template, knownProblem } = analyzer.analyze(service, text, { service });
    const isError = record.severity !== undefined && isAtLeast(record.severity, 'error');
    detector.observe({
      service,
      statement: statementOf(record, analyzer.resolveTemplate(template.id)),
      request: requestOf(record),
      isError,
      blamesAnother: isError && blamesAnother(record.message, knownProblem?.id),
    });
  }
}

/** Raw lines that begin with an alert's category, or `-` where there is none; the category is cut off before analysis. */
function labelledAlerts(data: string): { readonly line: string; readonly truth: boolean }[] {
  const folder = findLoghub(data);
  if (folder === undefined) return [];
  const isLabelled = (line: string): boolean => /^(?:-|[A-Z]{4,12}) \d{10} /.test(line);
  const system = readSystems(folder).find(({ lines }) => lines.slice(0, 50).every(({ line }) => isLabelled(line)));
  return (system?.lines ?? []).map(({ line }) => ({ line: line.slice(line.indexOf(' ') + 1), truth: !line.startsWith('- ') }));
}

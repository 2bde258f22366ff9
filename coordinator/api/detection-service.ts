// DetectionService: maintenance windows and threshold rules, for operators.
// Must never hold logic of its own; it translates and delegates.
import type { Clock } from '../../base/clock.ts';
import {
  Severity as WireSeverity,
  type DetectionServiceImplementation,
  type MaintenanceWindow as WireWindow,
  type ThresholdRule as WireRule,
} from '../../proto/index.ts';
import { maintenanceState, type MaintenanceCalendar, type MaintenanceWindow } from '../incidents/maintenance.ts';
import type { RuleBook } from '../incidents/rule-book.ts';
import type { KeptRule } from '../incidents/threshold-rule.ts';
import type { CallIdentity } from './call-identity.ts';
import { readDuration, readSeverity, readTime, writeDuration, writeSeverity, writeTime } from './wire-values.ts';

export interface DetectionServiceOptions {
  readonly maintenance: MaintenanceCalendar;
  readonly rules: RuleBook;
  /** @returns the id of a node by its id or name. @throws HephaestusError if there is none */
  readonly nodeIdOf: (idOrName: string) => string;
  readonly clock: Clock;
}

export function createDetectionService(options: DetectionServiceOptions): DetectionServiceImplementation<{ identity: CallIdentity }> {
  const { maintenance, rules, nodeIdOf, clock } = options;
  return {
    async createMaintenanceWindow(request, context) {
      const wanted = {
        startsAtMs: readTime(request.startsAt) ?? clock.now(),
        endsAtMs: readTime(request.endsAt) ?? 0,
        nodeIds: request.nodes.map(nodeIdOf),
        services: request.services,
        labels: request.labels,
        reason: request.reason,
        createdBy: context.identity.operator?.name ?? '',
      };
      return { window: writeWindow(await maintenance.create(wanted, request.everything), clock.now()) };
    },
    async listMaintenanceWindows() {
      return { windows: (await maintenance.list()).map((window) => writeWindow(window, clock.now())) };
    },
    async endMaintenanceWindow(request) {
      return { window: writeWindow(await maintenance.end(request.id), clock.now()) };
    },
    async addRule(request, context) {
      const origin = context.identity.operator?.name ?? '';
      return { rule: writeRule(await rules.add(readRule(request.rule), origin)) };
    },
    async listRules() {
      return { rules: rules.rules.map(writeRule) };
    },
    async removeRule(request) {
      await rules.remove(request.name);
      return {};
    },
  };
}

function writeWindow(window: MaintenanceWindow, nowMs: number): WireWindow {
  const { id, startsAtMs, endsAtMs, nodeIds, services, labels, reason, createdBy } = window;
  return {
    id,
    startsAt: writeTime(startsAtMs),
    endsAt: writeTime(endsAtMs),
    nodeIds: [...nodeIds],
    services: [...services],
    labels: { ...labels },
    reason,
    createdBy,
    state: maintenanceState(window, nowMs),
  };
}

/** In the shape of the configuration file, so that one schema checks both. */
function readRule(rule: WireRule | undefined): unknown {
  if (rule === undefined) return {};
  const { name, count, service, source, pattern, shadow } = rule;
  return {
    name,
    count,
    service,
    source,
    pattern,
    shadow,
    window: readDuration(rule.window),
    level: readSeverity(rule.level),
    severity: readSeverity(rule.severity),
    per: rule.per === '' ? undefined : rule.per,
  };
}

function writeRule({ rule, origin }: KeptRule): WireRule {
  return {
    ...rule,
    level: rule.level === undefined ? WireSeverity.UNSPECIFIED : writeSeverity(rule.level),
    window: writeDuration(rule.window),
    severity: writeSeverity(rule.severity),
    origin,
  };
}

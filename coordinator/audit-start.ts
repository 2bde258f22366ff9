// Records that the coordinator started, and which of its settings are others than at the start before.
// Must never record a setting's value: its hash is enough to see that it changed.
import { createHash } from 'node:crypto';
import { version } from '../base/version.ts';
import { coordinatorActor, type AuditLog } from './access/audit-log.ts';
import type { CoordinatorConfiguration } from './config.ts';

const startAct = 'coordinator.start';

export async function recordStart(audit: AuditLog, config: CoordinatorConfiguration): Promise<void> {
  const settings = Object.fromEntries(Object.entries(config).map(([name, value]) => [name, hashOf(value)]));
  const [last] = await audit.list({ actor: '', act: startAct, subject: '', sinceMs: undefined, limit: 1, before: undefined });
  const before = last === undefined ? undefined : readSettings(last.detailJson);
  const changed =
    before === undefined
      ? []
      : [...new Set([...Object.keys(before), ...Object.keys(settings)])].filter((name) => before[name] !== settings[name]);
  await audit.record({ actor: coordinatorActor, act: startAct, subject: version, outcome: 'done', detail: { settings } });
  if (changed.length === 0) return;
  await audit.record({
    actor: coordinatorActor,
    act: 'configuration.change',
    subject: changed.join(' '),
    outcome: 'done',
    detail: { changed: changed.map((name) => ({ name, from: before?.[name], to: settings[name] })) },
  });
}

function hashOf(value: unknown): string {
  return createHash('sha256')
    .update(JSON.stringify(value) ?? '')
    .digest('hex')
    .slice(0, 16);
}

function readSettings(detailJson: string): Readonly<Record<string, string>> | undefined {
  const detail = JSON.parse(detailJson) as { settings?: Readonly<Record<string, string>> };
  return detail.settings;
}

// Recognises records that report a change of a system: a package, a restart, a boot, a deployment, a configuration.
// Must never judge whether a change was good.
import type { FieldValue } from './entry.ts';

export type ChangeKind = 'package' | 'restart' | 'boot' | 'deployment' | 'configuration';

/** The journal's ids of what the service manager did (journal catalogue). */
const messageIds: ReadonlyMap<string, ChangeKind> = new Map<string, ChangeKind>([
  ['39f53479d3a045ac8e11786248231fbf', 'restart'],
  ['7b05ebc668384222baa8881179cfda54', 'configuration'],
  ['b07a249cd024414a82dd00cd181378ff', 'boot'],
]);

const patterns: readonly (readonly [RegExp, ChangeKind])[] = [
  // dpkg
  [/^(?:status installed|(?:install|upgrade|remove|purge) [a-z0-9][\w.+-]*(?::\w+)?) /, 'package'],
  // apt's history, yum, and dnf, which names a level of its own first.
  [
    /^(?:[A-Z]{4,10} )?(?:Installed|Updated|Upgraded|Upgrade|Downgraded|Erased|Removed|Reinstalled|Install|Remove|Purge|Downgrade): \S/,
    'package',
  ],
  [/^Linux version \d/, 'boot'],
  [/^Started [A-Z\w@:.-][^\n]{0,200}\.$|^(?:Stopped|Restarted) [A-Z\w@:.-][^\n]{0,200}\.$/, 'restart'],
  [
    /^(?:Reloaded|Reloading) |\breload(?:ed|ing) (?:its |the )?config|\bconfiguration (?:was |has been )?(?:re)?(?:loaded|changed|applied)\b|\bsignal \d{1,2} \(SIGHUP\) received\b/i,
    'configuration',
  ],
  [
    /\bscaled (?:up|down) replica set\b|\bdeploy(?:ed|ing) (?:version|release|revision)\b|\brolled back to\b|\bdeployment (?:started|finished|succeeded|completed)\b/i,
    'deployment',
  ],
];

/** The kind of change that a record reports, or undefined. */
export function changeOf(message: string, fields: Readonly<Record<string, FieldValue>>): ChangeKind | undefined {
  const id = fields['MESSAGE_ID'];
  if (typeof id === 'string') {
    const kind = messageIds.get(id);
    if (kind !== undefined) return kind;
  }
  if (message.length > 500) return undefined;
  return patterns.find(([pattern]) => pattern.test(message))?.[1];
}

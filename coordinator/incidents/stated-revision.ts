// Which revision a log entry says that it was written by.
// Must never take a text that can't be a revision, or believe that one is in a repository; that is asked there.
import type { FieldValue } from '../../analysis/entry.ts';

export type FieldMap = Readonly<Record<string, FieldValue>>;

/**
 * Names of fields in the order of their worth: OpenTelemetry's attributes, Datadog's, Sentry's, and what people write. A bare `version`
 * is left out: it is the version of a protocol or a library as often as the service's own.
 */
export const defaultRevisionFields: readonly string[] = [
  'vcs.ref.head.revision',
  'git.commit.sha',
  'git_commit',
  'git_sha',
  'commit_sha',
  'revision',
  'release',
  'service.version',
  'service_version',
  'app_version',
  'dd.version',
];

const shape = /^[A-Za-z0-9][A-Za-z0-9._+@/:-]{0,119}$/;

/** Empty if the entry names none. */
export function statedRevision(fields: FieldMap, names: readonly string[]): string {
  for (const name of names) {
    const value = fields[name];
    if (typeof value === 'string' && shape.test(value)) return value;
  }
  return '';
}

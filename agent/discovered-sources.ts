// Which sources run: those that are configured, or, where none is, those that discovery finds on this host.
// Must never mix the two: who lists one source wants what is listed.
import { accessSync, constants } from 'node:fs';
import { join } from 'node:path';
import { sourceSchema, type SourceSettings } from './source-settings.ts';
import { discoverSources, type DiscoveredSource } from './sources/discovery.ts';

export interface EffectiveSources {
  readonly sources: readonly SourceSettings[];
  /** Every place that was looked at; empty where sources are configured. */
  readonly places: readonly DiscoveredSource[];
}

const programFolders = ['/usr/bin', '/bin', '/usr/local/bin'];

/** A list of disabled sources alone is a list: nothing is discovered then. @param root `/` but in tests. */
export function effectiveSources(configured: readonly SourceSettings[], root = '/'): EffectiveSources {
  if (configured.length > 0) return { sources: configured, places: [] };
  const places = discoverSources({ root, hasJournalctl: programFolders.some((folder) => isProgram(join(root, folder, 'journalctl'))) });
  return { sources: places.filter(({ isUsed }) => isUsed).map(settingsOf), places };
}

function settingsOf({ id, file, format }: DiscoveredSource): SourceSettings {
  return sourceSchema.parse(file === undefined ? { id, journal: {} } : { id, file: { ...file }, framing: { format } });
}

function isProgram(path: string): boolean {
  try {
    accessSync(path, constants.X_OK);
    return true;
  } catch {
    // Not there, or not for this user.
    return false;
  }
}

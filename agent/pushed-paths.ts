// What of this host a coordinator may have read: judges the paths of sources that were pushed.
// Must never judge the host's own file: who writes that may read everything.
import { sep } from 'node:path';
import type { SourceSettings } from './source-settings.ts';
import { leadingFolders } from './sources/glob.ts';

export interface PushedPathsOptions {
  /** Undefined: everywhere but in `never`. */
  readonly folders: readonly string[] | undefined;
  /** The agent's own: keys lie there. */
  readonly never: readonly string[];
}

/** @returns why the sources can't be read, each reason with the path of its setting; empty if they can */
export function judgePushedPaths(sources: readonly SourceSettings[], { folders, never }: PushedPathsOptions): readonly string[] {
  const judge = (setting: string, leading: string): readonly string[] => {
    if (leading.split(sep).includes('..')) return [`${setting} must not lead upwards by ..`];
    const own = never.find((folder) => isWithin(leading, folder));
    if (own !== undefined) return [`${setting} is in ${own}, where the agent keeps its keys; that is never read`];
    if (folders === undefined || folders.some((folder) => isWithin(leading, folder))) return [];
    return [`${setting} is not in a folder that this host lets a coordinator have read (pushedFolders: ${folders.join(', ') || 'none'})`];
  };
  return sources.flatMap(({ file, journal }, at) => [
    ...(file?.include ?? []).flatMap((pattern, index) => [
      ...new Set(leadingFolders(pattern).flatMap((leading) => judge(`sources[${at}].file.include[${index}]`, leading))),
    ]),
    ...(journal?.directory === undefined ? [] : judge(`sources[${at}].journal.directory`, journal.directory)),
  ]);
}

function isWithin(path: string, folder: string): boolean {
  const bare = folder.replace(/\/+$/, '');
  return path === bare || path.startsWith(`${bare}/`);
}

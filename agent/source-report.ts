// `hephaestus-agent sources`: every source, every place that was looked at, and of every log file why it is or isn't tailed.
// Must never open a source; it looks from outside.
import { effectiveSources } from './discovered-sources.ts';
import type { RunningSettings } from './node-configuration.ts';
import { explainFiles, type ExplainedSource, type FileExplanation } from './sources/file-explanation.ts';

export interface SourceReport {
  readonly settings: string;
  /** Of the configuration that a coordinator laid over the file; null if none. */
  readonly pushedVersion: number | null;
  /** No source is configured, so that the host was looked over. */
  readonly isDiscovered: boolean;
  /** What was looked for, if it was. */
  readonly places: readonly { readonly id: string; readonly title: string; readonly isUsed: boolean; readonly reason: string }[];
  readonly journals: readonly { readonly source: string; readonly isTailed: boolean; readonly reason: string }[];
  readonly files: readonly FileReport[];
}

interface FileReport extends FileExplanation {
  readonly isTailed: boolean;
}

/** Folders whose files are explained, whether or not a source names them. */
const logFolders = ['/var/log'];

/** @param root `/` but in tests */
export function reportSources(file: string, { settings, pushedVersion }: RunningSettings, root = '/'): SourceReport {
  const { sources, places } = effectiveSources(settings.sources, root);
  const explained: ExplainedSource[] = sources.flatMap(({ id, file: input, disabled }) => {
    if (input === undefined) return [];
    const unusedBecause = disabled ? `source ${id} is disabled` : undefined;
    return [{ id, include: input.include, exclude: input.exclude, readsCompressed: input.readCompressed, unusedBecause }];
  });
  for (const { id, file: input, isUsed, reason } of places)
    if (!isUsed && input !== undefined) explained.push({ id, include: input.include, exclude: input.exclude, unusedBecause: reason });
  const folders = logFolders.map((folder) => (root === '/' ? folder : `${root}${folder}`));
  return {
    settings: file,
    pushedVersion: pushedVersion ?? null,
    isDiscovered: settings.sources.length === 0,
    places: places.map(({ id, title, isUsed, reason }) => ({ id, title, isUsed, reason })),
    journals: sources.flatMap(({ id, journal, disabled }) =>
      journal === undefined
        ? []
        : [{ source: id, isTailed: !disabled, reason: disabled ? `source ${id} is disabled` : `read by ${id} through journalctl` }],
    ),
    files: explainFiles(explained, folders).map((each) => ({ ...each, isTailed: each.sources.length > 0 })),
  };
}

/** For people: `+` is tailed, `-` isn't. */
export function showSources({ pushedVersion, isDiscovered, places, journals, files }: SourceReport): string {
  const mark = (isTailed: boolean): string => (isTailed ? '+' : '-');
  const lines: string[] = [];
  if (pushedVersion !== null) lines.push(`With version ${pushedVersion} of what the coordinator pushed laid over the settings.`);
  if (isDiscovered) lines.push('No source is configured, so this host was looked over:');
  for (const { id, title, isUsed, reason } of places) lines.push(`${mark(isUsed)} ${title} (${id}): ${reason}`);
  if (isDiscovered) lines.push('', 'File by file:');
  const shown = files.filter(({ isJournal }) => !isJournal);
  for (const { isTailed, path, reason } of shown) lines.push(`${mark(isTailed)} ${path}: ${reason}`);
  for (const [reason, count] of countBy(files.filter(({ isJournal }) => isJournal).map((each) => each.reason)))
    lines.push(`- ${count === 1 ? 'a journal file' : `${count} journal files`}: ${reason}`);
  for (const { isTailed, reason } of journals) lines.push(`${mark(isTailed)} journal: ${reason}`);
  if (!isDiscovered && files.every(({ isTailed }) => !isTailed) && journals.length === 0) lines.push('Nothing is tailed.');
  return `${lines.join('\n')}\n`;
}

function countBy(values: readonly string[]): ReadonlyMap<string, number> {
  const counts = new Map<string, number>();
  for (const value of values) counts.set(value, (counts.get(value) ?? 0) + 1);
  return counts;
}

// Makes a source of its settings: files or the journal, with the framing that is configured.
// Must never keep one; the pipeline does.
import { join } from 'node:path';
import { severities } from '../analysis/severity.ts';
import type { Clock } from '../base/clock.ts';
import { HephaestusError } from '../base/errors.ts';
import type { Logger } from '../base/logger.ts';
import { createFramerChoice } from './framing/source-framer.ts';
import type { FilePosition } from './record.ts';
import type { SourceSettings } from './source-settings.ts';
import { FileSource } from './sources/file-source.ts';
import { JournalSource } from './sources/journal-source.ts';
import type { Source } from './sources/source.ts';

export interface SourceOpenerOptions {
  readonly clock: Clock;
  readonly logger: Logger;
  /** Asked whenever a file is opened: it changes with the number of sources. */
  readonly maxOpenFiles: () => number;
  /** A folder whose files are in no source, whatever its patterns: the agent's own, where keys lie. */
  readonly never?: string | undefined;
  /** See FileSourceOptions. */
  readonly onFinished: (source: string, position: FilePosition) => void;
}

/** @throws HephaestusError `source.invalid`, naming the source and the setting */
export function openSource(settings: SourceSettings, { clock, logger, maxOpenFiles, never, onFinished }: SourceOpenerOptions): Source {
  const { id, file, journal, framing, maxBytesPerSecond } = settings;
  try {
    if (journal !== undefined) {
      const { units, identifiers, directory, minimumSeverity } = journal;
      const leastSevere = minimumSeverity === undefined ? undefined : severities.indexOf(minimumSeverity);
      const sourceLogger = logger.withContext({ source: id });
      return new JournalSource({
        id,
        units,
        identifiers,
        directory,
        leastSevere,
        maxBytesPerSecond,
        joinsTraces: framing.multiline,
        clock,
        logger: sourceLogger,
      });
    }
    if (file === undefined) throw new Error('it needs one of "file" and "journal"');
    return new FileSource({
      id,
      include: file.include,
      exclude: never === undefined || /[*?[{\\]/.test(never) ? file.exclude : [...file.exclude, join(never, '**')],
      start: file.start,
      readsCompressed: file.readCompressed,
      framer: createFramerChoice({ ...framing, encoding: file.encoding }),
      maxOpenFiles,
      onFinished: (position) => {
        onFinished(id, position);
      },
      maxBytesPerSecond,
      maxWaitMs: framing.maxWaitSeconds === undefined ? undefined : framing.maxWaitSeconds * 1000,
      clock,
      logger: logger.withContext({ source: id }),
    });
  } catch (error) {
    const message = `source ${id}: ${HephaestusError.from(error).message}`;
    throw new HephaestusError({ code: 'source.invalid', kind: 'validation', message, cause: error });
  }
}

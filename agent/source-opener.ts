// Makes a source of its settings: files or the journal, with the framing that is configured.
// Must never keep one; the pipeline does.
import type { Clock } from '../base/clock.ts';
import { HephaestusError } from '../base/errors.ts';
import type { Logger } from '../base/logger.ts';
import { createSourceFramer } from './framing/source-framer.ts';
import type { SourceSettings } from './source-settings.ts';
import { FileSource } from './sources/file-source.ts';
import type { Source } from './sources/source.ts';

export interface SourceOpenerOptions {
  readonly clock: Clock;
  readonly logger: Logger;
  readonly maxOpenFiles: number | undefined;
}

/** @throws HephaestusError `source.invalid`, naming the source and the setting */
export function openSource(settings: SourceSettings, { clock, logger, maxOpenFiles }: SourceOpenerOptions): Source {
  const { id, file, framing, maxBytesPerSecond } = settings;
  try {
    if (file === undefined) throw new Error('the journal cannot be read by this version');
    return new FileSource({
      id,
      include: file.include,
      exclude: file.exclude,
      start: file.start,
      framer: createSourceFramer(framing),
      maxOpenFiles,
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

// The session epoch: a number that rises with every connection, so that a coordinator can tell late batches of an older one.
// Must never repeat a number, whether or not the file survives.
import { HephaestusError } from '../../base/errors.ts';
import { readEnvelope, writeEnvelope } from '../../base/atomic-file.ts';
import type { Clock } from '../../base/clock.ts';
import type { Logger } from '../../base/logger.ts';

export interface EpochFile {
  /** Above every one before. At least the clock's milliseconds, so that a lost file doesn't lower it. */
  next(): Promise<number>;
}

const formatVersion = 1;

export function openEpochFile(path: string, clock: Clock, logger: Logger): EpochFile {
  let last: number | undefined;
  return {
    async next() {
      last ??= await readLast(path, logger);
      last = Math.max(last + 1, clock.now());
      try {
        await writeEnvelope(path, formatVersion, last);
      } catch (error) {
        logger.warn('the session epoch cannot be written; the clock keeps it rising', { path, err: HephaestusError.from(error) });
      }
      return last;
    },
  };
}

async function readLast(path: string, logger: Logger): Promise<number> {
  try {
    const envelope = await readEnvelope(path);
    if (envelope.kind === 'absent') return 0;
    if (envelope.kind === 'read' && envelope.version === formatVersion && Number.isSafeInteger(envelope.body)) return Number(envelope.body);
    logger.warn('the session epoch on disk is no use; the clock keeps it rising', { path });
  } catch (error) {
    logger.warn('the session epoch cannot be read; the clock keeps it rising', { path, err: error });
  }
  return 0;
}

// How often the agent was started on this state directory: what restarts it can be seen from outside, whatever ended it.
// Must never keep the agent from starting; a count that can't be kept begins again.
import { HephaestusError } from '../base/errors.ts';
import { readEnvelope, writeEnvelope } from '../base/atomic-file.ts';
import type { Logger } from '../base/logger.ts';

export interface StartCount {
  /** Another start. Called once a process. */
  begin(): Promise<void>;
  /** Starts after the first one; 0 before `begin`. */
  readonly restarts: () => number;
}

const formatVersion = 1;

export function openStartCount(path: string, logger: Logger): StartCount {
  let starts = 0;
  return {
    async begin() {
      try {
        const kept = await readEnvelope(path);
        if (kept.kind === 'read' && kept.version === formatVersion && Number.isSafeInteger(kept.body)) starts = Number(kept.body);
        else if (kept.kind !== 'absent') logger.warn('the count of starts on disk is no use; it begins again', { path });
        starts += 1;
        await writeEnvelope(path, formatVersion, starts);
      } catch (error) {
        logger.warn('the count of starts cannot be kept', { path, err: HephaestusError.from(error) });
      }
    },
    restarts: () => Math.max(0, starts - 1),
  };
}

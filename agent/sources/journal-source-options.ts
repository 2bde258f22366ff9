// What a journal source may be told.
// Must never hold behaviour.
import type { Clock } from '../../base/clock.ts';
import type { Logger } from '../../base/logger.ts';
import type { JournalSelectionOptions } from './journal-selection.ts';

export interface JournalSourceOptions extends JournalSelectionOptions {
  readonly id: string;
  /** 0 or absent: no limit. */
  readonly maxBytesPerSecond?: number | undefined;
  /** An entry that is longer as JSON has its longest fields cut. Default 256 KiB. */
  readonly maxEntryBytes?: number | undefined;
  /** Entries of one process that make up a stack trace become one record. Default true. */
  readonly joinsTraces?: boolean | undefined;
  /** Default `journalctl`. */
  readonly program?: string | undefined;
  /** After so long without a word journalctl is suspected to stand still. Default two minutes. */
  readonly silenceMs?: number | undefined;
  readonly clock: Clock;
  readonly logger: Logger;
}

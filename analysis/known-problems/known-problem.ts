// What a known problem is: a class of failure that many products share, with its cause, impact and remedy.
// Must never name a host, a data set or one deployment; a signature describes a kind of failure.
import type { Severity } from '../severity.ts';

export interface KnownProblem {
  /** Part of fingerprints, so it never changes: lower-case words joined by hyphens. */
  readonly id: string;
  /** One line for people. */
  readonly title: string;
  /** How bad it is where the record doesn't say. */
  readonly severity: Severity;
  /** True where all its records of one service are one incident, whatever their words: a full disk breaks a service in many sentences. */
  readonly isOne?: true;
  /** Why this happens. */
  readonly cause: string;
  /** What stops working. */
  readonly impact: string;
  /** What to do, most useful first. */
  readonly remedy: string;
  /**
   * What its lines say, in lower case. Steps in order are parted by ` ... `, alternatives of a step by `|`; inside an
   * alternative `*` is anything short. Each step begins at the start of a word, or anywhere after `~`. A leading `!` marks words that mean a failure at any severity; the others count only in records that are
   * at least a warning, or that state no severity.
   */
  readonly signatures: readonly string[];
  /** `MESSAGE_ID`s of journal entries that say the same (journal catalogue, `journalctl --catalog`). */
  readonly messageIds?: readonly string[];
}

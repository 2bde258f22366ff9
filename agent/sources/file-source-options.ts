// What a file source is told: which files, from where on, framed how, and how often to look.
// Must never hold behaviour.
import type { Clock } from '../../base/clock.ts';
import type { Logger } from '../../base/logger.ts';
import type { FilePosition, FramerChoice } from '../record.ts';
import type { FollowTiming } from './follow-timing.ts';

export interface FileSourceOptions {
  readonly id: string;
  /** Absolute patterns (see glob.ts). */
  readonly include: readonly string[];
  readonly exclude: readonly string[];
  readonly start: 'beginning' | 'end';
  readonly framer: FramerChoice;
  /** Compressed files (.gz) that match, or lie beside those that do, are read once. */
  readonly readsCompressed?: boolean | undefined;
  /** Asked again and again; by default `defaultOpenFiles`. */
  readonly maxOpenFiles?: (() => number) | undefined;
  /** Told at once where a file is finished that was settled up to there, so that a restart knows it too. */
  readonly onFinished?: ((position: FilePosition) => void) | undefined;
  /** 0 or absent: no limit. */
  readonly maxBytesPerSecond?: number | undefined;
  /** How long the rest of a record is waited for; default 1 s. */
  readonly maxWaitMs?: number | undefined;
  readonly timing?: Partial<FileSourceTiming> | undefined;
  readonly clock: Clock;
  readonly logger: Logger;
}

export interface FileSourceTiming extends FollowTiming {
  /** Between looks at files that grew lately. */
  readonly busyPollMs: number;
  /** Between scans of the folders and looks at quiet files. */
  readonly idlePollMs: number;
  readonly doubtMs: number;
}

/** More would gain nothing, since files are opened again when they grow. */
export const defaultOpenFiles = 512;

export const defaultTiming: FileSourceTiming = {
  busyPollMs: 100,
  idlePollMs: 1000,
  settleMs: 100,
  traceMs: 1000,
  finishMs: 10_000,
  doubtMs: 3000,
};

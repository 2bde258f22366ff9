// The contract of a source: something whose records are pulled, never pushed.
// Must never know framing, redaction or the session; pipeline.ts joins them.
import type { Chunk, Position, Shipment, SourceStatus } from '../record.ts';

export type { SourceCondition, SourceStatus } from '../record.ts';

export interface Source {
  readonly id: string;
  /**
   * Begins at these positions (one for each file; as the coordinator committed them). Without one, the configured start.
   * Called again on a new session: what was pulled and not acknowledged is then yielded again.
   */
  open(positions: readonly Position[]): Promise<void>;
  /**
   * The next records, at most `maxBytes` of them, or the next gap; waits while there is nothing. Rejects only with the
   * signal's reason. A caller that doesn't pull costs nothing: the files are the buffer. A record that alone is longer than
   * `maxBytes` comes alone; no record is longer than the configured limit (256 KiB by default). One caller at a time.
   * The bytes are valid until the next call: they may stand in memory that is read into again.
   */
  next(maxBytes: number, signal: AbortSignal): Promise<Shipment>;
  /** Everything up to here is durable at the coordinator: descriptors of finished files may be closed. */
  acknowledge(position: Position): void;
  /** Looks for new, rotated and vanished files now. */
  rescan(): Promise<void>;
  /** At most so many of the last records there are, without going on; undefined if there is nothing. */
  last(count: number): Promise<Chunk | undefined>;
  status(): SourceStatus;
  close(): Promise<void>;
}

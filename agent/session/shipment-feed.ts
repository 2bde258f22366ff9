// What the session needs of the pipeline: shipments to pull, in order, and a place to say what became durable.
// Must never be implemented here; compose.ts hands the pipeline in.
import type { Shipment, SourcePosition } from '../record.ts';

/** How much may be pulled now. */
export interface PullAllowance {
  /** Ask again after so many milliseconds; 0 for now. */
  readonly waitMs: number;
  readonly maxBytes: number;
  /** Only while nothing is under way. */
  readonly onlyAlone: boolean;
}

export interface SourceOrigin {
  /** Empty if none is configured. */
  readonly service: string;
  readonly labels: Readonly<Record<string, string>>;
}

export interface ShipmentFeed {
  /**
   * Begins a session: everything pulled before and not acknowledged comes again, from these positions on.
   *
   * @param isAnew nothing is kept of what the sources have in mind, as if the agent had just been started
   */
  open(positions: readonly SourcePosition[], isAnew: boolean): Promise<void>;
  /**
   * The next shipment of any source, at most `maxBytes` of records; waits while there is none. Rejects only with the signal's reason.
   * Its bytes are valid until the next call.
   */
  next(maxBytes: number, signal: AbortSignal): Promise<Shipment>;
  /** What is configured about whose lines they are. */
  originOf(source: string): SourceOrigin;
  /** Asked before each pull, for ceilings of memory and CPU. */
  allowance(): PullAllowance;
  /** This and everything before it of the same file is durable at the coordinator. */
  acknowledge(position: SourcePosition): void;
}

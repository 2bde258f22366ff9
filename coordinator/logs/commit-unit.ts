// One shipment or submission on its way to the commit, and what a commit answers with.
// Must never hold behaviour.
import type { HephaestusError } from '../../base/errors.ts';
import type { LogChunk } from './chunk.ts';
import type { LogEntry } from './entry.ts';
import type { IngestSession } from './ingest-session.ts';
import type { ReducedBatch } from './reduced-batch.ts';
import type { LogGap, SourcePosition } from './log-batch.ts';

export type CommitOutcome =
  | { readonly kind: 'committed'; readonly isNew: boolean }
  | { readonly kind: 'failed'; readonly error: HephaestusError };

export interface CommitUnit<Observation> {
  /** Undefined for a submission. */
  readonly session: IngestSession | undefined;
  readonly nodeId: string;
  readonly sequence: number;
  readonly creditBytes: number;
  /** What it holds of memory, about: the uncompressed records. */
  readonly heldBytes: number;
  readonly entries: readonly LogEntry[];
  readonly chunk: LogChunk | undefined;
  /** Of a batch that was reduced at its source. */
  readonly reduced: ReducedBatch | undefined;
  readonly positions: readonly SourcePosition[];
  readonly gap: LogGap | undefined;
  readonly observations: readonly Observation[];
  /** Of a submission. */
  readonly requestId: string | undefined;
  readonly settle: ((outcome: CommitOutcome) => void) | undefined;
}

/** A unit without effect; its acknowledgement still waits its turn. */
export function emptyUnit(session: IngestSession | undefined, sequence: number, creditBytes: number): CommitUnit<never> {
  return {
    session,
    nodeId: session?.nodeId ?? '',
    sequence,
    creditBytes,
    heldBytes: 0,
    entries: [],
    chunk: undefined,
    reduced: undefined,
    positions: [],
    gap: undefined,
    observations: [],
    requestId: undefined,
    settle: undefined,
  };
}

export interface Written {
  /** What to do once it is durable. */
  readonly afterwards: () => void;
  /** With their ids; empty where nobody reads the tail. */
  readonly committed: readonly LogEntry[];
  /** Request to whether it was new. */
  readonly submissions: ReadonlyMap<string, boolean>;
}

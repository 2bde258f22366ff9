// What an agent ships: batches of records with the positions they settle, and gaps where records are lost.
// Must never hold how it travels (api) or what becomes of it (ingest).

export interface FileIdentity {
  /** Decimal, 64 bit. */
  readonly device: string;
  /** Decimal, 64 bit. */
  readonly inode: string;
  /** Hex; the agent's own check of the file's first bytes. */
  readonly fingerprint: string;
  readonly fingerprintLength: number;
  /** Device, inode and generation name a file within a source. */
  readonly generation: number;
}

/** Where a source stands: the next byte of a file, or the journal's last cursor. */
export type Position =
  | {
      readonly kind: 'file';
      readonly identity: FileIdentity;
      readonly offset: number;
      readonly path: string;
      /** The agent looks for it no more. Absent is no. */
      readonly finished?: boolean | undefined;
    }
  | { readonly kind: 'journal'; readonly cursor: string };

export interface SourcePosition {
  readonly source: string;
  readonly position: Position;
}

export interface LogBatch {
  readonly kind: 'batch';
  readonly epoch: number;
  /** From 1 without holes over a session. */
  readonly sequence: number;
  readonly source: string;
  /** Both undefined only where there are no records. */
  readonly start: Position | undefined;
  readonly end: Position | undefined;
  /** Settled in the same transaction; they only ever move forward. */
  readonly alsoSettled: readonly Position[];
  readonly payload: Buffer;
  readonly recordLengths: readonly number[];
  readonly readAtMs: number | undefined;
  /** Undefined: one we don't know. */
  readonly codec: 'none' | 'zstd' | undefined;
  readonly crc32: number;
  readonly uncompressedLength: number;
  /** Records are JSON objects of the journal. */
  readonly journal: boolean;
  /** Instead of records it holds problems with their surroundings, and counts (analysis/reduction). */
  readonly reduced?: boolean | undefined;
  readonly path: string;
  /** As the agent's own configuration names it; empty if it doesn't. */
  readonly service: string;
  /** Of the source, likewise. */
  readonly labels: Readonly<Record<string, string>>;
}

export const gapReasons = ['file-vanished', 'truncated', 'limit', 'journal', 'read-error', 'rejected', 'unknown'] as const;
export type GapReason = (typeof gapReasons)[number];

export interface LogGap {
  readonly kind: 'gap';
  readonly epoch: number;
  readonly sequence: number;
  readonly source: string;
  readonly from: Position | undefined;
  readonly to: Position | undefined;
  readonly reason: GapReason;
  readonly bytes: number;
  readonly records: number;
  readonly detail: string;
}

export type Shipment = LogBatch | LogGap;

/** What the coordinator answers; `sequence` is cumulative and durable. */
export interface Acknowledgement {
  readonly epoch: number;
  readonly sequence: number;
  readonly creditBytes: number;
  readonly nack: Refusal | undefined;
}

export type RefusalReason = 'overloaded' | 'store-unavailable' | 'corrupt' | 'invalid' | 'out-of-order';

export interface Refusal {
  readonly sequence: number;
  readonly reason: RefusalReason;
  readonly retryAfterMs: number;
  readonly message: string;
}

/** The name of a place within a source: a file, or the journal. */
export function placeOf(position: Position): string {
  if (position.kind === 'journal') return 'journal';
  const { device, inode, generation } = position.identity;
  return `${device}:${inode}:${generation}`;
}

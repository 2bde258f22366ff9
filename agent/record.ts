// What passes between the agent's stages: chunks of whole records, and the positions that they settle.
// Must never hold behaviour; the only file that all stages share.

/** Which file. Inodes are reused, so the first bytes and a generation count too. */
export interface FileIdentity {
  /** Decimal, 64 bit. */
  readonly device: string;
  /** Decimal, 64 bit. */
  readonly inode: string;
  /** First 16 bytes of the SHA-256 of the file's first `fingerprintLength` bytes. */
  readonly fingerprint: Buffer;
  readonly fingerprintLength: number;
  /** Rises when the same inode was truncated and written anew. */
  readonly generation: number;
}

/** Where a source stands. `offset` is the next byte to read; `path` is for people, identity decides. */
export type Position =
  | { readonly kind: 'file'; readonly identity: FileIdentity; readonly offset: number; readonly path: string }
  | { readonly kind: 'journal'; readonly cursor: string };

export interface SourcePosition {
  readonly source: string;
  readonly position: Position;
}

/**
 * Whole records that follow each other in one file or in the journal.
 * `bytes` holds them as they stand in the file, line ends included (a joined trace has them inside too), so that an
 * untouched chunk is never copied; redaction may replace `bytes` and `recordLengths`, never `start` and `end`.
 */
export interface Chunk {
  readonly kind: 'chunk';
  readonly source: string;
  /** For people. */
  readonly path: string;
  readonly bytes: Buffer;
  /** Length of each record in `bytes`; they add up to `bytes.length`. */
  readonly recordLengths: readonly number[];
  readonly start: Position;
  readonly end: Position;
  /** Unix milliseconds. */
  readonly readAtMs: number;
  /** At least one record was cut at a limit. */
  readonly cut: boolean;
  /** At least one value was redacted. */
  readonly redacted: boolean;
  /** Records are JSON objects of journald's export. */
  readonly journal: boolean;
}

export type GapReason = 'file-vanished' | 'truncated' | 'limit' | 'journal' | 'read-error' | 'rejected';

/** Bytes that will never be sent. It travels in order with the chunks, so that loss is never silent. */
export interface Gap {
  readonly kind: 'gap';
  readonly source: string;
  readonly from: Position;
  readonly to: Position;
  readonly reason: GapReason;
  readonly bytes: number;
  /** 0 if unknown. */
  readonly records: number;
  readonly detail: string;
}

export type Shipment = Chunk | Gap;

// What passes between the agent's stages: chunks of whole records, the positions that they settle, and what is reported of host and sources.
// Must never hold behaviour; the only file that all stages share.

/**
 * Which file. Device, inode and generation name it within a source; the fingerprint is how the agent finds out, after a
 * restart, that an inode was reused, and it covers more bytes as a short file grows. Two identities are the same file when those three are equal.
 */
export interface FileIdentity {
  /** Decimal, 64 bit. */
  readonly device: string;
  /** Decimal, 64 bit. */
  readonly inode: string;
  /** First 16 bytes of the SHA-256 of the file's first `fingerprintLength` bytes. */
  readonly fingerprint: Buffer;
  readonly fingerprintLength: number;
  /** Rises when the same inode was truncated and written anew, or belongs to another file than before. */
  readonly generation: number;
}

export interface FilePosition {
  readonly kind: 'file';
  readonly identity: FileIdentity;
  /** The next byte to read. */
  readonly offset: number;
  /** For people; identity decides. */
  readonly path: string;
  /** It was read to its end and is gone, or what is missing of it was told: nobody looks for it again. Only the node knows that. */
  readonly isFinished?: boolean | undefined;
}

/** Where a source stands. */
export type Position = FilePosition | { readonly kind: 'journal'; readonly cursor: string };

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
  /**
   * Positions in other files that these bytes settle too, in the same transaction: the rest of a rotated file when a trace
   * goes on in the next one, and where files begin that are read from their end (then there are no records). Mostly empty.
   */
  readonly alsoSettles: readonly Position[];
  /** Unix milliseconds. */
  readonly readAtMs: number;
  /** At least one record was cut at a limit. */
  readonly cut: boolean;
  /** At least one value was redacted. */
  readonly redacted: boolean;
  /** Records are JSON objects of journald's export. */
  readonly journal: boolean;
  /** Instead of records it holds what reduction made of them (analysis/reduction). */
  readonly reduced?: boolean | undefined;
}

/**
 * How much of what could still grow is given out. `none`: nothing; `records`: whole lines that no trace waits for;
 * `traces`: all whole lines; `everything`: the last line too, although it has no end (nobody writes to the file any more).
 */
export type Flush = 'none' | 'records' | 'traces' | 'everything';

/** What a framer made of some bytes. */
export interface Framed {
  /** So many bytes of the input are settled by these records; what follows is held back by being read again. */
  readonly consumed: number;
  /** The records one after the other where they aren't the input's first `consumed` bytes (joined fragments, UTF-16). */
  readonly bytes: Buffer | undefined;
  readonly recordLengths: readonly number[];
  readonly cut: boolean;
  /** What the bytes behind `consumed` begin with. */
  readonly holds: 'nothing' | 'line' | 'record' | 'trace';
}

/**
 * Cuts the bytes of one file into records. It keeps nothing between calls, so that the same bytes from the same place give
 * the same records after any restart. `bytes` begins where a record begins.
 */
export interface Framer {
  frame(bytes: Buffer, flush: Flush): Framed;
  /** Given so many bytes it consumes some of them, unless many short fragments make up one record. */
  readonly window: number;
  /** So many times as long as the input the records may be: 1, but for encodings that are translated. */
  readonly mostGrowth: number;
}

/** The framer for a file that begins with these bytes (two of them decide). */
export type FramerChoice = (head: Buffer) => Framer;

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

/** `waiting`: nothing matches yet. `failed` says why in `reason` and tries again by itself. */
export type SourceCondition = 'reading' | 'idle' | 'waiting' | 'failed';

export interface SourceStatus {
  readonly source: string;
  readonly condition: SourceCondition;
  readonly reason: string;
  readonly files: number;
  readonly bytesRead: number;
  readonly recordsRead: number;
  /** Bytes written and not yet read. */
  readonly lagBytes: number;
  /** Age of the oldest unread byte, as far as it is known. */
  readonly lagMs: number;
  readonly gaps: number;
  /** Unix milliseconds. */
  readonly lastRecordAtMs: number | undefined;
}

/** A revision of a service that runs on this host. */
export interface RunningRevision {
  readonly service: string;
  readonly revision: string;
  /** Unix milliseconds: when the agent first saw it. */
  readonly sinceMs: number;
}

/** What a host is; it changes rarely. An empty string or 0 means unknown. */
export interface HostFacts {
  readonly hostname: string;
  readonly os: string;
  readonly osVersion: string;
  readonly kernel: string;
  readonly architecture: string;
  readonly cpuModel: string;
  readonly cpuCores: number;
  readonly memoryBytes: number;
  readonly virtualization: string;
  /** Of the machine, as its firmware names them. */
  readonly manufacturer: string;
  readonly model: string;
  readonly machineId: string;
  readonly bootId: string;
  /** Unix milliseconds. */
  readonly bootedAtMs: number;
  readonly agentVersion: string;
  readonly timeZone: string;
  readonly addresses: readonly string[];
}

export interface DiskVitals {
  readonly mount: string;
  readonly sizeBytes: number;
  readonly availableBytes: number;
  /** 0 to 1. */
  readonly inodesUsedShare: number;
}

/** How a host does right now. */
export interface HostVitals {
  /** Unix milliseconds. */
  readonly sampledAtMs: number;
  /** Of all cores, 0 to 1, since the sample before. */
  readonly cpuShare: number;
  readonly load1: number;
  readonly load5: number;
  readonly load15: number;
  readonly memoryUsedBytes: number;
  readonly memoryAvailableBytes: number;
  readonly swapUsedBytes: number;
  readonly disks: readonly DiskVitals[];
  readonly uptimeMs: number;
  /** Resident set of the agent. */
  readonly agentMemoryBytes: number;
  /** Of one core, since the sample before. */
  readonly agentCpuShare: number;
  /** Starts after the first one on this state directory. */
  readonly agentRestarts: number;
}

// What log processing needs kept, and the transaction in which a batch's effects and positions are committed together.
// Must never hold SQL; the store implements these.
import type { Severity } from '../../analysis/severity.ts';
import type { LogChunk, StoredChunk } from './chunk.ts';
import type { LogFilter } from './entry.ts';
import type { LogGap, SourcePosition } from './log-batch.ts';

/** Records of one template in one minute, whether they were sent or not. */
export interface TemplateCount {
  readonly templateId: string;
  /** Unix milliseconds, a whole minute. */
  readonly minuteMs: number;
  readonly count: number;
}

export interface CountedTemplate {
  readonly id: string;
  readonly text: string;
  readonly severity: Severity | undefined;
}

export interface LogTransaction {
  /** Answers with the chunk's id, which rises. */
  insertChunk(chunk: LogChunk): Promise<number>;
  savePositions(nodeId: string, positions: readonly SourcePosition[], nowMs: number): Promise<void>;
  /** Adds to what is there; `templates` says what they are. */
  addCounts(nodeId: string, source: string, counts: readonly TemplateCount[], templates: readonly CountedTemplate[]): Promise<void>;
  insertGap(nodeId: string, gap: LogGap, nowMs: number): Promise<void>;
  /** False if this request was taken before. */
  insertSubmission(requestId: string, accepted: number, nowMs: number): Promise<boolean>;
}

export interface LogStore<Transaction extends LogTransaction> {
  /** Durable when it resolves; nothing of it exists when it rejects. */
  transact<Result>(work: (transaction: Transaction) => Promise<Result>): Promise<Result>;
  positions(nodeId: string): Promise<readonly SourcePosition[]>;
}

export interface ChunkQuery {
  readonly filter: Pick<LogFilter, 'nodeIds' | 'sources'>;
  /** Syslog number; chunks without an entry at least so severe are left out. */
  readonly worstAtMost: number;
  readonly sinceMs: number | undefined;
  readonly untilMs: number | undefined;
  /** Chunks with this id or a lower one. */
  readonly beforeOrAt: number | undefined;
  readonly limit: number;
}

export interface CountQuery {
  readonly nodeIds: readonly string[];
  readonly sources: readonly string[];
  readonly sinceMs: number | undefined;
  readonly untilMs: number | undefined;
  readonly limit: number;
}

/** How often a template was written on nodes that ship problems only. */
export interface CountedTotal {
  readonly templateId: string;
  readonly text: string;
  readonly severity: Severity | undefined;
  readonly count: number;
  readonly lastMinuteMs: number;
}

export interface LogReader {
  /** Most frequent first. */
  countsOf(query: CountQuery): Promise<readonly CountedTotal[]>;
  pruneCounts(olderThanMs: number): Promise<void>;
  /** Newest first, by the order of arrival. */
  chunks(query: ChunkQuery): Promise<readonly StoredChunk[]>;
  /** Removes what was received before `olderThanMs`, then the oldest until at most `maxBytes` are kept; so many chunks at once. */
  prune(olderThanMs: number, maxBytes: number, mostChunks: number): Promise<number>;
  storedBytes(): Promise<number>;
}

// What a scripted coordinator committed: every line of every file generation, positions, gaps, and each breach of the protocol.
// Must never forgive: a batch that doesn't begin where its file stands, is damaged or doesn't add up is written down.
import { crc32, zstdDecompressSync } from 'node:zlib';
import { Codec, type Gap, type LogBatch, type Position, type SourcePosition } from '../../proto/index.ts';

export interface LedgerOptions {
  /** Without lines only bytes and records are counted, for benchmarks. Default true. */
  readonly keepLines?: boolean;
  /** Told of every record that is committed, and of which source and file generation it is. */
  readonly onRecord?: (record: string, file: string) => void;
  /** Told of every batch and gap that is committed, before its records. */
  readonly onCommit?: (file: string, from: Position | undefined, to: Position | undefined) => void;
}

export type CommitOutcome = 'committed' | 'out-of-order' | 'damaged';

/** It outlives the server, as a database would. */
export class ShipmentLedger {
  readonly #keepLines: boolean;
  readonly #onRecord: LedgerOptions['onRecord'];
  readonly #onCommit: LedgerOptions['onCommit'];
  readonly #positions = new Map<string, SourcePosition>();
  /** Lines by source and file, in the order of their commits. */
  readonly lines = new Map<string, string[]>();
  /** The service that the last batch of each source named. */
  readonly services = new Map<string, string>();
  readonly gaps: Gap[] = [];
  readonly breaches: string[] = [];
  bytes = 0;
  payloadBytes = 0;
  records = 0;
  batches = 0;

  constructor(options: LedgerOptions = {}) {
    this.#keepLines = options.keepLines ?? true;
    this.#onRecord = options.onRecord;
    this.#onCommit = options.onCommit;
  }

  positions(): SourcePosition[] {
    return [...this.#positions.values()];
  }

  /** As a coordinator whose database is gone. */
  forgetPositions(): void {
    this.#positions.clear();
  }

  allLines(): readonly string[] {
    return [...this.lines.values()].flat();
  }

  commitBatch(batch: LogBatch): CommitOutcome {
    const content = batch.codec === Codec.ZSTD ? zstdDecompressSync(batch.payload) : batch.payload;
    const length = batch.recordLengths.reduce((sum, next) => sum + next, 0);
    if (content.length !== batch.uncompressedLength || length !== content.length || crc32(content) !== batch.crc32) {
      this.breaches.push(`batch ${batch.sequence} is damaged`);
      return 'damaged';
    }
    if (!this.#standsAt(batch.source, batch.start)) return 'out-of-order';
    this.#onCommit?.(keyOf(batch.source, batch.end), batch.start, batch.end);
    for (const position of batch.alsoSettled) this.#onCommit?.(keyOf(batch.source, position), undefined, position);
    this.bytes += content.length;
    this.payloadBytes += batch.payload.length;
    this.records += batch.recordLengths.length;
    this.batches += 1;
    this.services.set(batch.source, batch.service);
    if (this.#keepLines || this.#onRecord !== undefined) this.#keep(batch, content);
    this.#stand(batch.source, batch.end);
    for (const position of batch.alsoSettled) this.#stand(batch.source, position);
    return 'committed';
  }

  commitGap(gap: Gap): CommitOutcome {
    if (!this.#standsAt(gap.source, gap.from)) return 'out-of-order';
    this.#onCommit?.(keyOf(gap.source, gap.to), gap.from, gap.to);
    this.gaps.push(gap);
    this.#stand(gap.source, gap.to);
    return 'committed';
  }

  #keep(batch: LogBatch, content: Buffer): void {
    const key = keyOf(batch.source, batch.end);
    const kept = this.lines.get(key) ?? [];
    if (this.#keepLines) this.lines.set(key, kept);
    let offset = 0;
    for (const recordLength of batch.recordLengths) {
      const record = content.subarray(offset, offset + recordLength).toString('latin1');
      const line = record.endsWith('\n') ? record.slice(0, -1) : record;
      if (this.#keepLines) kept.push(line);
      this.#onRecord?.(line, key);
      offset += recordLength;
    }
  }

  #standsAt(source: string, start: Position | undefined): boolean {
    const stands = this.#positions.get(keyOf(source, start))?.position?.at;
    if (stands === undefined || start?.at === undefined) return true;
    if (stands.$case === 'journalCursor') return start.at.$case === 'journalCursor' && start.at.value === stands.value;
    return start.at.$case === 'file' && start.at.value.offset === stands.value.offset;
  }

  #stand(source: string, position: Position | undefined): void {
    this.#positions.set(keyOf(source, position), { source, position });
  }
}

function keyOf(source: string, position: Position | undefined): string {
  if (position?.at?.$case !== 'file') return `${source} journal`;
  const { identity } = position.at.value;
  return `${source} ${identity?.device}:${identity?.inode}:${identity?.generation}`;
}

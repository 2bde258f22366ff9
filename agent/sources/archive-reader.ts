// Reads the uncompressed content of one compressed, rotated log file, once and from an offset on, record by record.
// Must never hold more of it than one record may need: what is read again is uncompressed again.
import { closeSync, read } from 'node:fs';
import { pipeline } from 'node:stream';
import { promisify } from 'node:util';
import { createGunzip } from 'node:zlib';
import type { Chunk, FilePosition, Framed, Framer, Gap, Shipment } from '../record.ts';
import { fileKey, fingerprintOf } from './file-identity.ts';
import type { FileFacts } from './file-identity.ts';
import { atMost } from './framed-part.ts';
import { openArchive } from './moved-archive.ts';
import { lossOf, settlement } from './settlement.ts';

export interface ArchiveReaderOptions {
  readonly source: string;
  readonly path: string;
  readonly facts: FileFacts;
  /** What it begins with, uncompressed. */
  readonly head: Buffer;
  readonly generation: number;
  readonly framer: Framer;
  /** Where reading begins, in the uncompressed content; everything before is settled. */
  readonly offset: number;
}

const readAt = promisify(read);
const partBytes = 32 * 1024;

/** One compressed file. Its position counts uncompressed bytes. */
export class ArchiveReader {
  readonly key: string;
  readonly generation: number;
  readonly path: string;
  readonly #options: ArchiveReaderOptions;
  /** Held from the moment it is found: the next rotation renames it or deletes it. */
  #descriptor: number | undefined;
  /** Why it couldn't be opened. */
  readonly #obstacle: unknown;
  #stream: ContentStream | undefined;
  /** Uncompressed bytes from the offset on that were not given out yet. */
  #held: Buffer = Buffer.alloc(0);
  #offset: number;
  #settled: number;
  #isOver = false;
  /** Nothing that came of it was settled yet, and what was settled in its original may not be all that was read there. */
  #isInherited = false;
  /** Why there is no more than what is held. */
  #failure: string | undefined;

  constructor(options: ArchiveReaderOptions) {
    this.#options = options;
    this.key = fileKey(options.facts);
    this.generation = options.generation;
    this.path = options.path;
    this.#offset = options.offset;
    this.#settled = options.offset;
    let obstacle: unknown = new Error('it was deleted before it could be opened');
    try {
      this.#descriptor = openArchive(options);
    } catch (error) {
      obstacle = error;
    }
    this.#obstacle = obstacle;
  }

  /** Everything was given out. */
  get isOver(): boolean {
    return this.#isOver;
  }

  /** Everything that was given out is settled, and there is no more. */
  get isSettled(): boolean {
    return this.#isOver && !this.#isInherited && this.#settled >= this.#offset;
  }

  /** Compressed bytes that were not read yet. */
  get unread(): number {
    return this.#isOver ? 0 : Math.max(1, this.#options.facts.size - (this.#stream?.compressedBytesRead ?? 0));
  }

  get offset(): number {
    return this.#offset;
  }

  position(offset = this.#offset): FilePosition {
    const { facts, head, generation, path } = this.#options;
    const identity = {
      device: facts.device,
      inode: facts.inode,
      generation,
      fingerprint: fingerprintOf(head),
      fingerprintLength: head.length,
    };
    return { kind: 'file', identity, offset, path };
  }

  settle(offset: number): void {
    this.#settled = Math.max(this.#settled, offset);
    this.#isInherited = false;
  }

  /** Goes on at `offset`, up to which everything was read in the file that it is a copy of; settled once the coordinator says so. */
  inherit(offset: number): void {
    this.rewind(offset);
    this.#isInherited = true;
  }

  /** Starts again at `offset`, or behind what is settled. */
  rewind(offset = this.#settled): void {
    this.#stopReading();
    this.#settled = offset;
    this.#offset = offset;
    this.#isOver = false;
  }

  /** @returns undefined once all was given out. A file that can't be read on becomes a gap. */
  async pull(maxBytes: number, nowMs: number): Promise<Shipment | undefined> {
    if (this.#isOver) return undefined;
    const shipment = await this.#read(maxBytes, nowMs);
    if (shipment !== undefined) return shipment;
    if (this.#failure !== undefined) return this.#giveUp(this.#failure);
    this.#finish();
    // Otherwise the next start would go through all of it again.
    return settlement(this.#options.source, nowMs, { ...this.position(), isFinished: true });
  }

  /** Nothing more will be asked of it. */
  end(): void {
    this.#isOver = true;
    this.#stopReading();
    if (this.#descriptor !== undefined) closeSync(this.#descriptor);
    this.#descriptor = undefined;
  }

  #stopReading(): void {
    this.#stream?.close();
    this.#stream = undefined;
    this.#held = Buffer.alloc(0);
    this.#failure = undefined;
  }

  async #read(maxBytes: number, nowMs: number): Promise<Chunk | undefined> {
    const { framer } = this.#options;
    for (const want of [maxBytes / framer.mostGrowth, Math.max(maxBytes, framer.window)]) {
      // oxlint-disable-next-line no-await-in-loop -- the second read depends on the first
      const isAll = await this.#fill(want);
      // Where it breaks off, the last line may be torn.
      let framed = framer.frame(this.#held, isAll ? (this.#failure === undefined ? 'everything' : 'traces') : 'none');
      if (framed.consumed === 0 && !isAll && want >= framer.window) framed = framer.frame(this.#held, 'everything');
      if (framed.consumed > 0) return this.#ship(atMost(framed, maxBytes), isAll, nowMs);
      if (isAll) break;
    }
    return undefined;
  }

  #ship({ consumed, bytes, recordLengths, cut }: Framed, isAll: boolean, nowMs: number): Chunk {
    const { source, path } = this.#options;
    const start = this.position();
    const content = bytes ?? this.#held.subarray(0, consumed);
    this.#held = this.#held.subarray(consumed);
    this.#offset += consumed;
    if (isAll && this.#held.length === 0 && this.#failure === undefined) this.#finish();
    const end = this.#isOver ? { ...this.position(), isFinished: true } : this.position();
    return {
      kind: 'chunk',
      source,
      path,
      bytes: content,
      recordLengths,
      start,
      end,
      alsoSettles: [],
      readAtMs: nowMs,
      cut,
      redacted: false,
      journal: false,
    };
  }

  /** @returns true if what is held is all there is. */
  async #fill(want: number): Promise<boolean> {
    const parts = [this.#held];
    let length = this.#held.length;
    try {
      this.#stream ??= await this.#openAtOffset(parts);
      length = parts.reduce((sum, part) => sum + part.length, 0);
      while (length < want && this.#failure === undefined && !this.#stream.isAtEnd) {
        // oxlint-disable-next-line no-await-in-loop -- one part after the other
        const part = await this.#stream.next();
        if (part === undefined) break;
        parts.push(part);
        length += part.length;
      }
    } catch (error) {
      this.#failure = error instanceof Error ? error.message : String(error);
    }
    if (parts.length > 1) this.#held = Buffer.concat(parts);
    return this.#failure !== undefined || this.#stream?.isAtEnd === true;
  }

  /** @param parts what was uncompressed beyond the offset is added to them. */
  async #openAtOffset(parts: Buffer[]): Promise<ContentStream> {
    if (this.#descriptor === undefined) throw this.#obstacle;
    const stream = new ContentStream(this.#descriptor);
    let toSkip = this.#offset;
    while (toSkip > 0) {
      // oxlint-disable-next-line no-await-in-loop -- one part after the other
      const part = await stream.next();
      if (part === undefined) throw new Error(`it ends ${toSkip} bytes before where it was read up to`);
      if (part.length > toSkip) parts.push(part.subarray(toSkip));
      toSkip -= Math.min(toSkip, part.length);
    }
    return stream;
  }

  /** All was given out; it may be asked for again. */
  #finish(): void {
    this.#isOver = true;
    this.#stopReading();
  }

  #giveUp(problem: string): Gap {
    const { source, path } = this.#options;
    this.#finish();
    const from = this.position();
    const detail = `the rest of ${path} behind byte ${from.offset} of its content cannot be read: ${problem}`;
    return lossOf(source, from, 'read-error', detail);
  }
}

/** Uncompressed content part by part. */
class ContentStream {
  readonly #content = createGunzip();
  readonly #parts: AsyncIterator<Buffer>;
  #ahead: Promise<IteratorResult<Buffer, undefined>>;
  #isAtEnd = false;
  #compressedBytesRead = 0;

  constructor(descriptor: number) {
    // What goes wrong comes out of the iterator.
    pipeline(this.#readCompressed(descriptor), this.#content, () => undefined);
    this.#parts = this.#content[Symbol.asyncIterator]() as AsyncIterator<Buffer, undefined>;
    this.#ahead = this.#look();
  }

  get isAtEnd(): boolean {
    return this.#isAtEnd;
  }

  get compressedBytesRead(): number {
    return this.#compressedBytesRead;
  }

  /** @returns undefined at the end. @throws zlib's error or the system's. */
  async next(): Promise<Buffer | undefined> {
    const { value, done } = await this.#ahead;
    if (done === true) {
      this.#isAtEnd = true;
      return undefined;
    }
    this.#ahead = this.#look();
    // The last part has to be known as such, so that its last line is given out with it.
    this.#isAtEnd = (await this.#ahead.catch(() => undefined))?.done === true;
    return value;
  }

  close(): void {
    this.#content.destroy();
  }

  async *#readCompressed(descriptor: number): AsyncGenerator<Buffer> {
    for (;;) {
      const buffer = Buffer.allocUnsafe(partBytes);
      // oxlint-disable-next-line no-await-in-loop -- one part after the other
      const { bytesRead } = await readAt(descriptor, buffer, 0, partBytes, this.#compressedBytesRead);
      if (bytesRead === 0) return;
      this.#compressedBytesRead += bytesRead;
      yield buffer.subarray(0, bytesRead);
    }
  }

  #look(): Promise<IteratorResult<Buffer, undefined>> {
    const ahead = this.#parts.next() as Promise<IteratorResult<Buffer, undefined>>;
    // Whoever asks next gets it.
    ahead.catch(() => undefined);
    return ahead;
  }
}

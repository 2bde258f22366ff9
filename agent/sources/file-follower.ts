// Reads one file through a held descriptor, from an offset to its end and on as it grows.
// Must never look for files, nor read bytes as the file's own that were written over after it was truncated.
import { closeSync, constants, openSync, read } from 'node:fs';
import { promisify } from 'node:util';
import type { Chunk, FileIdentity, Flush, Framed, Framer, Gap, GapReason, Position, Shipment } from '../record.ts';
import { factsOfOpen, fileKey, fingerprint, hasFingerprint, isFingerprintComplete, readBytes } from './file-identity.ts';
import type { FileFacts } from './file-identity.ts';
import { GrowthHistory } from './growth-history.ts';

export interface FollowTiming {
  /** A whole line at the end of a file is given out after so long without growth. */
  readonly settleMs: number;
  /** So long the rest of a stack trace is waited for. */
  readonly traceMs: number;
  /** After so long without growth a file that was renamed or deleted counts as finished. */
  readonly finishMs: number;
}

export interface FollowerOptions {
  readonly source: string;
  readonly path: string;
  readonly facts: FileFacts;
  readonly generation: number;
  readonly framer: Framer;
  readonly timing: FollowTiming;
}

/** Bytes before the offset that are read again with every read: if they changed, the file was written over. */
const overlapBytes = 1024;

const readAt = promisify(read);

/** One file of one generation. `open`: can be read. `parked`: without descriptor, to spare it. `ended`: its bytes are gone. */
export class FileFollower {
  readonly generation: number;
  readonly birthNs: bigint;
  readonly key: string;
  /** Unix milliseconds. */
  readonly foundAtMs: number;
  path: string;
  /** Still found under a name that the source looks at. */
  isListed = true;
  /** Another file has taken its place, or it was deleted: when it is quiet, it is finished. */
  isAbandoned = false;
  /** The file that had this one's path before. Its lines come first. */
  predecessor: FileFollower | undefined;

  /** The copy that a rotation made of this file before it was truncated. */
  heir: FileFollower | undefined;
  /** It may be such a copy, and isn't read until that is clear. Unix milliseconds when the doubt began. */
  doubtedSinceMs: number | undefined;
  /** Whether that was looked into. */
  isExamined = false;

  readonly #options: FollowerOptions;
  readonly #history: GrowthHistory;
  #descriptor: number | undefined;
  #identity: FileIdentity;
  #offset = 0;
  #settled = 0;
  #size = 0;
  /** The size when the bytes before the offset were last seen to be unchanged. */
  #provenSize = 0;
  #modifiedAtMs = 0;
  #grewAtMs: number;
  #links = 1;
  #overlap: Buffer = Buffer.alloc(0);
  #ended: { readonly reason: GapReason; readonly detail: string } | undefined;
  #holds: Framed['holds'] = 'nothing';
  #deferredUntilMs = 0;
  /** What the last attempt that gave nothing had to work with. */
  #attempt: { readonly size: number; readonly flush: Flush } | undefined;

  /** @throws the system's error if the file can't be opened. */
  constructor(options: FollowerOptions, descriptor: number, nowMs: number) {
    const { path, facts, generation } = options;
    this.#options = options;
    this.generation = generation;
    this.birthNs = facts.birthNs;
    this.key = fileKey(facts);
    this.path = path;
    this.foundAtMs = nowMs;
    this.#history = new GrowthHistory();
    this.#descriptor = descriptor;
    this.#grewAtMs = Math.min(nowMs, facts.modifiedAtMs);
    const { device, inode } = facts;
    this.#identity = { device, inode, generation, ...fingerprint(descriptor, 0) };
    this.#see(facts, nowMs);
  }

  get offset(): number {
    return this.#offset;
  }
  get size(): number {
    return this.#size;
  }
  get settled(): number {
    return this.#settled;
  }
  get unread(): number {
    return Math.max(0, this.#size - this.#offset);
  }
  get grewAtMs(): number {
    return this.#grewAtMs;
  }
  get holds(): Framed['holds'] {
    return this.unread === 0 ? 'nothing' : this.#holds;
  }
  get isOpen(): boolean {
    return this.#descriptor !== undefined;
  }
  get hasEnded(): boolean {
    return this.#ended !== undefined;
  }
  get isDeleted(): boolean {
    return this.#links === 0;
  }
  get descriptor(): number | undefined {
    return this.#descriptor;
  }

  /** Where it stands. */
  position(): Position {
    return this.#at(this.#identity, this.#offset);
  }

  /** Unix milliseconds when the oldest unread byte was first seen; undefined if all is read. */
  unreadSinceMs(): number | undefined {
    return this.#history.firstBeyond(this.#offset);
  }

  /** Goes on at `offset` (a position that is known to be this file's). What was read behind it is read again. */
  seek(offset: number): void {
    this.#settled = offset;
    this.rewind();
    if (this.#descriptor !== undefined) this.#grow(this.#descriptor, offset);
  }

  settle(offset: number): void {
    this.#settled = Math.max(this.#settled, offset);
  }

  /** Starts again behind what is settled. */
  rewind(): void {
    this.#offset = this.#settled;
    this.#overlap = Buffer.alloc(0);
    this.#attempt = undefined;
  }

  /** Looks at the open file. @returns `rewritten` if it is no longer the one that was read. @throws the system's error. */
  look(nowMs: number): 'same' | 'grown' | 'rewritten' {
    if (this.#descriptor === undefined || this.#ended !== undefined) return 'same';
    const before = this.#size;
    const modifiedBefore = this.#modifiedAtMs;
    const facts = factsOfOpen(this.#descriptor);
    if (facts.size < this.#offset) return 'rewritten';
    this.#see(facts, nowMs);
    if (facts.size > before) return 'grown';
    if (facts.size < before) return 'rewritten';
    // Written over to the same size at once: only the time of change tells. A touched file passes the comparison.
    if (facts.modifiedAtMs !== modifiedBefore && !this.#isUnchanged(this.#descriptor)) return 'rewritten';
    return 'same';
  }

  /** Reading failed: it isn't tried again before that time. */
  defer(untilMs: number): void {
    this.#deferredUntilMs = untilMs;
  }

  /** True if a pull may give something now. */
  isReady(nowMs: number): boolean {
    if (this.unread === 0 || nowMs < this.#deferredUntilMs) return false;
    if (this.#ended !== undefined) return true;
    return this.#attempt === undefined || this.#attempt.size !== this.#size || this.#attempt.flush !== this.#flushAt(nowMs);
  }

  /** When something that is held back becomes due; undefined if only growth changes that. */
  dueAtMs(): number | undefined {
    if (this.unread === 0) return undefined;
    const { settleMs, traceMs, finishMs } = this.#options.timing;
    if (this.#holds === 'record') return this.#grewAtMs + settleMs;
    if (this.#holds === 'trace') return this.#grewAtMs + traceMs;
    return this.isAbandoned ? this.#grewAtMs + finishMs : undefined;
  }

  /** Reads on. @returns undefined if no record is complete; `rewritten` if the file isn't the one that was read. */
  async pull(maxBytes: number, nowMs: number): Promise<Shipment | 'rewritten' | undefined> {
    if (this.#ended !== undefined) return this.unread > 0 ? this.#giveUp(this.#ended) : undefined;
    if (this.look(nowMs) === 'rewritten') return 'rewritten';
    const flush = this.#flushAt(nowMs);
    const size = this.#size;
    for (const want of [maxBytes, Math.max(maxBytes, this.#options.framer.window)]) {
      const bytes = await this.#read(want);
      if (bytes === undefined) return this.#disown();
      const isAll = this.#offset + bytes.length >= size;
      const framed = this.#options.framer.frame(bytes, isAll ? flush : 'none');
      this.#holds = framed.holds;
      if (framed.consumed > 0) return this.#ship(bytes, framed, nowMs);
      if (isAll) break;
    }
    this.#attempt = { size, flush };
    return undefined;
  }

  /** True if the open file holds everything that was read here, and at least as much: it is a copy, or the same. */
  isContainedIn(descriptor: number): boolean {
    if (!hasFingerprint(descriptor, this.#identity)) return false;
    const overlap = this.#overlap;
    return readBytes(descriptor, this.#offset - overlap.length, overlap.length).equals(overlap);
  }

  /** The bytes are out of reach, but `heir` has them all: nothing is missing, and what is unread is read there. */
  bequeath(heir: FileFollower): void {
    this.heir = heir;
    this.end('truncated', 'copied and truncated');
    this.#size = this.#offset;
  }

  /** The bytes are out of reach: what is unread becomes a gap. */
  end(reason: GapReason, detail: string): void {
    this.#ended = { reason, detail };
    this.park();
  }

  /** Closes the descriptor. */
  park(): void {
    if (this.#descriptor === undefined) return;
    closeSync(this.#descriptor);
    this.#descriptor = undefined;
  }

  /** Hands the descriptor over to the follower of the next generation. */
  release(): number | undefined {
    const descriptor = this.#descriptor;
    this.#descriptor = undefined;
    return descriptor;
  }

  /** Opens a parked file again. @returns false if its path is another file's now. @throws the system's error. */
  unpark(): boolean {
    if (this.#descriptor !== undefined || this.#ended !== undefined) return true;
    const descriptor = openFile(this.path);
    const facts = factsOfOpen(descriptor);
    if (fileKey(facts) !== this.key || facts.birthNs !== this.birthNs) {
      closeSync(descriptor);
      return false;
    }
    this.#descriptor = descriptor;
    return true;
  }

  /** Takes note of a parked file's size as its path shows it. */
  noteFacts(facts: FileFacts, nowMs: number): void {
    if (this.#descriptor === undefined && this.#ended === undefined && facts.size >= this.#size) this.#see(facts, nowMs);
  }

  /** True if the file changed since it was looked at. */
  differsFrom(facts: FileFacts): boolean {
    return facts.size !== this.#size || facts.modifiedAtMs !== this.#modifiedAtMs || facts.links !== this.#links;
  }

  #see(facts: FileFacts, nowMs: number): void {
    if (facts.size > this.#size) {
      if (this.#size > 0 || this.#modifiedAtMs > 0) this.#grewAtMs = nowMs;
      this.#history.grew(facts.size, nowMs);
    }
    this.#size = facts.size;
    this.#modifiedAtMs = facts.modifiedAtMs;
    this.#links = facts.links;
    if (facts.links === 0) this.isAbandoned = true;
  }

  #flushAt(nowMs: number): Flush {
    const { settleMs, traceMs, finishMs } = this.#options.timing;
    const quietMs = nowMs - this.#grewAtMs;
    if (this.isAbandoned && quietMs >= finishMs) return 'everything';
    if (quietMs >= traceMs) return 'traces';
    return quietMs >= settleMs ? 'records' : 'none';
  }

  /** Bytes from the offset on; undefined if the ones before it are not those that were read. */
  async #read(want: number): Promise<Buffer | undefined> {
    const descriptor = this.#descriptor;
    if (descriptor === undefined) throw new Error(`${this.path} is parked and can't be read`);
    const overlap = this.#overlap;
    if (overlap.length === 0 && this.#offset > 0 && !hasFingerprint(descriptor, this.#identity)) return undefined;
    const length = overlap.length + Math.min(want, this.unread);
    const buffer = Buffer.allocUnsafeSlow(length);
    let filled = 0;
    while (filled < length) {
      const { bytesRead } = await readAt(descriptor, buffer, filled, length - filled, this.#offset - overlap.length + filled);
      if (bytesRead === 0) break;
      filled += bytesRead;
    }
    if (filled < overlap.length || !buffer.subarray(0, overlap.length).equals(overlap)) return undefined;
    this.#provenSize = this.#size;
    return buffer.subarray(overlap.length, filled);
  }

  /** What was seen since the last proof may be another's growth: the size falls back to what is known to have been this file's. */
  #disown(): 'rewritten' {
    this.#size = Math.max(this.#offset, this.#provenSize);
    return 'rewritten';
  }

  #isUnchanged(descriptor: number): boolean {
    const overlap = this.#overlap;
    if (!readBytes(descriptor, this.#offset - overlap.length, overlap.length).equals(overlap)) return false;
    return hasFingerprint(descriptor, this.#identity);
  }

  #ship(bytes: Buffer, framed: Framed, nowMs: number): Chunk | 'rewritten' {
    const start = this.position();
    const endOffset = this.#offset + framed.consumed;
    if (this.#descriptor !== undefined && !this.#grow(this.#descriptor, endOffset)) return this.#disown();
    this.#offset = endOffset;
    this.#overlap = Buffer.from(bytes.subarray(Math.max(0, framed.consumed - overlapBytes), framed.consumed));
    this.#attempt = undefined;
    this.#history.drop(endOffset);
    return {
      kind: 'chunk',
      source: this.#options.source,
      path: this.path,
      bytes: framed.bytes ?? bytes.subarray(0, framed.consumed),
      recordLengths: framed.recordLengths,
      start,
      end: this.position(),
      alsoSettles: [],
      readAtMs: nowMs,
      cut: framed.cut,
      redacted: false,
      journal: false,
    };
  }

  /** Lets the fingerprint cover the bytes before `offset`. @returns false if the file's head changed meanwhile. */
  #grow(descriptor: number, offset: number): boolean {
    const identity = this.#identity;
    if (isFingerprintComplete(identity, offset)) return true;
    if (!hasFingerprint(descriptor, identity)) return false;
    this.#identity = { ...identity, ...fingerprint(descriptor, offset) };
    return true;
  }

  #giveUp({ reason, detail }: { readonly reason: GapReason; readonly detail: string }): Gap {
    const from = this.position();
    const bytes = this.unread;
    this.#offset = this.#size;
    return { kind: 'gap', source: this.#options.source, from, to: this.position(), reason, bytes, records: 0, detail };
  }

  #at(identity: FileIdentity, offset: number): Position {
    return { kind: 'file', identity, offset, path: this.path };
  }
}

/** Opens for reading without ever waiting (a pipe would). @throws the system's error. */
export function openFile(path: string): number {
  return openSync(path, constants.O_RDONLY | constants.O_NONBLOCK | constants.O_NOCTTY);
}

// Follows one file of one generation: from an offset to its end and on as it grows, record by record.
// Must never look for files, nor give out bytes as the file's own that were written over after it was truncated.
import type { Chunk, FilePosition, Flush, Framed, Framer, FramerChoice, Gap, GapReason, Shipment } from '../record.ts';
import { FileContent } from './file-content.ts';
import type { FileFacts } from './file-identity.ts';
import { flushAfter } from './follow-timing.ts';
import type { FollowTiming } from './follow-timing.ts';
import { atMost, chunkOf } from './framed-part.ts';
import { GrowthHistory } from './growth-history.ts';
import type { ReadBuffer } from './read-buffer.ts';
import { lossOf } from './settlement.ts';

export interface FollowerOptions {
  readonly source: string;
  readonly path: string;
  readonly facts: FileFacts;
  readonly generation: number;
  readonly framer: FramerChoice;
  readonly timing: FollowTiming;
}

/** `open`: can be read. Parked: without descriptor, to spare it. Ended: its bytes are out of reach. */
export class FileFollower {
  readonly generation: number;
  /** Unix milliseconds. */
  readonly foundAtMs: number;
  path: string;
  isListed = true; // Still found under a name that the source looks at.
  /** Another file has taken its place, or it was deleted: when it is quiet, it is finished. */
  isAbandoned = false;
  /** The file that had this one's path before. Its lines come first. */
  predecessor: FileFollower | undefined;
  /** The copy that a rotation made of this file before it was truncated. */
  heir: FileFollower | undefined;
  /** Younger files that are named like rotations of this one are copies of it. */
  copiesBornAfterNs: bigint;
  /** Where it stands is known beyond this process, or will be with its first record. */
  isAnnounced = false;
  /** It was empty, or held other content: what it got since may lie in copies that nobody saw being made. */
  mayHaveCopies = false;
  /** It may be such a copy, and isn't read until that is clear. Unix milliseconds when the doubt began. */
  doubtedSinceMs: number | undefined;
  /** A scan saw it changed: it has to be looked at. */
  isDoubtful = false;
  /** Whether that was looked into. */
  isExamined = false;
  /** Once this file is settled up to `offset`, the older one is up to `olderOffset`: a record spans both. */
  seam: { readonly older: FileFollower; readonly olderOffset: number; readonly offset: number } | undefined;

  readonly #options: FollowerOptions;
  readonly #content: FileContent;
  readonly #history = new GrowthHistory();
  #offset = 0;
  #settled = 0;
  #size = 0;
  /** The size when the bytes before the offset were last seen to be unchanged. */
  #provenSize = 0;
  #modifiedAtMs = 0;
  #grewAtMs: number;
  #links = 1;
  #ended: { readonly reason: GapReason; readonly detail: string } | undefined;
  #holds: Framed['holds'] = 'nothing';
  #deferredUntilMs = 0;
  #linesAreWhole = false;
  /** What the last attempt that gave nothing had to work with. */
  #attempt: { readonly size: number; readonly flush: Flush } | undefined;

  constructor(options: FollowerOptions, descriptor: number, nowMs: number) {
    const { facts } = options;
    this.#options = options;
    this.#content = new FileContent(descriptor, facts, options.generation);
    this.generation = options.generation;
    this.path = options.path;
    this.foundAtMs = nowMs;
    this.copiesBornAfterNs = facts.birthNs;
    this.#grewAtMs = Math.min(nowMs, facts.modifiedAtMs);
    if (facts.size > 0) this.#content.keepsHead(true);
    this.#see(facts, nowMs);
  }

  get framer(): Framer {
    return this.#content.framer(this.#options.framer);
  }
  get key(): string {
    return this.#content.key;
  }
  get birthNs(): bigint {
    return this.#content.birthNs;
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
  /** What its unread bytes begin with, if they were looked at and held back. */
  get holds(): Framed['holds'] {
    return this.unread === 0 ? 'nothing' : this.#holds;
  }
  get descriptor(): number | undefined {
    return this.#content.descriptor;
  }
  get isOpen(): boolean {
    return this.#content.descriptor !== undefined;
  }
  get hasEnded(): boolean {
    return this.#ended !== undefined;
  }
  get isDeleted(): boolean {
    return this.#links === 0;
  }

  /** Nothing was read of it, and nobody knows of it yet, or what it begins with. */
  get isNew(): boolean {
    const isKnown = this.isAnnounced && (this.#size === 0 || !this.isOpen || this.#content.identity.fingerprintLength > 0);
    return !isKnown && this.#offset === 0 && this.isListed && !this.hasEnded;
  }

  /** It is told of, with what it begins with by now. */
  meet(): void {
    this.isAnnounced = true;
    this.mayHaveCopies ||= this.#size === 0;
    this.#content.coverUpTo(this.#size);
  }

  /** Where it stands; where it would stand at `offset`. */
  position(offset = this.#offset): FilePosition {
    return { kind: 'file', identity: this.#content.identity, offset, path: this.path };
  }

  /** Unix milliseconds when the oldest unread byte was first seen; undefined if all is read. */
  unreadSinceMs(): number | undefined {
    return this.#history.firstBeyond(this.#offset);
  }

  /** Goes on at `offset`, up to which everything is settled. */
  seek(offset: number): void {
    this.#settled = offset;
    this.rewind();
  }

  settle(offset: number): void {
    this.#settled = Math.max(this.#settled, offset);
    if (this.seam === undefined || offset < this.seam.offset) return;
    this.seam.older.settle(this.seam.olderOffset);
    this.seam = undefined;
  }

  /** Starts again behind what is settled. */
  rewind(): void {
    this.#offset = this.#settled;
    this.#attempt = undefined;
    this.#holds = 'nothing';
    this.#content.jump(this.#offset);
  }

  /** Looks at the open file. @returns `rewritten` if it is no longer the one that was read. @throws the system's error. */
  look(nowMs: number): 'same' | 'grown' | 'rewritten' {
    const facts = this.#ended === undefined ? this.#content.facts() : undefined;
    if (facts === undefined) return 'same';
    this.isDoubtful = false;
    const { size, modifiedAtMs } = facts;
    const sizeBefore = this.#size;
    const modifiedBefore = this.#modifiedAtMs;
    if (size < this.#offset || size < sizeBefore) return 'rewritten';
    if (this.#offset === 0 && !this.#content.keepsHead(modifiedAtMs !== modifiedBefore)) return 'rewritten';
    this.#see(facts, nowMs);
    if (size > sizeBefore) return 'grown';
    // Written over to the same size at once: only the time of change tells. A file that was merely touched passes the comparison.
    return modifiedAtMs === modifiedBefore || this.#content.isContainedIn(this.#offset) ? 'same' : 'rewritten';
  }

  /** Reading failed: it isn't tried again before that time. */
  defer(untilMs: number): void {
    this.#deferredUntilMs = untilMs;
  }

  /** True if a pull may give something now. */
  isReady(nowMs: number): boolean {
    if (this.unread === 0 || nowMs < this.#deferredUntilMs) return false;
    if (this.#ended !== undefined || this.#attempt === undefined) return true;
    return this.#attempt.size !== this.#size || this.#attempt.flush !== this.flushAt(nowMs);
  }

  /** When something that is held back becomes due; undefined if only growth changes that. */
  dueAtMs(): number | undefined {
    if (this.unread === 0) return undefined;
    const { settleMs, traceMs, finishMs } = this.#options.timing;
    if (this.#holds === 'record' && this.#attempt?.flush !== 'records') return this.#grewAtMs + settleMs;
    if (this.#holds === 'record') return this.#grewAtMs + traceMs;
    if (this.#holds === 'trace') return this.#grewAtMs + traceMs;
    return this.isAbandoned ? this.#grewAtMs + finishMs : undefined;
  }

  /** How much of what is held back is due. */
  flushAt(nowMs: number): Flush {
    const flush = flushAfter(nowMs - this.#grewAtMs, this.isAbandoned, this.#options.timing);
    return this.#linesAreWhole && flush !== 'everything' ? 'traces' : flush;
  }

  /** Nothing joins the lines at its end any more, unless it grows. */
  closeLines(): void {
    this.#linesAreWhole = true;
  }

  /** Reads without going on. @returns undefined if the file isn't the one that was read. @throws the system's error. */
  peek(want: number, memory?: ReadBuffer): Buffer | undefined {
    return this.#content.read(this.#offset, Math.min(Math.floor(want), this.unread), memory);
  }

  /** Goes on behind the first `consumed` of the bytes that were read. @returns false if the file isn't the one that was read. */
  take(bytes: Buffer, consumed: number): boolean {
    const offset = this.#offset + consumed;
    if (!this.#content.consume(bytes, consumed, offset)) return false;
    this.#offset = offset;
    this.#attempt = undefined;
    this.#history.drop(offset);
    return true;
  }

  /** What there is gave nothing; only growth or time can change that. */
  noteAttempt(nowMs: number): void {
    this.#attempt = { size: this.#size, flush: this.flushAt(nowMs) };
  }

  /** Reads on. @returns undefined if no record is complete; `rewritten` if the file isn't the one that was read. @throws the system's error. */
  pull(maxBytes: number, nowMs: number, memory: ReadBuffer): Shipment | 'rewritten' | undefined {
    if (this.#ended !== undefined) return this.unread > 0 ? this.#giveUp(this.#ended) : undefined;
    if (this.look(nowMs) === 'rewritten') return 'rewritten';
    const flush = this.flushAt(nowMs);
    const size = this.#size;
    const { framer } = this;
    for (const want of [maxBytes / framer.mostGrowth, Math.max(maxBytes, framer.window)]) {
      const bytes = this.peek(want, memory);
      if (bytes === undefined) return this.#disown();
      this.#provenSize = size;
      const isAll = this.#offset + bytes.length >= size;
      let framed = framer.frame(bytes, isAll ? flush : 'none');
      // So much and still no record: what there is, is one.
      if (framed.consumed === 0 && !isAll && want >= framer.window) framed = framer.frame(bytes, 'everything');
      this.#holds = framed.holds;
      if (framed.consumed > 0) return this.#ship(bytes, atMost(framed, maxBytes), nowMs);
      if (isAll) break;
    }
    this.#attempt = { size, flush };
    return undefined;
  }

  /** Nothing was read of it, but it was seen. @returns whether the open file begins as it did. */
  beganAs(descriptor: number): boolean {
    return this.#offset === 0 && this.#content.beganAs(descriptor);
  }

  /** True if the open file holds everything that was read here: it is a copy. */
  isContainedIn(descriptor: number): boolean {
    return this.#content.isContainedIn(this.#offset, descriptor);
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
    this.#content.park();
  }

  /** Hands the descriptor over to the follower of the next generation. */
  release(): number | undefined {
    return this.#content.release();
  }

  /** Opens a parked file again. @returns false if its path is another file's now. @throws the system's error. */
  unpark(): boolean {
    return this.isOpen || this.hasEnded || this.#content.unpark(this.path);
  }

  /** Takes note of what a scan saw of the file; if that is news, an open file is to be looked at, too. */
  noteFacts(facts: FileFacts, nowMs: number): void {
    const { size, modifiedAtMs, links } = facts;
    if (this.hasEnded || (size === this.#size && modifiedAtMs === this.#modifiedAtMs && links === this.#links)) return;
    if (size > this.#size && !this.isOpen) this.#see(facts, nowMs);
    else this.isDoubtful = true;
  }

  #see(facts: FileFacts, nowMs: number): void {
    if (facts.size > this.#size) {
      if (this.#size > 0 || this.#modifiedAtMs > 0) this.#grewAtMs = nowMs;
      this.#linesAreWhole = false;
      this.#history.grew(facts.size, nowMs);
    }
    this.#size = facts.size;
    this.#modifiedAtMs = facts.modifiedAtMs;
    this.#links = facts.links;
    if (facts.links === 0) this.isAbandoned = true;
  }

  /** What was seen since the last proof may be another's growth: the size falls back to what is known to have been this file's. */
  #disown(): 'rewritten' {
    this.#size = Math.max(this.#offset, this.#provenSize);
    return 'rewritten';
  }

  #ship(bytes: Buffer, framed: Framed, nowMs: number): Chunk | 'rewritten' {
    const start = this.position();
    if (!this.take(bytes, framed.consumed)) return this.#disown();
    return chunkOf(framed, bytes, { source: this.#options.source, path: this.path, start, end: this.position(), readAtMs: nowMs });
  }

  #giveUp({ reason, detail }: { readonly reason: GapReason; readonly detail: string }): Gap {
    const from = this.position();
    const bytes = this.unread;
    this.#offset = this.#size;
    return lossOf(this.#options.source, from, reason, detail, bytes);
  }
}

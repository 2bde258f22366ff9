// Follows one file of one generation: from an offset to its end and on as it grows, record by record.
// Must never look for files, nor give out bytes as the file's own that were written over after it was truncated.
import type { Chunk, FilePosition, Flush, Framed, Framer, FramerChoice, Gap, GapReason, Shipment } from '../record.ts';
import { beginsWith } from './file-identity.ts';
import { FileContent } from './file-content.ts';
import type { FileFacts } from './file-identity.ts';
import type { FollowTiming } from './follow-timing.ts';
import { atMost, chunkOf } from './framed-part.ts';
import { Generation } from './generation-order.ts';
import type { Heir } from './generation-order.ts';
import { GrowthHistory } from './growth-history.ts';
import { HeldBack } from './held-back.ts';
import type { ReadBuffer } from './read-buffer.ts';
import { ReadProgress } from './read-progress.ts';
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
export class FileFollower extends Generation<FileFollower> {
  readonly generation: number;
  /** Unix milliseconds. */
  readonly foundAtMs: number;
  path: string;
  isListed = true; // Still found under a name that the source looks at.
  /** Another file has taken its place, or it was deleted: when it is quiet, it is finished. */
  isAbandoned = false;
  /** Where it stands is known beyond this process, or will be with its first record. */
  isAnnounced = false;
  /** A scan saw it changed: it has to be looked at. */
  isDoubtful = false;

  readonly held: HeldBack;
  readonly progress = new ReadProgress();
  readonly #options: FollowerOptions;
  readonly #content: FileContent;
  readonly #history = new GrowthHistory();
  #size = 0;
  /** The size when the bytes before the offset were last seen to be unchanged. */
  #provenSize = 0;
  #modifiedAtMs = 0;
  #grewAtMs: number;
  #links = 1;
  #ended: { readonly reason: GapReason; readonly detail: string } | undefined;

  constructor(options: FollowerOptions, descriptor: number, nowMs: number) {
    const { facts } = options;
    super(facts.birthNs);
    this.#options = options;
    this.held = new HeldBack(options.timing);
    this.#content = new FileContent(descriptor, facts, options.generation);
    this.generation = options.generation;
    this.path = options.path;
    this.foundAtMs = nowMs;
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
    return this.progress.offset;
  }
  get size(): number {
    return this.#size;
  }
  /** All of it was read, and nothing of that can be asked for again. */
  get isSettled(): boolean {
    return this.unread === 0 && this.progress.isSettled;
  }
  get unread(): number {
    return Math.max(0, this.#size - this.offset);
  }
  get grewAtMs(): number {
    return this.#grewAtMs;
  }
  /** What its unread bytes begin with, if they were looked at and held back. */
  get holds(): Framed['holds'] {
    return this.unread === 0 ? 'nothing' : this.held.holds;
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
    return !isKnown && this.offset === 0 && this.isListed && !this.hasEnded;
  }

  /** It is told of, with what it begins with by now. */
  meet(): void {
    this.isAnnounced = true;
    this.mayHaveCopies ||= this.#size === 0;
    this.#content.coverUpTo(this.#size);
  }

  /** Where it stands; where it would stand at `offset`. */
  position(offset = this.offset): FilePosition {
    const position: FilePosition = { kind: 'file', identity: this.#content.identity, offset, path: this.path };
    return this.progress.isFinishedAt(offset) ? { ...position, isFinished: true } : position;
  }

  /** All of it was read and settled, and no more will come: that it is gone one day means no loss. */
  get isFinished(): boolean {
    return this.unread === 0 && this.progress.isFinishedAt(this.offset);
  }

  /** Unix milliseconds when the oldest unread byte was first seen; undefined if all is read. */
  unreadSinceMs(): number | undefined {
    return this.#history.firstBeyond(this.offset);
  }

  /** See ReadProgress. */
  seek(offset: number): void {
    this.progress.seek(offset);
    this.rewind();
  }
  inherit(offset: number): void {
    this.progress.inherit(offset);
    this.rewind();
  }

  settle(offset: number): void {
    this.progress.settle(offset);
    if (this.seam === undefined || offset < this.seam.offset) return;
    this.seam.older.settle(this.seam.olderOffset);
    this.seam = undefined;
  }

  /** Starts again behind what is settled. */
  rewind(): void {
    this.progress.rewind();
    this.held.forget();
    this.#content.jump(this.offset);
  }

  /** `rewritten`: it is no longer the file that was read. `emptied`: it is empty as before, but was touched. @throws the system's error. */
  look(nowMs: number): 'same' | 'grown' | 'rewritten' | 'emptied' {
    const facts = this.#ended === undefined ? this.#content.facts() : undefined;
    if (facts === undefined) return 'same';
    this.isDoubtful = false;
    const { size, modifiedAtMs } = facts;
    const sizeBefore = this.#size;
    const modifiedBefore = this.#modifiedAtMs;
    if (size < this.offset || size < sizeBefore) return 'rewritten';
    if (this.offset === 0 && !this.#content.keepsHead(modifiedAtMs !== modifiedBefore)) return 'rewritten';
    this.#see(facts, nowMs);
    if (size > sizeBefore) return 'grown';
    if (size === 0 && modifiedAtMs !== modifiedBefore) return 'emptied';
    // Written over to the same size at once: only the time of change tells. A file that was merely touched passes the comparison.
    return modifiedAtMs === modifiedBefore || this.#content.isContainedIn(this.offset) ? 'same' : 'rewritten';
  }

  /** True if a pull may give something now. */
  isReady(nowMs: number): boolean {
    if (this.unread === 0 || this.held.isDeferred(nowMs)) return false;
    return this.#ended !== undefined || this.held.isDue(nowMs, this);
  }

  /** When something that is held back becomes due; undefined if only growth changes that. */
  dueAtMs(): number | undefined {
    return this.unread === 0 ? undefined : this.held.dueAtMs(this);
  }

  /** How much of what is held back is due. */
  flushAt(nowMs: number): Flush {
    return this.held.flushAt(nowMs, this);
  }

  /** Reads without going on. @returns undefined if the file isn't the one that was read. @throws the system's error. */
  peek(want: number, memory?: ReadBuffer): Buffer | undefined {
    return this.#content.read(this.offset, Math.min(Math.floor(want), this.unread), memory);
  }

  /** Goes on behind the first `consumed` of the bytes that were read. @returns false if the file isn't the one that was read. */
  take(bytes: Buffer, consumed: number): boolean {
    const offset = this.offset + consumed;
    if (!this.#content.consume(bytes, consumed, offset)) return false;
    this.progress.advance(offset);
    this.held.succeed();
    this.#history.drop(offset);
    return true;
  }

  /** What there is gave nothing; only growth or time can change that. */
  noteAttempt(nowMs: number): void {
    this.held.fail(this.#size, this.flushAt(nowMs));
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
      const isAll = this.offset + bytes.length >= size;
      let framed = framer.frame(bytes, isAll ? flush : 'none');
      // So much and still no record: what there is, is one.
      if (framed.consumed === 0 && !isAll && want >= framer.window) framed = framer.frame(bytes, 'everything');
      this.held.holds = framed.holds;
      if (framed.consumed > 0) return this.#ship(bytes, atMost(framed, maxBytes), nowMs);
      if (isAll) break;
    }
    this.held.fail(size, flush);
    return undefined;
  }

  /** Nothing was read of it, but it was seen. @returns whether the open file begins as it did. */
  beganAs(descriptor: number): boolean {
    return this.offset === 0 && this.#content.beganAs(descriptor);
  }

  /** True if `head`, what another file begins with, is what was read here, or seen while nothing was read. */
  beganWith(head: Buffer): boolean {
    return this.offset === 0 ? this.#content.wasSeenIn(head) : beginsWith(head, this.#content.identity);
  }

  /** True if the open file holds everything that was read here: it is a copy. */
  isContainedIn(descriptor: number): boolean {
    return this.#content.isContainedIn(this.offset, descriptor);
  }

  /** The bytes are out of reach, but `heir` has them all: nothing is missing, and what is unread is read there. */
  bequeath(heir: Heir): void {
    this.heir = heir;
    this.end('truncated', 'copied and truncated');
    this.#size = this.offset;
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
      this.held.grow();
      this.progress.grow();
      this.#history.grew(facts.size, nowMs);
    }
    this.#size = facts.size;
    this.#modifiedAtMs = facts.modifiedAtMs;
    this.#links = facts.links;
    if (facts.links === 0) this.isAbandoned = true;
  }

  /** What was seen since the last proof may be another's growth: the size falls back to what is known to have been this file's. */
  #disown(): 'rewritten' {
    this.#size = Math.max(this.offset, this.#provenSize);
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
    this.progress.advance(this.#size);
    return lossOf(this.#options.source, from, reason, detail, bytes);
  }
}

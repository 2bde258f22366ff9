// The file source: follows all files that match its patterns and gives out their records, whole and in order.
// Must never hold log bytes for longer than one call: the files are the buffer.
import { setImmediate } from 'node:timers/promises';
import type { Chunk, Position, Shipment } from '../record.ts';
import type { FileFollower } from './file-follower.ts';
import { Archives } from './archives.ts';
import { hasUnread, untilDueMs } from './due-time.ts';
import { FileFinder } from './file-finder.ts';
import type { Findings } from './file-finder.ts';
import { fileKey } from './file-identity.ts';
import { Glance } from './glance.ts';
import { FileRoster } from './file-roster.ts';
import { defaultOpenFiles, defaultTiming } from './file-source-options.ts';
import type { FileSourceOptions, FileSourceTiming } from './file-source-options.ts';
import { createFolderWatch } from './folder-watch.ts';
import type { FolderWatch } from './folder-watch.ts';
import { lastRecords } from './last-records.ts';
import { RateLimit } from './rate-limit.ts';
import { ReadBuffer } from './read-buffer.ts';
import { compressedOf, beganAmiss, resume, rewind } from './resumption.ts';
import { RotatedFiles } from './rotated-names.ts';
import { Rotation } from './rotation.ts';
import { joinAcross, seamBefore } from './rotation-seam.ts';
import { ScanPace } from './scan-pace.ts';
import type { Source, SourceCondition, SourceStatus } from './source.ts';
import { Waiting } from './waiting.ts';

/** A file that grew within this time is looked at often. */
const busyForMs = 5000;
/** Looking at files that grew lately may take this share of the time. */
const mostLookShare = 0.05;

/**
 * Follows files (DESIGN section 6). Descriptors are held from the moment a file is found, so that renaming and deleting lose
 * nothing; folders are watched to be quick and scanned to be right.
 */
export class FileSource implements Source {
  readonly id: string;
  readonly #options: FileSourceOptions;
  readonly #timing: FileSourceTiming;
  readonly #finder: FileFinder;
  readonly #roster: FileRoster;
  readonly #rotation: Rotation;
  readonly #archives: Archives;
  readonly #watch: FolderWatch;
  readonly #glance = new Glance();
  readonly #rate: RateLimit;
  /** Both the caller of `next` and the background loop wait here. */
  readonly #news = new Waiting();
  readonly #hints = new Waiting();
  #isOpen = false;
  #openedAt: readonly Position[] = [];
  #wasPulled = false; // Something may have been given out.
  #loop: Promise<void> | undefined;
  readonly #stop = new AbortController();
  #reading: Promise<unknown> | undefined;
  readonly #memory = new ReadBuffer();
  #turns: FileFollower[] = [];
  #wasArchive = false;
  #nextScanMs = 0;
  #earliestScanMs = 0;
  readonly #scanPace = new ScanPace();
  /** Something happened in a folder since the last scan. */
  #isScanWanted = false;
  #folderProblems: ReadonlyMap<string, string> = new Map();
  #bytesRead = 0;
  #recordsRead = 0;
  #gaps = 0;
  #lastRecordAtMs: number | undefined;

  /** @throws HephaestusError `glob.invalid`. */
  constructor(options: FileSourceOptions) {
    this.id = options.id;
    this.#options = options;
    const traceMs = options.maxWaitMs ?? defaultTiming.traceMs;
    this.#timing = { ...defaultTiming, traceMs, ...options.timing };
    this.#finder = new FileFinder(options.include, options.exclude);
    const { id: source, framer, logger, clock, maxOpenFiles = () => defaultOpenFiles, onFinished } = options;
    this.#roster = new FileRoster({ source, framer, logger, timing: this.#timing, maxOpenFiles, onFinished });
    this.#archives = new Archives({ source, framer, roster: this.#roster, logger });
    this.#rotation = new Rotation(this.#roster, this.#finder, this.#archives, { source, doubtMs: this.#timing.doubtMs });
    this.#rate = new RateLimit(options.maxBytesPerSecond ?? 0);
    this.#watch = createFolderWatch({
      nowMs: () => clock.monotonicMs(),
      onEvent: () => {
        this.#hints.notify();
      },
    });
  }

  async open(positions: readonly Position[]): Promise<void> {
    if (this.#isOpen) {
      // A read that is under way moves its file's offset when it ends: only then can that be taken back.
      await this.#reading;
      if (!this.#wasPulled && beganAmiss(this.#roster, this.#openedAt, positions)) {
        this.#roster.close();
        this.#archives.close();
        this.#turns = [];
        this.#resume(positions);
      } else {
        rewind(this.#roster, positions, this.id, this.#options.clock.now());
        this.#archives.rewind(positions);
      }
      this.#news.notify();
      return;
    }
    this.#isOpen = true;
    this.#resume(positions);
    this.#loop = this.#keepLooking();
  }

  #resume(positions: readonly Position[]): void {
    this.#openedAt = positions;
    const { id: source, start, readsCompressed = false, clock } = this.#options;
    const options = { source, start, readsCompressed };
    this.#noteFindings(resume(this.#roster, this.#archives, this.#finder, positions, clock.now(), options));
  }

  async next(maxBytes: number, signal: AbortSignal): Promise<Shipment> {
    this.#wasPulled = true;
    this.#openedAt = [];
    for (;;) {
      signal.throwIfAborted();
      const announced = this.#roster.announcements.take();
      if (announced !== undefined) return this.#count(announced);
      const nowMs = this.#options.clock.now();
      const waitMs = this.#rate.waitMs(nowMs);
      const reading = waitMs > 0 ? undefined : this.#read(this.#rate.most(maxBytes), nowMs);
      if (reading === undefined) {
        // oxlint-disable-next-line no-await-in-loop -- waiting is what the loop is for
        await this.#news.wait(waitMs > 0 ? waitMs : untilDueMs(this.#roster.followers, nowMs), signal);
        continue;
      }
      this.#reading = reading;
      // oxlint-disable-next-line no-await-in-loop -- one read at a time
      const shipment = await reading;
      if (shipment !== undefined) return this.#count(shipment);
    }
  }

  acknowledge(position: Position): void {
    if (position.kind !== 'file') return;
    this.#roster.announcements.noteSettled(position);
    this.#archives.acknowledge(position);
    this.#roster.ofGeneration(fileKey(position.identity), position.identity.generation)?.settle(position.offset);
  }

  rescan(): Promise<void> {
    this.#scan('busy');
    return Promise.resolve();
  }

  last(count: number): Promise<Chunk | undefined> {
    return Promise.resolve(lastRecords(this.id, this.#roster.followers, count, this.#options.clock.now()));
  }

  status(): SourceStatus {
    const nowMs = this.#options.clock.now();
    let lagBytes = this.#archives.unread;
    let oldestMs = nowMs;
    for (const follower of this.#roster.followers) {
      lagBytes += follower.unread;
      oldestMs = Math.min(oldestMs, follower.unreadSinceMs() ?? nowMs);
    }
    return {
      source: this.id,
      ...this.#condition(lagBytes),
      files: this.#roster.followers.size + this.#archives.files,
      bytesRead: this.#bytesRead,
      recordsRead: this.#recordsRead,
      lagBytes,
      lagMs: nowMs - oldestMs,
      gaps: this.#gaps,
      lastRecordAtMs: this.#lastRecordAtMs,
    };
  }

  async close(): Promise<void> {
    this.#stop.abort();
    await Promise.all([this.#loop, this.#reading]);
    await this.#watch.close();
    this.#archives.close();
    this.#roster.close();
  }

  #condition(lagBytes: number): { readonly condition: SourceCondition; readonly reason: string } {
    const [problem] = [...this.#roster.problems, ...this.#folderProblems];
    if (problem !== undefined) return { condition: 'failed', reason: `${problem[0]} cannot be read: ${problem[1]}` };
    const reason = this.#watch.problem() ?? '';
    if (this.#roster.followers.size === 0) return { condition: 'waiting', reason: `no file matches ${this.#options.include.join(', ')}` };
    return { condition: lagBytes > 0 ? 'reading' : 'idle', reason };
  }

  #count(shipment: Shipment): Shipment {
    if (shipment.kind === 'gap') {
      this.#gaps += 1;
      this.#options.logger.warn('bytes are lost', { reason: shipment.reason, bytes: shipment.bytes, detail: shipment.detail });
    } else if (shipment.recordLengths.length > 0) {
      this.#bytesRead += shipment.bytes.length;
      this.#recordsRead += shipment.recordLengths.length;
      this.#lastRecordAtMs = shipment.readAtMs;
      this.#rate.spend(shipment.bytes.length, shipment.readAtMs);
    }
    return shipment;
  }

  /** What was compressed and the files take turns. */
  #read(maxBytes: number, nowMs: number): Promise<Shipment | undefined> | undefined {
    const isArchivesTurn = this.#archives.hasUnread && !this.#wasArchive;
    const follower = isArchivesTurn ? undefined : this.#nextReady(nowMs);
    this.#wasArchive = follower === undefined && this.#archives.hasUnread;
    if (follower !== undefined) return this.#pull(follower, maxBytes, nowMs);
    return this.#wasArchive ? this.#archives.pull(maxBytes, nowMs) : undefined;
  }

  async #pull(follower: FileFollower, maxBytes: number, nowMs: number): Promise<Shipment | undefined> {
    this.#roster.setBusy(follower);
    try {
      // Reads don't wait; between two of them everything else gets its turn.
      await setImmediate();
      const older = seamBefore(follower, nowMs);
      const result = older === undefined ? follower.pull(maxBytes, nowMs, this.#memory) : this.#pullAcross(older, follower, nowMs);
      if (result !== 'rewritten') return result;
      this.#rotation.rewritten(follower, nowMs);
    } catch (error) {
      this.#roster.report(follower.path, error);
      follower.held.defer(nowMs + this.#timing.idlePollMs);
    } finally {
      this.#roster.setBusy(undefined);
    }
    return undefined;
  }

  #pullAcross(older: FileFollower, newer: FileFollower, nowMs: number): Shipment | 'rewritten' | undefined {
    const joined = joinAcross(older, newer, nowMs);
    return joined === undefined || joined === 'rewritten' ? joined : { ...joined, source: this.id };
  }

  /** Each file gets a turn before one gets a second, so that a busy file doesn't keep quiet ones waiting. */
  #nextReady(nowMs: number): FileFollower | undefined {
    for (let round = 0; round < 2; round += 1) {
      for (;;) {
        const follower = this.#turns.pop();
        if (follower === undefined) break;
        if (!follower.isReady(nowMs)) continue;
        const mayBegin = this.#rotation.mayRead(follower, nowMs) || seamBefore(follower, nowMs) !== undefined;
        if (mayBegin && this.#roster.unpark(follower)) return follower;
      }
      this.#turns = [...this.#roster.followers].filter((follower) => follower.isReady(nowMs)).reverse();
    }
    return undefined;
  }

  /** Runs whether or not anybody pulls, so that a file is held before it is rotated away. */
  async #keepLooking(): Promise<void> {
    while (!this.#stop.signal.aborted) {
      const { clock } = this.#options;
      const startMs = clock.monotonicMs();
      const pollMs = this.#look() ? this.#timing.busyPollMs : Math.max(0, this.#nextScanMs - startMs);
      // Many busy files are looked at less often, so that looking keeps its share.
      const restMs = Math.min(this.#timing.idlePollMs, (clock.monotonicMs() - startMs) / mostLookShare);
      try {
        // oxlint-disable-next-line no-await-in-loop -- the loop is paced by it
        await this.#hints.wait(Math.max(pollMs, restMs), this.#stop.signal);
      } catch {
        return;
      }
    }
  }

  /** @returns true if some file grew lately. */
  #look(): boolean {
    const { clock } = this.#options;
    const nowMs = clock.now();
    const monotonicMs = clock.monotonicMs();
    this.#isScanWanted ||= this.#hints.wasNotified;
    let isScanDue = monotonicMs >= this.#nextScanMs || (this.#isScanWanted && monotonicMs >= this.#earliestScanMs);
    let isBusy = this.#isScanWanted && !isScanDue;
    for (const follower of this.#roster.followers) {
      if (nowMs - follower.grewAtMs > busyForMs || follower === this.#roster.busy || !follower.isOpen) continue;
      isBusy = true;
      if (this.#rotation.look(follower, nowMs)) isScanDue = true;
    }
    if (!isBusy) this.#memory.drop();
    const isNews = isScanDue && this.#scan(isBusy ? 'busy' : 'quiet');
    if (isBusy || isNews || hasUnread(this.#roster.followers)) this.#news.notify();
    return isBusy;
  }

  /** @returns false if there was no need. */
  #scan(pace: 'busy' | 'quiet'): boolean {
    const { clock } = this.#options;
    // On a busy machine time goes by that costs nothing.
    const before = process.threadCpuUsage();
    const nowMs = clock.now();
    const metBefore = this.#roster.met;
    const isNeeded = pace === 'busy' || !this.#glance.suffices(this.#roster, nowMs, clock.monotonicMs());
    if (isNeeded) {
      const findings = this.#rotation.scan(nowMs);
      this.#noteFindings(findings);
      if (this.#options.readsCompressed === true) this.#archives.consider(compressedOf(findings, new RotatedFiles()), nowMs);
    }
    const { user, system } = process.threadCpuUsage(before);
    const { leastMs, dueMs } = this.#scanPace.pauses((user + system) / 1000, pace, this.#timing.idlePollMs, this.#roster.met !== metBefore);
    const endMs = clock.monotonicMs();
    this.#isScanWanted = false;
    this.#earliestScanMs = endMs + leastMs;
    this.#nextScanMs = endMs + dueMs;
    return isNeeded;
  }

  #noteFindings(findings: Findings): void {
    this.#folderProblems = findings.problems;
    if (this.#options.readsCompressed !== true) this.#glance.aim(findings);
    this.#watch.follow(findings.folders);
  }
}

// The journal source: reads systemd's journal through journalctl and gives out its entries as JSON.
// Must never skip entries silently: a cursor that the journal no longer has makes a gap.
import { backoffMs } from '../../base/backoff.ts';
import type { Chunk, Gap, Position, Shipment } from '../record.ts';
import { checkCursor, cursorOf } from './journal-cursor.ts';
import { entryTimeMs, shortenEntry } from './journal-entry.ts';
import { JournalDoubts } from './journal-doubts.ts';
import { findLost, type Hole } from './journal-holes.ts';
import { JournalProcess, runJournal } from './journal-process.ts';
import { standsStill } from './journal-standstill.ts';
import { JournalSelection } from './journal-selection.ts';
import type { JournalSourceOptions } from './journal-source-options.ts';
import { joinTraces, traceLimits, traceWait } from './journal-traces.ts';
import { lastOf } from './last-records.ts';
import { RateLimit } from './rate-limit.ts';
import type { Source, SourceStatus } from './source.ts';
import { Waiting } from './waiting.ts';

/**
 * What is done next, and what follows:
 *
 * | stage    | does                                                       | then                                          |
 * | -------- | ---------------------------------------------------------- | --------------------------------------------- |
 * | check    | asks whether the journal still knows the cursor            | catch-up; a gap first if it doesn't           |
 * | catch-up | prints what there is, without -f                           | follow when it ends well                      |
 * | follow   | prints what comes                                          | catch-up when it ends (journalctl was killed) |
 *
 * A stage that fails is tried again after a while. Catching up is a stage of its own because `-f --after-cursor` of
 * systemd 252 loses the backlog. Without a cursor reading begins with the present boot.
 */
type Stage = 'check' | 'catch-up' | 'follow';

const defaultEntryBytes = 768 * 1024;

export class JournalSource implements Source {
  readonly id: string;
  readonly #options: JournalSourceOptions;
  readonly #program: string;
  readonly #selection: JournalSelection;
  readonly #doubts: JournalDoubts;
  readonly #news = new Waiting();
  readonly #rate: RateLimit;
  #stage: Stage = 'catch-up';
  #process: JournalProcess | undefined;
  /** Behind this entry reading goes on; empty: from the start. */
  #cursor = '';
  /** A cursor whose entry was removed: behind it journalctl (252) would skip the next entry too. */
  #goneCursor: string | undefined;
  /** Something is asked of journalctl beside the process that reads. */
  #isChecking = false;
  #gaps: Gap[] = [];
  #attempt = 0;
  #retryAtMs = 0;
  #problem: string | undefined;
  #bytesRead = 0;
  #recordsRead = 0;
  #gapsTotal = 0;
  #lastRecordAtMs: number | undefined;

  constructor(options: JournalSourceOptions) {
    this.id = options.id;
    this.#options = options;
    this.#program = options.program ?? 'journalctl';
    this.#selection = new JournalSelection(options);
    this.#doubts = new JournalDoubts(this.#selection.isWhole, options.silenceMs);
    this.#rate = new RateLimit(options.maxBytesPerSecond ?? 0);
  }

  async open(positions: readonly Position[]): Promise<void> {
    await this.#stop();
    const position = positions.find((each) => each.kind === 'journal');
    this.#cursor = position?.kind === 'journal' ? position.cursor : '';
    this.#stage = this.#cursor === '' ? 'catch-up' : 'check';
    this.#gaps = [];
    this.#retryAtMs = 0;
    // Before anybody pulls, so that lag is known while the coordinator is away.
    this.#advance(this.#options.clock.now());
    this.#news.notify();
  }

  async next(maxBytes: number, signal: AbortSignal): Promise<Shipment> {
    for (;;) {
      signal.throwIfAborted();
      const gap = this.#gaps.shift();
      if (gap !== undefined) return this.#countGap(gap);
      const nowMs = this.#options.clock.now();
      const limitedMs = this.#rate.waitMs(nowMs);
      const restMs = limitedMs > 0 ? limitedMs : (this.#process?.restMs(maxBytes, traceWait) ?? 0);
      const shipment = restMs > 0 ? undefined : this.#take(this.#rate.most(maxBytes), nowMs);
      if (shipment !== undefined) return shipment;
      if (limitedMs === 0) this.#advance(nowMs);
      const silentMs = this.#isChecking ? Number.POSITIVE_INFINITY : this.#doubts.silentForMs(this.#process);
      if (silentMs === 0) this.#aside(() => this.#ask());
      const dueMs = this.#retryAtMs > nowMs ? this.#retryAtMs - nowMs : silentMs || Number.POSITIVE_INFINITY;
      const pauseMs = restMs > 0 ? restMs : dueMs;
      // oxlint-disable-next-line no-await-in-loop -- waiting is what the loop is for
      if (this.#gaps.length === 0) await this.#news.wait(pauseMs, signal);
    }
  }

  acknowledge(): void {
    // The journal keeps its entries by its own rules; there is nothing to let go of.
  }

  rescan(): Promise<void> {
    this.#retryAtMs = 0;
    this.#news.notify();
    return Promise.resolve();
  }

  async last(count: number): Promise<Chunk | undefined> {
    const answer = await runJournal(this.#program, [...this.#selection.entries, '-n', String(count)]);
    if (answer.kind === 'failed') throw new Error(answer.reason);
    const at: Position = { kind: 'journal', cursor: this.#cursor };
    const lengths = answer.lines.map((line) => line.length);
    return lastOf(this.id, '', Buffer.concat(answer.lines), lengths, at, this.#options.clock.now());
  }

  status(): SourceStatus {
    const next = this.#process?.peek();
    const nowMs = this.#options.clock.now();
    const isBusy = next !== undefined || this.#stage !== 'follow';
    const condition = this.#problem === undefined ? (isBusy ? 'reading' : 'idle') : 'failed';
    return {
      source: this.id,
      condition,
      reason: this.#problem ?? '',
      files: 0,
      bytesRead: this.#bytesRead,
      recordsRead: this.#recordsRead,
      lagBytes: this.#process?.bufferedBytes ?? 0,
      lagMs: next === undefined ? 0 : Math.max(0, nowMs - (entryTimeMs(next) ?? nowMs)),
      gaps: this.#gapsTotal,
      lastRecordAtMs: this.#lastRecordAtMs,
    };
  }

  async close(): Promise<void> {
    this.#retryAtMs = Number.POSITIVE_INFINITY;
    await this.#stop();
  }

  #take(maxBytes: number, nowMs: number): Chunk | undefined {
    const { id: source, maxEntryBytes = defaultEntryBytes } = this.#options;
    const lines: Buffer[] = [];
    const start = this.#cursor;
    let bytes = 0;
    let cut = false;
    for (let line = this.#process?.peek(); line !== undefined; line = this.#process?.peek()) {
      const isLong = line.length > maxEntryBytes;
      const entry = isLong ? shortenEntry(line, maxEntryBytes) : line;
      const cursor = cursorOf(line);
      if (lines.length > 0 && bytes + entry.length > maxBytes) break;
      const hole = cursor === undefined ? undefined : this.#doubts.holeBefore(cursor, this.#cursor);
      if (cursor !== undefined && hole !== undefined) {
        if (lines.length === 0) this.#aside(() => this.#lookInto(hole, this.#cursor, cursor));
        break;
      }
      this.#process?.take();
      // Not an entry: journalctl's own remarks.
      if (cursor === undefined) continue;
      lines.push(entry);
      bytes += entry.length;
      cut ||= isLong;
      this.#cursor = cursor;
    }
    this.#reportOversized();
    if (lines.length === 0) return undefined;
    const { joinsTraces = true } = this.#options;
    const records = joinsTraces ? joinTraces(lines, traceLimits) : lines;
    bytes = records.reduce((sum, record) => sum + record.length, 0);
    this.#problem = undefined;
    this.#attempt = 0;
    this.#bytesRead += bytes;
    this.#recordsRead += records.length;
    this.#lastRecordAtMs = nowMs;
    this.#rate.spend(bytes, nowMs);
    return {
      kind: 'chunk',
      source,
      path: '',
      bytes: Buffer.concat(records),
      recordLengths: records.map((record) => record.length),
      start: { kind: 'journal', cursor: start },
      end: { kind: 'journal', cursor: this.#cursor },
      alsoSettles: [],
      readAtMs: nowMs,
      cut,
      redacted: false,
      journal: true,
    };
  }

  async #lookInto(hole: Hole, from: string, next: string): Promise<void> {
    const records = await findLost(this.#program, this.#selection, hole);
    // A new session began meanwhile, at another place.
    if (from !== this.#cursor) return;
    this.#doubts.settle(next);
    if (records > 0)
      this.#gaps.push(
        this.#gapAt(from, records, 'entries cannot be read: a journal file is damaged, or was removed before they were read'),
      );
  }

  /** Whether the process that says nothing stands still; then another one takes its place. */
  async #ask(): Promise<void> {
    const running = this.#process;
    if (running === undefined) return;
    const words = this.#selection.catchUp(this.#cursor, this.#cursor === this.#goneCursor);
    const isStill = await standsStill(running, this.#program, words, this.#doubts.graceMs);
    this.#doubts.asked();
    if (!isStill || this.#process !== running) return;
    this.#options.logger.warn('journalctl stands still, it is started again', {
      silentMs: Math.round(performance.now() - running.heardAtMs),
    });
    this.#process = undefined;
    this.#stage = this.#cursor === '' ? 'catch-up' : 'check';
    await running.stop(true);
  }

  #aside(work: () => Promise<void>): void {
    if (this.#isChecking) return;
    this.#isChecking = true;
    void work().finally(() => {
      this.#isChecking = false;
      this.#advance(this.#options.clock.now());
      this.#news.notify();
    });
  }

  /** Starts what is to be done next, if nothing is under way. */
  #advance(nowMs: number): void {
    if (this.#isChecking || nowMs < this.#retryAtMs) return;
    if (this.#process !== undefined) {
      const status = this.#process.exitStatus;
      if (status === undefined) return;
      this.#finish(status, this.#process.errorText, nowMs);
      if (nowMs < this.#retryAtMs) return;
    }
    if (this.#stage === 'check') {
      this.#aside(() => this.#check(this.#cursor));
      return;
    }
    const onNews = (): void => {
      this.#news.notify();
    };
    const isGone = this.#cursor === this.#goneCursor;
    const words = this.#stage === 'follow' ? this.#selection.follow(this.#cursor, isGone) : this.#selection.catchUp(this.#cursor, isGone);
    this.#process = new JournalProcess({ program: this.#program, arguments: words, onNews });
  }

  #finish(status: number, errorText: string, nowMs: number): void {
    const wasFollowing = this.#stage === 'follow';
    this.#process = undefined;
    // A journal without any boot yet is an empty one.
    if (status === 0 || (this.#cursor === '' && errorText.includes('boot'))) {
      this.#stage = wasFollowing ? 'catch-up' : 'follow';
      if (wasFollowing) this.#retryAtMs = nowMs + 1000;
      this.#problem = undefined;
      return;
    }
    this.#stage = this.#cursor === '' ? 'catch-up' : 'check';
    this.#fail(errorText === '' ? `${this.#program} ended with status ${status}` : errorText, nowMs);
  }

  #fail(problem: string, nowMs: number): void {
    if (this.#problem !== problem) this.#options.logger.warn('journal cannot be read', { problem });
    this.#problem = problem;
    this.#retryAtMs = nowMs + backoffMs(this.#attempt, { baseMs: 1000, maxMs: 60_000, minMs: 200 });
    this.#attempt += 1;
  }

  async #check(cursor: string): Promise<void> {
    const check = await checkCursor(this.#program, this.#selection.place, cursor, this.#selection.isWhole);
    // A new session began meanwhile, at another place.
    if (cursor !== this.#cursor || this.#stage !== 'check') return;
    if (check.kind === 'failed') {
      this.#fail(check.reason, this.#options.clock.now());
      return;
    }
    this.#stage = 'catch-up';
    if (check.kind === 'removed') {
      this.#goneCursor = cursor;
      this.#doubts.trustNext();
      this.#gaps.push(this.#gapAt(cursor, check.records, 'the journal dropped entries behind the last one that was read'));
    } else if (check.kind === 'beyond') {
      this.#cursor = check.last;
      this.#gaps.push(
        this.#gapAt(cursor, 0, `the journal is not the one that was read (${check.reason}): reading goes on behind its last entry`),
      );
      if (check.last === '') this.#stage = 'follow';
    }
  }

  #reportOversized(): void {
    const count = this.#process?.oversized ?? 0;
    if (count === 0 || this.#process === undefined) return;
    this.#process.oversized = 0;
    this.#doubts.trustNext();
    this.#gaps.push({ ...this.#gapAt(this.#cursor, count, 'entries longer than 32 MiB are not read'), reason: 'limit' });
  }

  #gapAt(from: string, records: number, detail: string): Gap {
    const to: Position = { kind: 'journal', cursor: this.#cursor };
    return { kind: 'gap', source: this.id, from: { kind: 'journal', cursor: from }, to, reason: 'journal', bytes: 0, records, detail };
  }

  #countGap(gap: Gap): Gap {
    this.#gapsTotal += 1;
    this.#options.logger.warn('journal entries are lost', { records: gap.records, detail: gap.detail });
    return gap;
  }

  async #stop(): Promise<void> {
    const running = this.#process;
    this.#process = undefined;
    await running?.stop();
  }
}

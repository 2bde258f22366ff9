// What a follower holds back at the end of its file, since it may still grow, and until when.
// Must never depend on the bytes: what they begin with is told by the framer.
import type { Flush, Framed } from '../record.ts';
import { flushAfter } from './follow-timing.ts';
import type { FollowTiming } from './follow-timing.ts';

/** How a file stands when it is asked. */
export interface Growth {
  readonly size: number;
  /** Unix milliseconds. */
  readonly grewAtMs: number;
  readonly isAbandoned: boolean;
}

export class HeldBack {
  /** What the unread bytes begin with, if they were looked at and held back. */
  holds: Framed['holds'] = 'nothing';
  readonly #timing: FollowTiming;
  #deferredUntilMs = 0;
  #linesAreWhole = false;
  /** What the last attempt that gave nothing had to work with. */
  #attempt: { readonly size: number; readonly flush: Flush } | undefined;

  constructor(timing: FollowTiming) {
    this.#timing = timing;
  }

  /** Reading begins again elsewhere. */
  forget(): void {
    this.#attempt = undefined;
    this.holds = 'nothing';
  }

  /** Something was given out. */
  succeed(): void {
    this.#attempt = undefined;
  }

  /** What there is gave nothing; only growth or time can change that. */
  fail(size: number, flush: Flush): void {
    this.#attempt = { size, flush };
  }

  grow(): void {
    this.#linesAreWhole = false;
  }

  /** Reading failed: it isn't tried again before that time. */
  defer(untilMs: number): void {
    this.#deferredUntilMs = untilMs;
  }

  /** Nothing joins the lines at its end any more, unless it grows. */
  closeLines(): void {
    this.#linesAreWhole = true;
  }

  isDeferred(nowMs: number): boolean {
    return nowMs < this.#deferredUntilMs;
  }

  /** True if another attempt may give something. */
  isDue(nowMs: number, growth: Growth): boolean {
    if (this.#attempt === undefined) return true;
    return this.#attempt.size !== growth.size || this.#attempt.flush !== this.flushAt(nowMs, growth);
  }

  /** When it becomes due; undefined if only growth changes that. */
  dueAtMs({ grewAtMs, isAbandoned }: Growth): number | undefined {
    const { settleMs, traceMs, finishMs } = this.#timing;
    if (this.holds === 'record' && this.#attempt?.flush !== 'records') return grewAtMs + settleMs;
    if (this.holds === 'record' || this.holds === 'trace') return grewAtMs + traceMs;
    return isAbandoned ? grewAtMs + finishMs : undefined;
  }

  /** How much of it is due. */
  flushAt(nowMs: number, { grewAtMs, isAbandoned }: Growth): Flush {
    const flush = flushAfter(nowMs - grewAtMs, isAbandoned, this.#timing);
    return this.#linesAreWhole && flush !== 'everything' ? 'traces' : flush;
  }
}

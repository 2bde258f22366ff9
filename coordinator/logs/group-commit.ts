// Gathers what is to be committed and commits it in groups, one group at a time, in the order of arrival.
// Must never know what is committed, nor reorder it.

export interface GroupCommitOptions<Unit> {
  /** Settles every unit of the group, also where the commit fails; never rejects. */
  readonly commit: (group: readonly Unit[]) => Promise<void>;
  readonly bytesOf: (unit: Unit) => number;
  /** How long a unit waits for others, milliseconds. */
  readonly delayMs: number;
  /** Beyond so many waiting bytes, `room` waits. */
  readonly maxPendingBytes: number;
}

/** A group is committed at once when it holds so many bytes. */
const fullGroupBytes = 8 * 1_048_576;

export class GroupCommit<Unit> {
  readonly #options: GroupCommitOptions<Unit>;
  readonly #roomWaiters = new Set<() => void>();
  #waiting: Unit[] = [];
  /** Waiting, or in the commit that runs. */
  #pendingBytes = 0;
  #committing: Promise<void> | undefined;
  #timer: NodeJS.Timeout | undefined;

  constructor(options: GroupCommitOptions<Unit>) {
    this.#options = options;
  }

  get pendingBytes(): number {
    return this.#pendingBytes;
  }

  enqueue(unit: Unit): void {
    this.#waiting.push(unit);
    this.#pendingBytes += this.#options.bytesOf(unit);
    if (this.#pendingBytes >= fullGroupBytes) this.#start();
    else this.#timer ??= setTimeout(() => this.#start(), this.#options.delayMs);
  }

  /** Takes units that match out of the line; they are not committed. */
  withdraw(matches: (unit: Unit) => boolean): readonly Unit[] {
    const withdrawn = this.#waiting.filter(matches);
    this.#waiting = this.#waiting.filter((unit) => !matches(unit));
    for (const unit of withdrawn) this.#pendingBytes -= this.#options.bytesOf(unit);
    return withdrawn;
  }

  /** Resolves once less is pending than the bound. */
  async room(): Promise<void> {
    while (this.#pendingBytes >= this.#options.maxPendingBytes) {
      const { promise, resolve } = Promise.withResolvers<void>();
      this.#roomWaiters.add(resolve);
      this.#start();
      await promise;
    }
  }

  /** Everything enqueued so far is settled when it resolves; what comes later isn't waited for. */
  async drain(): Promise<void> {
    await this.#committing;
    this.#start();
    await this.#committing;
  }

  #start(): void {
    if (this.#committing !== undefined || this.#waiting.length === 0) return;
    clearTimeout(this.#timer);
    this.#timer = undefined;
    const group = this.#waiting;
    this.#waiting = [];
    this.#committing = this.#options.commit(group).finally(() => {
      this.#committing = undefined;
      for (const unit of group) this.#pendingBytes -= this.#options.bytesOf(unit);
      for (const wake of this.#roomWaiters) wake();
      this.#roomWaiters.clear();
      // What came meanwhile has waited long enough.
      if (this.#waiting.length > 0) this.#timer ??= setTimeout(() => this.#start(), 0);
    });
  }
}

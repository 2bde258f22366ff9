// Which lasting conditions (a silent source, a node that is down) hold, so that each opens an incident once and resolves it when it ends.
// Must never decide what holds; it compares what is told now with what was told before.
import type { Problem } from './detector.ts';

export interface ConditionSnapshotEntry {
  readonly fingerprint: string;
  readonly service: string;
  readonly sinceMs: number;
}

/** What ended. */
export interface EndedCondition extends ConditionSnapshotEntry {
  readonly lastedMs: number;
}

export class ConditionBoard {
  readonly #open = new Map<string, ConditionSnapshotEntry>();

  /** @param current everything that holds now */
  compare(current: readonly Problem[], nowMs: number): { readonly begun: readonly Problem[]; readonly ended: readonly EndedCondition[] } {
    const keys = new Set(current.map(keyOf));
    const begun = current.filter((problem) => !this.#open.has(keyOf(problem)));
    const ended = [...this.#open].filter(([key]) => !keys.has(key)).map(([, entry]) => ({ ...entry, lastedMs: nowMs - entry.sinceMs }));
    return { begun, ended };
  }

  /** What was begun and ended is written down; until then it is told again. */
  settle(begun: readonly Problem[], ended: readonly EndedCondition[], nowMs: number): void {
    for (const problem of begun)
      this.#open.set(keyOf(problem), { fingerprint: problem.fingerprint.value, service: problem.service, sinceMs: nowMs });
    for (const { fingerprint, service } of ended) this.#open.delete(`${fingerprint}/${service}`);
  }

  snapshot(): readonly ConditionSnapshotEntry[] {
    return [...this.#open.values()];
  }

  restore(entries: readonly ConditionSnapshotEntry[]): void {
    this.#open.clear();
    for (const entry of entries) this.#open.set(`${entry.fingerprint}/${entry.service}`, entry);
  }
}

function keyOf({ fingerprint, service }: Problem): string {
  return `${fingerprint.value}/${service}`;
}

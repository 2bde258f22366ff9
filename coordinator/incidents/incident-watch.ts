// Who watches incidents: each watcher gets the newest state of every incident that changed, however slow it reads.
// Must never queue more than one state an incident, so that a slow watcher costs nothing.
import type { Incident, IncidentState } from './incident.ts';

export interface IncidentChange {
  /**
   * `opened` and `changed` are for people's attention. `quiet`: recorded, or back, and nobody is to be alerted.
   * `solution`: the incident is the same, the work on its solution moved.
   */
  readonly event: 'opened' | 'quiet' | 'occurred' | 'changed' | 'solution';
  readonly incident: Incident;
}

interface Watcher {
  readonly states: readonly IncidentState[];
  readonly changed: Map<string, IncidentChange>;
  wake: () => void;
}

export class IncidentWatch {
  readonly #watchers = new Set<Watcher>();

  publish(change: IncidentChange): void {
    for (const watcher of this.#watchers) {
      if (watcher.states.length > 0 && !watcher.states.includes(change.incident.state)) continue;
      const waiting = watcher.changed.get(change.incident.id);
      // That it opened must not be hidden by what followed.
      watcher.changed.set(change.incident.id, waiting?.event === 'opened' ? { ...change, event: 'opened' } : change);
      watcher.wake();
    }
  }

  /** Begins at once; ends when the signal aborts. No states means all. */
  follow(states: readonly IncidentState[], signal: AbortSignal): AsyncGenerator<IncidentChange> {
    const watcher: Watcher = { states, changed: new Map(), wake: () => undefined };
    this.#watchers.add(watcher);
    const leave = (): void => {
      this.#watchers.delete(watcher);
      watcher.wake();
    };
    signal.addEventListener('abort', leave, { once: true });
    if (signal.aborted) leave();
    return this.#read(watcher, leave, signal);
  }

  async *#read(watcher: Watcher, leave: () => void, signal: AbortSignal): AsyncGenerator<IncidentChange> {
    try {
      while (this.#watchers.has(watcher)) {
        const changes = [...watcher.changed.values()];
        watcher.changed.clear();
        yield* changes;
        if (watcher.changed.size > 0 || !this.#watchers.has(watcher)) continue;
        const { promise, resolve } = Promise.withResolvers<void>();
        watcher.wake = resolve;
        await promise;
      }
    } finally {
      signal.removeEventListener('abort', leave);
      leave();
    }
  }
}

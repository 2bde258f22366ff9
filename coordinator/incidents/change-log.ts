// Remembers the last changes that logs reported, so that an incident can say what changed around its start.
// Must never grow without bound; the oldest change is forgotten first.
import { changeOf } from '../../analysis/change.ts';
import type { Candidate } from './detector.ts';
import type { Change } from './incident.ts';

const maxChanges = 2000;
const longestText = 200;

/** A cause comes before its effect, but clocks differ. */
const lookBackMs = 30 * 60_000;
const lookAheadMs = 2 * 60_000;

export class ChangeLog {
  #changes: Change[] = [];

  observe({ message, fields, nodeId, service, timeMs }: Pick<Candidate, 'message' | 'fields' | 'nodeId' | 'service' | 'timeMs'>): void {
    const kind = changeOf(message, fields);
    if (kind === undefined) return;
    const [text = ''] = message.split('\n', 1);
    this.add({ kind, nodeId, service, timeMs, text });
  }

  /** A change that is known without a log: a recorded deployment, a pushed configuration, a host that booted. */
  add(change: Change): void {
    this.#changes.push({ ...change, text: change.text.slice(0, longestText) });
    if (this.#changes.length > 2 * maxChanges) this.#changes = this.#changes.slice(-maxChanges);
  }

  /** Changes from half an hour before to two minutes after, latest first; those of the service or on the nodes before others. */
  around(timeMs: number, nodeIds: readonly string[], service: string, limit: number): readonly Change[] {
    const near = this.#changes.filter((change) => change.timeMs >= timeMs - lookBackMs && change.timeMs <= timeMs + lookAheadMs);
    const closeness = (change: Change): number =>
      (change.kind === 'deployment' && change.service === service ? 2 : 0) + (nodeIds.includes(change.nodeId) ? 1 : 0);
    return near.sort((a, b) => closeness(b) - closeness(a) || b.timeMs - a.timeMs).slice(0, limit);
  }

  snapshot(): readonly Change[] {
    return this.#changes.slice(-maxChanges);
  }

  restore(changes: readonly Change[]): void {
    this.#changes = [...changes];
  }
}

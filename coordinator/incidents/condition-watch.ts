// Looks every few seconds which lasting conditions hold, opens their incidents, and resolves those that ended.
// Must never read time but from its clock.
import type { Clock } from '../../base/clock.ts';
import { ConditionBoard, type ConditionSnapshotEntry } from './condition-board.ts';
import type { Problem } from './detector.ts';
import type { MaintenanceCalendar } from './maintenance.ts';
import { nodesDown, type WatchedNode } from './node-down.ts';
import { silentSource, type SilenceWatch } from './silence-watch.ts';
import type { IncidentTracker } from './tracker.ts';

export interface ConditionWatchOptions {
  readonly tracker: Pick<IncidentTracker, 'report' | 'recover'>;
  readonly silence: SilenceWatch;
  readonly nodes: () => readonly WatchedNode[];
  readonly maintenance: Pick<MaintenanceCalendar, 'covers'>;
  readonly nodeDown: { readonly enabled: boolean; readonly after: number };
  readonly clock: Clock;
}

export class ConditionWatch {
  readonly #options: ConditionWatchOptions;
  readonly #down = new ConditionBoard();
  readonly #silent = new ConditionBoard();
  readonly #listeningSinceMs: number;

  constructor(options: ConditionWatchOptions) {
    this.#options = options;
    this.#listeningSinceMs = options.clock.now();
  }

  async look(): Promise<void> {
    const { nodes, nodeDown, silence, clock } = this.#options;
    const nowMs = clock.now();
    const all = nodes();
    // Until agents had time to come back, what was down is taken to be down still.
    if (nodeDown.enabled && nowMs - this.#listeningSinceMs >= nodeDown.after)
      await this.#settle(this.#down, nodesDown(all, nowMs, this.#listeningSinceMs, nodeDown.after), () => true, nowMs);
    const statuses = new Map(all.map(({ id, status }) => [id, status]));
    const silent = silence.silent(nowMs).filter(({ nodeId }) => nodeId === '' || (statuses.get(nodeId) ?? 'removed') !== 'removed');
    const services = new Set(silent.filter(isWholeSource).map(({ service }) => service));
    // A node that is down takes its sources along, and a silent source its lines: each is told once.
    const mayBegin = (problem: Problem): boolean =>
      statuses.get(problem.nodeId) !== 'inactive' && (isWholeSource(problem) || !services.has(problem.service));
    await this.#settle(this.#silent, silent, mayBegin, nowMs);
  }

  snapshot(): { readonly down: readonly ConditionSnapshotEntry[]; readonly silent: readonly ConditionSnapshotEntry[] } {
    return { down: this.#down.snapshot(), silent: this.#silent.snapshot() };
  }

  restore(snapshot: ReturnType<ConditionWatch['snapshot']>): void {
    this.#down.restore(snapshot.down);
    this.#silent.restore(snapshot.silent);
  }

  async #settle(board: ConditionBoard, current: readonly Problem[], mayBegin: (problem: Problem) => boolean, nowMs: number): Promise<void> {
    const { tracker, maintenance } = this.#options;
    const { begun, ended } = board.compare(current, nowMs);
    // What began in maintenance is told once that is over, if it still holds.
    const told = begun.filter((problem) => mayBegin(problem) && !maintenance.covers(problem, nowMs));
    await tracker.report(told);
    await tracker.recover(ended);
    board.settle(told, ended, nowMs);
  }
}

function isWholeSource({ fingerprint }: Problem): boolean {
  return fingerprint.parts[0]?.value === silentSource;
}

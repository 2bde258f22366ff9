// Makes problems of nodes that are down: their agents' heartbeats stay away.
// Must never take a coordinator that was away itself for nodes that are.
import { fingerprintOfCondition } from '../../analysis/fingerprint.ts';
import { problemOfCondition } from './condition.ts';
import type { Problem } from './detector.ts';

/** What is asked of a node. */
export interface WatchedNode {
  readonly id: string;
  readonly name: string;
  readonly status: string;
  readonly lastSeenAtMs: number | undefined;
}

/**
 * @param listeningSinceMs when this coordinator began to hear heartbeats
 * @param afterMs how long nothing may be heard, beyond what makes a node inactive
 */
export function nodesDown(nodes: readonly WatchedNode[], nowMs: number, listeningSinceMs: number, afterMs: number): readonly Problem[] {
  return nodes.flatMap(({ id, name, status, lastSeenAtMs }) => {
    if (status !== 'inactive' || lastSeenAtMs === undefined) return [];
    if (nowMs - Math.max(lastSeenAtMs, listeningSinceMs) < afterMs) return [];
    const title = `node ${name} is down: nothing heard of its agent since ${new Date(lastSeenAtMs).toISOString()}`;
    return problemOfCondition({
      detector: 'node-down',
      fingerprint: fingerprintOfCondition([
        { kind: 'condition', value: 'node down' },
        { kind: 'node', value: id },
      ]),
      nodeId: id,
      source: '',
      service: 'node',
      severity: 'critical',
      timeMs: nowMs,
      title: `node ${name} is down`,
      message: title,
      before: [],
      quiet: undefined,
      mayPropose: false,
    });
  });
}

// When the files of a source have something to give out though nothing is written to them.
// Must never look at the disk; the followers know.
import type { FileFollower } from './file-follower.ts';

/** Milliseconds until something that is held back becomes due; Infinity if only growth changes that. */
export function untilDueMs(followers: ReadonlySet<FileFollower>, nowMs: number): number {
  let dueMs = Number.POSITIVE_INFINITY;
  for (const follower of followers) {
    const atMs = follower.dueAtMs();
    if (atMs !== undefined && atMs > nowMs) dueMs = Math.min(dueMs, atMs);
  }
  return dueMs - nowMs;
}

/** Something waits to be read, or for its time. */
export function hasUnread(followers: ReadonlySet<FileFollower>): boolean {
  for (const { unread } of followers) if (unread > 0) return true;
  return false;
}

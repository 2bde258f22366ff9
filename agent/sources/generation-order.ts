// In which order the generations of one log are read: each after the one before it.
// Must never let files wait for each other in a circle: then none of them would ever be read.
import type { FileFollower } from './file-follower.ts';

/** `older` is to be read first. Where that one waits for `younger` already, the order that was known before stays. */
export function putAfter(younger: FileFollower, older: FileFollower): void {
  for (let each: FileFollower | undefined = older; each !== undefined; each = each.predecessor) if (each === younger) return;
  younger.predecessor = older;
}

// Lets the runtime's optimising compiler in once there is enough to do for it to pay.
// Must never be needed: without it the agent does the same, several times slower.
import { setFlagsFromString } from 'node:v8';

/** In a second. Interpreted code ships a few megabytes a second; an agent that gets less to do needs no better. */
const worthwhileBytes = 512 * 1024;
const windowMs = 1000;

/**
 * The packages start the agent without that compiler (packaging/product.ts): its code and what it makes take 10 MB of memory as soon
 * as it has run once, and looking after quiet files is no work that would earn them. V8 reads the flag each time it weighs whether a
 * function is hot. There is no way back: the memory is taken by then.
 *
 * @param letIn but in tests, sets V8's flag
 * @returns to be told of all bytes that were read
 */
export function createHotCodeSwitch(nowMs: () => number, letIn: () => void = () => setFlagsFromString('--opt')): (bytes: number) => void {
  let isIn = false;
  let sinceMs = nowMs();
  let sum = 0;
  return (bytes) => {
    if (isIn) return;
    if (nowMs() - sinceMs > windowMs) {
      sinceMs = nowMs();
      sum = 0;
    }
    sum += bytes;
    if (sum < worthwhileBytes) return;
    isIn = true;
    letIn();
  };
}

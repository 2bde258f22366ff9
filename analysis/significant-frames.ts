// Chooses the frames of a trace that say where the problem is: what a fingerprint rests on, and what a person reads first.
// Must never change a frame.
import type { Frame, Trace } from './trace.ts';

/** A function that stands this often in one stack calls itself; only deep recursion does so by chance. */
const RECURSION = 20;

/** What says by itself that a stack ran out; then a few repetitions are enough. */
const OVERFLOW = /stack[ -]?overflow|recursion|Maximum call stack|SystemStackError|stack level too deep/i;

/**
 * The application's frames, innermost first. In a runaway recursion the innermost frames are where the stack happened to end, so those
 * above the first function of the cycle are left out.
 */
export function significantFrames(trace: Trace): readonly Frame[] {
  const frames = trace.frames.filter((frame) => frame.inApp);
  const repeats = trace.type !== undefined && OVERFLOW.test(`${trace.type} ${trace.message.slice(0, 200)}`) ? 3 : RECURSION;
  if (frames.length < repeats) return frames;
  const counts = new Map<string, number>();
  for (const frame of frames) counts.set(nameOf(frame), (counts.get(nameOf(frame)) ?? 0) + 1);
  const start = frames.findIndex((frame) => (counts.get(nameOf(frame)) ?? 0) >= repeats);
  return start <= 0 ? frames : frames.slice(start);
}

function nameOf(frame: Frame): string {
  return frame.function ?? `${frame.file}:${frame.line}`;
}

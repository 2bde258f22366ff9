// Joins a trace that begins at the end of a rotated file and goes on at the start of the next one.
// Must never settle one part without the other: both files' positions travel in one chunk.
import type { Chunk } from '../record.ts';
import type { FileFollower } from './file-follower.ts';

const newline = 0x0a;

/** The older file to look at together with this one: whole lines at its end wait for what this one begins with. */
export function seamBefore(newer: FileFollower, nowMs: number): FileFollower | undefined {
  const older = newer.predecessor;
  if (older === undefined || newer.offset > 0 || !newer.isReady(nowMs) || older.isReady(nowMs)) return undefined;
  return older.isOpen && newer.isOpen && (older.holds === 'record' || older.holds === 'trace') ? older : undefined;
}

/**
 * Frames the end of the older file and the start of the newer one together.
 *
 * @returns the records up to and with the one that spans both; undefined if none does (then the older file's lines are no
 *   longer held back) or if that isn't clear yet; `rewritten` if the newer file was truncated. @throws the system's error.
 */
export function joinAcross(older: FileFollower, newer: FileFollower, nowMs: number): Omit<Chunk, 'source'> | 'rewritten' | undefined {
  const tail = older.peek(older.unread);
  // Changed meanwhile: its own turn finds that out.
  if (tail === undefined) return undefined;
  const { framer } = newer;
  const head = newer.peek(framer.window);
  if (head === undefined) return 'rewritten';
  const whole = Buffer.concat([tail, head]);
  const framed = framer.frame(whole, newer.flushAt(nowMs));
  const records = framed.bytes === undefined && tail.at(-1) === newline ? recordsAcross(framed.recordLengths, tail.length) : 'apart';
  if (records === 'open') {
    newer.noteAttempt(nowMs);
    return undefined;
  }
  if (records === 'apart') {
    older.held.closeLines();
    return undefined;
  }
  const length = records.reduce((sum, each) => sum + each, 0);
  const start = newer.position();
  if (!newer.take(head, length - tail.length)) return 'rewritten';
  if (!older.take(tail, tail.length)) return undefined;
  newer.seam = { older, olderOffset: older.offset, offset: newer.offset };
  return {
    kind: 'chunk',
    path: newer.path,
    bytes: whole.subarray(0, length),
    recordLengths: records,
    start,
    end: newer.position(),
    alsoSettles: [older.position()],
    readAtMs: nowMs,
    cut: framed.cut,
    redacted: false,
    journal: false,
  };
}

/** The records up to the one that reaches over `seam`; `apart` if one ends there; `open` if that isn't decided. */
function recordsAcross(lengths: readonly number[], seam: number): readonly number[] | 'apart' | 'open' {
  let end = 0;
  for (const [index, length] of lengths.entries()) {
    end += length;
    if (end === seam) return 'apart';
    if (end > seam) return lengths.slice(0, index + 1);
  }
  return 'open';
}

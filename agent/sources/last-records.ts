// The last records of a source as they stand now, for people who look into a problem.
// Must never move a position: what is shown here is shipped all the same.
import type { Chunk, Position } from '../record.ts';
import type { FileFollower } from './file-follower.ts';
import { readBytes } from './file-identity.ts';

/** So much of a file's end is looked at. */
const mostBytes = 128 * 1024;

/** Of the file that grew last. @returns undefined if there is none. @throws the system's error. */
export function lastRecords(source: string, followers: Iterable<FileFollower>, count: number, nowMs: number): Chunk | undefined {
  const [newest] = [...followers]
    .filter(({ isOpen, isListed }) => isOpen && isListed)
    .toSorted((one, other) => other.grewAtMs - one.grewAtMs);
  if (newest?.descriptor === undefined) return undefined;
  // UTF-16 has two bytes a character.
  const start = Math.max(0, newest.size - mostBytes) & ~1;
  const bytes = readBytes(newest.descriptor, start, newest.size - start);
  const framed = newest.framer.frame(bytes, 'everything');
  const content = framed.bytes ?? bytes.subarray(0, framed.consumed);
  // Where reading began in the middle of a record, what is left of that is none.
  const whole = start === 0 ? framed.recordLengths : framed.recordLengths.slice(1);
  return lastOf(source, newest.path, content, whole.slice(-count), newest.position(), nowMs);
}

/** The records at the end of these bytes. `at` is where the source stands. */
export function lastOf(source: string, path: string, bytes: Buffer, recordLengths: readonly number[], at: Position, nowMs: number): Chunk {
  const length = recordLengths.reduce((sum, each) => sum + each, 0);
  return {
    kind: 'chunk',
    // A name of its own, so that what is remembered of the source's last chunk isn't disturbed.
    source: `${source} as it stands`,
    path,
    bytes: bytes.subarray(bytes.length - length),
    recordLengths,
    start: at,
    end: at,
    alsoSettles: [],
    readAtMs: nowMs,
    cut: false,
    redacted: false,
    journal: at.kind === 'journal',
  };
}

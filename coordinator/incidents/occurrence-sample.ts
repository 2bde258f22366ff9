// Which occurrences of an incident are kept: the first, the last, and ever rarer ones between.
// Must never keep every one; an incident may show millions of times.
import type { Clock } from '../../base/clock.ts';
import { createUlid } from '../../base/ulid.ts';
import type { Problem } from './detector.ts';
import type { IncidentTransaction } from './incident-store.ts';
import type { Incident } from './incident.ts';

const firstKept = 4;
const lastKept = 12;

/** @param incident as it is with these problems counted */
export async function keepOccurrences(
  incident: Incident,
  problems: readonly Problem[],
  transaction: IncidentTransaction,
  clock: Clock,
): Promise<void> {
  const lastOrdinal = incident.occurrences;
  const sent = problems.filter(({ count }) => count === undefined);
  const firstOrdinal = lastOrdinal - sent.length + 1;
  for (const [index, problem] of sent.entries()) {
    const ordinal = firstOrdinal + index;
    if (!isLandmark(ordinal) && ordinal <= lastOrdinal - lastKept) continue;
    const { nodeId, source, timeMs, severity, service, message, fields, trace, raw, before } = problem;
    const id = createUlid(clock.now());
    await transaction.insertOccurrence(
      { id, incidentId: incident.id, nodeId, source, timeMs, severity, service, message, fields, trace, raw, before },
      ordinal,
    );
  }
  // Those that were among the last before and aren't any more; ordinals may jump where not every time was sent.
  const to = Math.min(firstOrdinal - 1, lastOrdinal - lastKept);
  if (to < 1) return;
  await transaction.thinOccurrences(incident.id, 1, to, landmarksUpTo(to));
}

function landmarksUpTo(ordinal: number): number[] {
  const landmarks: number[] = [];
  for (let first = 1; first <= Math.min(firstKept, ordinal); first++) landmarks.push(first);
  for (let power = 8; power <= ordinal; power *= 2) landmarks.push(power);
  return landmarks;
}

/** The first ones, and then every power of two: some dozens, however often it shows. */
function isLandmark(ordinal: number): boolean {
  return ordinal <= firstKept || Number.isInteger(Math.log2(ordinal));
}

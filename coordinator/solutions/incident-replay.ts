// The incident as the `reproduce` command gets it on standard input (docs/reproduce.md).
// Must never hold more than the evidence: it reaches code that a stranger's log lines steer.
import type { Trace } from '../../analysis/trace.ts';
import type { Incident, Occurrence } from '../incidents/incident.ts';

/** Deepest chain of causes that is passed on. */
const mostCauses = 5;

/** One JSON document. The shape is a contract with people's scripts: fields are added, never renamed. */
export function writeIncidentReplay(incident: Incident, occurrences: readonly Occurrence[]): string {
  const trace = occurrences.find((occurrence) => occurrence.trace !== undefined)?.trace;
  const latest = occurrences[0];
  return JSON.stringify({
    incidentId: incident.id,
    fingerprint: incident.fingerprint.value,
    title: incident.title,
    service: incident.service,
    type: trace?.type ?? null,
    message: trace?.message ?? latest?.message ?? incident.title,
    trace: trace === undefined ? null : plainTrace(trace, 0),
    occurrences: occurrences.map((occurrence) => ({
      time: new Date(occurrence.timeMs).toISOString(),
      message: occurrence.message,
      raw: occurrence.raw,
      fields: occurrence.fields,
      before: occurrence.before,
    })),
  });
}

function plainTrace(trace: Trace, depth: number): object {
  return {
    language: trace.language,
    type: trace.type ?? null,
    message: trace.message,
    frames: trace.frames.map((frame) => ({
      function: frame.function ?? null,
      file: frame.file ?? null,
      line: frame.line ?? null,
      column: frame.column ?? null,
      inApp: frame.inApp,
    })),
    cause: trace.cause === undefined || depth >= mostCauses ? null : plainTrace(trace.cause, depth + 1),
  };
}

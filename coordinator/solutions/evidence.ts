// What a diagnosis may cite: entries, traces, code, commits and facts, each with an id, always in the same order.
// Must never hold anything that the incident or the repository doesn't show.
import type { Trace } from '../../analysis/trace.ts';
import type { CodeLocation, SuspectCommit } from '../repository/repository.ts';
import { plainText } from './output-tail.ts';
import type { Problem } from './problem.ts';
import type { Evidence } from './proposal.ts';

const mostEntries = 3;
const mostLocations = 6;
const mostCommits = 3;
const mostFrames = 30;
/** Lines shown on each side of a located line. */
const codeRadius = 20;
const mostCharacters = 6_000;

/** @param files text by path at the base revision */
export function collectEvidence(
  problem: Problem,
  locations: readonly CodeLocation[],
  suspects: readonly SuspectCommit[],
  files: ReadonlyMap<string, string>,
  reminders: readonly Omit<Evidence, 'id'>[] = [],
): readonly Evidence[] {
  const found: Omit<Evidence, 'id'>[] = [describeIncident(problem)];
  const withTrace = problem.occurrences.find(({ trace }) => trace !== undefined);
  if (withTrace?.trace !== undefined) {
    found.push({
      kind: 'trace',
      title: 'Stack trace',
      body: writeTrace(withTrace.trace),
      timeMs: withTrace.timeMs,
      nodeId: withTrace.nodeId,
    });
  }
  for (const occurrence of distinctEntries(problem)) {
    const before = occurrence.before.length === 0 ? '' : `Lines before it:\n${occurrence.before.join('\n')}\nThe entry:\n`;
    found.push({
      kind: 'entry',
      title: `Log entry of ${occurrence.service}`,
      body: before + occurrence.raw,
      timeMs: occurrence.timeMs,
      nodeId: occurrence.nodeId,
    });
  }
  for (const location of locations.slice(0, mostLocations)) {
    const text = files.get(location.path);
    if (text === undefined) continue;
    const where = location.line === undefined ? location.path : `${location.path}:${location.line}`;
    const title = `${where}${location.function === undefined ? '' : ` (${location.function})`}: ${location.reasons.join(', ')}`;
    found.push({ kind: 'code', title, body: numberLines(text, location.line ?? 1, codeRadius), timeMs: undefined, nodeId: undefined });
  }
  for (const { commit, reasons, diff } of suspects.slice(0, mostCommits)) {
    const title = `Commit ${commit.hash.slice(0, 10)} "${commit.subject}" by ${commit.author}: ${reasons.join(', ')}`;
    found.push({ kind: 'commit', title, body: diff, timeMs: commit.committedAtMs, nodeId: undefined });
  }
  found.push(...reminders);
  return found.map((evidence, index) => ({
    ...evidence,
    id: `E${index + 1}`,
    title: plainText(evidence.title).replaceAll('\n', ' ').slice(0, 300),
    body: cut(plainText(evidence.body)),
  }));
}

/** Lines around a line, each with its number; 1-based. */
export function numberLines(text: string, line: number, radius: number): string {
  const lines = text.split('\n');
  const from = Math.max(0, line - 1 - radius);
  const width = String(Math.min(lines.length, line + radius)).length;
  return lines
    .slice(from, line + radius)
    .map((content, offset) => `${String(from + offset + 1).padStart(width)} | ${content.replace(/\r$/, '')}`)
    .join('\n');
}

function describeIncident({ incident }: Problem): Omit<Evidence, 'id'> {
  const { firstSeenAtMs, lastSeenAtMs, occurrences, nodeIds, service, title, severity } = incident;
  const body = [
    `title: ${title}`,
    `service: ${service}`,
    `severity: ${severity}`,
    `occurrences: ${occurrences} on ${nodeIds.length} node(s)`,
    `first seen: ${new Date(firstSeenAtMs).toISOString()}`,
    `last seen: ${new Date(lastSeenAtMs).toISOString()}`,
  ].join('\n');
  return { kind: 'fact', title: 'The incident', body, timeMs: firstSeenAtMs, nodeId: undefined };
}

function distinctEntries(problem: Problem): readonly Problem['occurrences'][number][] {
  const seen = new Set<string>();
  return problem.occurrences
    .filter(({ raw }) => {
      // The same line with other numbers tells nothing new.
      const shape = raw.replaceAll(/\d+/g, '#');
      return !seen.has(shape) && seen.add(shape).size > 0;
    })
    .slice(0, mostEntries);
}

function writeTrace(trace: Trace): string {
  const head = `${trace.type ?? 'error'}: ${trace.message}`;
  const frames = trace.frames.slice(0, mostFrames).map((frame) => {
    const where = [frame.file ?? frame.module ?? 'unknown', frame.line, frame.column].filter((part) => part !== undefined).join(':');
    return `  at ${frame.function ?? 'unnamed'} (${where})${frame.inApp ? '' : ' [library]'}`;
  });
  const cause = trace.cause === undefined ? [] : [`caused by ${writeTrace(trace.cause)}`];
  return [head, ...frames, ...cause].join('\n');
}

function cut(text: string): string {
  return text.length <= mostCharacters ? text : `${text.slice(0, mostCharacters)}\n[… ${text.length - mostCharacters} characters left out]`;
}

// An incident as a problem to solve: the exception that matters, the frames to locate, the reason a replay must show.
// Must never read the code or the store; it is a view of occurrences.
import type { Frame, Trace } from '../../analysis/trace.ts';
import type { Incident, Occurrence } from '../incidents/incident.ts';
import type { CodeLocation, LocateQuery } from '../repository/repository.ts';
import type { Reason } from './same-reason.ts';

export interface Problem {
  readonly incident: Incident;
  /** Latest first. */
  readonly occurrences: readonly Occurrence[];
  /** The deepest exception with frames of ours; undefined for a message without a trace. */
  readonly trace: Trace | undefined;
  readonly reason: Reason;
  readonly query: LocateQuery;
}

/** Deepest chain of causes that is followed. */
const mostCauses = 16;
/** Characters of a record that are looked through for names. */
const mostLogged = 40_000;

export function readProblem(incident: Incident, occurrences: readonly Occurrence[]): Problem {
  const whole = occurrences.find(({ trace }) => trace !== undefined)?.trace;
  const chain = causesOf(whole);
  const trace = chain.find(({ frames }) => frames.some(({ inApp }) => inApp)) ?? whole;
  // The cause of causes says why, even where its frames aren't ours (a refused connection below a failed fetch).
  const deepest = chain[0];
  const message = trace?.message ?? occurrences[0]?.message ?? incident.title;
  const words =
    deepest === undefined || deepest === trace ? message : `${message}\ncaused by ${deepest.type ?? 'error'}: ${deepest.message}`;
  // The record as logged names more than its message: a request's path, a rule, a file. The message's own first line stays first.
  const logged = occurrences[0]?.raw ?? '';
  const template = incident.fingerprint.parts.find(({ kind }) => kind === 'template')?.value;
  return {
    incident,
    occurrences,
    trace,
    reason: {
      type: trace?.type,
      message: words,
      logged: occurrences
        .slice(0, 3)
        .map(({ raw }) => raw)
        .join('\n'),
    },
    query: {
      frames: chain.flatMap(({ frames }) => frames.map(plainFrame)),
      language: trace?.language,
      message: logged === message ? message : `${message}\n${logged.slice(0, mostLogged)}`,
      template: template ?? firstLine(message),
    },
  };
}

/** The column that the trace names for a located line, if it is the same file and line. */
export function columnAt(problem: Problem, location: CodeLocation): number | undefined {
  const name = location.path.split('/').at(-1) ?? '';
  return problem.trace?.frames.find((frame) => frame.line === location.line && frame.file?.endsWith(name) === true)?.column;
}

/** Innermost cause first. */
function causesOf(trace: Trace | undefined): readonly Trace[] {
  const chain: Trace[] = [];
  for (let current = trace; current !== undefined && chain.length < mostCauses; current = current.cause) chain.push(current);
  return chain.toReversed();
}

function plainFrame(frame: Frame): LocateQuery['frames'][number] {
  const { file, line, column, module, inApp, source } = frame;
  return { file, line, column, function: frame.function, module, inApp, source };
}

function firstLine(text: string): string {
  return text.split('\n', 1)[0] ?? '';
}

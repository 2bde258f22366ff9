// Says what makes two problems the same problem, and which parts made it so.
// Must never depend on values, paths, line numbers or versions, nor on the order in which problems arrived.
import { createHash } from 'node:crypto';
import type { Fingerprint, FingerprintPart, TemplateMatch } from './entry.ts';
import { isThrowHelper, normalFrame, normalFunction } from './function-name.ts';
import { kernelClass } from './kernel-class.ts';
import { kernelCulprit } from './kernel-culprit.ts';
import type { Severity } from './severity.ts';
import { significantFrames } from './significant-frames.ts';
import type { Frame, Trace } from './trace.ts';

/** What a fingerprint is made of; what is there and tells most decides. */
export interface FingerprintInput {
  readonly trace: Trace | undefined;
  readonly template: Pick<TemplateMatch, 'id' | 'text'> | undefined;
  readonly service: string | undefined;
  readonly severity: Severity | undefined;
  /** Id in the catalogue of known problems. */
  readonly knownProblemId: string | undefined;
}

/** Innermost frames that count. More would tell apart the ways that lead to one fault, fewer would join faults in a shared helper. */
const FRAMES = 5;

/** Frames that count of each cause, whose outer frames repeat those of what it caused. */
const CAUSE_FRAMES = 2;

/** Links of the chain that count. */
const LINKS = 4;

/**
 * The fingerprint of a problem. A known problem is its id; a trace is the types and normalised in-app frames of its chain; anything
 * else is its template with its severity. The service always counts, since one library's message in two programs is two problems.
 */
export function fingerprintOf(input: FingerprintInput): Fingerprint {
  const parts: FingerprintPart[] = [];
  let keys: string[] | undefined;
  if (input.knownProblemId !== undefined) parts.push({ kind: 'known-problem', value: input.knownProblemId });
  else if (input.trace !== undefined) parts.push(...traceParts(input.trace));
  if (parts.length === 0 && input.template !== undefined) {
    parts.push({ kind: 'template', value: input.template.text });
    // The text generalises as more lines come; the id stays.
    keys = [`template ${input.template.id}`];
    if (input.severity !== undefined) parts.push({ kind: 'severity', value: input.severity });
  }
  if (input.service !== undefined && input.trace?.language !== 'kernel') parts.push({ kind: 'service', value: input.service });
  const text = [...(keys ?? []), ...parts.filter(({ kind }) => kind !== 'template').map(({ kind, value }) => `${kind} ${value}`)].join(
    '\n',
  );
  return { value: hash(text), parts };
}

/** Of what no single record says: a rule that was met, a node that is down. The parts are all there is to it. */
export function fingerprintOfCondition(parts: readonly FingerprintPart[]): Fingerprint {
  return { value: hash(parts.map(({ kind, value }) => `${kind} ${value}`).join('\n')), parts };
}

function hash(text: string): string {
  return createHash('sha256').update(text).digest('hex').slice(0, 32);
}

function traceParts(trace: Trace): readonly FingerprintPart[] {
  if (trace.language === 'kernel') return kernelParts(trace);
  const parts: FingerprintPart[] = [];
  let link: Trace | undefined = trace;
  for (let depth = 0; link !== undefined && depth < LINKS; depth += 1) {
    if (link.type !== undefined) parts.push({ kind: 'exception', value: `${link.language}: ${normalType(link.type)}` });
    const frames = frameNames(link, depth === 0 ? FRAMES : CAUSE_FRAMES);
    parts.push(...frames.map((value): FingerprintPart => ({ kind: 'frame', value })));
    link = link.cause;
  }
  // A type alone says too little: `Error` without a frame is what its template is.
  return parts.some(({ kind }) => kind === 'frame') ? parts : [];
}

/** A kernel report is its class and the one function that stands for it; callers differ by system call and say nothing. */
function kernelParts(trace: Trace): readonly FingerprintPart[] {
  if (trace.type === undefined) return [];
  const kind = kernelClass(trace.type);
  const culprit = kernelCulprit(kind, trace.frames);
  // Without a function the class alone would join what only sounds alike.
  if (culprit === undefined) return [{ kind: 'exception', value: `kernel: ${normalType(trace.type)}` }];
  return [
    { kind: 'exception', value: `kernel: ${kind}` },
    { kind: 'frame', value: normalFunction('kernel', culprit) },
  ];
}

/** Normalised names of the significant frames; neighbours of the same name (a function and its closure, recursion) count once. */
function frameNames(trace: Trace, limit: number): readonly string[] {
  const significant = significantFrames(trace);
  const names = namesOf(trace, significant.length > 0 ? significant : trace.frames);
  const top = names.findIndex((name) => !isThrowHelper(name));
  return names.slice(Math.max(top, 0)).slice(0, limit);
}

function namesOf(trace: Trace, frames: readonly Frame[]): string[] {
  const names: string[] = [];
  for (const frame of frames) {
    const name = normalFrame(trace.language, frame);
    if (name !== undefined && name !== names.at(-1)) names.push(name);
  }
  return names;
}

/** Numbers and addresses in a type are values. */
function normalType(type: string): string {
  return type.replace(/0x[\da-fA-F]{1,16}|\d{2,20}/g, '#');
}

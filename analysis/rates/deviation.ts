// Compares an interval with what was learnt, and says which services behave differently, most surprising first.
// Must never keep state.
import { surprise } from './likelihood.ts';
import { BEGINNING, END, totalOf, type Tally } from './tally.ts';

export type DeviationKind = 'drop' | 'spike' | 'new-error' | 'sequence' | 'silence';

/** One service's strongest deviation. */
export interface Deviation {
  readonly service: string;
  readonly kind: DeviationKind;
  /** The statement that came too rarely, too often or out of turn. */
  readonly statement: string;
  /** The statement before it in the request; only of a `sequence` or a `new-error` in one. */
  readonly after: string | undefined;
  readonly observed: number;
  /** What the share learnt before would have made of it. */
  readonly expected: number;
  /** Weighted log-likelihood ratio, in nats. */
  readonly score: number;
}

/**
 * What a deviation of the same likelihood is worth. A line that stops appearing is the main sign of many faults, while a mixture of requests that
 * shifts makes others appear more often; an error is worth most, unless it only says that somebody else failed.
 */
const weights = { drop: 2, spike: 1, sequence: 1, error: 3, effect: 1 / 3 } as const;

/** A service that was this busy and says nothing is silent. */
const silentFrom = 20;

export function deviationsOf(now: Tally, learnt: Tally, intervalsLearnt: number): readonly Deviation[] {
  const found: Deviation[] = [];
  for (const [service, counts] of now.counts) {
    const before = learnt.counts.get(service);
    if (before === undefined) continue;
    const best = [...shares(service, now, learnt), ...sequences(service, now, learnt)].reduce<Deviation | undefined>(
      (strongest, deviation) => (strongest === undefined || deviation.score > strongest.score ? deviation : strongest),
      undefined,
    );
    if (best !== undefined && totalOf(counts) > 0) found.push(best);
  }
  for (const [service, before] of learnt.counts) {
    const expected = totalOf(before) / Math.max(1, intervalsLearnt);
    if (now.counts.has(service) || expected < silentFrom) continue;
    found.push({ service, kind: 'silence', statement: '', after: undefined, observed: 0, expected, score: expected });
  }
  return found.sort((a, b) => b.score - a.score || (a.service < b.service ? -1 : 1));
}

/** Statements whose share of their service's records changed. */
function* shares(service: string, now: Tally, learnt: Tally): Generator<Deviation> {
  const counts = now.counts.get(service) ?? new Map<string, number>();
  const before = learnt.counts.get(service) ?? new Map<string, number>();
  const total = totalOf(counts);
  const totalBefore = totalOf(before);
  for (const statement of new Set([...before.keys(), ...counts.keys()])) {
    const observed = counts.get(statement) ?? 0;
    const expected = ((before.get(statement) ?? 0) / totalBefore) * total;
    const error = now.errors.get(service)?.get(statement);
    const isDrop = observed < expected;
    // An error that is seen less is good news.
    if (isDrop && learnt.errors.get(service)?.has(statement) === true) continue;
    const kind = isDrop ? 'drop' : error !== undefined && expected === 0 ? 'new-error' : 'spike';
    const score =
      surprise(observed, total, before.get(statement) ?? 0, totalBefore) * (isDrop ? weights.drop : weightOf(error, weights.spike));
    yield { service, kind, statement, after: undefined, observed, expected, score };
  }
}

/** Statements that follow another one more often than they used to. */
function* sequences(service: string, now: Tally, learnt: Tally): Generator<Deviation> {
  for (const [after, next] of now.follows.get(service) ?? []) {
    const before = learnt.follows.get(service)?.get(after);
    if (before === undefined) continue;
    const total = totalOf(next);
    const totalBefore = totalOf(before);
    for (const [statement, observed] of next) {
      const expected = ((before.get(statement) ?? 0) / totalBefore) * total;
      if (observed <= expected) continue;
      const error = now.errors.get(service)?.get(statement);
      const score = surprise(observed, total, before.get(statement) ?? 0, totalBefore) * weightOf(error, weights.sequence);
      yield { service, kind: error === undefined ? 'sequence' : 'new-error', statement, after, observed, expected, score };
    }
  }
}

function weightOf(error: boolean | undefined, otherwise: number): number {
  if (error === undefined) return otherwise;
  return error ? weights.effect : weights.error;
}

/** A sentence for people. @param textOf the words of a statement, where it is a template's id */
export function describeDeviation(deviation: Deviation, textOf: (statement: string) => string): string {
  const { service, kind, statement, after, observed } = deviation;
  const expected = deviation.expected < 10 ? deviation.expected.toFixed(1) : String(Math.round(deviation.expected));
  const counts = `${observed} instead of about ${expected}`;
  if (kind === 'silence') return `${service} has gone silent: no record instead of about ${expected}`;
  if (kind === 'drop') return `${service} writes "${textOf(statement)}" less often: ${counts}`;
  if (statement === END) return `${service} stops after "${textOf(after ?? '')}": ${counts}`;
  const where = after === undefined ? '' : after === BEGINNING ? ' at the beginning of requests' : ` after "${textOf(after)}"`;
  return `${service} writes ${kind === 'new-error' ? 'the error ' : ''}"${textOf(statement)}"${where} more often: ${counts}`;
}

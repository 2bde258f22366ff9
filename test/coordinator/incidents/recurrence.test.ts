// What the verdict on a fix says, and what can never change it.
// Must never depend on chance: properties hold for every draw.
import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { RevisionTimeline, type Attribution, type Deployment } from '../../../coordinator/incidents/deployment.ts';
import { chanceOfSilence, learnRate, type ExposureBucket } from '../../../coordinator/incidents/rate-model.ts';
import { RecurrenceTally, type Observation } from '../../../coordinator/incidents/recurrence.ts';

const hourMs = 3_600_000;
const fixedAtMs = Date.UTC(2025, 4, 12);
const stated = (revision: string): Attribution => ({ revision, certainty: 'stated', ageMs: 0 });
const recorded = (revision: string, ageMs = 2 * hourMs): Attribution => ({ revision, certainty: 'recorded', ageMs });
const unknown: Attribution = { revision: undefined, certainty: 'unknown', ageMs: 0 };

/** Two weeks of hours before the fix. */
function historyOf(countAt: (hour: number) => number): ExposureBucket[] {
  return Array.from({ length: 336 }, (_, hour) => {
    const startMs = fixedAtMs - (336 - hour) * hourMs;
    return { startMs, endMs: startMs + hourMs, exposure: 100, occurrences: countAt(hour) };
  });
}

/** Hours since the fix on one node. */
function hoursSince(count: number, attribution: Attribution, occurrences = 0, nodeId = 'a', exposure = 100): Observation[] {
  return Array.from({ length: count }, (_, hour) => {
    const startMs = fixedAtMs + hour * hourMs;
    return { nodeId, startMs, endMs: startMs + hourMs, exposure, occurrences, attribution };
  });
}

function judge(history: readonly ExposureBucket[], ...lists: readonly (readonly Observation[])[]) {
  const tally = new RecurrenceTally((revision) => revision === 'new');
  for (const observation of lists.flat()) tally.add(observation);
  return tally.judge(learnRate(history));
}

const steady = historyOf((hour) => hour % 2);

describe('the verdict on a fix', () => {
  it('is fixed once the silence on its revision is too long for a fix that half works', () => {
    expect(judge(steady, hoursSince(10, stated('new'))).verdict).toBe('not-exercised-yet');
    const { verdict, numbers } = judge(steady, hoursSince(60, stated('new')));
    expect(verdict).toBe('fixed');
    expect(numbers.chanceOfSilence).toBeLessThanOrEqual(0.01);
    expect(numbers.expected).toBeGreaterThan(20);
  });

  it('is not fixed after one occurrence that names a revision with the fix', () => {
    expect(judge(steady, hoursSince(100, stated('new')), hoursSince(1, stated('new'), 1)).verdict).toBe('not-fixed');
  });

  it('waits where the service has no traffic, however long', () => {
    expect(judge(steady, hoursSince(2000, stated('new'), 0, 'a', 0)).verdict).toBe('not-exercised-yet');
  });

  it('waits for the night where the problem only showed at night', () => {
    const nightly = historyOf((hour) => (hour % 24 === 2 ? 20 : 0));
    const month = hoursSince(30 * 24, stated('new'));
    const isDay = ({ startMs }: Observation): boolean => new Date(startMs).getUTCHours() >= 4;
    expect(judge(nightly, month.filter(isDay).slice(0, 40)).verdict).toBe('not-exercised-yet');
    expect(judge(nightly, month).verdict).toBe('fixed');
  });

  it('needs longer for bursts than for single occurrences at the same rate', () => {
    const bursts = learnRate(historyOf((hour) => (hour % 40 === 0 ? 20 : 0)));
    expect(bursts.dispersion).toBeGreaterThan(5);
    expect(chanceOfSilence(bursts, 40, 0.25)).toBeGreaterThan(chanceOfSilence(learnRate(steady), 40, 0.25));
  });

  it('takes a lone node that still shows it for one that was not restarted, where the others are silent', () => {
    const others = ['b', 'c', 'd', 'e'].map((nodeId) => hoursSince(60, recorded('new'), 0, nodeId));
    const { verdict, numbers } = judge(steady, ...others, hoursSince(8, recorded('new'), 1, 'a'));
    expect(verdict).toBe('not-exercised-yet');
    expect(numbers.staleNodes).toEqual(['a']);
  });

  it('is not fixed where several nodes show it', () => {
    expect(judge(steady, hoursSince(4, recorded('new'), 1, 'a'), hoursSince(4, recorded('new'), 1, 'b')).verdict).toBe('not-fixed');
  });

  it('never turns on what old or unknown revisions do', () => {
    const noise = fc.array(
      fc.record({ nodeId: fc.constantFrom('a', 'b'), occurrences: fc.nat(1000), hour: fc.nat(500), isOld: fc.boolean() }),
    );
    fc.assert(
      fc.property(noise, fc.nat(200), (list, quietHours) => {
        const quiet = hoursSince(quietHours, stated('new'));
        const others = list.map(({ nodeId, occurrences, hour, isOld }): Observation => {
          const startMs = fixedAtMs + hour * hourMs;
          return { nodeId, startMs, endMs: startMs + hourMs, exposure: 100, occurrences, attribution: isOld ? stated('old') : unknown };
        });
        expect(judge(steady, quiet, others).verdict).toBe(judge(steady, quiet).verdict);
      }),
    );
  });

  it('never becomes less sure by more silence', () => {
    const counts = fc.array(fc.nat(30), { minLength: 336, maxLength: 336 });
    fc.assert(
      fc.property(counts, fc.nat(300), fc.nat(300), (list, left, right) => {
        const history = historyOf((hour) => list[hour] ?? 0);
        const [few, many] = [Math.min(left, right), Math.max(left, right)];
        const chance = (hours: number): number => judge(history, hoursSince(hours, stated('new'))).numbers.chanceOfSilence;
        expect(chance(many)).toBeLessThanOrEqual(chance(few));
      }),
    );
  });

  it('is never fixed after a single occurrence, which has no rate', () => {
    expect(
      judge(
        historyOf((hour) => (hour === 0 ? 1 : 0)),
        hoursSince(5000, stated('new')),
      ).verdict,
    ).toBe('not-exercised-yet');
  });
});

describe('what ran where', () => {
  const deployment = (revision: string, nodeId: string | undefined, hour: number): Deployment => ({
    service: 'shop',
    revision,
    nodeId,
    atMs: fixedAtMs + hour * hourMs,
  });
  const timeline = new RevisionTimeline([deployment('new', 'a', 0), deployment('old', undefined, -48), deployment('old', 'a', 10)]);

  it('is the last deployment of the node, or of the whole service', () => {
    expect(timeline.attribute('a', fixedAtMs + 5 * hourMs)).toMatchObject({ revision: 'new', certainty: 'recorded' });
    expect(timeline.attribute('b', fixedAtMs + 5 * hourMs)).toMatchObject({ revision: 'old', certainty: 'recorded' });
    expect(timeline.attribute('a', fixedAtMs + 11 * hourMs)).toMatchObject({ revision: 'old', certainty: 'recorded' });
  });

  it('is unsettled just after a deployment, and unknown before the first', () => {
    expect(timeline.attribute('a', fixedAtMs + 60_000).certainty).toBe('unsettled');
    expect(timeline.attribute('a', fixedAtMs - 100 * hourMs)).toMatchObject({ revision: undefined, certainty: 'unknown' });
  });

  it('is what the log entry says, before anything recorded', () => {
    expect(timeline.attribute('a', fixedAtMs + 60_000, 'newer')).toMatchObject({ revision: 'newer', certainty: 'stated' });
  });
});

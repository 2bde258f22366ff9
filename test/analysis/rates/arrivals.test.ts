// What is learnt of pauses and of volumes, and when either is out of the ordinary.
// Must never wait: time is an argument.
import { describe, expect, test } from 'vitest';
import { ArrivalWatch } from '../../../analysis/rates/arrivals.ts';
import { VolumeDetector } from '../../../analysis/rates/volumes.ts';

const minute = 60_000;

describe('arrivals', () => {
  const watchOf = (pauses: readonly number[], options = {}): { watch: ArrivalWatch; lastMs: number } => {
    const watch = new ArrivalWatch({ learningMs: 10 * minute, shortestMs: minute, ...options });
    let lastMs = 1_000_000;
    watch.arrive('job', lastMs);
    for (const pause of pauses) watch.arrive('job', (lastMs += pause));
    return { watch, lastMs };
  };
  const every = (ms: number, count: number): number[] => Array.from({ length: count }, () => ms);

  test('what came every minute is overdue after many of them, and no more once it came', () => {
    const { watch, lastMs } = watchOf(every(minute, 30));
    expect(watch.overdue(lastMs + 19 * minute)).toEqual([]);
    expect(watch.overdue(lastMs + 21 * minute)).toMatchObject([{ key: 'job', lastMs, longestMs: minute }]);
    watch.arrive('job', lastMs + 22 * minute);
    expect(watch.overdue(lastMs + 23 * minute)).toEqual([]);
  });

  test('nothing is expected of what came seldom, or not for long', () => {
    expect(watchOf(every(minute, 10)).watch.overdue(Number.MAX_SAFE_INTEGER)).toEqual([]);
    expect(watchOf(every(1000, 100)).watch.overdue(Number.MAX_SAFE_INTEGER)).toEqual([]);
  });

  test('a long pause that was seen before is none to tell of, and one of what was held up is not learnt', () => {
    const night = watchOf([...every(minute, 30), 480 * minute, ...every(minute, 30)]);
    expect(night.watch.overdue(night.lastMs + 1000 * minute)).toEqual([]);
    const { watch, lastMs } = watchOf(every(minute, 30));
    watch.arrive('job', lastMs + 480 * minute, false);
    expect(watch.overdue(lastMs + 520 * minute)).toHaveLength(1);
  });

  test('only what comes like clockwork counts where that is asked for', () => {
    const uneven = [...every(minute, 20), ...every(10 * minute, 3), ...every(minute, 20)];
    const { watch, lastMs } = watchOf(uneven, { mostUneven: 3 });
    expect(watch.overdue(lastMs + 10_000 * minute)).toEqual([]);
  });

  test('time in which nobody listened is no pause; what was overdue before still is', () => {
    const { watch, lastMs } = watchOf(every(minute, 30));
    const savedMs = lastMs + minute;
    const later = new ArrivalWatch({ learningMs: 10 * minute, shortestMs: minute });
    later.restore(watch.snapshot(), savedMs, savedMs + 600 * minute);
    expect(later.overdue(savedMs + 605 * minute)).toEqual([]);
    later.restore(watch.snapshot(), lastMs + 30 * minute, lastMs + 600 * minute);
    expect(later.overdue(lastMs + 600 * minute)).toHaveLength(1);
  });

  test('keys are forgotten rather than kept without end, the quietest first', () => {
    const watch = new ArrivalWatch({ maxKeys: 2, fewest: 1, learningMs: 0, shortestMs: 0 });
    for (const [key, timeMs] of [
      ['a', 0],
      ['b', 0],
      ['a', 5000],
      ['c', 6000],
    ] as const)
      watch.arrive(key, timeMs);
    expect(watch.snapshot().map(([key]) => key)).toEqual(['a', 'c']);
  });
});

describe('volumes', () => {
  const detectorOf = (counts: readonly number[]): VolumeDetector => {
    const detector = new VolumeDetector({ learningIntervals: 5 });
    for (const count of counts) {
      detector.observe('shop', 'served', count);
      expect(detector.closeInterval()).toEqual([]);
    }
    return detector;
  };

  test('three times more than ever, or a third of the least, is told with what made it', () => {
    const detector = detectorOf([100, 120, 90, 110, 100, 140]);
    detector.observe('shop', 'served', 100);
    detector.observe('shop', 'failed', 400);
    expect(detector.closeInterval()).toMatchObject([{ kind: 'spike', observed: 500, statement: 'failed' }]);
    detector.observe('shop', 'served', 20);
    expect(detector.closeInterval()).toMatchObject([{ kind: 'drop', observed: 20 }]);
    detector.observe('shop', 'served', 100);
    expect(detector.closeInterval()).toEqual([]);
  });

  test('growth by steps, few records, and services in maintenance are none', () => {
    detectorOf([100, 200, 400, 800, 1600, 3000]);
    detectorOf([2, 1, 3, 2, 2, 2, 40]);
    const detector = detectorOf([100, 100, 100, 100, 100, 100]);
    detector.observe('shop', 'served', 1000);
    expect(detector.closeInterval((service) => service === 'shop')).toEqual([]);
  });

  test('what lasts becomes how things are', () => {
    const detector = detectorOf([100, 100, 100, 100, 100, 100]);
    const told: number[] = [];
    for (let interval = 0; interval < 30; interval++) {
      detector.observe('shop', 'served', 1000);
      if (detector.closeInterval().length > 0) told.push(interval);
    }
    expect(told).toHaveLength(20);
  });
});

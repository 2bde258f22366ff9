// What the detection of changed behaviour promises.
// Must never use records of a data set.
import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { BehaviourDetector, type BehaviourOptions } from '../../../analysis/rates/behaviour-detector.ts';
import { blamesAnother } from '../../../analysis/rates/blame.ts';
import { describeDeviation } from '../../../analysis/rates/deviation.ts';
import { surprise } from '../../../analysis/rates/likelihood.ts';
import { requestOf, statementOf } from '../../../analysis/rates/statement.ts';
import type { Observation } from '../../../analysis/rates/tally.ts';
import type { ParsedRecord } from '../../../analysis/entry.ts';

let requests = 0;

/** Requests of a shop: the front asks the stock, which looks, finds and answers. `broken` ends them after the look. */
function traffic(detector: BehaviourDetector, count: number, broken = 0): void {
  const write = (service: string, statement: string, request: string, more: Partial<Observation> = {}): void =>
    detector.observe({ service, statement, request, isError: false, blamesAnother: false, ...more });
  for (let i = 0; i < count; i++) {
    const request = `r${requests++}`;
    write('front', 'asked', request);
    write('stock', 'looking', request);
    if (i < broken) {
      write('front', 'failed', request, { isError: true, blamesAnother: true });
      continue;
    }
    write('stock', 'found', request);
    write('front', 'answered', request);
  }
}

function learnt(options: Partial<BehaviourOptions> = {}): BehaviourDetector {
  const detector = new BehaviourDetector(options);
  for (let i = 0; i < (options.learningIntervals ?? 1); i++) {
    traffic(detector, 100);
    expect(detector.closeInterval()).toEqual({ phase: 'learning', alerts: [] });
  }
  return detector;
}

describe('a behaviour detector', () => {
  it('says nothing while all is as it was, however busy', () => {
    const detector = learnt();
    for (const count of [100, 20, 700]) {
      traffic(detector, count);
      expect(detector.closeInterval().alerts).toEqual([]);
    }
  });

  it('holds the service whose line stops appearing for the cause, not the one that reports it', () => {
    const detector = learnt();
    traffic(detector, 100, 80);
    const { alerts } = detector.closeInterval();
    expect(alerts[0]?.service).toBe('stock');
    expect(alerts.slice(0, 1).map((alert) => describeDeviation(alert, (statement) => statement))).toEqual([
      expect.stringContaining('stock'),
    ]);
  });

  it('keeps alerting while a fault lasts, and accepts at last that things are so', () => {
    const detector = learnt({ acceptAfterIntervals: 3 });
    const causes = Array.from({ length: 5 }, () => {
      traffic(detector, 100, 80);
      return detector.closeInterval().alerts[0]?.service;
    });
    expect(causes.slice(0, 3)).toEqual(['stock', 'stock', 'stock']);
    expect(causes[4]).not.toBe('stock');
  });

  it('reports a service that falls silent', () => {
    const detector = learnt();
    for (let i = 0; i < 100; i++)
      detector.observe({ service: 'front', statement: 'asked', request: undefined, isError: false, blamesAnother: false });
    expect(detector.closeInterval().alerts.map(({ service, kind }) => `${service} ${kind}`)).toContain('stock silence');
  });

  it('keeps still about services under maintenance', () => {
    const detector = learnt();
    traffic(detector, 100, 80);
    expect(detector.closeInterval((service) => service === 'stock').alerts.map(({ service }) => service)).not.toContain('stock');
  });

  it('says so when its alerts are in the shadow phase', () => {
    const detector = learnt({ shadowIntervals: 1 });
    traffic(detector, 100, 80);
    expect(detector.closeInterval().phase).toBe('shadow');
    traffic(detector, 100, 80);
    expect(detector.closeInterval().phase).toBe('active');
  });

  it('goes on where a snapshot stood', () => {
    const detector = new BehaviourDetector();
    detector.restore(JSON.parse(JSON.stringify(learnt().snapshot())) as ReturnType<BehaviourDetector['snapshot']>);
    traffic(detector, 100, 80);
    expect(detector.closeInterval().alerts[0]?.service).toBe('stock');
  });
});

describe('surprise', () => {
  it('is nothing for the same share, and grows with the sample', () => {
    expect(surprise(5, 10, 50, 100)).toBeCloseTo(0);
    expect(surprise(0, 100, 50, 100)).toBeGreaterThan(surprise(0, 10, 50, 100));
    fc.assert(
      fc.property(fc.nat(50), fc.nat(50), fc.nat(50), fc.nat(50), (a, b, c, d) => {
        expect(surprise(a, a + b, c, c + d)).toBeGreaterThanOrEqual(-1e-9);
      }),
    );
  });
});

describe('statements and requests', () => {
  const record = (message: string): ParsedRecord => ({
    format: 'plain',
    timeMs: undefined,
    severity: undefined,
    host: undefined,
    process: undefined,
    pid: undefined,
    component: undefined,
    thread: undefined,
    requestId: undefined,
    message,
    fields: {},
    trace: undefined,
  });

  it('are read where the record names them, and fall back to the template', () => {
    expect(statementOf(record('shop.OrderService#120 TraceID: 0af7651916cd43dd saved'), 't1')).toBe('shop.OrderService#120');
    expect(statementOf(record('server.go:214] listening'), 't1')).toBe('server.go#214');
    expect(statementOf(record('took 12 ms at 10:20'), 't1')).toBe('t1');
    expect(requestOf(record('shop.OrderService#120 TraceID: 0af7651916cd43dd saved'))).toBe('0af7651916cd43dd');
    expect(requestOf(record('saved'))).toBeUndefined();
  });

  it('tell an effect from a cause', () => {
    expect(blamesAnother('No instances available for stock', undefined)).toBe(true);
    expect(blamesAnother('cannot divide by zero', 'program-error')).toBe(false);
  });
});

// Which incidents share a cause, what makes a storm of them, and whose own code is at fault.
// Must never need a coordinator; the wire is test/integration/coordinator/detection.test.ts.
import { describe, expect, test } from 'vitest';
import { Analyzer } from '../../../analysis/analyzer.ts';
import { isOwnFault } from '../../../coordinator/incidents/detector.ts';
import type { Change } from '../../../coordinator/incidents/incident.ts';
import { causeOf, RelationFinder } from '../../../coordinator/incidents/relation.ts';

describe('a storm', () => {
  test('is counted by incidents that alert by themselves, not by those that one change explains', () => {
    const relations = new RelationFinder({ window: 600_000, stormIncidents: 3 }).begin();
    const stormy = (id: string, ...causes: string[]): boolean => relations.relate(id, 1000, causes).isStorm;
    expect(['a', 'b', 'c', 'd', 'e'].map((id) => stormy(id, 'package x'))).toEqual([false, false, false, false, false]);
    expect(['f', 'g', 'h', 'i'].map((id) => stormy(id))).toEqual([false, false, true, true]);
  });
});

describe('what a change may have caused', () => {
  const incident = { service: 'orders', nodeIds: ['n1'], firstSeenAtMs: 2000 };
  const change = (kind: Change['kind'], text: string, service = 'systemd'): Change => ({ kind, nodeId: 'n1', service, timeMs: 1000, text });

  test('a boot, and what is done to another service, explain no fault in a service’s own code', () => {
    const occasions = [
      change('boot', 'host web-1 booted', ''),
      change('restart', 'Started nginx.service - A web server.'),
      change('configuration', 'Reloading nginx.service.'),
      change('configuration', 'version 3 of the configuration was pushed', ''),
    ];
    expect(occasions.map((one) => causeOf(one, incident, true))).toEqual([undefined, undefined, undefined, undefined]);
    expect(occasions.map((one) => causeOf(one, incident, false))).not.toContain(undefined);
  });

  test('its own restart, configuration, packages and deployments do', () => {
    for (const own of [
      change('restart', 'Started orders.service - Takes orders.'),
      change('configuration', 'configuration was reloaded', 'orders'),
      change('package', 'status installed libssl3:amd64 3.0.17-1'),
      change('deployment', 'revision v7 was deployed', 'orders'),
    ])
      expect(causeOf(own, incident, true)).toBeDefined();
  });
});

describe('a trace', () => {
  const isOwn = (text: string): boolean => {
    const { record, knownProblem } = new Analyzer().analyze('app', text, { service: 'orders' });
    expect(record.trace).toBeDefined();
    return isOwnFault({ trace: record.trace, knownProblem });
  };
  const own = '\n    at quote (/srv/orders/src/quote.js:3:4)\n    at handle (/srv/orders/src/server.js:9:4)';

  test('through the service’s own code is its own fault', () => {
    expect(isOwn(`TypeError: Cannot read properties of undefined (reading 'tier')${own}`)).toBe(true);
    expect(isOwn(`RangeError: 12 is no quantity${own}`)).toBe(true);
  });

  test('is not where a peer is gone or a disk is full, nor where none of its code shows', () => {
    expect(isOwn(`Error: connect ECONNREFUSED 127.0.0.1:5432${own}`)).toBe(false);
    expect(isOwn(`Error: ENOSPC: no space left on device, write${own}`)).toBe(false);
    const foreign = '\n    at listOnTimeout (node:internal/timers:581:17)\n    at process.processTimers (node:internal/timers:519:7)';
    expect(isOwn(`TypeError: Cannot read properties of undefined (reading 'tier')${foreign}`)).toBe(false);
  });
});

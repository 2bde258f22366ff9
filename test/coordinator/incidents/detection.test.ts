// What becomes a problem, and what an incident says beside its records.
// Must never use records of a data set.
import { describe, expect, test } from 'vitest';
import { Analyzer } from '../../../analysis/analyzer.ts';
import { BehaviourWatch } from '../../../coordinator/incidents/behaviour-watch.ts';
import { ChangeLog } from '../../../coordinator/incidents/change-log.ts';
import { detectProblem, type Candidate } from '../../../coordinator/incidents/detector.ts';
import { insightsOf } from '../../../coordinator/incidents/insight.ts';
import type { Incident, Occurrence } from '../../../coordinator/incidents/incident.ts';

const analyzer = new Analyzer();

function candidate(raw: string, timeMs = 1_000_000, service = 'shop'): Candidate {
  const { record, template, fingerprint, knownProblem } = analyzer.analyze(service, raw, { service });
  return {
    nodeId: 'n1',
    source: 'app',
    timeMs,
    receivedAtMs: timeMs,
    severity: record.severity ?? 'info',
    service,
    message: record.message,
    fields: record.fields,
    templateId: template.id,
    templateText: template.text,
    fingerprint,
    trace: record.trace,
    knownProblem,
    raw,
  };
}

const incident = (id: string, firstSeenAtMs: number): Incident => ({
  id,
  fingerprint: { value: id, parts: [] },
  title: `title of ${id}`,
  state: 'open',
  severity: 'error',
  service: 'shop',
  firstSeenAtMs,
  lastSeenAtMs: firstSeenAtMs,
  occurrences: 1,
  nodeIds: ['n1'],
  detector: 'error',
  note: '',
});

describe('a record', () => {
  test('is a problem when it is an error, or a known problem whatever its level', () => {
    expect(detectProblem(candidate('ERROR cannot save order'), () => [])?.detector).toBe('error');
    expect(detectProblem(candidate('saved order'), () => [])).toBeUndefined();
    const killed = detectProblem(candidate('Out of memory: Killed process 12 (web) total-vm:9kB'), () => []);
    expect(killed).toMatchObject({ detector: 'known-problem', severity: 'critical' });
  });

  test('that is one problem in many sentences opens one incident', () => {
    const values = ['ERROR write of page 7 failed: No space left on device', 'ERROR cannot rotate: no space left on device'].map(
      (line) => detectProblem(candidate(line), () => [])?.fingerprint.value,
    );
    expect(new Set(values).size).toBe(1);
  });
});

describe('an incident', () => {
  test('says cause, impact and remedy, what changed before it, and what began with it', async () => {
    const changes = new ChangeLog();
    changes.observe(candidate('upgrade libssl3:amd64 3.0.11 3.0.13', 900_000, 'dpkg'));
    changes.observe(candidate('upgrade zlib1g:amd64 1.2 1.3', 1, 'dpkg'));
    const late = incident('LATE', 9_000_000);
    const near = incident('NEAR', 2_100_000);
    const subject = incident('SUBJECT', 2_000_000);
    const occurrence: Occurrence = { ...candidate('ERROR no space left on device'), id: 'o', incidentId: 'SUBJECT', before: [] };
    const insights = await insightsOf(subject, occurrence, { store: { listIncidents: async () => [late, near, subject] }, changes });
    const text = insights.map(({ title, body }) => `${title}\n${body}`).join('\n');
    expect(text).toMatch(/known problem disk-full[^]*Cause: [^]*Impact: [^]*Remedy: /);
    expect(text).toContain('libssl3');
    expect(text).not.toContain('zlib1g');
    expect(text).toContain('NEAR');
    expect(text).not.toContain('LATE');
  });
});

describe('the watch of behaviour', () => {
  test('makes one problem of a line that stops appearing, once the shadow phase is over', () => {
    const watch = new BehaviourWatch({
      behaviour: { learningIntervals: 1, shadowIntervals: 1 },
      textOf: (id) => analyzer.templateText(id),
    });
    const interval = (found: number) => {
      for (let i = 0; i < 100; i++) watch.observe(candidate('looking for the order'));
      for (let i = 0; i < found; i++) watch.observe(candidate('found the order'));
      return watch.close(1_000_000);
    };
    expect(interval(100)).toEqual([]);
    expect(interval(10)).toMatchObject([{ detector: 'drop', quiet: 'shadow' }]);
    expect(interval(10)).toMatchObject([{ service: 'shop', nodeId: 'n1', detector: 'drop', quiet: undefined }]);
    expect(interval(100)).toEqual([]);
  });

  test('ignores what was written long before it was read', () => {
    const watch = new BehaviourWatch({ behaviour: { learningIntervals: 1 }, textOf: () => undefined });
    for (let i = 0; i < 100; i++) watch.observe(candidate('looking'));
    watch.close(1);
    for (let i = 0; i < 100; i++) watch.observe({ ...candidate('found'), receivedAtMs: 9_000_000 });
    expect(watch.close(2).map(({ detector }) => detector)).not.toContain('spike');
  });
});

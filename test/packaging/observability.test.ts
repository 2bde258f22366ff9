// Alert rules and dashboard ask for series that the programs have.
// Must never repeat the programs' names; they are asked.
import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { describe, expect, it } from 'vitest';
import { registerAgentMetrics } from '../../agent/agent-metrics.ts';
import { beginGapSeries, createSessionMetrics } from '../../agent/session/session-metrics.ts';
import { HephaestusError } from '../../base/errors.ts';
import { createMetrics, type Metrics } from '../../base/metrics.ts';
import { createCoordinatorMetrics } from '../../coordinator/coordinator-metrics.ts';

function metricsOf(prefix: string): Metrics {
  return createMetrics({ prefix, toError: (thrown) => HephaestusError.from(thrown), monotonicMs: () => 0, processMetrics: true });
}

const idleGauges = {
  nodesByStatus: () => new Map(),
  restartsByNode: () => new Map(),
  incidentsByState: () => new Map(),
  pendingBytes: () => 0,
  pendingJobs: () => 0,
  storedLogBytes: () => 0,
  templates: () => 0,
};

async function seriesNames(): Promise<ReadonlySet<string>> {
  const coordinator = metricsOf('hephaestus_coordinator');
  createCoordinatorMetrics(coordinator, idleGauges);
  const agent = metricsOf('hephaestus_agent');
  createSessionMetrics(agent);
  const idle = { state: 'shipping', inFlightBytes: 0, oldestUnacknowledgedMs: 0 };
  registerAgentMetrics(agent, { sources: () => [], session: () => idle as never, restarts: () => 0 });
  const texts = [await coordinator.getCurrentMetrics(), await agent.getCurrentMetrics()].map(({ text }) => text);
  return new Set(texts.flatMap((text) => [...text.matchAll(/^# TYPE (\S+)/gm)].map(([, name]) => name ?? '')));
}

describe('a scrape', () => {
  it('has no gauge with the name of a counter', async () => {
    const { text } = await metricsOf('hephaestus_agent').getCurrentMetrics();
    expect([...text.matchAll(/^# TYPE (\S+_total) gauge$/gm)].map(([, name]) => name)).toEqual([]);
  });

  it('shows that nothing is lost before anything is, so that the first loss is an increase', async () => {
    const agent = metricsOf('hephaestus_agent');
    beginGapSeries(createSessionMetrics(agent), [{ id: 'app' }]);
    const coordinator = metricsOf('hephaestus_coordinator');
    createCoordinatorMetrics(coordinator, idleGauges);
    const text = `${(await agent.getCurrentMetrics()).text}\n${(await coordinator.getCurrentMetrics()).text}`;
    for (const loss of ['known', 'possible']) expect(text).toContain(`hephaestus_agent_gaps_total{source="app",loss="${loss}"} 0`);
    for (const what of ['gap_bytes', 'gap_records']) expect(text).toContain(`hephaestus_agent_${what}_total{source="app"} 0`);
    for (const what of ['gaps', 'gap_bytes', 'gap_records'])
      expect(text).toContain(`hephaestus_coordinator_log_${what}_total{reason="journal"} 0`);
  });
});

describe.each(['prometheus-rules.yaml', 'grafana-dashboard.json'])('%s', (file) => {
  it('asks only for series that there are', async () => {
    const text = readFileSync(join(import.meta.dirname, '..', '..', 'packaging', file), 'utf8');
    const asked = [...text.matchAll(/\b(?:hephaestus_(?:agent|coordinator)|process)_[a-z_]+/g)].map(([name]) =>
      name.replace(/_bucket$/, ''),
    );
    expect(asked.length).toBeGreaterThan(8);
    const known = await seriesNames();
    expect(asked.filter((name) => !known.has(name))).toEqual([]);
  });
});

// What is recorded is what a scrape shows, and two collectors know nothing of each other.
// Must never use prom-client itself.
import { describe, expect, it } from 'vitest';
import { HephaestusError } from '../../base/errors.ts';
import { createMetrics, type Metrics } from '../../base/metrics.ts';

function create(prefix = 'hephaestus_agent', times: number[] = []): Metrics {
  return createMetrics({ prefix, toError: (thrown) => HephaestusError.from(thrown), monotonicMs: () => times.shift() ?? 0 });
}

async function lines(metrics: Metrics): Promise<string[]> {
  const { text } = await metrics.getCurrentMetrics();
  return text.split('\n').filter((line) => line !== '' && !line.startsWith('#'));
}

const failure = new HephaestusError({ code: 'remote.gone', kind: 'operational', message: 'm' });

describe('the metrics collector', () => {
  it('counts operations and their seconds by outcome', async () => {
    const metrics = create();
    metrics.recordOperationMetrics('register-node', 250, 'ok');
    metrics.recordOperationMetrics('register-node', 750, 'ok');
    const shown = await lines(metrics);
    expect(shown).toContain('hephaestus_agent_operation_seconds_count{operation="register-node",outcome="ok"} 2');
    expect(shown).toContain('hephaestus_agent_operation_seconds_sum{operation="register-node",outcome="ok"} 1');
  });

  it('counts errors by code, and changes of status', async () => {
    const metrics = create();
    metrics.recordErrorMetrics('open', failure);
    metrics.recordStatusChange('node', 'operational', 'inactive');
    expect(await lines(metrics)).toEqual([
      'hephaestus_agent_errors_total{operation="open",code="remote.gone",kind="operational"} 1',
      'hephaestus_agent_status_changes_total{subject="node",from="operational",to="inactive"} 1',
    ]);
  });

  it('measures work, passes its result and its error on, and counts both', async () => {
    const metrics = create('p', [0, 100, 0, 300]);
    await expect(metrics.measure('a', () => Promise.resolve(7))).resolves.toBe(7);
    await expect(metrics.measure('a', () => Promise.reject(failure))).rejects.toBe(failure);
    const shown = await lines(metrics);
    expect(shown).toContain('p_operation_seconds_sum{operation="a",outcome="ok"} 0.1');
    expect(shown).toContain('p_operation_seconds_sum{operation="a",outcome="error"} 0.3');
    expect(shown).toContain('p_errors_total{operation="a",code="remote.gone",kind="operational"} 1');
  });

  it('shows series of the components, and forgets those that are removed', async () => {
    const metrics = create('p');
    metrics.counter({ name: 'lines_total', help: 'h', labels: ['source'] }).add({ source: 'a' }, 3);
    const gauge = metrics.gauge({ name: 'streams', help: 'h', labels: ['node'] });
    gauge.set(1, { node: 'a' });
    gauge.set(2, { node: 'b' });
    gauge.remove({ node: 'a' });
    metrics.histogram({ name: 'batch_bytes', help: 'h', buckets: [10, 100] }).observe(50);
    const shown = await lines(metrics);
    expect(shown).toContain('p_lines_total{source="a"} 3');
    expect(shown).toContain('p_streams{node="b"} 2');
    expect(shown).not.toContain('p_streams{node="a"} 1');
    expect(shown).toContain('p_batch_bytes_bucket{le="100"} 1');
    expect(shown).toContain('p_batch_bytes_bucket{le="10"} 0');
  });

  it('asks a collecting gauge at each scrape and forgets what it said before', async () => {
    const metrics = create('p');
    let nodes = ['a', 'b'];
    metrics.gauge({ name: 'up', help: 'h', labels: ['node'], collect: () => nodes.map((node) => ({ labels: { node }, value: 1 })) });
    expect(await lines(metrics)).toEqual(['p_up{node="a"} 1', 'p_up{node="b"} 1']);
    nodes = ['b'];
    expect(await lines(metrics)).toEqual(['p_up{node="b"} 1']);
  });

  it('keeps collectors apart, and adds the process series on demand only', async () => {
    const [one, two] = [create('p'), create('p')];
    one.recordStatusChange('a', 'b', 'c');
    expect(await lines(two)).toEqual([]);
    const full = createMetrics({
      prefix: 'p',
      toError: (thrown) => HephaestusError.from(thrown),
      monotonicMs: () => 0,
      processMetrics: true,
    });
    expect((await full.getCurrentMetrics()).text).toMatch(/^process_cpu_seconds_total /m);
  });

  it('refuses a counter whose name does not say so', () => {
    expect(() => create().counter({ name: 'lines', help: 'h' })).toThrow(/_total/);
  });
});

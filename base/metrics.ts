// The Metrics Collector: operations, errors and each component's own series, exposed in Prometheus' text format.
// Must never use prom-client's global registry, and its types go no further: this is the only file that knows it.
import { Counter as PromCounter, Gauge as PromGauge, Histogram as PromHistogram, Registry, collectDefaultMetrics } from 'prom-client';
import type { HephaestusError } from './errors.ts';

export type LabelValues = Readonly<Record<string, string>>;

export interface Counter {
  /** @param value not negative; default 1. */
  add(labels?: LabelValues, value?: number): void;
}

export interface Gauge {
  set(value: number, labels?: LabelValues): void;
  /** Forgets one series, for instance of a node that was removed. */
  remove(labels: LabelValues): void;
}

export interface Histogram {
  observe(value: number, labels?: LabelValues): void;
}

export interface SeriesOptions {
  /** Without the prefix, in base units and with their name: `batch_bytes`, `commit_seconds`; counters end in `_total`. */
  readonly name: string;
  readonly help: string;
  /** Each must have few values; never an id that grows with the log. */
  readonly labels?: readonly string[] | undefined;
}

export interface GaugeOptions extends SeriesOptions {
  /** Asked at each scrape instead of being set; all earlier values are forgotten. */
  readonly collect?: (() => readonly { readonly labels: LabelValues; readonly value: number }[]) | undefined;
}

export interface HistogramOptions extends SeriesOptions {
  /** Upper bounds, rising. */
  readonly buckets: readonly number[];
}

export type OperationOutcome = 'ok' | 'error';

export interface Metrics {
  /** Counts one run of `operation` (`register-node`, a fixed set of names) and how long it took. */
  recordOperationMetrics(operation: string, durationMs: number, outcome: OperationOutcome): void;
  /** Counts an error by its code, kind and the operation that it ended. */
  recordErrorMetrics(operation: string, error: HephaestusError): void;
  /** Counts that something (`node`, `source`, `incident`) went from one status to another. */
  recordStatusChange(subject: string, from: string, to: string): void;
  /** Runs and records; the error is counted and thrown on. `toError` is HephaestusError.from. */
  measure<T>(operation: string, work: () => Promise<T>): Promise<T>;
  counter(options: SeriesOptions): Counter;
  gauge(options: GaugeOptions): Gauge;
  histogram(options: HistogramOptions): Histogram;
  /** Everything, in the text exposition format. */
  getCurrentMetrics(): Promise<{ readonly contentType: string; readonly text: string }>;
}

export interface MetricsOptions {
  /** `hephaestus_agent` or `hephaestus_coordinator`. */
  readonly prefix: string;
  /** Turns what an operation threw into our error; default keeps only `internal`. */
  readonly toError: (thrown: unknown) => HephaestusError;
  /** Milliseconds that never go back. */
  readonly monotonicMs: () => number;
  /** Adds the process's own series (CPU, memory, event loop, descriptors) under their customary names. */
  readonly processMetrics?: boolean | undefined;
}

/** From a cheap local operation to a model's answer. */
const operationBuckets = [0.001, 0.005, 0.025, 0.1, 0.5, 1, 5, 15, 60, 300];

/** Gauges of the library that are named as counters are, which `promtool check metrics` refuses; the same by type stay. */
const misnamed = ['nodejs_active_resources_total', 'nodejs_active_handles_total', 'nodejs_active_requests_total'];

export function createMetrics(options: MetricsOptions): Metrics {
  const registry = new Registry();
  if (options.processMetrics === true) {
    collectDefaultMetrics({ register: registry });
    for (const name of misnamed) registry.removeSingleMetric(name);
  }
  const factory = createFactory(registry, options.prefix);
  const operations = factory.histogram({
    name: 'operation_seconds',
    help: 'How long operations took, by outcome.',
    labels: ['operation', 'outcome'],
    buckets: operationBuckets,
  });
  const errors = factory.counter({
    name: 'errors_total',
    help: 'Operations that ended in an error, by its code and kind.',
    labels: ['operation', 'code', 'kind'],
  });
  const statusChanges = factory.counter({
    name: 'status_changes_total',
    help: 'Changes of status, by what changed.',
    labels: ['subject', 'from', 'to'],
  });

  const recordOperationMetrics: Metrics['recordOperationMetrics'] = (operation, durationMs, outcome) =>
    operations.observe(durationMs / 1000, { operation, outcome });
  const recordErrorMetrics: Metrics['recordErrorMetrics'] = (operation, error) =>
    errors.add({ operation, code: error.code, kind: error.kind });

  return {
    ...factory,
    recordOperationMetrics,
    recordErrorMetrics,
    recordStatusChange: (subject, from, to) => statusChanges.add({ subject, from, to }),
    async measure(operation, work) {
      const startMs = options.monotonicMs();
      try {
        const result = await work();
        recordOperationMetrics(operation, options.monotonicMs() - startMs, 'ok');
        return result;
      } catch (thrown) {
        recordOperationMetrics(operation, options.monotonicMs() - startMs, 'error');
        recordErrorMetrics(operation, options.toError(thrown));
        throw thrown;
      }
    },
    getCurrentMetrics: async () => ({ contentType: registry.contentType, text: await registry.metrics() }),
  };
}

function createFactory(registry: Registry, prefix: string): Pick<Metrics, 'counter' | 'gauge' | 'histogram'> {
  const common = ({ name, help, labels }: SeriesOptions): { name: string; help: string; labelNames: string[]; registers: Registry[] } => ({
    name: `${prefix}_${name}`,
    help,
    labelNames: [...(labels ?? [])],
    registers: [registry],
  });
  return {
    counter(series) {
      if (!series.name.endsWith('_total')) throw new RangeError(`a counter's name ends in _total, but this one is ${series.name}`);
      const counter = new PromCounter(common(series));
      return { add: (labels = {}, value = 1) => counter.inc(labels, value) };
    },
    gauge(series) {
      const { collect } = series;
      const gauge = new PromGauge({
        ...common(series),
        ...(collect === undefined
          ? {}
          : {
              collect(this: PromGauge) {
                this.reset();
                for (const { labels, value } of collect()) this.set(labels, value);
              },
            }),
      });
      return { set: (value, labels = {}) => gauge.set(labels, value), remove: (labels) => gauge.remove(labels) };
    },
    histogram(series) {
      const histogram = new PromHistogram({ ...common(series), buckets: [...series.buckets] });
      return { observe: (value, labels = {}) => histogram.observe(labels, value) };
    },
  };
}

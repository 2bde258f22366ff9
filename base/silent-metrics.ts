// A Metrics Collector that collects nothing, for a program that shows its series to nobody.
// Must never import metrics.ts at run time: not loading its library is the point.
import type { Counter, Gauge, Histogram, Metrics } from './metrics.ts';

const counter: Counter = { add: () => undefined };
const gauge: Gauge = { set: () => undefined, remove: () => undefined };
const histogram: Histogram = { observe: () => undefined };

export const silentMetrics: Metrics = {
  recordOperationMetrics: () => undefined,
  recordErrorMetrics: () => undefined,
  recordStatusChange: () => undefined,
  measure: (_, work) => work(),
  counter: () => counter,
  gauge: () => gauge,
  histogram: () => histogram,
  getCurrentMetrics: () => Promise.resolve({ contentType: 'text/plain', text: '' }),
};

// The series of models: requests, tokens, dollars and time, counted where they are kept.
// Must never label by incident or repository: their number grows.
import type { Metrics } from '../base/metrics.ts';
import type { ModelRequestRecords } from './model/model-usage.ts';

/** Seconds of an answer: a hosted model's first words to a small one on a CPU. */
const answerBuckets = [0.5, 1, 2.5, 5, 10, 30, 60, 120, 300, 600];

/** The same records, counted as they are settled. */
export function countModelRequests(records: ModelRequestRecords, metrics: Metrics): ModelRequestRecords {
  const requests = metrics.counter({ name: 'model_requests_total', help: 'Attempts at answers of models.', labels: ['model', 'outcome'] });
  const tokens = metrics.counter({ name: 'model_tokens_total', help: 'Tokens of prompts and answers.', labels: ['model', 'direction'] });
  const cost = metrics.counter({ name: 'model_cost_usd_total', help: 'What they cost by the configured prices.', labels: ['model'] });
  const seconds = metrics.histogram({
    name: 'model_answer_seconds',
    help: 'How long answers took.',
    labels: ['model'],
    buckets: answerBuckets,
  });
  const underWay = new Map<string, string>();
  return {
    ...records,
    async open(request, allow) {
      await records.open(request, allow);
      underWay.set(request.id, request.endpoint);
    },
    async settle(id, settlement) {
      const model = underWay.get(id) ?? '';
      underWay.delete(id);
      await records.settle(id, settlement);
      requests.add({ model, outcome: settlement.outcome });
      tokens.add({ model, direction: 'input' }, settlement.inputTokens);
      tokens.add({ model, direction: 'output' }, settlement.outputTokens);
      cost.add({ model }, settlement.usd);
      if (settlement.outcome === 'answered') seconds.observe(settlement.durationMs / 1000, { model });
    },
  };
}

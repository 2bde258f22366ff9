// What bounds the use of models: budgets, the circuit breaker, talks kept apart.
// Must never wait for real time.
import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { CircuitBreaker } from '../../../coordinator/model/circuit-breaker.ts';
import { ModelLedger } from '../../../coordinator/model/ledger.ts';
import { Sessions } from '../../../coordinator/model/sessions.ts';
import { memoryModelRequests } from '../../support/model-requests.ts';

const limits = { tokensPerIncident: 1_000, tokensPerRepositoryPerDay: 5_000, tokensPerDay: 10_000 };
const by = { endpoint: 'local', provider: 'ollama', model: 'm', price: { inputUsd: 0, outputUsd: 0 } };

/** A request that can cost so much at most. */
function costing(tokens: number, incidentId = 'incident', repository = 'shop') {
  const account = { incidentId, repository, purpose: 'edit' };
  return { account, system: 'x'.repeat(tokens), turns: [], schema: undefined, contextTokens: tokens, maxOutputTokens: 1 };
}
const settlement = (tokens: number) => ({
  inputTokens: tokens,
  outputTokens: 0,
  usd: 0,
  durationMs: 1,
  outcome: 'answered',
  transcript: undefined,
});

describe('a budget', () => {
  it('is never overshot, however requests overlap and whether they end', async () => {
    await fc.assert(
      fc.asyncProperty(
        fc.array(
          fc.record({
            tokens: fc.integer({ min: 1, max: 400 }),
            used: fc.double({ min: 0, max: 1, noNaN: true }),
            how: fc.constantFrom('now', 'late', 'never'),
          }),
          {
            maxLength: 12,
          },
        ),
        async (requests) => {
          const store = await memoryModelRequests();
          const ledger = new ModelLedger({ limits, store, clock: { now: () => 0 } });
          const open: (() => Promise<void>)[] = [];
          await Promise.all(
            requests.map(async ({ tokens, used, how }) => {
              const reservation = await ledger.reserve(costing(tokens), by).catch(() => undefined);
              const settle = async (): Promise<void> => reservation?.settle(settlement(Math.floor(tokens * used)));
              if (how === 'now') await settle();
              if (how === 'late') open.push(settle);
              expect((await store.spent('incident', 'shop', 0)).incidentTokens).toBeLessThanOrEqual(1_000);
            }),
          );
          for (const settle of open) await settle();
          expect((await store.spent('incident', 'shop', 0)).incidentTokens).toBeLessThanOrEqual(1_000);
        },
      ),
      { numRuns: 30 },
    );
  });

  it('is the incident’s, the repository’s and the day’s, and a refusal names the setting', async () => {
    let nowMs = 0;
    const store = await memoryModelRequests();
    const small = { tokensPerIncident: 600, tokensPerRepositoryPerDay: 900, tokensPerDay: 1_000 };
    const ledger = new ModelLedger({ limits: small, store, clock: { now: () => nowMs } });
    await (await ledger.reserve(costing(600, 'a'), by)).settle(settlement(600));
    await expect(ledger.reserve(costing(2, 'a'), by)).rejects.toThrow('tokensPerIncident');
    await expect(ledger.reserve(costing(400, 'b'), by)).rejects.toThrow('tokensPerRepositoryPerDay');
    await expect(ledger.reserve(costing(500, 'b', 'other'), by)).rejects.toThrow('tokensPerDay');
    nowMs = 86_400_000;
    await expect(ledger.reserve(costing(500, 'b'), by)).resolves.toBeDefined();
    await expect(ledger.reserve(costing(2, 'a'), by)).rejects.toThrow('tokensPerIncident');
  });

  it('in money counts what the prices say', async () => {
    const ledger = new ModelLedger({
      limits: { ...limits, usdPerDay: 0.001 },
      store: await memoryModelRequests(),
      clock: { now: () => 0 },
    });
    const dear = { ...by, price: { inputUsd: 10, outputUsd: 10 } };
    await expect(ledger.reserve(costing(90), dear)).resolves.toBeDefined();
    await expect(ledger.reserve(costing(90), dear)).rejects.toThrow('usdPerDay');
    await expect(ledger.reserve(costing(90), by)).resolves.toBeDefined();
  });

  it('of a hosted model reckons with a token a byte, since no server cuts its prompt', async () => {
    const ledger = new ModelLedger({ limits, store: await memoryModelRequests(), clock: { now: () => 0 } });
    const long = { ...costing(500), system: 'x'.repeat(2_000) };
    await expect(ledger.reserve(long, by)).resolves.toBeDefined();
    await expect(ledger.reserve({ ...long, account: costing(1, 'b').account }, { ...by, provider: 'anthropic' })).rejects.toThrow(
      'tokensPerIncident',
    );
  });
});

it('a circuit opens after failures in a row, lets one request try, and closes when that succeeds', () => {
  let atMs = 0;
  const breaker = new CircuitBreaker({ threshold: 2, coolDownMs: 100, clock: { monotonicMs: () => atMs } });
  breaker.failed();
  breaker.succeeded();
  breaker.failed();
  expect(breaker.allow()).toBe(true);
  breaker.failed();
  expect([breaker.state(), breaker.allow()]).toEqual(['open', false]);
  atMs = 100;
  expect([breaker.state(), breaker.allow(), breaker.allow()]).toEqual(['half-open', true, false]);
  breaker.failed();
  expect(breaker.state()).toBe('open');
  atMs = 200;
  expect(breaker.allow()).toBe(true);
  breaker.succeeded();
  expect(breaker.state()).toBe('closed');
});

it('talks about incidents never mix, and their cost adds up', () => {
  const sessions = new Sessions();
  const usage = { requests: 1, inputTokens: 10, outputTokens: 5, durationMs: 1, costUsd: 0.5 };
  sessions.record('a', [{ role: 'user', content: 'about a' }], usage);
  sessions.record('a', [{ role: 'user', content: 'again' }], usage);
  expect(sessions.get('b').turns).toEqual([]);
  expect(sessions.get('a')).toMatchObject({ turns: [{ content: 'again' }], usage: { requests: 2, inputTokens: 20, costUsd: 1 } });
  sessions.end('a');
  expect(sessions.get('a').usage.requests).toBe(0);
});

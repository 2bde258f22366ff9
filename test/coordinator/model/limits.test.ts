// What bounds the use of models: budgets, the circuit breaker, talks kept apart.
// Must never wait for real time.
import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { TokenBudget } from '../../../coordinator/model/budget.ts';
import { CircuitBreaker } from '../../../coordinator/model/circuit-breaker.ts';
import { Sessions } from '../../../coordinator/model/sessions.ts';

describe('a budget', () => {
  it('is never overshot, however requests overlap', () => {
    fc.assert(
      fc.property(
        fc.array(
          fc.record({ tokens: fc.integer({ min: 1, max: 400 }), used: fc.double({ min: 0, max: 1, noNaN: true }), late: fc.boolean() }),
        ),
        (requests) => {
          const budget = new TokenBudget({ tokensPerIncident: 1_000, tokensPerDay: 10_000 }, { now: () => 0 });
          const spent: number[] = [];
          const open: (() => void)[] = [];
          for (const { tokens, used, late } of requests) {
            try {
              const reservation = budget.reserve('incident', tokens);
              const settle = (): void => {
                spent.push(Math.floor(tokens * used));
                reservation.settle(Math.floor(tokens * used));
              };
              if (late) open.push(settle);
              else settle();
            } catch {
              open.shift()?.();
            }
          }
          for (const settle of open) settle();
          expect(spent.reduce((sum, tokens) => sum + tokens, 0)).toBeLessThanOrEqual(1_000);
        },
      ),
    );
  });

  it('is shared by all incidents of a day, and fresh on the next', () => {
    let nowMs = 0;
    const budget = new TokenBudget({ tokensPerIncident: 600, tokensPerDay: 1_000 }, { now: () => nowMs });
    budget.reserve('a', 600).settle(600);
    expect(() => budget.reserve('b', 500)).toThrow('tokensPerDay');
    expect(() => budget.reserve('a', 1)).toThrow('tokensPerIncident');
    nowMs = 86_400_000;
    expect(() => budget.reserve('b', 500)).not.toThrow();
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

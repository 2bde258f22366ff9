// Whom the router asks, in which order, and what it says of those that it leaves out.
// Must never need a server.
import { describe, expect, it } from 'vitest';
import { planRoute, type RoutedModel, type RouteRequest } from '../../../coordinator/model/router.ts';

const model = (name: string, values: Partial<RoutedModel>): RoutedModel => ({
  name,
  provider: 'openai-compatible',
  model: name,
  isInHouse: false,
  skill: 'small',
  usd: 0,
  problem: undefined,
  ...values,
});
const local = model('local', { isInHouse: true });
const cheap = model('cheap', { usd: 0.5 });
const strong = model('strong', { usd: 6, skill: 'strong' });
const all = [strong, cheap, local];

const plain: RouteRequest = { localOnly: undefined, difficulty: { level: 'plain', reason: 'the trace leads to a.js:1' } };
const hard: RouteRequest = { localOnly: undefined, difficulty: { level: 'hard', reason: 'there is no stack trace' } };

describe('a route', () => {
  it.each([
    ['difficulty', plain, ['local', 'cheap', 'strong']],
    ['difficulty', hard, ['strong', 'local', 'cheap']],
    ['cost', hard, ['local', 'cheap', 'strong']],
    ['order', plain, ['strong', 'cheap', 'local']],
  ] as const)('by %s', (prefer, request, order) => {
    expect(planRoute(all, request, prefer).order).toEqual(order);
  });

  it('keeps what is confidential in the house, whatever it costs, and says why', () => {
    const { order, choices } = planRoute(all, { ...hard, localOnly: 'repository billing allows in-house models only' }, 'difficulty');
    expect(order).toEqual(['local']);
    expect(choices.filter(({ verdict }) => verdict === 'refused').map(({ name, reason }) => `${name}: ${reason}`)).toEqual([
      'strong: it is hosted, and repository billing allows in-house models only',
      'cheap: it is hosted, and repository billing allows in-house models only',
    ]);
  });

  it('leaves out what can’t be used, with the reason', () => {
    const { order, choices } = planRoute([model('broken', { problem: 'the secret k is not set' }), local], plain, 'order');
    expect(order).toEqual(['local']);
    expect(choices).toContainEqual({
      name: 'broken',
      provider: 'openai-compatible',
      model: 'broken',
      verdict: 'refused',
      reason: 'the secret k is not set',
    });
  });

  it('tells of each model its place and why', () => {
    const { choices } = planRoute(all, hard, 'difficulty');
    expect(choices[0]?.reason).toBe(
      '1 of 3 for a hard problem (there is no stack trace): strong, and it costs about 6 USD a million tokens',
    );
    expect(choices[1]?.reason).toContain('small, and it costs nothing');
  });
});

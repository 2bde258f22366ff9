// Customers of the demo service: mostly members, now and then a guest, who hits the broken path.
// Must never outlive its signal.
import { setTimeout as delay } from 'node:timers/promises';

interface RequestPlan {
  readonly method: 'GET' | 'POST';
  readonly path: string;
  readonly body?: unknown;
}

const requests: readonly RequestPlan[] = [
  { method: 'GET', path: '/health' },
  { method: 'GET', path: '/catalog' },
  { method: 'POST', path: '/quotes', body: { items: [{ sku: 'anvil', quantity: 1 }], customer: { id: 'c-1041', tier: 'gold' } } },
  {
    method: 'POST',
    path: '/quotes',
    body: {
      items: [
        { sku: 'tongs', quantity: 1 },
        { sku: 'hammer', quantity: 1 },
      ],
      customer: { id: 'c-2203', tier: 'silver' },
    },
  },
  { method: 'GET', path: '/catalog' },
  { method: 'POST', path: '/quotes', body: { items: [{ sku: 'unicorn', quantity: 1 }], customer: { id: 'c-2203', tier: 'silver' } } },
  { method: 'POST', path: '/quotes', body: { items: [{ sku: 'apron', quantity: 2 }], customer: { id: 'c-3107', tier: 'platinum' } } },
];

/** A guest: no customer in the order. */
const guest: RequestPlan = {
  method: 'POST',
  path: '/quotes',
  body: {
    items: [
      { sku: 'hammer', quantity: 1 },
      { sku: 'apron', quantity: 1 },
    ],
  },
};

export interface TrafficOptions {
  readonly baseUrl: string;
  readonly signal: AbortSignal;
  /** Called once, when the first guest was answered with an error. */
  readonly onFirstFailure: (atMs: number, requestId: string) => void;
  /** Guests come once this resolved. */
  readonly guestsAllowed: Promise<void>;
}

const pauseMs = 120;

export async function sendTraffic(options: TrafficOptions): Promise<void> {
  const { baseUrl, signal } = options;
  let guests = false;
  let failed = false;
  void options.guestsAllowed.then(() => (guests = true));
  for (let turn = 0; !signal.aborted; turn += 1) {
    const plan = guests && turn % 9 === 8 ? guest : (requests[turn % requests.length] ?? guest);
    const answer = await fetch(`${baseUrl}${plan.path}`, {
      method: plan.method,
      signal,
      ...(plan.body === undefined ? {} : { body: JSON.stringify(plan.body) }),
    }).catch(() => undefined);
    await answer?.arrayBuffer().catch(() => undefined);
    if (answer?.status === 500 && !failed) {
      failed = true;
      options.onFirstFailure(Date.now(), answer.headers.get('x-request-id') ?? '');
    }
    await delay(pauseMs, undefined, { signal }).catch(() => undefined);
  }
}

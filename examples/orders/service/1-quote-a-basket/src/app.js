import { listArticles, priceOf } from './catalog.js';
import { quote } from './pricing.js';

/** Answers one request: `{ method, path, body }` in, `{ status, body }` out. */
export function handle(request) {
  if (request.method === 'GET' && request.path === '/health') return { status: 200, body: { status: 'ok' } };
  if (request.method === 'GET' && request.path === '/catalog') return { status: 200, body: listArticles() };
  if (request.method === 'POST' && request.path === '/quotes') return createQuote(request.body);
  return { status: 404, body: { error: 'not found' } };
}

function createQuote(order) {
  if (!Array.isArray(order?.items) || order.items.length === 0) return { status: 400, body: { error: 'items are missing' } };
  const unknown = order.items.find((item) => priceOf(item.sku) === undefined);
  if (unknown !== undefined) return { status: 422, body: { error: `no such article: ${unknown.sku}` } };
  return { status: 200, body: quote(order) };
}

import assert from 'node:assert/strict';
import test from 'node:test';
import { handle } from '../src/app.js';

test('health is ok', () => {
  assert.deepEqual(handle({ method: 'GET', path: '/health' }), { status: 200, body: { status: 'ok' } });
});

test('an empty basket is refused', () => {
  assert.equal(handle({ method: 'POST', path: '/quotes', body: { items: [] } }).status, 400);
});

test('an unknown article is refused', () => {
  assert.equal(handle({ method: 'POST', path: '/quotes', body: { items: [{ sku: 'unicorn', quantity: 1 }] } }).status, 422);
});

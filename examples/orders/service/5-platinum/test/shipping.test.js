import assert from 'node:assert/strict';
import test from 'node:test';
import { quote } from '../src/pricing.js';
import { shippingOf } from '../src/shipping.js';

test('shipping is free from 50 euros', () => {
  assert.equal(shippingOf(5000), 0);
  assert.equal(shippingOf(4999), 690);
});

test('platinum members save 15 %', () => {
  const order = { items: [{ sku: 'anvil', quantity: 1 }], customer: { id: 'c-4', tier: 'platinum' } };
  assert.deepEqual(quote(order), { subtotal: 18900, discount: 2835, shipping: 0, total: 16065 });
});

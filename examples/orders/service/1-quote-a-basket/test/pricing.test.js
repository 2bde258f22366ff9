import assert from 'node:assert/strict';
import test from 'node:test';
import { quote, subtotalOf } from '../src/pricing.js';

test('a basket costs the sum of its articles', () => {
  assert.equal(subtotalOf([{ sku: 'anvil', quantity: 1 }, { sku: 'tongs', quantity: 2 }]), 18900 + 2 * 3450);
});

test('a quote has a total', () => {
  const customer = { id: 'c-1', tier: 'none' };
  assert.equal(quote({ items: [{ sku: 'hammer', quantity: 3 }], customer }).total, 3 * 4200);
});

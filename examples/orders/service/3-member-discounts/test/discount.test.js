import assert from 'node:assert/strict';
import test from 'node:test';
import { discountOf } from '../src/pricing.js';

test('silver members save 5 %', () => {
  assert.equal(discountOf({ id: 'c-1', tier: 'silver' }, 10000), 500);
});

test('gold members save 10 %', () => {
  assert.equal(discountOf({ id: 'c-2', tier: 'gold' }, 10000), 1000);
});

test('an unknown tier saves nothing', () => {
  assert.equal(discountOf({ id: 'c-3', tier: 'bronze' }, 10000), 0);
});

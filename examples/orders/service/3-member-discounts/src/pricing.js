import { priceOf } from './catalog.js';

const memberRates = { silver: 0.05, gold: 0.1 };

/** Sum of a basket in cents. */
export function subtotalOf(items) {
  let subtotal = 0;
  for (const item of items) {
    subtotal += priceOf(item.sku) * item.quantity;
  }
  return subtotal;
}

/** What a customer saves, in cents; guests pay the full price. */
export function discountOf(customer, subtotal) {
  if (customer === undefined) return 0;
  const rate = memberRates[customer.tier] ?? 0;
  return Math.round(subtotal * rate);
}

export function quote(order) {
  const subtotal = subtotalOf(order.items);
  const discount = discountOf(order.customer, subtotal);
  return { subtotal, discount, total: subtotal - discount };
}

import { priceOf } from './catalog.js';
import { shippingOf } from './shipping.js';

const memberRates = { silver: 0.05, gold: 0.1, platinum: 0.15 };

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
  const rate = memberRates[customer.tier] ?? 0;
  return Math.round(subtotal * rate);
}

export function quote(order) {
  const subtotal = subtotalOf(order.items);
  const discount = discountOf(order.customer, subtotal);
  const shipping = shippingOf(subtotal - discount);
  return { subtotal, discount, shipping, total: subtotal - discount + shipping };
}

import { priceOf } from './catalog.js';

/** Sum of a basket in cents. */
export function subtotalOf(items) {
  let subtotal = 0;
  for (const item of items) {
    subtotal += priceOf(item.sku) * item.quantity;
  }
  return subtotal;
}

export function quote(order) {
  const subtotal = subtotalOf(order.items);
  return { subtotal, total: subtotal };
}

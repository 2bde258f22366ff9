const freeFrom = 5000;
const flatRate = 690;

/** Shipping in cents: free from 50 euros. */
export function shippingOf(value) {
  return value >= freeFrom ? 0 : flatRate;
}

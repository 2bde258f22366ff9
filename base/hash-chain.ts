// A chain of hashes: each link holds the hash of the one before it, so that nothing in between can be changed unseen.
// Must never know what is linked; it hashes plain values in their order.
import { createHash } from 'node:crypto';

/** What the first link holds in place of a predecessor's hash. */
export const chainStart = '0'.repeat(64);

/** SHA-256 (hex) of the JSON array of these values, the hash of the link before as its last member. */
export function linkHash(values: readonly (string | number)[], previousHash: string): string {
  return createHash('sha256')
    .update(JSON.stringify([...values, previousHash]))
    .digest('hex');
}

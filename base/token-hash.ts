// The hash under which a random token is kept.
// Must never be used for passwords: what people make up needs a slow hash.
import { createHash } from 'node:crypto';

/** SHA-256 in hex; tokens are random, so that no slow hash is needed. */
export function hashToken(token: string): string {
  return createHash('sha256').update(token).digest('hex');
}

// Who may ask what of the coordinator: operators with bearer tokens, and their roles.
// Must never keep a token; only its hash is stored.
import { createHash, randomBytes } from 'node:crypto';

/** Each may do what the ones before it may. */
export const operatorRoles = ['viewer', 'operator', 'admin'] as const;

export type OperatorRole = (typeof operatorRoles)[number];

/** Whether `role` may do what `needed` may. */
export function roleIncludes(role: OperatorRole, needed: OperatorRole): boolean {
  return operatorRoles.indexOf(role) >= operatorRoles.indexOf(needed);
}

/** A new bearer token: 256 bits, with a prefix that secret scanners can find. */
export function createOperatorToken(): string {
  return `hepho_${randomBytes(32).toString('base64url')}`;
}

/** SHA-256 in hex; tokens are random, so that no slow hash is needed. */
export function hashToken(token: string): string {
  return createHash('sha256').update(token).digest('hex');
}

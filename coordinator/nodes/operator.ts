// Who may ask what of the coordinator: operators with bearer tokens, and their roles.
// Must never keep a token; only its hash is stored.
import { createHash, randomBytes } from 'node:crypto';
import { HephaestusError } from '../../base/errors.ts';

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

/** An operator by the hash of the token, where one is known. */
export interface OperatorDirectory {
  find(tokenHash: string): Promise<OperatorRecord | undefined>;
}

export interface OperatorRecord {
  readonly name: string;
  readonly role: OperatorRole;
}

/** Shortest token that is taken from a configuration: what people make up themselves is shorter, and guessed. */
const shortestToken = 20;

/**
 * Operators of the configuration file, then those that are kept.
 * @throws HephaestusError `operators.token` if a token is missing or too short
 */
export async function joinOperators(
  configured: readonly (OperatorRecord & { readonly token: string })[],
  readSecret: (name: string) => Promise<string | undefined>,
  kept: OperatorDirectory,
): Promise<OperatorDirectory> {
  const known = new Map<string, OperatorRecord>();
  for (const { name, role, token } of configured) {
    const value = await readSecret(token);
    if (value === undefined || value.length < shortestToken) {
      const what = value === undefined ? 'is not set' : `has fewer than ${shortestToken} characters`;
      const message = `the secret ${token} of operator ${name} ${what}; make one with: openssl rand -hex 32`;
      throw new HephaestusError({ code: 'operators.token', kind: 'validation', message });
    }
    known.set(hashToken(value), { name, role });
  }
  return { find: async (tokenHash) => known.get(tokenHash) ?? kept.find(tokenHash) };
}

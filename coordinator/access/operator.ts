// What an operator is: a name, a role, what it is narrowed to, and until when.
// Must never keep a token; only its hash is stored.
import { randomBytes } from 'node:crypto';
import { HephaestusError } from '../../base/errors.ts';
import { hashToken } from '../../base/token-hash.ts';

/** Each may do what the ones before it may. */
export const operatorRoles = ['viewer', 'operator', 'admin'] as const;

export type OperatorRole = (typeof operatorRoles)[number];

/** Whether `role` may do what `needed` may. */
export function roleIncludes(role: OperatorRole, needed: OperatorRole): boolean {
  return operatorRoles.indexOf(role) >= operatorRoles.indexOf(needed);
}

/** What an operator sees and acts on; both must hold. */
export interface Scope {
  /** Names of repositories; empty: all. */
  readonly repositories: readonly string[];
  /** Only nodes with all of these; empty: all. */
  readonly nodeLabels: Readonly<Record<string, string>>;
}

export const wholeScope: Scope = { repositories: [], nodeLabels: {} };

export function isWhole(scope: Scope): boolean {
  return scope.repositories.length === 0 && Object.keys(scope.nodeLabels).length === 0;
}

/** A new bearer token: 256 bits, with a prefix that secret scanners can find. */
export function createOperatorToken(): string {
  return `hepho_${randomBytes(32).toString('base64url')}`;
}

/** An operator by the token, where one is known and still counts. */
export interface OperatorDirectory {
  find(token: string): Promise<OperatorRecord | undefined>;
}

export interface OperatorRecord {
  /** ULID, or `configuration:NAME`, or `socket`. */
  readonly id: string;
  readonly name: string;
  readonly role: OperatorRole;
  readonly scope: Scope;
  /** Undefined: never. */
  readonly expiresAtMs: number | undefined;
}

/** Whoever reaches the local socket: its folder and mode let in the coordinator's own user and root, nobody else. */
export const socketOperator: OperatorRecord = {
  id: 'socket',
  name: 'root (local socket)',
  role: 'admin',
  scope: wholeScope,
  expiresAtMs: undefined,
};

/** An operator of the configuration file; `token` names the secret. */
export interface ConfiguredOperator {
  readonly name: string;
  readonly role: OperatorRole;
  readonly token: string;
  readonly repositories: readonly string[];
  readonly nodeLabels: Readonly<Record<string, string>>;
}

/** Shortest token that is taken from a configuration: what people make up themselves is shorter, and guessed. */
const shortestToken = 20;

/**
 * The configuration file's operators by the hash of their token.
 * @throws HephaestusError `operators.token` if a token is missing or too short
 */
export async function readConfiguredOperators(
  configured: readonly ConfiguredOperator[],
  readSecret: (name: string) => Promise<string | undefined>,
): Promise<ReadonlyMap<string, OperatorRecord>> {
  const known = new Map<string, OperatorRecord>();
  for (const { name, role, token, repositories, nodeLabels } of configured) {
    const value = await readSecret(token);
    if (value === undefined || value.length < shortestToken) {
      const what = value === undefined ? 'is not set' : `has fewer than ${shortestToken} characters`;
      const message = `the secret ${token} of operator ${name} ${what}; make one with: openssl rand -hex 32`;
      throw new HephaestusError({ code: 'operators.token', kind: 'validation', message });
    }
    known.set(hashToken(value), {
      id: `configuration:${name}`,
      name,
      role,
      scope: { repositories, nodeLabels },
      expiresAtMs: undefined,
    });
  }
  return known;
}

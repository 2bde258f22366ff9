// What the Node Manager and enrolment need kept.
// Must never hold SQL; the store implements these.
import type { Node } from './node.ts';

export interface NodeQuery {
  readonly statuses: readonly string[];
  readonly labels: Readonly<Record<string, string>>;
  readonly nameContains: string;
}

export interface NodeStore {
  /** All that aren't removed, and those removed when `includeRemoved`. */
  list(includeRemoved: boolean): Promise<readonly Node[]>;
  save(node: Node): Promise<void>;
  /** As save, for many at once. */
  saveAll(nodes: readonly Node[]): Promise<void>;
}

export interface JoinToken {
  readonly id: string;
  /** SHA-256 (hex) of the secret part. */
  readonly secretHash: string;
  readonly createdAtMs: number;
  readonly expiresAtMs: number;
  readonly useLimit: number;
  readonly uses: number;
  readonly revoked: boolean;
  /** The only node name it may be used for; empty for any. */
  readonly nodeName: string;
  readonly labels: Readonly<Record<string, string>>;
  readonly createdBy: string;
}

export type TokenUse = { readonly kind: 'used'; readonly token: JoinToken } | { readonly kind: 'refused' };

export interface JoinTokenStore {
  add(token: JoinToken): Promise<void>;
  /** Newest first. */
  list(): Promise<readonly JoinToken[]>;
  get(id: string): Promise<JoinToken | undefined>;
  /** False if there is none. */
  revoke(id: string): Promise<boolean>;
  /** Counts one use, in one step, only if the token is not revoked, not expired and not used up. */
  use(id: string, nowMs: number): Promise<TokenUse>;
}

// What operators need kept.
// Must never hold SQL, or a token in the clear.
import type { OperatorRecord } from './operator.ts';

export interface StoredOperator extends OperatorRecord {
  readonly tokenHash: string;
  readonly createdAtMs: number;
  readonly createdBy: string;
  readonly revokedAtMs: number | undefined;
  readonly lastUsedAtMs: number | undefined;
}

export interface OperatorStore {
  add(operator: StoredOperator): Promise<void>;
  /** By name, then id. */
  list(): Promise<readonly StoredOperator[]>;
  find(tokenHash: string): Promise<StoredOperator | undefined>;
  revoke(id: string, atMs: number): Promise<void>;
  markUsed(id: string, atMs: number): Promise<void>;
}

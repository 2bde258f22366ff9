// Who a call comes from, once it was authenticated.
// Must never be made anywhere but in auth.ts.
import type { OperatorRecord } from '../access/operator.ts';

/** A node that proved itself with a certificate that still counts. */
export interface NodeIdentity {
  readonly nodeId: string;
  readonly serial: string;
  readonly expiresAtMs: number;
}

export interface CallIdentity {
  /** Undefined on a connection without a node's certificate. */
  readonly node: NodeIdentity | undefined;
  readonly operator: OperatorRecord | undefined;
}

// Translates operators, audit records and secrets' names to the wire.
// Must never carry a token, a hash of one, or a secret's value.
import { OperatorRole as WireRole, type AuditRecord as WireRecord, type Operator as WireOperator } from '../../proto/index.ts';
import type { AuditRecord } from '../access/audit-store.ts';
import type { OperatorRecord, OperatorRole } from '../access/operator.ts';
import type { StoredOperator } from '../access/operator-store.ts';
import { keyOf, writeTime } from './wire-values.ts';

const roleNames: Readonly<Record<OperatorRole, WireRole>> = {
  viewer: WireRole.VIEWER,
  operator: WireRole.OPERATOR,
  admin: WireRole.ADMIN,
};

export const readRole = (role: WireRole): OperatorRole | undefined => keyOf(roleNames, role);

export function writeOperator(operator: OperatorRecord & Partial<StoredOperator>): WireOperator {
  const { id, name, role, scope, expiresAtMs, createdAtMs, revokedAtMs, lastUsedAtMs, createdBy } = operator;
  return {
    id,
    name,
    role: roleNames[role],
    repositories: [...scope.repositories],
    nodeLabels: { ...scope.nodeLabels },
    createdAt: writeTime(createdAtMs),
    expiresAt: writeTime(expiresAtMs),
    revokedAt: writeTime(revokedAtMs),
    lastUsedAt: writeTime(lastUsedAtMs),
    createdBy: createdBy ?? '',
    keptIn: id === 'socket' ? 'socket' : id.startsWith('configuration:') ? 'configuration' : 'store',
  };
}

export function writeAuditRecord(record: AuditRecord): WireRecord {
  const { sequence, atMs, actorKind, actor, origin, act, subject, outcome, detailJson, previousHash, hash } = record;
  return { sequence, time: writeTime(atMs), actorKind, actor, origin, act, subject, outcome, detail: detailJson, previousHash, hash };
}

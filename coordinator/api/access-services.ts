// OperatorService, AuditService and SecretService: who may ask, what was done, and which credentials are kept.
// Must never answer with a secret; a new operator's token is in the answer that makes it, and nowhere else.
import { HephaestusError } from '../../base/errors.ts';
import type { AuditServiceImplementation, OperatorServiceImplementation, SecretServiceImplementation } from '../../proto/index.ts';
import type { AuditLog } from '../access/audit-log.ts';
import type { Operators } from '../access/operators.ts';
import type { CallIdentity } from './call-identity.ts';
import { pageOf, pageSizeOf, readPageToken, writePageToken } from './page.ts';
import { readRole, writeAuditRecord, writeOperator } from './wire-access.ts';
import { readDuration, readTime, writeTime } from './wire-values.ts';

const defaultTtlMs = 90 * 86_400_000;

export function createOperatorService(operators: Operators): OperatorServiceImplementation<{ identity: CallIdentity }> {
  return {
    async createOperator(request, context) {
      const role = readRole(request.role);
      if (role === undefined) throw invalid('role', 'must be viewer, operator or admin');
      const ttlMs = readDuration(request.ttl);
      const { operator, token } = await operators.create({
        name: request.name,
        role,
        scope: { repositories: request.repositories, nodeLabels: request.nodeLabels },
        ttlMs: request.neverExpires ? undefined : ttlMs === 0 ? defaultTtlMs : ttlMs,
        createdBy: context.identity.operator?.name ?? '',
      });
      return { operator: writeOperator(operator), token };
    },
    async listOperators(request) {
      const found = await operators.list(request.includeEnded);
      const { items, nextPageToken } = pageOf('operators', found, request.page, ({ id }) => id);
      return { operators: items.map(writeOperator), nextPageToken };
    },
    async revokeOperator(request) {
      return { operator: writeOperator(await operators.revoke(request.operator)) };
    },
    async getSelf(_request, context) {
      const { operator } = context.identity;
      return { operator: operator === undefined ? undefined : writeOperator(operator) };
    },
  };
}

export function createAuditService(audit: AuditLog): AuditServiceImplementation<{ identity: CallIdentity }> {
  return {
    async listAuditRecords(request) {
      const size = pageSizeOf(request.page);
      const place = readPageToken('audit', request.page, ['number']);
      const { actor, act, subject } = request;
      const before = place === undefined ? undefined : Number(place[0]);
      const found = await audit.list({ actor, act, subject, sinceMs: readTime(request.since), limit: size + 1, before });
      const shown = found.slice(0, size);
      const last = shown.at(-1);
      return {
        records: shown.map(writeAuditRecord),
        nextPageToken: last === undefined || found.length <= size ? '' : writePageToken('audit', [last.sequence]),
      };
    },
    async *exportAuditRecords(request, context) {
      for await (const record of audit.export(request.fromSequence)) {
        if (context.signal.aborted) return;
        yield { record: writeAuditRecord(record) };
      }
    },
    async verifyAuditLog(request) {
      const { witnessSequence: sequence, witnessHash: hash } = request;
      const verdict = await audit.verify(sequence === 0 ? undefined : { sequence, hash });
      return {
        records: verdict.records,
        headSequence: verdict.head?.sequence ?? 0,
        headHash: verdict.head?.hash ?? '',
        findings: verdict.findings.map((finding) => ({ ...finding })),
      };
    },
  };
}

/** What is known of a secret without reading it. */
export interface SecretCatalogue {
  put(name: string, value: string): Promise<void>;
  remove(name: string): Promise<boolean>;
  list(): Promise<readonly { readonly name: string; readonly keptIn: 'file' | 'store'; readonly updatedAtMs: number | undefined }[]>;
}

const longestSecret = 65_536;

export function createSecretService(secrets: SecretCatalogue): SecretServiceImplementation<{ identity: CallIdentity }> {
  return {
    async setSecret(request) {
      if (request.value === '') throw invalid('value', 'must be given');
      if (request.value.length > longestSecret) throw invalid('value', `must be at most ${longestSecret} characters`);
      await secrets.put(request.name, request.value);
      return {};
    },
    async listSecrets() {
      const found = await secrets.list();
      return { secrets: found.map(({ name, keptIn, updatedAtMs }) => ({ name, keptIn, updatedAt: writeTime(updatedAtMs) })) };
    },
    async removeSecret(request) {
      if (await secrets.remove(request.name)) return {};
      throw new HephaestusError({
        code: 'secrets.not-found',
        kind: 'validation',
        message: `no secret ${request.name} is kept in the store; those of files stand in the configuration`,
      });
    },
  };
}

function invalid(path: string, message: string): HephaestusError {
  return new HephaestusError({ code: 'request.invalid', kind: 'validation', message: `${path} ${message}`, details: [{ path, message }] });
}

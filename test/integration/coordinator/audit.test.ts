// The audit log over the wire: what is recorded, who was turned away, and that tampering shows.
// Must never reach into the coordinator, but for the database that an attacker would write to.
import { readFile, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { DatabaseSync } from 'node:sqlite';
import { describe, expect, test } from 'vitest';
import { createCertificateRequest, generateNodeKey } from '../../../agent/session/certificate-request.ts';
import { exportLine, verifyExport } from '../../../coordinator/cli/audit-export.ts';
import { connectOperator } from '../../../coordinator/cli/client.ts';
import { OperatorRole, type AuditRecord } from '../../../proto/index.ts';
import { stageCoordinator, type CoordinatorStage } from '../../support/coordinator-stage.ts';

async function recordsOf(stage: CoordinatorStage): Promise<AuditRecord[]> {
  const found: AuditRecord[] = [];
  for await (const { record } of stage.operator.audit.exportAuditRecords({})) if (record !== undefined) found.push(record);
  return found;
}

/** Writes to the database as somebody does who reached the disk. */
async function tamper(stage: CoordinatorStage, ...statements: readonly string[]): Promise<void> {
  const database = new DatabaseSync(join(stage.directory, 'coordinator.db'));
  for (const statement of ['drop trigger audit_records_stay', 'drop trigger audit_records_hold', ...statements]) database.exec(statement);
  database.close();
}

describe('what is recorded', () => {
  test('acts of operators and nodes with who, what, on what, from where and how it ended', async () => {
    await using stage = await stageCoordinator();
    const node = await stage.joinNode('web-1');
    await stage.operator.nodes.removeNode({ nodeId: node.nodeId });
    await expect(stage.operator.nodes.removeNode({ nodeId: 'nobody' })).rejects.toThrow(/NOT_FOUND/);
    const records = await recordsOf(stage);
    const tokenId = records.find(({ act }) => act === 'join-token.create')?.subject;
    expect(records.map(({ act, subject, outcome, actor }) => [act, subject, outcome, actor])).toEqual([
      ['coordinator.start', expect.any(String), 'done', 'coordinator'],
      ['join-token.create', expect.stringMatching(/^[0-9A-Z]{26}$/), 'done', 'admin'],
      ['node.enrol', node.nodeId, 'done', tokenId],
      ['node.remove', node.nodeId, 'done', 'admin'],
      ['node.remove', 'nobody', 'failed', 'admin'],
    ]);
    expect(records.map(({ actorKind }) => actorKind)).toEqual(['coordinator', 'operator', 'join-token', 'operator', 'operator']);
    expect(records.at(-1)?.origin).toMatch(/^127\.0\.0\.1:\d+$/);
  });

  test('failed authentication, once a minute for each caller and reason', async () => {
    await using stage = await stageCoordinator();
    const stranger = connectOperator({
      address: `127.0.0.1:${stage.port}`,
      caPem: Buffer.from(stage.caPem),
      token: 'wrong',
      timeoutMs: 5000,
    });
    for (let attempt = 0; attempt < 20; attempt += 1) await expect(stranger.nodes.listNodes({})).rejects.toThrow(/UNAUTHENTICATED/);
    stranger.close();
    const request = { joinToken: 'heph1.x.y.z', certificateSigningRequest: createCertificateRequest(generateNodeKey()) };
    await expect(stage.connect().enrollment.enroll(request)).rejects.toThrow(/UNAUTHENTICATED/);
    const refused = (await recordsOf(stage)).filter(({ outcome }) => outcome === 'refused');
    expect(refused.map(({ act, subject }) => [act, subject])).toEqual([
      ['authentication.failed', '/hephaestus.v1.NodeService/ListNodes'],
      ['authentication.failed', '/hephaestus.v1.EnrollmentService/Enroll'],
    ]);
    expect(refused[0]?.actorKind).toBe('anonymous');
  });

  test('a changed setting by its name, at the start that follows, and never its value', async () => {
    await using stage = await stageCoordinator();
    await stage.restart({ trustDomain: 'other.example' });
    const change = (await recordsOf(stage)).find(({ act }) => act === 'configuration.change');
    expect(change?.subject).toBe('trustDomain');
    expect(change?.detail).not.toContain('other.example');
  });

  test('no secret: neither a join token, an operator token nor what was sealed', async () => {
    await using stage = await stageCoordinator();
    const { secret } = await stage.operator.nodes.createJoinToken({});
    await stage.connect().enrollment.enroll({ joinToken: secret, certificateSigningRequest: createCertificateRequest(generateNodeKey()) });
    const { token } = await stage.operator.operators.createOperator({ name: 'ada', role: OperatorRole.VIEWER });
    await stage.operator.secrets.setSecret({ name: 'forge', value: 'a-forge-token-of-some-length' });
    const text = JSON.stringify(await recordsOf(stage));
    for (const hidden of [secret.split('.').at(-1) ?? '', token, 'a-forge-token-of-some-length']) expect(text).not.toContain(hidden);
  });
});

describe('tampering', () => {
  test('an untouched log is whole, also as an export', async () => {
    await using stage = await stageCoordinator();
    await stage.joinNode();
    const verdict = await stage.operator.audit.verifyAuditLog({});
    expect(verdict).toMatchObject({ records: 3, headSequence: 3, findings: [] });
    const lines = (await recordsOf(stage)).map(exportLine);
    expect(verifyExport(lines.join('\n'), { sequence: 3, hash: verdict.headHash }).findings).toEqual([]);
    expect(verifyExport(lines.toSpliced(1, 1).join('\n'), undefined).findings).toHaveLength(1);
    expect(verifyExport(lines.join('\n').replace('node.enrol', 'node.renew'), undefined).findings).toHaveLength(1);
    expect(verifyExport(lines.slice(0, 2).join('\n'), { sequence: 3, hash: verdict.headHash }).findings).toHaveLength(1);
  });

  test('the database itself refuses to change or remove a record', async () => {
    await using stage = await stageCoordinator();
    const database = new DatabaseSync(join(stage.directory, 'coordinator.db'));
    expect(() => database.exec(`update audit_records set actor = 'x'`)).toThrow(/append-only/);
    expect(() => database.exec('delete from audit_records')).toThrow(/append-only/);
    database.close();
  });

  test.each([
    ['a changed record', `update audit_records set actor = 'nobody' where sequence = 2`, /changed/],
    ['a record taken out', 'delete from audit_records where sequence = 2', /missing/],
    ['the end cut off', 'delete from audit_records where sequence > 1', /once ended at 3/],
    ['all of it gone', 'delete from audit_records', /once ended at 3/],
  ])('%s is found', async (_what, statement, message) => {
    await using stage = await stageCoordinator();
    await stage.joinNode();
    await tamper(stage, statement);
    const { findings } = await stage.operator.audit.verifyAuditLog({});
    expect(findings.map((finding) => finding.message).join('\n')).toMatch(message);
  });

  test('a cut log and a forged anchor are found at the next start, and the log says so from then on', async () => {
    await using stage = await stageCoordinator();
    await stage.joinNode();
    const anchorFile = join(stage.directory, 'audit.anchor');
    const [, hash = '', seal = ''] = (await readFile(anchorFile, 'utf8')).trim().split(' ');
    await stage.restart({}, async () => {
      await tamper(stage, 'delete from audit_records where sequence > 1');
      await writeFile(anchorFile, `1 ${hash} ${seal}\n`);
    });
    const { findings } = await stage.operator.audit.verifyAuditLog({});
    expect(findings.map(({ message }) => message).join('\n')).toMatch(/not sealed with this master key/);
  });

  test('a witness from elsewhere tells a log that was written anew', async () => {
    await using stage = await stageCoordinator();
    const { headSequence, headHash } = await stage.operator.audit.verifyAuditLog({});
    const wrong = headHash.replaceAll('0', '1');
    const found = async (witnessSequence: number, witnessHash: string) =>
      (await stage.operator.audit.verifyAuditLog({ witnessSequence, witnessHash })).findings.length;
    expect(await found(headSequence, headHash)).toBe(0);
    expect(await found(headSequence, wrong)).toBe(1);
    expect(await found(headSequence + 1, headHash)).toBe(1);
  });
});

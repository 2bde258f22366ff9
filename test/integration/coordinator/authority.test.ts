// Rotation of the certificate authority with an overlap, and an authority of one's own.
// Must never reach into the coordinator: everything goes over the wire, but for the files that an operator provides.
import { execFileSync } from 'node:child_process';
import { mkdtemp, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { describe, expect, test } from 'vitest';
import { createCertificateRequest, generateNodeKey } from '../../../agent/session/certificate-request.ts';
import { fetchPinnedAuthority } from '../../../agent/session/pinned-authority.ts';
import { connectOperator } from '../../../coordinator/cli/client.ts';
import { stageCoordinator, type CoordinatorStage, type ScriptedNode } from '../../support/coordinator-stage.ts';

interface Held {
  readonly identity: { readonly keyPem: string; readonly chainPem: string };
  readonly bundle: string;
}

async function renew(stage: CoordinatorStage, node: ScriptedNode, held?: Held): Promise<Held> {
  const keyPem = generateNodeKey();
  const connection = held === undefined ? node.connection : stage.connect(held.identity, held.bundle);
  const answer = await connection.enrollment.renew({ certificateSigningRequest: createCertificateRequest(keyPem) });
  return { identity: { keyPem, chainPem: answer.certificateChain }, bundle: answer.caBundle };
}

const certificatesIn = (pem: string): number => pem.split('BEGIN CERTIFICATE').length - 1;

/** The root on the coordinator's host rotates over the socket, whatever its certificate is. */
function atHome(stage: CoordinatorStage) {
  return connectOperator({
    address: `unix:${join(stage.directory, 'coordinator.sock')}`,
    caPem: undefined,
    token: undefined,
    timeoutMs: 10_000,
  });
}

describe('rotation', () => {
  test('hands the new authority out first, then signs with it, then forgets the old one; no stream is dropped', async () => {
    await using stage = await stageCoordinator();
    const node = await stage.joinNode();
    const late = await stage.joinNode('web-2');
    const session = await node.hello(1);
    const { authority } = atHome(stage);
    const before = (await authority.getAuthority({})).authority;
    expect(before).toMatchObject({ phase: 'single', nodesLeftBehind: 0 });

    const staged = (await authority.stageAuthority({})).authority;
    expect(staged).toMatchObject({ phase: 'staged', currentHash: before?.currentHash, nodesLeftBehind: 2 });
    expect(certificatesIn(staged?.bundle ?? '')).toBe(2);
    // A connected node is asked to renew, and gets both.
    const { message } = await session.receive();
    expect(message?.$case === 'command' ? message.value.command?.$case : message?.$case).toBe('rotateCertificate');
    const second = await renew(stage, node);
    expect(certificatesIn(second.bundle)).toBe(2);
    await expect(authority.activateAuthority({})).rejects.toThrow(/web-2/);
    const lateHeld = await renew(stage, late);

    const active = (await authority.activateAuthority({})).authority;
    expect(active).toMatchObject({ phase: 'overlap', currentHash: staged?.nextHash });
    // Who trusts both comes back with the certificate of the old authority; who knows the old one alone doesn't.
    const again = await node.hello(2, stage.connect(second.identity, second.bundle));
    await expect(late.hello(1, stage.connect(lateHeld.identity))).rejects.toThrow(/UNAVAILABLE/);
    await expect(authority.retireAuthority({})).rejects.toThrow(/earlier authority/);
    const third = await renew(stage, node, second);
    await renew(stage, late, lateHeld);

    const retired = (await authority.retireAuthority({})).authority;
    expect(retired).toMatchObject({ phase: 'single', currentHash: staged?.nextHash, nodesLeftBehind: 0 });
    expect(certificatesIn(retired?.bundle ?? '')).toBe(1);
    const latest = await node.hello(3, stage.connect(third.identity, retired?.bundle ?? ''));
    expect(latest.welcome.coordinatorVersion).not.toBe('');
    await expect(node.hello(4, stage.connect(second.identity, retired?.bundle ?? ''))).rejects.toThrow(/UNAUTHENTICATED/);
    again.end();
  });

  test('an activation that a crash cut off is finished at the next start', async () => {
    await using stage = await stageCoordinator();
    const local = atHome(stage);
    const { authority: staged } = await local.authority.stageAuthority({});
    local.close();
    const restarted = atHome(stage);
    await stage.restart({}, async () => {
      // As it is between the two files.
      execFileSync('cp', [join(stage.directory, 'ca.crt'), join(stage.directory, 'ca-previous.crt')]);
      execFileSync('cp', [join(stage.directory, 'ca-next.key'), join(stage.directory, 'ca.key')]);
    });
    const { authority: found } = await restarted.authority.getAuthority({});
    expect(found).toMatchObject({ phase: 'overlap', currentHash: staged?.nextHash });
    restarted.close();
  });

  test('steps out of turn are refused', async () => {
    await using stage = await stageCoordinator();
    const { authority } = atHome(stage);
    await expect(authority.activateAuthority({})).rejects.toThrow(/authority stage/);
    await expect(authority.retireAuthority({})).rejects.toThrow(/no earlier authority/);
    await authority.stageAuthority({});
    await expect(authority.stageAuthority({})).rejects.toThrow(/under way/);
  });
});

describe('an authority of one’s own', () => {
  test.each(['rsa:2048', 'ec:secp384r1'])('signs below a company’s root (%s), and agents pin the root', async (kind) => {
    const folder = await mkdtemp(join(tmpdir(), 'hephaestus-ca-'));
    const openssl = (...words: string[]) => execFileSync('openssl', words, { cwd: folder, stdio: 'pipe' });
    const [algorithm = '', parameter = ''] = kind.split(':');
    const newKey = algorithm === 'rsa' ? ['-newkey', kind] : ['-newkey', 'ec', '-pkeyopt', `ec_paramgen_curve:${parameter}`];
    openssl('req', '-x509', ...newKey, '-nodes', '-keyout', 'root.key', '-out', 'root.crt', '-subj', '/CN=Company root', '-days', '30');
    openssl('req', ...newKey, '-nodes', '-keyout', 'ca.key', '-out', 'ca.csr', '-subj', '/CN=Company fleet');
    await writeFile(join(folder, 'ext'), 'basicConstraints=critical,CA:true,pathlen:0\nkeyUsage=critical,keyCertSign\n');
    openssl(
      'x509',
      '-req',
      '-in',
      'ca.csr',
      '-CA',
      'root.crt',
      '-CAkey',
      'root.key',
      '-CAcreateserial',
      '-extfile',
      'ext',
      '-out',
      'ca.crt',
      '-days',
      '20',
    );
    execFileSync('sh', ['-c', 'cat ca.crt root.crt > chain.crt'], { cwd: folder });
    await using stage = await stageCoordinator({
      certificates: { authority: { certificate: join(folder, 'chain.crt'), key: join(folder, 'ca.key') } },
    });
    const local = atHome(stage);
    const { authority } = await local.authority.getAuthority({});
    const { secret } = await local.nodes.createJoinToken({});
    expect(secret).toContain(authority?.currentHash);
    const options = { timeoutMs: 10_000, nowMs: Date.now(), signal: undefined };
    const pinned = await fetchPinnedAuthority({ host: '127.0.0.1', port: stage.port }, authority?.currentHash ?? '', options);
    expect(pinned.replaceAll(/\s/g, '')).toBe(authority?.bundle.replaceAll(/\s/g, ''));
    const keyPem = generateNodeKey();
    const enrolled = await stage
      .connect(undefined, pinned)
      .enrollment.enroll({ joinToken: secret, certificateSigningRequest: createCertificateRequest(keyPem), facts: { hostname: 'web' } });
    expect(certificatesIn(enrolled.certificateChain)).toBe(2);
    const connection = stage.connect({ keyPem, chainPem: enrolled.certificateChain }, enrolled.caBundle);
    expect((await connection.enrollment.renew({ certificateSigningRequest: createCertificateRequest(generateNodeKey()) })).caBundle).toBe(
      authority?.bundle,
    );
    await expect(local.authority.stageAuthority({})).rejects.toThrow(/alsoTrust/);
    local.close();
    await rm(folder, { recursive: true });
  });
});

// Who gets in and who doesn't: tokens, certificates, roles, and the table of permissions.
// Must never reach into the coordinator: everything goes over the wire.
import { execFile } from 'node:child_process';
import { sign } from 'node:crypto';
import { mkdtemp, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { promisify } from 'node:util';
import { ChannelCredentials, Metadata, createChannel, createClient, type CallOptions } from 'nice-grpc';
import { describe, expect, test } from 'vitest';
import { createCertificateRequest, generateNodeKey } from '../../../agent/session/certificate-request.ts';
import { connectOperator } from '../../../coordinator/cli/client.ts';
import {
  AgentServiceDefinition,
  AuditServiceDefinition,
  DeploymentServiceDefinition,
  IncidentServiceDefinition,
  LogServiceDefinition,
  NodeServiceDefinition,
  OperatorServiceDefinition,
  RepositoryServiceDefinition,
  SecretServiceDefinition,
  SolutionServiceDefinition,
  SystemServiceDefinition,
} from '../../../proto/index.ts';
import { batchOf, stageCoordinator, type CoordinatorStage } from '../../support/coordinator-stage.ts';
import { createThrowawayAuthority } from '../../support/throwaway-authority.ts';

const operatorServices = [
  OperatorServiceDefinition,
  SecretServiceDefinition,
  AuditServiceDefinition,
  DeploymentServiceDefinition,
  NodeServiceDefinition,
  LogServiceDefinition,
  IncidentServiceDefinition,
  SolutionServiceDefinition,
  RepositoryServiceDefinition,
  SystemServiceDefinition,
];

type AnyMethod = (request: unknown, options?: CallOptions) => Promise<unknown> | AsyncIterable<unknown>;

/** Calls one RPC with an empty request and answers with the name of its status. */
async function statusOf(method: AnyMethod, isStream: boolean, request: unknown = {}, options: CallOptions = {}): Promise<string> {
  try {
    const answer = method(request, options);
    if (isStream) await (answer as AsyncIterable<unknown>)[Symbol.asyncIterator]().next();
    else await answer;
    return 'OK';
  } catch (error) {
    return /[A-Z_]{4,}/.exec(error instanceof Error ? error.message : '')?.[0] ?? String(error);
  }
}

function anonymousChannel(stage: CoordinatorStage) {
  return createChannel(`127.0.0.1:${stage.port}`, ChannelCredentials.createSsl(Buffer.from(stage.caPem)), {
    'grpc.ssl_target_name_override': 'hephaestus-coordinator',
  });
}

async function* nothing() {
  yield {};
}

describe('without a certificate or token', () => {
  test('every RPC but enrolment and health is refused', async () => {
    await using stage = await stageCoordinator();
    const channel = anonymousChannel(stage);
    for (const definition of operatorServices) {
      const client = createClient(definition, channel) as unknown as Record<string, AnyMethod>;
      for (const [name, method] of Object.entries<{ readonly responseStream: boolean }>(definition.methods)) {
        const call = client[name];
        if (call === undefined) throw new Error(`no method ${name}`);
        expect([definition.fullName, name, await statusOf(call, method.responseStream)]).toEqual([
          definition.fullName,
          name,
          'UNAUTHENTICATED',
        ]);
      }
    }
    const agent = createClient(AgentServiceDefinition, channel) as unknown as Record<string, AnyMethod>;
    for (const name of ['control', 'streamLogs']) {
      expect(await statusOf(agent[name] as AnyMethod, true, nothing())).toBe('UNAUTHENTICATED');
    }
    channel.close();
  });

  test('a caller cannot claim a verified peer by metadata', async () => {
    await using stage = await stageCoordinator();
    const node = await stage.joinNode();
    const channel = anonymousChannel(stage);
    const agent = createClient(AgentServiceDefinition, channel) as unknown as Record<string, AnyMethod>;
    const forged = JSON.stringify({ subjectAltName: `URI:spiffe://hephaestus.local/node/${node.nodeId}`, serial: '01', expiresAtMs: 9e15 });
    const metadata = new Metadata({ 'x-hephaestus-verified-peer': forged });
    expect(await statusOf(agent['control'] as AnyMethod, true, nothing(), { metadata })).toBe('UNAUTHENTICATED');
    channel.close();
  });

  test('openssl s_client gets a handshake and an HTTP/2 greeting, nothing else', async () => {
    await using stage = await stageCoordinator();
    const caFile = join(stage.directory, 'ca.crt');
    const run = promisify(execFile)('openssl', [
      's_client',
      '-connect',
      `127.0.0.1:${stage.port}`,
      '-CAfile',
      caFile,
      '-verify_hostname',
      'hephaestus-coordinator',
      '-verify_return_error',
      '-alpn',
      'h2',
      '-brief',
    ]);
    run.child.stdin?.end('GET /metrics HTTP/1.1\r\n\r\n');
    const { stdout, stderr } = await run;
    expect(stderr).toMatch(/Verification: OK/);
    expect(stdout).not.toMatch(/metrics|hephaestus/);
  });
});

describe('operators', () => {
  test('a wrong token is refused, and a viewer may look but not act', async () => {
    const folder = await mkdtemp(join(tmpdir(), 'hephaestus-token-'));
    const tokenFile = join(folder, 'viewer');
    const viewerToken = 'viewer-token-of-some-length';
    await writeFile(tokenFile, `${viewerToken}\n`, { mode: 0o600 });
    await using stage = await stageCoordinator({
      secrets: { viewer: { file: tokenFile } },
      operators: [{ name: 'ada', role: 'viewer', token: 'viewer' }],
    });
    const connect = (token: string) =>
      connectOperator({ address: `127.0.0.1:${stage.port}`, caPem: Buffer.from(stage.caPem), token, timeoutMs: 5000 });
    const [stranger, viewer] = [connect('wrong'), connect(viewerToken)];
    await expect(stranger.nodes.listNodes({})).rejects.toThrow(/UNAUTHENTICATED/);
    expect(await viewer.nodes.listNodes({})).toEqual({ nodes: [], nextPageToken: '' });
    await expect(viewer.nodes.createJoinToken({})).rejects.toThrow(/PERMISSION_DENIED.*ada has the role viewer.*admin/);
    stranger.close();
    viewer.close();
    await rm(folder, { recursive: true });
  });
});

describe('join tokens', () => {
  test('one that was used up, revoked, expired or of another coordinator is refused alike', async () => {
    await using stage = await stageCoordinator();
    const { nodes } = stage.operator;
    const enroll = async (joinToken: string) => {
      const connection = stage.connect();
      const certificateSigningRequest = createCertificateRequest(generateNodeKey());
      return connection.enrollment.enroll({ joinToken, certificateSigningRequest, facts: { hostname: 'web' } });
    };
    const used = await nodes.createJoinToken({ useLimit: 1 });
    await enroll(used.secret);
    const revoked = await nodes.createJoinToken({});
    await nodes.revokeJoinToken({ id: revoked.joinToken?.id ?? '' });
    const expired = await nodes.createJoinToken({ ttl: { seconds: 0, nanos: 1_000_000 } });
    const foreign = used.secret.replace(/^heph1\.[0-9a-f]{64}/, `heph1.${'0'.repeat(64)}`);
    for (const secret of [used.secret, revoked.secret, expired.secret, foreign, 'heph1.x.y', '']) {
      await expect(enroll(secret)).rejects.toThrow(/UNAUTHENTICATED.*wrong, expired, revoked or used up/);
    }
  });

  test('of two hosts that race for the last use, one gets it', async () => {
    await using stage = await stageCoordinator();
    const { secret } = await stage.operator.nodes.createJoinToken({ useLimit: 1 });
    const attempts = await Promise.allSettled(
      Array.from({ length: 5 }, async (_, index) =>
        stage.connect().enrollment.enroll({
          joinToken: secret,
          certificateSigningRequest: createCertificateRequest(generateNodeKey()),
          facts: { hostname: `host-${index}` },
        }),
      ),
    );
    expect(attempts.filter((attempt) => attempt.status === 'fulfilled')).toHaveLength(1);
  });

  test('a broken signing request does not cost the token', async () => {
    await using stage = await stageCoordinator();
    const { secret } = await stage.operator.nodes.createJoinToken({ useLimit: 1 });
    const { enrollment } = stage.connect();
    const good = createCertificateRequest(generateNodeKey());
    const forged = Buffer.from(good);
    forged[forged.length - 3] = (forged[forged.length - 3] ?? 0) ^ 1;
    await expect(enrollment.enroll({ joinToken: secret, certificateSigningRequest: forged })).rejects.toThrow(
      /INVALID_ARGUMENT.*signature/,
    );
    await expect(enrollment.enroll({ joinToken: secret, certificateSigningRequest: Buffer.from('x') })).rejects.toThrow(/PKCS#10/);
    expect((await enrollment.enroll({ joinToken: secret, certificateSigningRequest: good })).nodeId).toHaveLength(26);
  });
});

describe('node certificates', () => {
  test('one of another authority is refused, also where it has our name', async () => {
    await using stage = await stageCoordinator({ trustDomain: 'hephaestus.test' });
    const node = await stage.joinNode();
    const foreign = await createThrowawayAuthority('Hephaestus CA');
    const keyPem = generateNodeKey();
    const chainPem = await foreign.issueNode(node.nodeId, createCertificateRequest(keyPem));
    const connection = stage.connect({ keyPem, chainPem });
    await expect(connection.agent.control(nothing())[Symbol.asyncIterator]().next()).rejects.toThrow(/UNAUTHENTICATED|UNAVAILABLE/);
  });

  test("a removed node's streams end at once, and its certificate is refused from then on", async () => {
    await using stage = await stageCoordinator();
    const node = await stage.joinNode();
    const session = await node.hello(1);
    const stream = session.openLogStream();
    stream.send(batchOf(['one'], { epoch: 1, sequence: 1, start: 0 }));
    await stream.receive();
    await Promise.all([
      expect(session.receive()).rejects.toThrow(/PERMISSION_DENIED.*removed/),
      expect(stream.receive()).rejects.toThrow(/PERMISSION_DENIED.*removed/),
      stage.operator.nodes.removeNode({ nodeId: node.nodeId }),
    ]);
    await expect(node.hello(2)).rejects.toThrow(/UNAUTHENTICATED/);
    await expect(
      node.connection.enrollment.renew({ certificateSigningRequest: createCertificateRequest(generateNodeKey()) }),
    ).rejects.toThrow(/UNAUTHENTICATED/);
  });

  test('renewal gives a certificate that works; the one before stays good once, an older one does not', async () => {
    await using stage = await stageCoordinator();
    const node = await stage.joinNode();
    const renew = async (identity: { keyPem: string; chainPem: string }) => {
      const keyPem = generateNodeKey();
      const answer = await stage.connect(identity).enrollment.renew({ certificateSigningRequest: createCertificateRequest(keyPem) });
      return { keyPem, chainPem: answer.certificateChain };
    };
    const second = await renew(node.identity);
    const third = await renew(second);
    expect((await node.hello(1, stage.connect(second))).welcome.coordinatorVersion).not.toBe('');
    expect((await node.hello(2, stage.connect(third))).welcome.coordinatorVersion).not.toBe('');
    await expect(node.hello(3, stage.connect(node.identity))).rejects.toThrow(/UNAUTHENTICATED/);
  });

  test('an expired certificate renews by proof of its key, and by nothing less', async () => {
    await using stage = await stageCoordinator({ certificates: { nodeLifetime: '1ms' } });
    const { secret } = await stage.operator.nodes.createJoinToken({});
    const { enrollment } = stage.connect();
    const keyPem = generateNodeKey();
    const enrolled = await enrollment.enroll({ joinToken: secret, certificateSigningRequest: createCertificateRequest(keyPem) });
    const request = createCertificateRequest(generateNodeKey());
    const expiredCertificate = enrolled.certificateChain;
    await expect(
      enrollment.renew({ certificateSigningRequest: request, expiredCertificate, proof: sign('sha256', request, generateNodeKey()) }),
    ).rejects.toThrow(/UNAUTHENTICATED.*proof/);
    const renewed = await enrollment.renew({
      certificateSigningRequest: request,
      expiredCertificate,
      proof: sign('sha256', request, keyPem),
    });
    expect(renewed.certificateChain).toContain('BEGIN CERTIFICATE');
  });
});

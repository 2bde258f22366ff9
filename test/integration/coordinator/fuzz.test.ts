// Whatever bytes come in on the port, the socket or over HTTP: no crash, and no answer that lacks a permission.
// Must never know what a message means; it throws noise at every method that the table knows.
import { randomBytes } from 'node:crypto';
import { connect as connectHttp2, constants, type ClientHttp2Session } from 'node:http2';
import { connect as connectPlain } from 'node:net';
import { connect as connectTls } from 'node:tls';
import { once } from 'node:events';
import { describe, expect, test } from 'vitest';
import { permissions } from '../../../coordinator/api/permissions.ts';
import { OperatorRole } from '../../../proto/index.ts';
import { stageCoordinator, type CoordinatorStage } from '../../support/coordinator-stage.ts';

const ok = '0';
const unauthenticated = '16';
const permissionDenied = '7';

function open(stage: CoordinatorStage): ClientHttp2Session {
  const session = connectHttp2(`https://127.0.0.1:${stage.port}`, { ca: stage.caPem, servername: 'hephaestus-coordinator' });
  session.on('error', () => undefined);
  return session;
}

/** A call with these bytes as its body, framed or not; answers with gRPC's status, or undefined if the stream was cut. */
async function call(session: ClientHttp2Session, path: string, body: Buffer, headers: Record<string, string>): Promise<string | undefined> {
  const stream = session.request({
    [constants.HTTP2_HEADER_METHOD]: 'POST',
    [constants.HTTP2_HEADER_PATH]: path,
    'content-type': 'application/grpc',
    te: 'trailers',
    ...headers,
  });
  let status: string | undefined;
  const note = (values: Record<string, unknown>): void => {
    if (typeof values['grpc-status'] === 'string') status = values['grpc-status'];
  };
  stream
    .on('response', note)
    .on('trailers', note)
    .on('error', () => undefined);
  stream.resume();
  // A watch that was let in never ends by itself.
  stream.setTimeout(3000, () => stream.close());
  stream.end(body);
  if (!stream.destroyed) await once(stream, 'close').catch(() => undefined);
  return status;
}

function framed(body: Buffer): Buffer {
  const head = Buffer.alloc(5);
  head.writeUInt32BE(body.length, 1);
  return Buffer.concat([head, body]);
}

/** Random bytes, a frame that promises more than it holds, one that claims to be compressed, deep nesting, long runs. */
function noises(): readonly Buffer[] {
  const nested = Buffer.from('0a'.repeat(200), 'hex');
  return [
    Buffer.alloc(0),
    randomBytes(64),
    framed(randomBytes(200)),
    framed(nested),
    Buffer.from([0, 0xff, 0xff, 0xff, 0xff, 1]),
    Buffer.from([1, 0, 0, 0, 4, 1, 2, 3, 4]),
    framed(Buffer.from(`0a${'ff'.repeat(9)}01`, 'hex')),
  ];
}

describe('noise', () => {
  test('gets nobody past the table of permissions, and the coordinator goes on', async () => {
    await using stage = await stageCoordinator();
    const { token } = await stage.operator.operators.createOperator({ name: 'viewer', role: OperatorRole.VIEWER });
    const session = open(stage);
    const mistakes: string[] = [];
    for (const [path, { needs }] of Object.entries(permissions)) {
      for (const body of noises()) {
        const stranger = await call(session, path, body, {});
        const isOpen = needs === 'open' || needs === 'enrolment';
        if (!isOpen && stranger === ok) mistakes.push(`${path} answered a stranger`);
        if (isOpen || needs === 'viewer') continue;
        const viewer = await call(session, path, body, { authorization: `Bearer ${token}` });
        if (viewer === ok) mistakes.push(`${path} answered a viewer`);
      }
      const empty = await call(session, path, framed(Buffer.alloc(0)), {});
      if (needs !== 'open' && needs !== 'enrolment' && empty !== unauthenticated) mistakes.push(`${path}: status ${empty} for a stranger`);
      if (needs === 'operator' || needs === 'admin') {
        const viewer = await call(session, path, framed(Buffer.alloc(0)), { authorization: `Bearer ${token}` });
        if (viewer !== permissionDenied) mistakes.push(`${path}: status ${viewer} for a viewer`);
      }
    }
    session.close();
    expect(mistakes).toEqual([]);
    expect((await stage.operator.system.getStatus({})).version).not.toBe('');
  });

  test('in tokens, paths and headers is no way in either', async () => {
    await using stage = await stageCoordinator();
    const session = open(stage);
    const body = framed(Buffer.alloc(0));
    const path = '/hephaestus.v1.NodeService/ListNodes';
    const tokens = ['Bearer ', 'Bearer', 'bearer null', 'Basic YWRtaW46', `Bearer ${'a'.repeat(4000)}`, "Bearer ' or 1=1 --", 'Bearer a b'];
    for (const authorization of tokens)
      expect([authorization, await call(session, path, body, { authorization })]).toEqual([authorization, unauthenticated]);
    const forged = {
      'x-hephaestus-verified-peer': '{"subjectAltName":"URI:spiffe://hephaestus.local/node/X","serial":"1","expiresAtMs":9e15}',
    };
    expect(await call(session, path, body, forged)).toBe(unauthenticated);
    for (const odd of [
      '/',
      '//',
      '/__proto__/constructor',
      '/hephaestus.v1.NodeService/',
      '/hephaestus.v1.NodeService/listNodes',
      `/${'a/'.repeat(500)}`,
    ]) {
      expect(await call(session, odd, body, {})).not.toBe(ok);
    }
    session.close();
    expect((await stage.operator.system.getStatus({})).version).not.toBe('');
  });

  test('below HTTP/2 and on the HTTP port ends a connection, no more', async () => {
    await using stage = await stageCoordinator();
    const ops = stage.coordinator.ops.address();
    const garbage = [
      'GET / HTTP/1.1\r\n\r\n',
      'PRI * HTTP/2.0\r\n\r\nSM\r\n\r\n',
      `GET /${'x'.repeat(20_000)} HTTP/1.1\r\n\r\n`,
      randomBytes(5000),
    ];
    for (const bytes of garbage) {
      for (const socket of [
        connectTls({ host: '127.0.0.1', port: stage.port, rejectUnauthorized: false, ALPNProtocols: ['h2'] }),
        connectPlain({ host: '127.0.0.1', port: stage.port }),
        connectPlain({ host: '127.0.0.1', port: ops?.port ?? 0 }),
      ]) {
        socket.on('error', () => undefined).resume();
        socket.end(bytes);
        socket.setTimeout(2000, () => socket.destroy());
        if (!socket.destroyed) await once(socket, 'close');
      }
    }
    for (const path of ['/', '/metrics/../../etc/passwd', '/%00', '/debug', '/metrics?x=%']) {
      const answer = await fetch(`http://127.0.0.1:${ops?.port}${path}`);
      expect([200, 404]).toContain(answer.status);
      expect(await answer.text()).not.toMatch(/root:|hepho_|heph1\./);
    }
    expect((await fetch(`http://127.0.0.1:${ops?.port}/metrics`, { method: 'DELETE' })).status).toBe(405);
    expect((await stage.operator.system.getStatus({})).version).not.toBe('');
  });
});

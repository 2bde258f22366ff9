// What a scraper and a probe get from the operations port.
// Must never listen on a fixed port.
import { connect } from 'node:net';
import { afterEach, describe, expect, it } from 'vitest';
import { silentLogger } from '../../../base/logger.ts';
import { createOpsServer, type HealthReason, type OpsServer } from '../../../base/ops-server.ts';

let server: OpsServer | undefined;
afterEach(async () => {
  await server?.stop(AbortSignal.abort());
  server = undefined;
});

async function start(reasons: readonly HealthReason[] = [], getCurrentMetrics = answer): Promise<string> {
  const report = (): { reasons: readonly HealthReason[] } => ({ reasons });
  server = createOpsServer({
    host: '127.0.0.1',
    port: 0,
    metrics: { getCurrentMetrics },
    health: () => ({ reasons: [] }),
    readiness: report,
    logger: silentLogger,
  });
  await server.start();
  return `http://127.0.0.1:${server.address()?.port}`;
}

function answer(): Promise<{ contentType: string; text: string }> {
  return Promise.resolve({ contentType: 'text/plain; version=0.0.4; charset=utf-8', text: 'up 1\n' });
}

describe('the operations port', () => {
  it('shows metrics with the type that Prometheus expects', async () => {
    const response = await fetch(`${await start()}/metrics?x=1`);
    expect(response.status).toBe(200);
    expect(response.headers.get('content-type')).toMatch(/^text\/plain; version=0\.0\.4/);
    expect(await response.text()).toBe('up 1\n');
  });

  it('says that it is well, or why it is not', async () => {
    const reasons = [{ component: 'session', message: 'the coordinator cannot be reached' }];
    const base = await start(reasons);
    const health = await fetch(`${base}/healthz`);
    expect([health.status, await health.json()]).toEqual([200, { status: 'ok', reasons: [] }]);
    const readiness = await fetch(`${base}/readyz`);
    expect([readiness.status, await readiness.json()]).toEqual([503, { status: 'unavailable', reasons }]);
  });

  it('answers HEAD without a body, refuses other methods, and knows no other page', async () => {
    const base = await start();
    const head = await fetch(`${base}/healthz`, { method: 'HEAD' });
    expect([head.status, await head.text()]).toEqual([200, '']);
    const post = await fetch(`${base}/metrics`, { method: 'POST', body: 'x' });
    expect([post.status, post.headers.get('allow')]).toEqual([405, 'GET, HEAD']);
    expect((await fetch(`${base}/config`)).status).toBe(404);
  });

  it('answers 500 when it fails, and goes on', async () => {
    const base = await start([], () => Promise.reject(new Error('secret detail')));
    const response = await fetch(`${base}/metrics`);
    expect(response.status).toBe(500);
    expect(await response.text()).not.toContain('secret detail');
    expect((await fetch(`${base}/healthz`)).status).toBe(200);
  });

  it('says so when the port is taken', async () => {
    const port = Number(new URL(await start()).port);
    const second = createOpsServer({
      host: '127.0.0.1',
      port,
      metrics: { getCurrentMetrics: answer },
      health: () => ({ reasons: [] }),
      readiness: () => ({ reasons: [] }),
      logger: silentLogger,
    });
    await expect(second.start()).rejects.toMatchObject({ code: 'ops-server.cannot-listen' });
  });

  it('stops at the deadline even with a connection that says nothing', async () => {
    const port = Number(new URL(await start()).port);
    const socket = connect(port, '127.0.0.1');
    await new Promise((resolve) => {
      socket.once('connect', resolve);
    });
    socket.write('GET /metrics HTTP/1.1\r\n');
    const closed = new Promise((resolve) => {
      socket.once('close', resolve);
    });
    socket.on('error', () => undefined);
    const deadline = new AbortController();
    const stopping = server?.stop(deadline.signal);
    deadline.abort();
    await stopping;
    await closed;
    expect(server?.address()).toBeUndefined();
  });
});

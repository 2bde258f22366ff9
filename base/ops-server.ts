// The HTTP port for operators' machines: /metrics, /healthz and /readyz.
// Must never take a body, change anything or show configuration; it has no authentication and listens where it is told.
import type { IncomingMessage, ServerResponse } from 'node:http';
import type { AddressInfo } from 'node:net';
import { HephaestusError } from './errors.ts';
import type { Logger } from './logger.ts';
import type { Metrics } from './metrics.ts';

/** One thing that keeps us from being well. */
export interface HealthReason {
  readonly component: string;
  readonly message: string;
}

/** Well if there is no reason against it. */
export interface HealthReport {
  readonly reasons: readonly HealthReason[];
}

export interface OpsServerOptions {
  readonly host: string;
  /** 0 takes a free one; see `address()`. */
  readonly port: number;
  readonly metrics: Pick<Metrics, 'getCurrentMetrics'>;
  /** Whether the process should be restarted (`/healthz`). */
  readonly health: () => HealthReport;
  /** Whether it can do its work now (`/readyz`). */
  readonly readiness: () => HealthReport;
  readonly logger: Logger;
}

export interface OpsServer {
  readonly name: string;
  /** @throws HephaestusError `ops-server.cannot-listen` */
  start(): Promise<void>;
  /** Closes idle connections at once and waits for answers under way until the signal aborts. */
  stop(signal: AbortSignal): Promise<void>;
  /** Undefined while it isn't listening. */
  address(): { readonly host: string; readonly port: number } | undefined;
}

/** Nothing that we are asked takes long to send or to read. */
const requestTimeoutMs = 10_000;

export function createOpsServer(options: OpsServerOptions): OpsServer {
  // A bundle hoists imports, and importing node:http loads all of fetch, 3 MB, into agents that never open a port.
  const { createServer } = process.getBuiltinModule('node:http');
  const server = createServer(
    { requestTimeout: requestTimeoutMs, headersTimeout: requestTimeoutMs, maxHeaderSize: 8192 },
    (request, response) => {
      answer(options, request, response).catch((error: unknown) => {
        options.logger.error('ops request failed', { err: error, path: request.url });
        if (response.headersSent) response.destroy();
        else send(response, 500, 'text/plain; charset=utf-8', 'internal error; see the log\n');
      });
    },
  );
  server.maxConnections = 64;

  return {
    name: 'ops-server',
    start: () =>
      new Promise((resolve, reject) => {
        const refuse = (cause: Error): void => {
          const message = `cannot listen on ${options.host}:${options.port}: ${cause.message}; choose another port or address for operations`;
          reject(new HephaestusError({ code: 'ops-server.cannot-listen', kind: 'system', message, cause }));
        };
        server.once('error', refuse);
        server.listen(options.port, options.host, () => {
          server.off('error', refuse);
          server.on('error', (error) => options.logger.error('ops server failed', { err: error }));
          resolve();
        });
      }),
    stop: (signal) =>
      new Promise((resolve) => {
        const drop = (): void => server.closeAllConnections();
        signal.addEventListener('abort', drop, { once: true });
        server.close(() => {
          signal.removeEventListener('abort', drop);
          resolve();
        });
        if (signal.aborted) drop();
        else server.closeIdleConnections();
      }),
    address() {
      const address = server.address() as AddressInfo | null;
      return address === null ? undefined : { host: address.address, port: address.port };
    },
  };
}

async function answer(options: OpsServerOptions, request: IncomingMessage, response: ServerResponse): Promise<void> {
  if (request.method !== 'GET' && request.method !== 'HEAD') {
    response.setHeader('Allow', 'GET, HEAD');
    send(response, 405, 'text/plain; charset=utf-8', 'only GET and HEAD\n');
    return;
  }
  switch (request.url?.split('?', 1)[0]) {
    case '/metrics': {
      const { contentType, text } = await options.metrics.getCurrentMetrics();
      send(response, 200, contentType, text);
      return;
    }
    case '/healthz':
      sendReport(response, options.health());
      return;
    case '/readyz':
      sendReport(response, options.readiness());
      return;
    default:
      send(response, 404, 'text/plain; charset=utf-8', 'here are /metrics, /healthz and /readyz\n');
  }
}

function sendReport(response: ServerResponse, report: HealthReport): void {
  const ok = report.reasons.length === 0;
  send(response, ok ? 200 : 503, 'application/json', `${JSON.stringify({ status: ok ? 'ok' : 'unavailable', reasons: report.reasons })}\n`);
}

function send(response: ServerResponse, status: number, contentType: string, text: string): void {
  response.writeHead(status, { 'Content-Type': contentType, 'Content-Length': Buffer.byteLength(text), 'Cache-Control': 'no-store' });
  // Node sends no body in an answer to HEAD.
  response.end(text);
}

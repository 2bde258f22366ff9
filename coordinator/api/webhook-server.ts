// The port for forges' webhooks: proves each, refuses what was seen before, and has the change request looked at.
// Must never act on what a webhook says, or tell a stranger which repositories there are.
import { createHash } from 'node:crypto';
import { createServer, type IncomingMessage, type Server, type ServerResponse } from 'node:http';
import type { AddressInfo } from 'node:net';
import type { Clock } from '../../base/clock.ts';
import type { Component } from '../../base/lifecycle.ts';
import type { Logger } from '../../base/logger.ts';
import type { Secret } from '../../base/secret.ts';
import { readWebhook, type WebhookStore } from '../remote/webhook.ts';
import type { Repository, RepositoryStore } from '../repository/repository.ts';

export interface WebhookServerOptions {
  readonly host: string;
  readonly port: number;
  readonly repositories: Pick<RepositoryStore, 'get'>;
  readonly secretOf: (name: string) => Promise<Secret | undefined>;
  readonly store: WebhookStore;
  /** Looks at change requests of the repository: the one of this number or branch, or all that are open. */
  readonly lookAt: (repository: Repository, number: string | undefined, branch: string | undefined) => Promise<void>;
  readonly onOutcome: (outcome: string) => void;
  readonly clock: Clock;
  readonly logger: Logger;
}

export interface WebhookServer extends Component {
  address(): AddressInfo | undefined;
}

/** GitHub sends at most 25 MB and mostly some KB; of a larger one nothing is needed that polling won't find. */
const mostBytes = 4 * 1024 * 1024;
const requestTimeoutMs = 20_000;

export function createWebhookServer(options: WebhookServerOptions): WebhookServer {
  const { logger, onOutcome } = options;
  const server: Server = createServer({ requestTimeout: requestTimeoutMs, headersTimeout: requestTimeoutMs }, (request, response) => {
    answer(options, request).then(
      ({ status, outcome }) => {
        onOutcome(outcome);
        reply(response, status, outcome);
      },
      (error: unknown) => {
        logger.error('a webhook could not be taken', { err: error });
        onOutcome('failed');
        reply(response, 500, 'failed');
      },
    );
  });
  server.maxConnections = 200;
  return {
    name: 'webhooks',
    address: () => (server.address() as AddressInfo | null) ?? undefined,
    async start() {
      await new Promise<void>((resolve, reject) => {
        server.once('error', reject);
        server.listen(options.port, options.host, resolve);
      });
      logger.info('webhooks are listened for', { ...(server.address() as AddressInfo) });
    },
    async stop() {
      server.closeAllConnections();
      await new Promise<void>((resolve) => {
        server.close(() => resolve());
      });
    },
  };
}

interface Answer {
  readonly status: number;
  readonly outcome: string;
}

async function answer(options: WebhookServerOptions, request: IncomingMessage): Promise<Answer> {
  const { repositories, secretOf, store, clock, logger, lookAt } = options;
  const name = /^\/webhooks\/([A-Za-z0-9][A-Za-z0-9._-]{0,99})$/.exec(request.url ?? '')?.[1];
  if (name === undefined) return { status: 404, outcome: 'not-found' };
  if (request.method !== 'POST') return { status: 405, outcome: 'wrong-method' };
  const body = await readBody(request);
  if (body === undefined) return { status: 413, outcome: 'too-large' };
  const repository = await repositories.get(name);
  const secret = repository?.webhookSecret === undefined ? undefined : await secretOf(repository.webhookSecret);
  // A stranger can't tell an unknown repository from a wrong signature.
  if (repository === undefined || secret === undefined) return { status: 401, outcome: 'unproven' };
  const headers = Object.fromEntries(
    Object.entries(request.headers).map(([header, value]) => [header, Array.isArray(value) ? value[0] : value]),
  );
  const verdict = readWebhook({ provider: repository.provider, headers, body, secret, nowMs: clock.now() });
  if (verdict.kind === 'refused') {
    logger.warn('webhook refused', { repository: repository.name, reason: verdict.reason });
    return verdict.reason === 'unreadable' ? { status: 400, outcome: 'unreadable' } : { status: 401, outcome: 'unproven' };
  }
  // Only the body is signed, so that it alone tells a repetition; names of deliveries could be changed.
  const digest = createHash('sha256').update(repository.id).update('\0').update(body).digest('hex');
  if (!(await store.remember(digest, clock.now()))) return { status: 409, outcome: 'replayed' };
  await lookAt(repository, verdict.number, verdict.branch);
  return { status: 202, outcome: 'taken' };
}

async function readBody(request: IncomingMessage): Promise<Buffer | undefined> {
  const chunks: Buffer[] = [];
  let size = 0;
  for await (const chunk of request) {
    size += (chunk as Buffer).length;
    if (size > mostBytes) return undefined;
    chunks.push(chunk as Buffer);
  }
  return Buffer.concat(chunks);
}

function reply(response: ServerResponse, status: number, outcome: string): void {
  response.writeHead(status, { 'content-type': 'text/plain; charset=utf-8', connection: 'close' }).end(`${outcome}\n`);
}

// Serves bare repositories over http as forges do: git's own http-backend behind a small server with tokens and planned failures.
// Must never listen beyond loopback.
import { spawn } from 'node:child_process';
import { createServer, type IncomingMessage, type Server, type ServerResponse } from 'node:http';
import type { AddressInfo } from 'node:net';

/** What is done to a request instead of answering it: a status, a hang, or half an answer. */
export type Disturbance =
  | { readonly kind: 'status'; readonly status: number; readonly body?: string }
  | { readonly kind: 'hang' }
  | { readonly kind: 'cut' };

export interface GitHttpServerOptions {
  /** Folder of the bare repositories. */
  readonly root: string;
  /** Passwords that are let in; empty: everybody. */
  readonly tokens?: readonly string[];
  /** A path below `/` as the repository's under `root`; undefined is 404. */
  readonly resolvePath?: (path: string) => string | undefined;
  /** Handles what isn't git. */
  readonly fallback?: (request: IncomingMessage, response: ServerResponse) => void;
}

export class GitHttpServer {
  readonly #options: GitHttpServerOptions;
  readonly #server: Server;
  /** Applied to git requests while it is set. */
  disturbance: Disturbance | undefined;
  /** Decides on the fate of a git request: cut before it has an effect, or after. */
  intercept: ((what: string) => 'before' | 'after' | undefined) | undefined;
  /** `METHOD path` of everything that git asked. */
  readonly requests: string[] = [];

  constructor(options: GitHttpServerOptions) {
    this.#options = options;
    this.#server = createServer((request, response) => this.#handle(request, response));
  }

  async listen(): Promise<string> {
    await new Promise<void>((resolve) => {
      this.#server.listen(0, '127.0.0.1', resolve);
    });
    return `http://127.0.0.1:${String((this.#server.address() as AddressInfo).port)}`;
  }

  async close(): Promise<void> {
    this.#server.closeAllConnections();
    await new Promise<void>((resolve) => {
      this.#server.close(() => resolve());
    });
  }

  #handle(request: IncomingMessage, response: ServerResponse): void {
    const url = new URL(request.url ?? '/', 'http://localhost');
    const isGit = /\/(?:info\/refs|git-upload-pack|git-receive-pack)$/.test(url.pathname);
    if (!isGit && this.#options.fallback !== undefined) return this.#options.fallback(request, response);
    this.requests.push(`${request.method ?? ''} ${url.pathname}`);
    const fate = this.intercept?.(`${request.method ?? ''} ${url.pathname}`);
    if (fate === 'before') return void response.destroy();
    if (this.disturbance !== undefined) return disturb(response, this.disturbance);
    const tokens = this.#options.tokens ?? [];
    if (tokens.length > 0 && !tokens.includes(passwordOf(request))) {
      response.writeHead(401, { 'www-authenticate': 'Basic realm="git"' }).end('no');
      return;
    }
    const resolved = this.#options.resolvePath === undefined ? url.pathname : this.#options.resolvePath(url.pathname);
    if (resolved === undefined) {
      response.writeHead(404).end('Repository not found.');
      return;
    }
    serveGit(this.#options.root, resolved, url.search.slice(1), request, response, fate === 'after');
  }
}

export function disturb(response: ServerResponse, disturbance: Disturbance): void {
  if (disturbance.kind === 'hang') return;
  if (disturbance.kind === 'cut') {
    response.writeHead(200, { 'content-length': '1000' });
    response.write('half', () => response.destroy());
    return;
  }
  response.writeHead(disturbance.status, { 'content-type': 'application/json' }).end(disturbance.body ?? '{"message":"planned"}');
}

function passwordOf(request: IncomingMessage): string {
  const [, encoded = ''] = (request.headers.authorization ?? '').split(' ');
  const text = Buffer.from(encoded, 'base64').toString('utf8');
  return text.slice(text.indexOf(':') + 1);
}

function serveGit(root: string, path: string, query: string, request: IncomingMessage, response: ServerResponse, isCut: boolean): void {
  const child = spawn('git', ['http-backend'], {
    env: {
      PATH: '/usr/local/bin:/usr/bin:/bin',
      GIT_PROJECT_ROOT: root,
      GIT_HTTP_EXPORT_ALL: '1',
      GIT_CONFIG_NOSYSTEM: '1',
      GIT_CONFIG_GLOBAL: '/dev/null',
      PATH_INFO: path,
      QUERY_STRING: query,
      REQUEST_METHOD: request.method ?? 'GET',
      CONTENT_TYPE: request.headers['content-type'] ?? '',
      REMOTE_USER: 'somebody',
      REMOTE_ADDR: '127.0.0.1',
      ...(request.headers['content-encoding'] === undefined ? {} : { HTTP_CONTENT_ENCODING: request.headers['content-encoding'] }),
      ...(typeof request.headers['git-protocol'] === 'string' ? { GIT_PROTOCOL: request.headers['git-protocol'] } : {}),
    },
    stdio: ['pipe', 'pipe', 'ignore'],
  });
  child.stdin.on('error', () => undefined);
  request.pipe(child.stdin);
  const output: Buffer[] = [];
  child.stdout.on('data', (chunk: Buffer) => output.push(chunk));
  child.on('close', () => {
    const whole = Buffer.concat(output);
    const end = whole.indexOf('\r\n\r\n');
    const headers: Record<string, string> = {};
    let status = 200;
    for (const line of whole.subarray(0, Math.max(0, end)).toString('latin1').split('\r\n')) {
      const colon = line.indexOf(':');
      const name = line.slice(0, colon).toLowerCase();
      const value = line.slice(colon + 1).trim();
      if (name === 'status') status = Number(value.slice(0, 3));
      else if (colon > 0) headers[name] = value;
    }
    if (end < 0) status = 500;
    if (isCut) return void response.destroy();
    response.writeHead(status, headers).end(whole.subarray(end + 4));
  });
}

// What a forge's webhook says, once it is proven to come from the forge: which change request something happened to.
// Must never be believed for more: what happened is asked from the forge itself.
import { createHmac, timingSafeEqual } from 'node:crypto';
import type { Secret } from '../../base/secret.ts';
import type { RemoteRepository } from './remote.ts';

/** Which webhooks were taken. */
export interface WebhookStore {
  /** False if it was there. */
  remember(digest: string, nowMs: number): Promise<boolean>;
  forget(beforeMs: number): Promise<void>;
}

export interface WebhookRequest {
  readonly provider: RemoteRepository['provider'];
  /** Names in lower case. */
  readonly headers: Readonly<Record<string, string | undefined>>;
  readonly body: Buffer;
  readonly secret: Secret;
  readonly nowMs: number;
}

export type WebhookVerdict =
  /** `number` as the adapter writes it, `branch` as pushed; neither: anything in the repository. */
  | { readonly kind: 'genuine'; readonly number: string | undefined; readonly branch: string | undefined }
  | { readonly kind: 'refused'; readonly reason: 'unsigned' | 'forged' | 'stale' | 'unreadable' };

/** Of a signature that carries its time (Standard Webhooks, "Verifying webhooks"). */
const oldestMs = 5 * 60_000;

export function readWebhook(request: WebhookRequest): WebhookVerdict {
  const proof = prove(request);
  if (proof !== 'genuine') return { kind: 'refused', reason: proof };
  let payload: unknown;
  try {
    payload = JSON.parse(request.body.toString('utf8'));
  } catch {
    return { kind: 'refused', reason: 'unreadable' };
  }
  const number = request.provider === 'gitlab' ? gitlabNumber(payload) : pullNumber(payload);
  const reference = at(payload, 'ref');
  const branch = typeof reference === 'string' && reference.startsWith('refs/heads/') ? reference.slice('refs/heads/'.length) : undefined;
  return { kind: 'genuine', number, branch };
}

type Proof = 'genuine' | 'unsigned' | 'forged' | 'stale';

function prove({ provider, headers, body, secret, nowMs }: WebhookRequest): Proof {
  const key = secret.reveal();
  switch (provider) {
    case 'github':
      return compareHex(headers['x-hub-signature-256']?.replace(/^sha256=/, ''), key, body);
    case 'gitea':
      return compareHex(headers['x-gitea-signature'] ?? headers['x-forgejo-signature'], key, body);
    case 'gitlab':
      return headers['webhook-signature'] === undefined
        ? compareToken(headers['x-gitlab-token'], key)
        : proveSigned(headers, key, body, nowMs);
    case 'git':
      return 'unsigned';
  }
}

function compareHex(given: string | undefined, key: string, body: Buffer): Proof {
  if (given === undefined || given === '') return 'unsigned';
  return equal(Buffer.from(given, 'hex'), createHmac('sha256', key).update(body).digest()) ? 'genuine' : 'forged';
}

/** GitLab's older way is no signature: the secret itself travels. */
function compareToken(given: string | undefined, key: string): Proof {
  if (given === undefined || given === '') return 'unsigned';
  const digest = (text: string): Buffer => createHmac('sha256', 'compare').update(text).digest();
  return equal(digest(given), digest(key)) ? 'genuine' : 'forged';
}

/** GitLab's signing token follows Standard Webhooks: HMAC-SHA256 of `id.timestamp.body`, base64, with a key in base64 behind `whsec_`. */
function proveSigned(headers: WebhookRequest['headers'], key: string, body: Buffer, nowMs: number): Proof {
  const id = headers['webhook-id'] ?? '';
  const timestamp = headers['webhook-timestamp'] ?? '';
  const secret = key.startsWith('whsec_') ? Buffer.from(key.slice('whsec_'.length), 'base64') : Buffer.from(key);
  const wanted = createHmac('sha256', secret).update(`${id}.${timestamp}.`).update(body).digest();
  const given = (headers['webhook-signature'] ?? '').split(' ').filter((part) => part.startsWith('v1,'));
  if (!given.some((part) => equal(Buffer.from(part.slice(3), 'base64'), wanted))) return 'forged';
  const sentMs = Number(timestamp) * 1000;
  return Math.abs(nowMs - sentMs) <= oldestMs ? 'genuine' : 'stale';
}

function equal(left: Buffer, right: Buffer): boolean {
  return left.length === right.length && timingSafeEqual(left, right);
}

function pullNumber(payload: unknown): string | undefined {
  const found =
    at(payload, 'pull_request', 'number') ?? at(payload, 'issue', 'number') ?? at(payload, 'check_run', 'pull_requests', '0', 'number');
  return typeof found === 'number' ? String(found) : undefined;
}

function gitlabNumber(payload: unknown): string | undefined {
  const kind = at(payload, 'object_kind');
  const found = kind === 'merge_request' ? at(payload, 'object_attributes', 'iid') : at(payload, 'merge_request', 'iid');
  return typeof found === 'number' ? `!${String(found)}` : undefined;
}

function at(value: unknown, ...path: readonly string[]): unknown {
  let found = value;
  for (const name of path)
    found = typeof found === 'object' && found !== null ? (found as Readonly<Record<string, unknown>>)[name] : undefined;
  return found;
}

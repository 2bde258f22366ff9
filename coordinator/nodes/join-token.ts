// Join tokens: what lets a host become a node, once or a few times, for a while.
// Must never keep the secret; it is shown once, and its hash is stored.
import { randomBytes, timingSafeEqual } from 'node:crypto';
import { HephaestusError } from '../../base/errors.ts';
import { createUlid } from '../../base/ulid.ts';
import type { Clock } from '../../base/clock.ts';
import type { JoinToken, JoinTokenStore } from './node-store.ts';
import { hashToken } from '../../base/token-hash.ts';

const defaultTtlMs = 3_600_000;
const longestTtlMs = 365 * 86_400_000;

export interface JoinTokenRequest {
  /** 0 means one hour. */
  readonly ttlMs: number;
  /** 0 means once. */
  readonly useLimit: number;
  readonly nodeName: string;
  readonly labels: Readonly<Record<string, string>>;
  readonly createdBy: string;
}

export class JoinTokens {
  readonly #store: JoinTokenStore;
  readonly #clock: Clock;
  /** Of the authority that signs now. */
  readonly #caHash: () => string;

  constructor(options: { store: JoinTokenStore; clock: Clock; caHash: () => string }) {
    this.#store = options.store;
    this.#clock = options.clock;
    this.#caHash = options.caHash;
  }

  /** The secret `heph1.<CA hash>.<id>.<secret>` is in the answer and nowhere else. */
  async create(request: JoinTokenRequest): Promise<{ readonly token: JoinToken; readonly secret: string }> {
    if (request.ttlMs < 0 || request.ttlMs > longestTtlMs) {
      throw new HephaestusError({
        code: 'join-token.invalid',
        kind: 'validation',
        message: 'a join token lives between a moment and 365 days',
        details: [{ path: 'ttl', message: 'must be at most 365 days' }],
      });
    }
    const nowMs = this.#clock.now();
    const secret = randomBytes(24).toString('base64url');
    const token: JoinToken = {
      id: createUlid(nowMs),
      secretHash: hashToken(secret),
      createdAtMs: nowMs,
      expiresAtMs: nowMs + (request.ttlMs === 0 ? defaultTtlMs : request.ttlMs),
      useLimit: Math.max(1, request.useLimit),
      uses: 0,
      revoked: false,
      nodeName: request.nodeName,
      labels: request.labels,
      createdBy: request.createdBy,
    };
    await this.#store.add(token);
    return { token, secret: `heph1.${this.#caHash()}.${token.id}.${secret}` };
  }

  /** Newest first. */
  async list(includeExpired: boolean): Promise<readonly JoinToken[]> {
    const nowMs = this.#clock.now();
    const tokens = await this.#store.list();
    return includeExpired ? tokens : tokens.filter((token) => !token.revoked && token.expiresAtMs > nowMs && token.uses < token.useLimit);
  }

  async revoke(id: string): Promise<void> {
    if (await this.#store.revoke(id)) return;
    throw new HephaestusError({ code: 'join-token.not-found', kind: 'validation', message: `there is no join token ${id}` });
  }

  /**
   * Uses the token once. Every refusal reads the same, so that a guesser learns nothing.
   * @throws HephaestusError `enrolment.token-refused`
   */
  async use(secret: string): Promise<JoinToken> {
    const [version, caHash, id, secretPart, ...rest] = secret.split('.');
    if (version === 'heph1' && caHash === this.#caHash() && id !== undefined && secretPart !== undefined && rest.length === 0) {
      const token = await this.#store.get(id);
      if (token !== undefined && sameHash(token.secretHash, hashToken(secretPart))) {
        const outcome = await this.#store.use(id, this.#clock.now());
        if (outcome.kind === 'used') return outcome.token;
      }
    }
    throw new HephaestusError({
      code: 'enrolment.token-refused',
      kind: 'validation',
      message: 'the join token is wrong, expired, revoked or used up; create a new one with: hephaestusctl tokens create',
    });
  }
}

function sameHash(left: string, right: string): boolean {
  const [first, second] = [Buffer.from(left), Buffer.from(right)];
  return first.length === second.length && timingSafeEqual(first, second);
}

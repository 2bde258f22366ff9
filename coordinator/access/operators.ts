// Operators: made, found by their token, listed and revoked; what one of them has open ends when it does.
// Must never answer with a token but once, to whoever made it.
import type { Clock } from '../../base/clock.ts';
import { HephaestusError, type ErrorDetail } from '../../base/errors.ts';
import { hashToken } from '../../base/token-hash.ts';
import { createUlid } from '../../base/ulid.ts';
import type { OperatorStore, StoredOperator } from './operator-store.ts';
import { createOperatorToken, isWhole, type OperatorDirectory, type OperatorRecord, type OperatorRole, type Scope } from './operator.ts';

export interface OperatorsOptions {
  readonly store: OperatorStore;
  /** Those of the configuration file, by the hash of their token. */
  readonly configured: ReadonlyMap<string, OperatorRecord>;
  readonly clock: Clock;
}

export interface NewOperator {
  readonly name: string;
  readonly role: OperatorRole;
  readonly scope: Scope;
  /** Undefined: never expires. */
  readonly ttlMs: number | undefined;
  readonly createdBy: string;
}

const namePattern = /^[A-Za-z0-9][A-Za-z0-9@._-]{0,99}$/;
const longestTtlMs = 3650 * 86_400_000;
const usedEveryMs = 60_000;

export class Operators implements OperatorDirectory {
  readonly #options: OperatorsOptions;
  /** Streams under way, by operator. */
  readonly #open = new Map<string, Set<AbortController>>();

  constructor(options: OperatorsOptions) {
    this.#options = options;
  }

  async find(token: string): Promise<OperatorRecord | undefined> {
    const { store, configured, clock } = this.#options;
    const hash = hashToken(token);
    const known = configured.get(hash);
    if (known !== undefined) return known;
    const kept = await store.find(hash);
    const nowMs = clock.now();
    if (kept === undefined || !counts(kept, nowMs)) return undefined;
    if (kept.lastUsedAtMs === undefined || nowMs - kept.lastUsedAtMs > usedEveryMs) await store.markUsed(kept.id, nowMs);
    return kept;
  }

  /** @throws HephaestusError `operators.invalid`, `operators.exists` */
  async create(request: NewOperator): Promise<{ readonly operator: StoredOperator; readonly token: string }> {
    const { store, clock } = this.#options;
    requireValid(request);
    const nowMs = clock.now();
    const same = (await this.list(false)).find(({ name }) => name === request.name);
    if (same !== undefined) {
      throw new HephaestusError({
        code: 'operators.exists',
        kind: 'validation',
        message: `there is an operator ${request.name} already; revoke it first, or take another name`,
      });
    }
    const token = createOperatorToken();
    const operator: StoredOperator = {
      id: createUlid(nowMs),
      name: request.name,
      role: request.role,
      scope: request.scope,
      expiresAtMs: request.ttlMs === undefined ? undefined : nowMs + request.ttlMs,
      tokenHash: hashToken(token),
      createdAtMs: nowMs,
      createdBy: request.createdBy,
      revokedAtMs: undefined,
      lastUsedAtMs: undefined,
    };
    await store.add(operator);
    return { operator, token };
  }

  /** Those of the configuration file first. */
  async list(includeEnded: boolean): Promise<readonly (OperatorRecord & Partial<StoredOperator>)[]> {
    const kept = await this.#options.store.list();
    const nowMs = this.#options.clock.now();
    return [...this.#options.configured.values(), ...kept.filter((operator) => includeEnded || counts(operator, nowMs))];
  }

  /** By id or name; what it has open ends at once. @throws HephaestusError `operators.not-found`, `operators.invalid` */
  async revoke(idOrName: string): Promise<StoredOperator> {
    const { store, clock, configured } = this.#options;
    const nowMs = clock.now();
    const known = await store.list();
    const found =
      known.find(({ id }) => id === idOrName) ?? known.find((operator) => operator.name === idOrName && counts(operator, nowMs));
    if (found === undefined) {
      const inFile = [...configured.values()].some(({ id, name }) => id === idOrName || name === idOrName);
      const message = inFile
        ? `${idOrName} stands in the configuration file; take it out there and restart the coordinator`
        : `there is no operator ${idOrName}; list them with: hephaestusctl operators list`;
      throw new HephaestusError({ code: inFile ? 'operators.configured' : 'operators.not-found', kind: 'validation', message });
    }
    if (found.revokedAtMs === undefined) {
      const others = known.some((other) => other.id !== found.id && other.role === 'admin' && counts(other, nowMs));
      const isLast = found.role === 'admin' && !others && ![...configured.values()].some(({ role }) => role === 'admin');
      await store.revoke(found.id, nowMs);
      this.#end(found.id, isLast ? 'the last administrator was revoked; the local socket still lets root in' : 'the operator was revoked');
    }
    return { ...found, revokedAtMs: found.revokedAtMs ?? nowMs };
  }

  /** A signal for one stream of an operator: it aborts when the operator is revoked or expires. Call `close` when the stream is over. */
  hold(operator: OperatorRecord): { readonly signal: AbortSignal; close(): void } {
    const controller = new AbortController();
    const held = this.#open.get(operator.id) ?? new Set();
    this.#open.set(operator.id, held.add(controller));
    const { clock } = this.#options;
    const over = new AbortController();
    if (operator.expiresAtMs !== undefined) {
      clock.sleep(operator.expiresAtMs - clock.now(), over.signal).then(
        () => controller.abort(ended('the token expired')),
        () => undefined,
      );
    }
    return {
      signal: controller.signal,
      close: () => {
        over.abort();
        held.delete(controller);
        if (held.size === 0) this.#open.delete(operator.id);
      },
    };
  }

  #end(id: string, reason: string): void {
    for (const controller of this.#open.get(id) ?? []) controller.abort(ended(reason));
  }
}

function counts(operator: StoredOperator, nowMs: number): boolean {
  return operator.revokedAtMs === undefined && (operator.expiresAtMs === undefined || operator.expiresAtMs > nowMs);
}

function requireValid({ name, role, scope, ttlMs }: NewOperator): void {
  const problems: ErrorDetail[] = [];
  if (!namePattern.test(name))
    problems.push({ path: 'name', message: 'must be letters, digits, @, dots, dashes and underscores, at most 100' });
  if (role === 'admin' && !isWhole(scope)) {
    problems.push({ path: 'role', message: 'admin cannot be narrowed: an administrator makes operators and repositories' });
  }
  if (ttlMs !== undefined && !(ttlMs > 0 && ttlMs <= longestTtlMs)) problems.push({ path: 'ttl', message: 'must be at most 3650 days' });
  if (problems.length === 0) return;
  const message = problems.map((problem) => `${problem.path} ${problem.message}`).join('; ');
  throw new HephaestusError({ code: 'operators.invalid', kind: 'validation', message, details: problems });
}

function ended(reason: string): HephaestusError {
  return new HephaestusError({ code: 'operator.unauthenticated', kind: 'validation', message: reason });
}

// The authorities that count: the one that signs, one that is about to, and those that are still trusted.
// Must never trust a new authority to sign before its certificate was handed out, unless somebody says so.
import { HephaestusError } from '../../base/errors.ts';
import { publicKeyHash, type CertificateAuthority, type IssuedCertificate, type KeyedCertificate } from './certificate-authority.ts';

/**
 * | phase | signs | trusted | on to |
 * | --- | --- | --- | --- |
 * | single | current | current | stage: a new authority is made and handed out |
 * | staged | current | current, next | activate: next becomes current, current becomes previous |
 * | overlap | current | current, previous | retire: previous is forgotten |
 */
export type AuthorityPhase = 'single' | 'staged' | 'overlap';

export interface AuthorityState {
  readonly current: CertificateAuthority;
  readonly next: CertificateAuthority | undefined;
  /** Trusted and no more: the one before, or those that the configuration names. PEM. */
  readonly alsoTrusted: readonly string[];
}

/** Keeps authorities; each call is whole or not at all, also after a crash. */
export interface AuthorityKeeper {
  load(): Promise<AuthorityState>;
  /** Makes a new authority. */
  stage(): Promise<AuthorityState>;
  activate(): Promise<AuthorityState>;
  retire(): Promise<AuthorityState>;
}

/** What the fleet holds, to say whether the next step leaves anybody behind. */
export interface AuthorityCensus {
  /** Names of nodes that were seen, and don't trust this authority yet. */
  withoutTrust(authorityHash: string): readonly string[];
  /** Names of nodes whose certificate another authority signed. */
  signedByOthers(authorityHash: string): readonly string[];
}

export class Authorities {
  readonly #keeper: AuthorityKeeper;
  readonly #listeners: (() => Promise<void>)[] = [];
  #state: AuthorityState;

  private constructor(keeper: AuthorityKeeper, state: AuthorityState) {
    this.#keeper = keeper;
    this.#state = state;
  }

  static async open(keeper: AuthorityKeeper): Promise<Authorities> {
    return new Authorities(keeper, await keeper.load());
  }

  get current(): CertificateAuthority {
    return this.#state.current;
  }

  get next(): CertificateAuthority | undefined {
    return this.#state.next;
  }

  get phase(): AuthorityPhase {
    if (this.#state.next !== undefined) return 'staged';
    return this.#state.alsoTrusted.length > 0 ? 'overlap' : 'single';
  }

  /** What a join token pins. */
  get hash(): string {
    return this.#state.current.hash;
  }

  /** PEM, every authority that agents shall trust. */
  get bundle(): string {
    const { current, next, alsoTrusted } = this.#state;
    return [current.anchor, ...(next === undefined ? [] : [next.anchor]), ...alsoTrusted].map((pem) => `${pem.trim()}\n`).join('');
  }

  /** Hashes of everything in the bundle. */
  get trustedHashes(): readonly string[] {
    const { current, next, alsoTrusted } = this.#state;
    return [current.hash, ...(next === undefined ? [] : [next.hash]), ...alsoTrusted.map(publicKeyHash)];
  }

  spiffeId(nodeId: string): string {
    return this.#state.current.spiffeId(nodeId);
  }

  checkRequest(request: Uint8Array): Promise<void> {
    return this.#state.current.checkRequest(request);
  }

  issueNodeCertificate(nodeId: string, request: Uint8Array, lifetimeMs: number, nowMs: number): Promise<IssuedCertificate> {
    return this.#state.current.issueNodeCertificate(nodeId, request, lifetimeMs, nowMs);
  }

  issueServerCertificate(names: readonly string[], nowMs: number): Promise<KeyedCertificate & { readonly expiresAtMs: number }> {
    return this.#state.current.issueServerCertificate(names, nowMs);
  }

  /** Whether one that is trusted signed it, whatever its dates. */
  async signed(certificatePem: string): Promise<boolean> {
    return this.#state.current.signed(certificatePem, this.#state.alsoTrusted);
  }

  /** Called after every step. */
  onChange(listener: () => Promise<void>): void {
    this.#listeners.push(listener);
  }

  /** @throws HephaestusError `authority.not-possible` */
  async stage(): Promise<void> {
    this.#require('single', 'a rotation is under way already; finish it with activate and retire');
    await this.#become(await this.#keeper.stage());
  }

  /** @param force also where nodes would be left behind @throws HephaestusError `authority.not-possible` */
  async activate(census: AuthorityCensus, force: boolean): Promise<void> {
    this.#require('staged', 'no authority is staged; begin with: hephaestusctl authority stage');
    const behind = this.#state.next === undefined ? [] : census.withoutTrust(this.#state.next.hash);
    refuseToLeave(behind, force, 'do not trust the new authority yet, and could not come back');
    await this.#become(await this.#keeper.activate());
  }

  /** @param force also where nodes would be left behind @throws HephaestusError `authority.not-possible` */
  async retire(census: AuthorityCensus, force: boolean): Promise<void> {
    this.#require('overlap', 'there is no earlier authority to retire');
    refuseToLeave(census.signedByOthers(this.#state.current.hash), force, 'still have a certificate of the earlier authority');
    await this.#become(await this.#keeper.retire());
  }

  #require(phase: AuthorityPhase, message: string): void {
    if (this.phase !== phase) throw notPossible(message);
  }

  async #become(state: AuthorityState): Promise<void> {
    this.#state = state;
    for (const listener of this.#listeners) await listener();
  }
}

const mostNames = 5;

function refuseToLeave(names: readonly string[], force: boolean, what: string): void {
  if (names.length === 0 || force) return;
  const some = names.slice(0, mostNames).join(', ');
  const more = names.length > mostNames ? ` and ${names.length - mostNames} more` : '';
  throw notPossible(
    `${names.length} node(s) ${what}: ${some}${more}. Connected ones are renewed within minutes; remove those that are gone, or use --force`,
  );
}

function notPossible(message: string): HephaestusError {
  return new HephaestusError({ code: 'authority.not-possible', kind: 'validation', message });
}
